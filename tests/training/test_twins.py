"""Hand-written twins: they read well, their variants stay programs, and none of them is in the corpus that is tested."""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from harness.storage.datasets import load_dataset
from training.twins import as_pair, draw_twin, held_out_twins, trained_twins, vary
from training.twins.reading import twins

INCLUDED = (
    *("ctype", "errno", "limits", "stdbool", "stdint", "stdio", "stdlib", "string", "time", "unistd", "wchar"),
    *("arpa/inet", "dirent", "fcntl", "poll", "sys/socket", "sys/un"),
)
HEADERS = "".join(f"#include <{name}.h>\n" for name in INCLUDED)


def compiles(code: str, folder: Path) -> bool:
    source = folder / "twin.c"
    source.write_text(HEADERS + code)
    return subprocess.run(["gcc", "-fsyntax-only", "-w", str(source)], capture_output=True, check=False).returncode == 0


def lines_of(code: str) -> set[str]:
    """Lines that say something, without white space."""
    return {"".join(line.split()) for line in code.splitlines() if len("".join(line.split())) > 25}


def test_held_out_twins_are_never_drawn() -> None:
    rng = Random(0)
    drawn = {draw_twin(rng).name for _ in range(20_000)}
    assert drawn == {twin.name for twin in trained_twins()}
    assert not drawn & {twin.name for twin in held_out_twins()}
    assert len(held_out_twins()) > len(twins()) // 16


def test_longer_and_other_fixes_are_drawn_alike() -> None:
    rng = Random(1)
    longer = sum(len(twin.patched) > len(twin.vulnerable) for twin in (draw_twin(rng) for _ in range(1000)))
    assert 440 < longer < 560  # within 4 standard deviations of a half


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_variants_of_both_halves_compile(tmp_path: Path) -> None:
    rng = Random(2)
    for twin in rng.sample(list(twins()), 25):
        pair = vary(rng, twin)
        assert compiles(pair.vulnerable.code, tmp_path), pair.vulnerable.code
        assert compiles(pair.patched.code, tmp_path), pair.patched.code


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


def test_no_file_of_the_embedded_corpus_shares_its_code_with_a_twin() -> None:
    written = [lines_of(twin.vulnerable) | lines_of(twin.patched) for twin in twins()]
    for example in load_dataset("verified"):
        mine = lines_of(example.code)
        assert max(len(mine & theirs) for theirs in written) <= len(mine) // 5, example.path
