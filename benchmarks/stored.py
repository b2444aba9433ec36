"""Everything that was measured, as a JSON file that later runs add to: a model that was not measured again keeps its section."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.agreement import Agreement
from benchmarks.errors import BenchmarkError
from benchmarks.page import Section
from benchmarks.ratios import Found, Spread, Target
from benchmarks.work import Size


def write_sections(path: Path, size: Size, sections: Sequence[Section]) -> None:
    plain = {"size": asdict(size), "sections": [asdict(section) for section in sections]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


def read_sections(path: Path, size: Size) -> list[Section]:
    """What earlier runs measured; nothing where there is no file.

    Raises: BenchmarkError for a file of other work, or one that holds something else.
    """
    if not path.is_file():
        return []
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        of = Size(**stored["size"])
        sections = [_section(plain) for plain in stored["sections"]]
    except (ValueError, KeyError, TypeError) as trouble:
        raise BenchmarkError(f"{path} holds no measured sections ({type(trouble).__name__}: {trouble}); remove it") from None
    if of != size:
        raise BenchmarkError(f"{path} holds measurements of other work ({of}); remove it, or give another --json")
    return sections


def _section(plain: dict[str, Any]) -> Section:
    found = tuple(Found(target=Target(**one["target"]), ratio=Spread(**one["ratio"])) for one in plain["found"])
    agreements = tuple(Agreement(**one) for one in plain["agreements"])
    return Section(**{**plain, "found": found, "agreements": agreements, "told": tuple(plain["told"])})


def with_section(sections: Sequence[Section], measured: Section, order: Sequence[str]) -> list[Section]:
    """The sections with one put in, in the place of an older one of the same name. Args: order, of all names."""
    kept = [section for section in sections if section.name != measured.name]
    return sorted([*kept, measured], key=lambda section: order.index(section.name))
