"""What changed between two texts, word by word, as pieces of plain text; nothing here makes markup."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

WORDS = re.compile(r"\s+|\w+\s*|[^\w\s]\s*")
"""A word or sign with the space behind it, so that a changed phrase is one piece."""


class Span(NamedTuple):
    """Offsets within a text."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a text. changed: the other text does not have it here. evidence: the verdict rests on it."""

    text: str
    changed: bool = False
    evidence: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of two files shown as one. side: "vulnerable" or "patched" where it is of one of them alone, "both" else."""

    text: str
    side: str


def side_by_side(before: str, after: str, evidence: tuple[str | None, str | None]) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces. Args: evidence, the phrase that the verdict of each rests on."""
    words = [WORDS.findall(text) for text in (before, after)]
    gone, come = _changes(*words)
    return _pieces(before, gone, evidence[0]), _pieces(after, come, evidence[1])


def lines_of(vulnerable: str, patched: str) -> list[Line]:
    """Both files line by line in one list; where they differ the vulnerable lines come first."""
    files = vulnerable.splitlines(), patched.splitlines()
    lines: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, *files, autojunk=False).get_opcodes():
        if what == "equal":
            lines += [Line(text=text, side="both") for text in files[0][a:b]]
        else:
            lines += [Line(text=text, side="vulnerable") for text in files[0][a:b]]
            lines += [Line(text=text, side="patched") for text in files[1][c:d]]
    return lines


def _changes(before: list[str], after: list[str]) -> tuple[list[Span], list[Span]]:
    starts = _starts(before), _starts(after)
    gone, come = [], []
    # Without autojunk: it would call the commonest words of a long answer junk.
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what in ("delete", "replace"):
            gone.append(Span(starts[0][a], starts[0][b]))
        if what in ("insert", "replace"):
            come.append(Span(starts[1][c], starts[1][d]))
    return gone, come


def _starts(words: Iterable[str]) -> list[int]:
    """Where each word starts, and where the last one ends."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts


def _pieces(text: str, changes: list[Span], evidence: str | None) -> list[Piece]:
    at = text.find(evidence) if evidence else -1
    phrase = Span(at, at + len(evidence or "")) if at >= 0 else Span(0, 0)
    cuts = sorted({0, len(text), *phrase, *(offset for span in changes for offset in span)})
    return [
        Piece(text=text[start:end], changed=_within(start, changes), evidence=_within(start, [phrase]))
        for start, end in itertools.pairwise(cuts)
    ]


def _within(offset: int, spans: Iterable[Span]) -> bool:
    return any(span.start <= offset < span.end for span in spans)
