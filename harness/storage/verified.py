"""The embedded corpus: contrast pairs written for this project, one folder a scenario, each with a proof of its labels.

`data/verified/README.md` describes the format; `harness.storage.proofs` runs the proofs.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import DataError
from harness.records import ORIGINAL, Example, Label
from harness.storage.paths import data_folder
from harness.storage.rewrites import REWRITES, Pair, Text, rewritten
from harness.storage.rewrites.renaming import in_prose
from harness.storage.rewrites.syntax import all_names

SUFFIXES = {"c": ".c", "python": ".py"}
"""The languages of the corpus, and how the names of their files end."""
DESCRIPTION = "scenario.toml"

T = TypeVar("T")


class Fields:
    """One table of a scenario.toml, read field by field. What is missing, of another type or left over is refused by name."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self._values = dict(values)
        self._where = where

    def __str__(self) -> str:
        return self._where

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of `key`, which must be a `kind`; `default` where the key is absent and a default is given."""
        value = self._values.pop(key, default)
        if value is None:
            raise DataError(f"{self._where} has no {key!r}; add it (data/verified/README.md lists the fields)")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise DataError(f"{key!r} in {self._where} is {value!r}; a value of type {kind.__name__} is needed")
        return value

    def text(self, key: str) -> str:
        """A string that says something."""
        value = self.take(key, str).strip()
        if not value:
            raise DataError(f"{key!r} in {self._where} is empty; write it")
        return value

    def table(self, key: str) -> "Fields":
        return Fields(self.take(key, dict), f"[{key}] of {self._where}")

    def tables(self, key: str) -> list["Fields"]:
        values = self.take(key, list)
        if not values or not all(isinstance(value, dict) for value in values):
            raise DataError(f"{key!r} in {self._where} is {values!r}; one or more tables [[{key}]] are needed")
        return [Fields(value, f"[[{key}]] {number} of {self._where}") for number, value in enumerate(values, start=1)]

    def done(self) -> None:
        """Refuses what nobody took: a misspelt field must not pass for an absent one."""
        if self._values:
            raise DataError(f"{self._where} holds unknown fields: {', '.join(sorted(self._values))}; remove them or mend their spelling")


@dataclass(frozen=True, kw_only=True)
class Half:
    """One file of a scenario, and why it deserves its label."""

    label: Label
    path: Path
    content: bytes
    code: str
    rationale: str


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A folder of the corpus as its scenario.toml describes it.

    `name` is "cwe787/job_queue": the last two parts of the folder. `shape` says in a few words what kind of mistake it is.
    `proof` is the table [proof] as it stands, for the prover of the language to read.
    """

    name: str
    folder: Path
    cwe: str
    language: str
    domain: str
    title: str
    shape: str
    vulnerable: Half
    patched: Half
    proof: dict[str, Any]

    def __post_init__(self) -> None:
        if self.vulnerable.code == self.patched.code:
            raise DataError(f"both halves of {self.name} are the same text; a contrast pair needs a file with the flaw and one without")

    @property
    def halves(self) -> tuple[Half, Half]:
        return self.vulnerable, self.patched

    @property
    def driver(self) -> Path | None:
        """What calls the halves, where they have no main of their own."""
        name = self.proof.get("driver")
        return self.folder / name if isinstance(name, str) and name else None


def read_scenario(folder: Path) -> Scenario:
    """The scenario in a folder.

    Raises: DataError for a missing folder or file, a description that is no TOML or lacks a field, a folder that does not lie under
    the one of its CWE, and a pair whose halves are equal.
    """
    folder = folder.resolve()
    name = f"{folder.parent.name}/{folder.name}"
    fields = Fields(_read_description(folder / DESCRIPTION), f"{name}/{DESCRIPTION}")
    cwe = fields.text("cwe")
    if folder.parent.name != cwe.lower().replace("-", ""):
        raise DataError(f"{name} declares {cwe} but lies in the folder {folder.parent.name!r}; move it or mend its {DESCRIPTION}")
    language = fields.text("language")
    if language not in SUFFIXES:
        raise DataError(f"{name} declares the language {language!r}; the corpus knows {', '.join(SUFFIXES)}")
    rationales = fields.table("rationale")
    scenario = Scenario(
        name=name,
        folder=folder,
        cwe=cwe,
        language=language,
        domain=fields.text("domain"),
        title=fields.text("title"),
        shape=fields.text("shape"),
        vulnerable=_read_half(folder, "vulnerable", language, rationales),
        patched=_read_half(folder, "patched", language, rationales),
        proof=fields.take("proof", dict),
    )
    rationales.done()
    fields.done()
    return scenario


def read_text(path: Path) -> str:
    """The text of a file of the corpus, line ends as they are. Raises: DataError when it is missing or not UTF-8."""
    return _decode(_read_bytes(path), path)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path} cannot be read ({reason}); every file that data/verified/README.md lists is needed") from error


def _decode(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _read_description(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path} is not TOML: {error}; mend that line") from error


def _read_half(folder: Path, label: Label, language: str, rationales: Fields) -> Half:
    path = folder / f"{label}{SUFFIXES[language]}"
    content = _read_bytes(path)
    return Half(label=label, path=path, content=content, code=_decode(content, path), rationale=rationales.text(label))


def scenario_folders(root: Path | None = None) -> list[Path]:
    """Every scenario's folder under `root` (the checkout's corpus by default), sorted by CWE and name.

    Raises: DataError for a root that is missing or holds no scenario.
    """
    root = data_folder() / "verified" if root is None else root
    if not root.is_dir():
        raise DataError(
            f"the verified corpus is not at {root}: there is no such folder; name the folder that holds cwe787 and its siblings"
        )
    folders = [scenario for cwe in _subfolders(root) for scenario in _subfolders(cwe)]
    if not folders:
        raise DataError(f"{root} holds no scenario; folders such as cwe787/job_queue are expected below it")
    return folders


def _subfolders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))


def load_verified(root: Path | None = None, *, variants: bool = False) -> list[Example]:
    """The examples of the corpus, the vulnerable half before the patched one, sorted by CWE and scenario.

    Args: root, the folder that holds cwe787 and its siblings; by default data/verified of the source checkout. variants, whether the
        rewrites of each pair (harness.storage.rewrites) follow it.
    Returns: two examples a scenario and variant. Raises: DataError as `read_scenario` and `scenario_folders` do.
    """
    scenarios = [read_scenario(folder) for folder in scenario_folders(root)]
    return [example for scenario in scenarios for example in _examples(scenario, variants=variants)]


def _examples(scenario: Scenario, *, variants: bool) -> Iterator[Example]:
    for half in scenario.halves:
        yield _example(scenario, half, ORIGINAL, half.code, half.rationale)
    if variants:
        for name, pair in rewrites_of(scenario).items():
            for half, text in zip(scenario.halves, pair.halves, strict=True):
                yield _example(scenario, half, name, text.code, in_prose(half.rationale, pair.names))


def rewrites_of(scenario: Scenario) -> dict[str, Pair]:
    """The variants of a scenario by name, those that exist for it. The same on every machine: chance comes from the scenario's name."""
    driver = scenario.driver
    kept = all_names(read_text(driver), scenario.language) if driver else set()
    vulnerable, patched = (Text.of(half.code) for half in scenario.halves)
    original = Pair(vulnerable=vulnerable, patched=patched, language=scenario.language, kept=frozenset(kept))
    found = {name: rewritten(original, name, seed=scenario.name) for name in REWRITES}
    return {name: pair for name, pair in found.items() if pair is not None}


def _example(scenario: Scenario, half: Half, variant: str, code: str, rationale: str) -> Example:
    written = variant == ORIGINAL
    return Example(
        dataset="verified",
        split="verified",
        cwe=scenario.cwe,
        label=half.label,
        scenario=scenario.name,
        variant=variant,
        language=scenario.language,
        code=code,
        rationale=rationale,
        sha256=hashlib.sha256(half.content if written else code.encode()).hexdigest(),
        path=f"{scenario.name}/{half.path.name}" if written else f"{scenario.name}/{variant}/{half.path.name}",
    )
