"""The neutral code as it is shipped, and what its loader refuses."""

import ast
import hashlib
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.storage.neutral import load_neutral

FOLDER = Path(__file__).parents[2] / "data" / "neutral"
ASKS_ABOUT_SECURITY = re.compile(
    r"\b(?:open|argv|input|stdin|scanf|f?gets|read|getenv|environ|system|popen|subprocess|socket|urllib|request|sqlite3|execute|html"
    r"|malloc|calloc|realloc|free|mem\w+|str(?:n?cpy|n?cat)|s?n?printf_s|sprintf|eval|exec|pickle|os|sys|path|password|token)\b",
    re.IGNORECASE,
)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Neutral code that a test may spoil."""
    return Path(shutil.copytree(FOLDER, tmp_path / "neutral"))


def test_both_languages_have_the_same_number_of_files() -> None:
    counts = Counter(file.language for file in load_neutral())
    assert counts == {"c": 7, "python": 7}


def test_files_are_those_of_the_folder_sorted_by_name() -> None:
    files = load_neutral()
    assert [file.name for file in files] == sorted(path.name for pattern in ("*.c", "*.py") for path in FOLDER.glob(pattern))
    for file in files:
        content = (FOLDER / file.name).read_bytes()
        assert file.code.encode() == content
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert 30 <= len(file.code.splitlines()) <= 70, file.name


def test_nothing_in_them_touches_what_a_weakness_needs() -> None:
    assert {file.name: found for file in load_neutral() if (found := ASKS_ABOUT_SECURITY.findall(file.code))} == {}


def test_c_compiles_without_a_warning() -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here; install gcc")
    for file in load_neutral():
        if file.language == "c":
            done = subprocess.run(
                [compiler, "-Wall", "-Wextra", "-fsyntax-only", FOLDER / file.name], capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), file.name


def test_python_parses() -> None:
    for file in load_neutral():
        if file.language == "python":
            ast.parse(file.code, filename=file.name)


def test_a_folder_without_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        load_neutral(tmp_path / "absent")
    (tmp_path / "README.md").write_text("nothing else")
    with pytest.raises(DataError, match=r"holds no code; files ending in \.c or \.py"):
        load_neutral(tmp_path)


def test_a_file_of_another_kind_is_refused(copied: Path) -> None:
    (copied / "notes.txt").write_text("not code")
    with pytest.raises(DataError, match=r"notes\.txt is no neutral code"):
        load_neutral(copied)


def test_the_same_text_twice_is_refused(copied: Path) -> None:
    shutil.copy(copied / "polygon.c", copied / "another.c")
    with pytest.raises(DataError, match=r"another\.c and polygon\.c are the same text"):
        load_neutral(copied)


def test_a_file_that_cannot_be_read_as_text_is_refused(copied: Path) -> None:
    (copied / "polygon.c").write_bytes(b"int a;\xff\n")
    with pytest.raises(DataError, match="not UTF-8 at byte 6"):
        load_neutral(copied)
    (copied / "polygon.c").write_text(" \n")
    with pytest.raises(DataError, match="says nothing"):
        load_neutral(copied)
