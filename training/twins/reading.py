"""Twins as they stand in the TOML files beside this module: the code with the flaw, and the replacements that mend it."""

import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from harness.errors import DataError

HERE = Path(__file__).parent
HELD_OUT_SHARE = 8
"""One twin in so many is never trained on; which, is decided by its name alone."""


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A hand-written program with an out-of-bounds write, the same without, and what speaks for either verdict."""

    name: str
    vulnerable: str
    patched: str
    reason_vulnerable: str
    reason_patched: str

    @property
    def held_out(self) -> bool:
        return zlib.crc32(self.name.encode()) % HELD_OUT_SHARE == 0


@cache
def twins() -> tuple[Twin, ...]:
    """All twins, sorted by name. Raises: DataError for a name that stands twice, or a replacement that does not fit."""
    found: dict[str, Twin] = {}
    for path in sorted(HERE.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["twin"]:
            twin = _twin(entry, path.name)
            if twin.name in found:
                raise DataError(f"twin {twin.name!r} stands twice, last in {path.name}; rename one")
            found[twin.name] = twin
    return tuple(found[name] for name in sorted(found))


@cache
def trained_twins() -> tuple[Twin, ...]:
    return tuple(twin for twin in twins() if not twin.held_out)


def draw_twin(rng: Random) -> Twin:
    """A twin to train on. Those whose fix makes the code longer come up half of the time, though they are most: length must not tell."""
    longer = rng.random() < 0.5
    return rng.choice([twin for twin in trained_twins() if (len(twin.patched) > len(twin.vulnerable)) == longer])


def held_out_twins() -> tuple[Twin, ...]:
    return tuple(twin for twin in twins() if twin.held_out)


def _twin(entry: dict[str, object], where: str) -> Twin:
    code = str(entry["code"]).strip("\n") + "\n"
    patched = code
    replacements = entry["fix"]
    assert isinstance(replacements, list)
    for replacement in replacements:
        if code.count(replacement["old"]) != 1 or patched.count(replacement["old"]) != 1:
            raise DataError(f"twin {entry['name']!r} in {where}: {replacement['old']!r} does not stand in the code exactly once")
        patched = patched.replace(replacement["old"], replacement["new"])
    if patched == code:
        raise DataError(f"twin {entry['name']!r} in {where} has a fix that changes nothing")
    return Twin(
        name=str(entry["name"]),
        vulnerable=code,
        patched=patched,
        reason_vulnerable=str(entry["reason_vulnerable"]).strip(),
        reason_patched=str(entry["reason_patched"]).strip(),
    )
