"""Plain code without any question of security in it, on which the harm gate measures whether a steered model still goes on as before."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.storage.paths import data_folder
from harness.storage.verified import SUFFIXES, read_text

FOLDER = "neutral"
DESCRIPTION = "README.md"


@dataclass(frozen=True, kw_only=True)
class NeutralFile:
    """One file. `name` is that of the file, "polygon.c"; `sha256` is of its bytes."""

    name: str
    language: str
    code: str
    sha256: str

    def __post_init__(self) -> None:
        if not self.code.strip():
            raise DataError(f"neutral file {self.name} says nothing; write some code into it or remove it")


def load_neutral(root: Path | None = None) -> list[NeutralFile]:
    """Every neutral file, sorted by name.

    Args: root, the folder that holds them; by default data/neutral of the source checkout.
    Raises: DataError for a folder that is missing or without code, a file of another kind, one that is empty or not UTF-8, and two
        files with the same text, which would count as two pieces of evidence.
    """
    folder = data_folder() / FOLDER if root is None else root
    if not folder.is_dir():
        raise DataError(f"the neutral code is not at {folder}: there is no such folder; restore it from the source checkout")
    paths = sorted(path for path in folder.iterdir() if path.name != DESCRIPTION and not path.name.startswith((".", "__")))
    if not paths:
        raise DataError(f"{folder} holds no code; files ending in {' or '.join(SUFFIXES.values())} are expected there")
    files = [_read(path) for path in paths]
    _check_different(files)
    return files


def _read(path: Path) -> NeutralFile:
    language = next((language for language, suffix in SUFFIXES.items() if path.suffix == suffix), None)
    if language is None or not path.is_file():
        raise DataError(f"{path} is no neutral code; only files ending in {' or '.join(SUFFIXES.values())} and {DESCRIPTION} belong there")
    code = read_text(path)
    return NeutralFile(name=path.name, language=language, code=code, sha256=hashlib.sha256(code.encode()).hexdigest())


def _check_different(files: list[NeutralFile]) -> None:
    first: dict[str, NeutralFile] = {}
    for file in files:
        twin = first.setdefault(file.sha256, file)
        if twin is not file:
            raise DataError(f"neutral files {twin.name} and {file.name} are the same text; remove one of them")
