"""Lines that do not depend on each other, in another order."""

import re
from collections.abc import Iterator
from itertools import pairwise
from random import Random

from harness.storage.rewrites.syntax import statement_lines
from harness.storage.rewrites.text import Pair

_ALIKE = {
    "c": (re.compile(r"#\s*include <"), re.compile(r"#define \w+ +(?:0x)?[\w']+$")),
    "python": (re.compile(r"import \w[\w.]*$"), re.compile(r"[A-Z]\w* = [\d\"'][^()]*$")),
}
"""Kinds of line of which neighbours may change places: they name things and do nothing."""
_DECLARATION = {
    "c": re.compile(r"(\s+)(?:const |unsigned |struct |size_t |signed )*\w+ \**(\w+)(?:\[\w+\])?(?: = [^()=;{}&]+)?;$"),
    "python": re.compile(r"(\s+)(\w+) = [^()=\[\]]+$"),
}
"""A statement that gives one name a value out of others, without a call. Groups: indentation, name."""


def reorder(pair: Pair, rng: Random) -> Pair | None:  # noqa: ARG001 - every line that may move does
    """Runs of includes, imports and constants backwards, and neighbouring declarations exchanged, where both halves have them."""
    movable = dict(pair.common_lines())
    # Not the fields of a struct: initialisers, and what lies behind an array, go by their order.
    statements = statement_lines(pair.vulnerable.code, pair.language)
    orders = [list(range(len(half.lines))) for half in pair.halves]
    code = [line.code for line in pair.vulnerable.lines]
    moved = False
    for run in _runs(code, movable, statements, pair.language):
        for order, lines in zip(orders, (run, [movable[at] for at in run]), strict=True):
            for place, line in zip(lines, reversed(lines), strict=True):
                order[place] = line
        moved = True
    return pair.with_halves(lambda half, which: half.in_order(orders[which])) if moved else None


def _runs(code: list[str], movable: dict[int, int], statements: set[int], language: str) -> Iterator[list[int]]:
    """Numbers of neighbouring lines that may stand in the opposite order."""
    free = [at in movable for at in range(len(code))]
    for kind in _ALIKE[language]:
        run: list[int] = []
        for at, line in enumerate([*code, ""]):
            if at < len(code) and free[at] and kind.match(line):
                run.append(at)
                continue
            if len(run) > 1:
                yield run
            run = []
    taken = -1
    for one, other in pairwise(range(len(code))):
        if one > taken and {one, other} <= statements and free[one] and free[other] and _independent(code[one], code[other], language):
            taken = other
            yield [one, other]


def _independent(one: str, other: str, language: str) -> bool:
    left, right = _DECLARATION[language].match(one), _DECLARATION[language].match(other)
    if not left or not right or left.group(1) != right.group(1) or "++" in one + other or "--" in one + other:
        return False
    return left.group(2) not in re.findall(r"\w+", other) and right.group(2) not in re.findall(r"\w+", one)
