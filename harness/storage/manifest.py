"""A public dataset as it stood at one commit: its files are known by their SHA-256 alone, and none that differs is used."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Where a dataset comes from and what its files are.

    source: the address that a file's path is appended to. files: path relative to the dataset's root -> SHA-256 of the bytes.
    """

    name: str
    commit: str
    source: str
    files: Mapping[str, str]


def read_manifest(path: Path) -> Manifest:
    """The manifest stored at `path`, whose stem is the dataset's name.

    Raises: DataError for a file that is missing or is not what `write_manifest` writes.
    """
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
        return Manifest(name=path.stem, commit=stored["commit"], source=stored["source"], files=stored["files"])
    except OSError as error:
        raise DataError(f"manifest {path} cannot be read ({error.strerror}); restore it from the repository") from error
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise DataError(f"manifest {path} is damaged ({error}); restore it from the repository") from error


def write_manifest(manifest: Manifest, path: Path, remark: str) -> None:
    """Stores `manifest` as TOML, `remark` above it as a comment."""
    lines = [f"# {line}" for line in remark.splitlines()]
    # A JSON string is a TOML string too: both know the same escapes.
    lines += [f"{key} = {json.dumps(getattr(manifest, key))}" for key in ("commit", "source")]
    lines += ["", "[files]"]
    lines += [f"{json.dumps(name)} = {json.dumps(manifest.files[name])}" for name in sorted(manifest.files)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_checked(folder: Path, manifest: Manifest, wanted: Iterable[str]) -> dict[str, bytes]:
    """The bytes of the wanted files below `folder`, each equal to what the manifest knows. Nothing else is read.

    Raises: DataError naming the first file that is missing or differs, and how many more do.
    """
    contents: dict[str, bytes] = {}
    missing, differing = [], []
    for name in wanted:
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError:
            missing.append(name)
            continue
        if sha256_of(contents[name]) != manifest.files[name]:
            differing.append(name)
    at_commit = f"commit {manifest.commit} of {manifest.name}"
    if missing:
        raise DataError(f"{missing[0]}{_more(missing)} is missing or unreadable in {folder}; restore it from {at_commit}")
    if differing:
        first = differing[0]
        raise DataError(
            f"{first}{_more(differing)} in {folder} is not the pinned file: SHA-256 {manifest.files[first]} is expected, "
            f"{sha256_of(contents[first])} was found; restore it from {at_commit}, without conversion of line ends"
        )
    return contents


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
