"""Lines that do nothing, put in at the same places of both halves."""

import re
from collections.abc import Callable
from random import Random

from harness.storage.rewrites.syntax import all_names, function_lines, statement_lines
from harness.storage.rewrites.text import Pair

COMMENTS = (
    "the usual case", "same order as above", "one at a time", "kept simple on purpose", "see the notes of the meeting",
    "from the first draft",
    "as described in the manual", "this part is called often", "names follow the protocol", "nothing special here", "on we go",
)  # fmt: skip
SPARE_NAMES = ("spare", "unused_total", "legacy_count", "old_marker", "reserve", "retired")
COMMENTED, PADDED = 4, 2
"""How many comments and how many dead statements a pair gets, where it has so many places."""
_DEAD_FUNCTIONS = {
    "c": """\
static int {name}(const int *values, int many)
{{
    int sum = 0;

    while (many > 0)
        sum += values[--many];
    return sum;
}}
""",
    "python": """\
def {name}(values):
    total = 0
    for value in values:
        total += value
    return total

""",
}
_DEAD_STATEMENTS = {"c": ("int {name} = 0;", "(void){name};"), "python": ("{name} = 0", "{name} += 1")}


def comment(pair: Pair, rng: Random) -> Pair | None:
    """Comments that say nothing about what is right or wrong."""
    mark = {"c": "/* {} */", "python": "# {}"}[pair.language]
    places = _places(pair, statement_lines, rng, COMMENTED)
    return _inserted(pair, {place: [mark.format(words)] for place, words in zip(places, rng.sample(COMMENTS, len(places)), strict=True)})


def pad_with_dead_code(pair: Pair, rng: Random) -> Pair | None:
    """Variables that nobody reads, and a function that nobody calls."""
    taken = {name for half in pair.halves for name in all_names(half.code, pair.language)} | pair.kept
    names = [name for name in SPARE_NAMES if name not in taken]
    added = {
        place: [line.format(name=name) for line in _DEAD_STATEMENTS[pair.language]]
        for place, name in zip(_places(pair, statement_lines, rng, PADDED), names, strict=False)
    }
    for place in _places(pair, function_lines, rng, 1):
        added[place] = _DEAD_FUNCTIONS[pair.language].format(name=names[-1]).split("\n")
    return _inserted(pair, added)


LinesOf = Callable[[str, str], set[int]]
Place = tuple[int, int]
"""A line in front of which something is put: its number in either half, counted from 0."""


def _places(pair: Pair, lines_of: LinesOf, rng: Random, many: int) -> list[Place]:
    left, right = (lines_of(half.code, pair.language) for half in pair.halves)
    found = [(one, other) for one, other in pair.common_lines() if one in left and other in right]
    return sorted(rng.sample(found, min(many, len(found))))


def _inserted(pair: Pair, added: dict[Place, list[str]]) -> Pair | None:
    if not added:
        return None
    for place in sorted(added, reverse=True):  # from the end, so that the other places stay where they are
        indent = re.match(r"\s*", pair.vulnerable.lines[place[0]].code)
        assert indent is not None
        lines = [f"{indent.group()}{line}" if line else "" for line in added[place]]
        pair = pair.with_halves(lambda half, which, place=place, lines=lines: half.with_inserted(place[which], lines))  # type: ignore[misc]
    return pair
