"""Twins as they stand in the TOML files beside this module, a folder for each CWE.

A `[[twin]]` is the code with a flaw and the replacements that mend it. A `[[base]]` is correct code and, for each of several flaws, the
edits that bring it in: so the same code is right in some pairs and wrong in different ways in others, and cannot be learnt by heart.
"""

import tomllib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from harness.errors import DataError
from training.programs.records import Language

HERE = Path(__file__).parent
HELD_OUT_SHARE = 8
"""One base in so many is never trained on; which, is decided by its name alone."""


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A hand-written program with a weakness, the same without, and what speaks for either verdict.

    base: the code that it shares with other twins, where there are any; else its own name.
    """

    cwe: str
    language: Language
    name: str
    base: str
    vulnerable: str
    patched: str
    reason_vulnerable: str
    reason_patched: str

    @property
    def held_out(self) -> bool:
        return zlib.crc32(self.base.encode()) % HELD_OUT_SHARE == 0

    @property
    def fix_is_longer(self) -> bool:
        return len(self.patched) > len(self.vulnerable)


@cache
def twins() -> tuple[Twin, ...]:
    """All twins, sorted by name. Raises: DataError for a name that stands twice, or an edit that does not fit."""
    found: dict[str, Twin] = {}
    for path in sorted(HERE.glob("cwe_*/*.toml")):
        cwe = f"CWE-{path.parent.name.removeprefix('cwe_')}"
        for twin in _read(tomllib.loads(path.read_text(encoding="utf-8")), cwe, path.name):
            if twin.name in found:
                raise DataError(f"twin {twin.name!r} stands twice, last in {path.name}; rename one")
            found[twin.name] = twin
    return tuple(found[name] for name in sorted(found))


@cache
def trained_twins(cwe: str) -> tuple[Twin, ...]:
    """The twins of a CWE that training may use."""
    return tuple(twin for twin in twins() if twin.cwe == cwe and not twin.held_out)


@cache
def held_out_twins(cwe: str) -> tuple[Twin, ...]:
    """The twins of a CWE that training never sees."""
    return tuple(twin for twin in twins() if twin.cwe == cwe and twin.held_out)


def draw_twin(rng: Random, cwe: str) -> Twin:
    """A twin to train on, each base as often as another.

    Those whose fix makes the code longer come up half of the time, though they are most: length must not tell.
    """
    by_base = _trained_by_base(cwe, fix_is_longer=rng.random() < 0.5)
    return rng.choice(by_base[rng.randrange(len(by_base))])


@cache
def _trained_by_base(cwe: str, *, fix_is_longer: bool) -> tuple[tuple[Twin, ...], ...]:
    found: dict[str, list[Twin]] = {}
    for twin in trained_twins(cwe):
        if twin.fix_is_longer == fix_is_longer:
            found.setdefault(twin.base, []).append(twin)
    return tuple(tuple(same) for same in found.values())


def _read(content: dict[str, Any], cwe: str, where: str) -> Iterator[Twin]:
    for entry in content.get("twin", ()):
        flawed = _code(entry)
        patched = _edited(flawed, entry["fix"], f"twin {entry['name']!r} in {where}")
        yield _twin(cwe, entry, entry["name"], flawed, patched, entry["reason_vulnerable"], entry["reason_patched"])
    for entry in content.get("base", ()):
        correct = _code(entry)
        for number, flaw in enumerate(entry["flaw"], start=1):
            name = f"{entry['name']}/{number}"
            flawed = _edited(correct, flaw["edits"], f"twin {name!r} in {where}")
            yield _twin(cwe, entry, name, flawed, correct, flaw["vulnerable"], flaw["patched"])


def _code(entry: dict[str, Any]) -> str:
    return str(entry["code"]).strip("\n") + "\n"


def _twin(cwe: str, entry: dict[str, Any], name: str, vulnerable: str, patched: str, reason_vulnerable: str, reason_patched: str) -> Twin:
    return Twin(
        cwe=cwe,
        language=entry.get("language", "c"),
        name=name,
        base=entry["name"],
        vulnerable=vulnerable,
        patched=patched,
        reason_vulnerable=reason_vulnerable.strip(),
        reason_patched=reason_patched.strip(),
    )


def _edited(code: str, edits: Sequence[dict[str, str]], who: str) -> str:
    edited = code
    for edit in edits:
        if edited.count(edit["old"]) != 1:
            raise DataError(f"{who}: {edit['old']!r} does not stand in the code exactly once")
        edited = edited.replace(edit["old"], edit["new"])
    if edited == code:
        raise DataError(f"{who} has edits that change nothing")
    return edited
