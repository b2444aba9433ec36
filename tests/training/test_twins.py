"""Hand-written twins: they read well, their variants stay programs, and none of them is in the corpus that is tested."""

import ast
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from harness.prompts import WEAKNESSES
from training.twins import as_pair, draw_twin, held_out_twins, trained_twins, vary
from training.twins.reading import twins

INCLUDED = (
    *("ctype", "errno", "limits", "stdbool", "stdint", "stdio", "stdlib", "string", "time", "unistd", "wchar"),
    *("arpa/inet", "dirent", "fcntl", "poll", "sys/socket", "sys/un"),
)
HEADERS = "".join(f"#include <{name}.h>\n" for name in INCLUDED)


CWES = tuple(sorted({twin.cwe for twin in twins()}))


def compiles(code: str, folder: Path) -> bool:
    source = folder / "twin.c"
    source.write_text(HEADERS + code)
    return subprocess.run(["gcc", "-fsyntax-only", "-w", str(source)], capture_output=True, check=False).returncode == 0


def test_every_weakness_has_twins() -> None:
    assert set(CWES) == set(WEAKNESSES)


@pytest.mark.parametrize("cwe", CWES)
def test_held_out_twins_are_never_drawn(cwe: str) -> None:
    rng = Random(0)
    drawn = {draw_twin(rng, cwe).name for _ in range(40_000)}
    assert drawn == {twin.name for twin in trained_twins(cwe)}
    assert not drawn & {twin.name for twin in held_out_twins(cwe)}
    assert len(held_out_twins(cwe)) > len(trained_twins(cwe)) // 25


@pytest.mark.parametrize("cwe", CWES)
def test_longer_and_other_fixes_are_drawn_alike(cwe: str) -> None:
    rng = Random(1)
    longer = sum(twin.fix_is_longer for twin in (draw_twin(rng, cwe) for _ in range(1000)))
    assert 436 < longer < 564  # within 4 standard deviations of a half


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_variants_of_both_halves_compile(tmp_path: Path) -> None:
    rng = Random(2)
    for twin in rng.sample([twin for twin in twins() if twin.language == "c"], 40):
        pair = vary(rng, twin)
        assert compiles(pair.vulnerable.code, tmp_path), pair.vulnerable.code
        assert compiles(pair.patched.code, tmp_path), pair.patched.code


def test_python_variants_of_both_halves_parse_and_keep_what_comes_from_outside() -> None:
    rng = Random(4)
    for twin in (twin for twin in twins() if twin.language == "python"):
        pair = vary(rng, twin)
        for written, varied in ((twin.vulnerable, pair.vulnerable.code), (twin.patched, pair.patched.code)):
            assert attributes(varied) == attributes(written), varied
            assert imports(varied) == imports(written)


def attributes(code: str) -> list[str]:
    return [node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)]


def imports(code: str) -> list[str]:
    found = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom))
    return [alias.name for node in found for alias in node.names]


def test_a_variant_changes_both_halves_alike() -> None:
    rng = Random(3)
    for twin in twins():
        pair = vary(rng, twin)
        same = set(twin.vulnerable.splitlines()) & set(twin.patched.splitlines())
        kept = set(pair.vulnerable.code.splitlines()) & set(pair.patched.code.splitlines())
        assert len(kept) >= len(same) // 2, twin.name
        assert pair.vulnerable.code != pair.patched.code, twin.name


def test_a_twin_as_written_is_its_own_pair() -> None:
    twin = twins()[0]
    pair = as_pair(twin)
    assert (pair.vulnerable.code, pair.patched.code) == (twin.vulnerable, twin.patched)
    assert (pair.vulnerable.label, pair.patched.label) == ("vulnerable", "patched")
