"""Code as lines that know where they came from, and the two halves of a pair side by side."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of code, and its number in the file it was written in; None for one that a rewrite added."""

    code: str
    origin: int | None


@dataclass(frozen=True, kw_only=True)
class Text:
    """The code of one half."""

    lines: tuple[Line, ...]

    @classmethod
    def of(cls, code: str) -> "Text":
        return cls(lines=tuple(Line(code=line, origin=number) for number, line in enumerate(code.split("\n"), start=1)))

    @property
    def code(self) -> str:
        return "\n".join(line.code for line in self.lines)

    def line_of(self, origin: int) -> int:
        """The number that a line of the file has here. Raises: ValueError where it is gone."""
        return 1 + [line.origin for line in self.lines].index(origin)

    def with_code(self, code: str) -> "Text":
        """Other code on the same lines."""
        return Text(lines=tuple(replace(line, code=new) for line, new in zip(self.lines, code.split("\n"), strict=True)))

    def with_inserted(self, at: int, added: Iterable[str]) -> "Text":
        """More lines in front of line number `at`, counted from 0."""
        new = tuple(Line(code=line, origin=None) for line in added)
        return Text(lines=(*self.lines[:at], *new, *self.lines[at:]))

    def in_order(self, order: Iterable[int]) -> "Text":
        """The lines of these numbers, counted from 0, in this order."""
        return Text(lines=tuple(self.lines[at] for at in order))


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both halves. `language` is "c" or "python". `kept`: names that must stay, since a driver calls them. `names`: those renamed."""

    vulnerable: Text
    patched: Text
    language: str
    kept: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)

    @property
    def halves(self) -> tuple[Text, Text]:
        return self.vulnerable, self.patched

    def with_halves(self, change: Callable[[Text, int], Text]) -> "Pair":
        """The pair with each half changed; `change` is told which half it has, 0 or 1."""
        return replace(self, vulnerable=change(self.vulnerable, 0), patched=change(self.patched, 1))

    def common_lines(self) -> list[tuple[int, int]]:
        """Line numbers, counted from 0, at which the halves hold the same line, as a diff pairs them."""
        left, right = ([line.code for line in half.lines] for half in self.halves)
        blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
        return [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]

    def same_code(self, other: "Pair") -> bool:
        return [half.code for half in self.halves] == [half.code for half in other.halves]
