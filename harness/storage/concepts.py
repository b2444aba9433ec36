"""Contrast pairs of one's own, about any concept: a JSONL file or a folder of texts. docs/data.md describes both."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.records import ORIGINAL, Asks, Example, Label, Question, is_cwe
from harness.storage.verified import SUFFIXES, read_text

HALVES: dict[str, Label] = {"positive": "vulnerable", "negative": "patched"}
"""The label of each half: what shows the concept stands where vulnerable code stands, and strength pushes toward it."""
ASKS: dict[str, Asks] = {"positive": "vulnerable", "negative": "safe"}
NEEDED = ("scenario", *HALVES)
OF_A_CONCEPT = ("concept", "question", "asks", "instruction", "language")
FIELDS = (*NEEDED, "variant", *OF_A_CONCEPT)
DESCRIPTION = "concept.toml"
CONCEPT = re.compile(r"(?!cwe[0-9])[a-z][a-z0-9_]*|CWE-[0-9]+")
"""Names stand in ids and file names, so they keep to what both can hold; there "cwe787" is CWE-787."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One contrast pair as it was written. `where` is its line or file, `fields` what it says, by name."""

    where: str
    fields: Mapping[str, str]

    def __post_init__(self) -> None:
        for name, value in self.fields.items():
            if name not in FIELDS:
                raise DataError(f"{self.where}: field {name!r} is unknown; a pair has {', '.join(FIELDS)}")
            if not isinstance(value, str) or not value.strip():
                raise DataError(f"{self.where}: field {name!r} is {value!r} and no text; write some, or leave the field out")
        for name in NEEDED:
            if name not in self.fields:
                raise DataError(f"{self.where}: field {name!r} is missing; every pair needs {', '.join(NEEDED)}")
        if not CONCEPT.fullmatch(self.concept):
            raise DataError(
                f"{self.where}: field 'concept' is {self.concept!r}; use small letters, digits and '_' as in 'polite_reply', or 'CWE-787'"
            )
        if self.asks not in ASKS:
            raise DataError(f"{self.where}: field 'asks' is {self.asks!r}; \"Yes\" means 'positive' or 'negative'")
        if "question" not in self.fields and not is_cwe(self.concept):
            raise DataError(f"{self.where}: field 'question' is missing; the harness has questions of its own about CWEs alone")

    @property
    def concept(self) -> str:
        return self.fields["concept"]

    @property
    def asks(self) -> str:
        return self.fields.get("asks", "positive")

    @property
    def question(self) -> Question | None:
        if "question" not in self.fields:
            return None
        return Question(asks=ASKS[self.asks], text=self.fields["question"], instruction=self.fields.get("instruction"))

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.concept, self.fields["scenario"], self.fields.get("variant", ORIGINAL)


def load_concepts(path: Path, dataset: str) -> list[Example]:
    """The examples of a JSONL file or a folder, the positive half before the negative one, in the order in which they are written.

    Args: path, of the file or the folder; dataset, the name that its examples carry.
    Returns: two examples a pair. Raises: DataError, naming line and field, for what is missing, unknown, said twice or no text.
    """
    entries = list(_of_folder(path, dataset) if path.is_dir() else _of_lines(path, dataset))
    if not entries:
        raise DataError(f"{path} holds no pair; docs/data.md says how to write one")
    _refuse_twins(entries, "pair", lambda entry: [entry.identity])
    _refuse_twins(entries, "text", lambda entry: [(entry.concept, entry.fields[half].strip()) for half in HALVES])
    return [_example(entry, half, dataset) for entry in entries for half in HALVES]


def _of_lines(path: Path, concept: str) -> Iterator[Entry]:
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise DataError(f"{where}: no JSON ({error}); write one object a line") from None
        if not isinstance(fields, dict):
            raise DataError(f"{where}: {type(fields).__name__} instead of an object; write one object a line")
        yield Entry(where=where, fields={"concept": concept, **fields})


def _of_folder(root: Path, concept: str) -> Iterator[Entry]:
    """Files of the same name in `positive/` and `negative/` are a pair, and the name is its scenario."""
    described = _description(root / DESCRIPTION)
    files = {half: {path.name: path for path in sorted((root / half).glob("[!.]*"))} for half in HALVES}
    for name in sorted({name for half in files.values() for name in half}):
        alone = [half for half in HALVES if name not in files[half]]
        if alone:
            raise DataError(f"{root}: {alone[0]}/{name} is missing; files of the same name in positive/ and negative/ are a pair")
        language = next((known for known, suffix in SUFFIXES.items() if suffix == Path(name).suffix), None)
        texts = {half: read_text(files[half][name]) for half in HALVES}
        own = {"concept": concept, "scenario": Path(name).stem, **({"language": language} if language else {})}
        yield Entry(where=f"{root}, {name}", fields={**own, **described, **texts})


def _description(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path} is no TOML: {error}; mend that line") from error
    for name in found:
        if name not in OF_A_CONCEPT:
            raise DataError(f"{path}: field {name!r} is unknown; it may hold {', '.join(OF_A_CONCEPT)}")
    return found


def _refuse_twins(entries: list[Entry], what: str, keys: Callable[[Entry], list[tuple[str, ...]]]) -> None:
    """A pair that is there twice counts twice as evidence, and a text that is there twice is fitted on where it is tested."""
    first: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        for key in keys(entry):
            if key in first:
                raise DataError(f"{entry.where}: the same {what} as in {first[key].where}; remove one, or give it another {_remedy(what)}")
            first[key] = entry


def _remedy(what: str) -> str:
    return "scenario or variant" if what == "pair" else "text"


def _example(entry: Entry, half: str, dataset: str) -> Example:
    text = entry.fields[half]
    concept, scenario, variant = entry.identity
    return Example(
        dataset=dataset,
        split=dataset,
        cwe=concept,
        label=HALVES[half],
        scenario=scenario,
        variant=variant,
        language=entry.fields.get("language", "text"),
        code=text,
        rationale=None,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        path="/".join((concept, scenario, *([] if variant == ORIGINAL else [variant]), half)),
        question=entry.question,
    )
