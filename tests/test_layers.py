"""Imports flow one way: the folders of the harness may know what the design allows them, and nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = {"errors", "records", "prompts", "plans"}
MAY_KNOW = {
    "errors": set(),
    "records": {"errors"},
    "prompts": {"errors", "records"},
    "plans": {"errors", "records"},
    "numerics": DATA - {"prompts"},
    "scoring": {"errors", "records", "prompts"},
    "storage": {"errors", "records"},
    "model": {*DATA, "numerics", "scoring", "storage"},
    "calibration": {*DATA, "numerics", "model"},
    "vectors": {"errors", "records", "storage", "model"},
    "ci": {"errors", "storage", "model"},
    "judge": {"errors", "records", "plans", "numerics", "scoring", "storage"},
    "report": {"errors", "records", "plans", "numerics", "scoring", "storage", "judge"},
    "plugin": {*DATA, "numerics", "scoring", "storage", "model", "calibration", "judge", "report"},
}
WITHOUT_A_MODEL = MAY_KNOW.keys() - {"model", "calibration"}
FORBIDDEN = {
    "torch": WITHOUT_A_MODEL,
    "transformers": WITHOUT_A_MODEL,
    "nnsight": WITHOUT_A_MODEL,
    "pytest": MAY_KNOW.keys() - {"plugin"},
}


def imports(file: Path) -> Iterator[str]:
    """Every module a file imports, at its top or within a function."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def files_of(part: str) -> list[Path]:
    found = sorted((ROOT / "harness" / part).rglob("*.py")) or [ROOT / "harness" / f"{part}.py"]
    assert all(file.exists() for file in found)
    return found


def test_every_part_of_the_harness_has_a_rule() -> None:
    parts = {path.stem for path in (ROOT / "harness").iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert parts == MAY_KNOW.keys()


@pytest.mark.parametrize("part", MAY_KNOW)
def test_a_part_knows_only_what_it_may(part: str) -> None:
    for file in files_of(part):
        known = {name.split(".")[1] for name in imports(file) if name.startswith("harness.")}
        assert known - {part} <= MAY_KNOW[part], file
        assert not any(name.split(".")[0] in ("fixtures", "evals", "tests", "training") for name in imports(file)), file


@pytest.mark.parametrize("library", FORBIDDEN)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    for part in FORBIDDEN[library]:
        for file in files_of(part):
            assert library not in {name.split(".")[0] for name in imports(file)}, file


def test_the_conftest_names_modules_only() -> None:
    body = ast.parse((ROOT / "conftest.py").read_text()).body
    assert [type(node) for node in body] == [ast.Expr, ast.Assign]
