"""Variants of a twin: other names, sizes and layout, the same in both halves and in the reasons."""

import builtins
import keyword
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

from harness.storage.rewrites.renaming import in_prose
from harness.storage.rewrites.syntax import all_names, own_names, renamed
from training.programs import Program, ProgramPair
from training.twins.reading import Twin
from training.twins.vocabulary import FIXED, ROLES, SIZES, THINGS

_OUTERMOST = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|_+")
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
_SIDE = r"[A-Za-z_][\w.]*(?:->\w+)*|\d+"
_COMPARISON = re.compile(rf"(?:(?<=\()|(?<=&& )|(?<=\|\| ))({_SIDE}) (<=|>=|<|>) ({_SIDE})(?=\)| &&| \|\|)")
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_KNR = re.compile(r"^(\S[^\n;{}]*\)) \{$", re.MULTILINE)
_ALLMAN = re.compile(r"^(\S[^\n;{}]*\))\n\{$", re.MULTILINE)
PYTHONS_OWN = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "cls"))
Rewrite = Callable[[str], str]
TWIN = "twin "
"""What the family of a twin begins with."""


def as_pair(twin: Twin) -> ProgramPair:
    """A twin as it was written."""
    return _pair(twin.vulnerable, twin.patched, twin)


def vary(rng: Random, twin: Twin) -> ProgramPair:
    """A twin in other clothes. Whatever is rewritten is rewritten alike in both halves."""
    names, resize = _renaming(rng, twin), _resizing(rng, twin)
    rewrites: list[Rewrite] = [lambda code: renamed(code, twin.language, names), resize]
    if twin.language == "c":
        rewrites += [_layout(rng), _turning(rng)]
    vulnerable, patched = twin.vulnerable, twin.patched
    for rewrite in rewrites:
        vulnerable, patched = rewrite(vulnerable), rewrite(patched)
    reasons = [resize(in_prose(reason, names)) for reason in (twin.reason_vulnerable, twin.reason_patched)]
    return _pair(vulnerable, patched, replace(twin, reason_vulnerable=reasons[0], reason_patched=reasons[1]))


def _pair(vulnerable: str, patched: str, twin: Twin) -> ProgramPair:
    def half(label: str, code: str) -> Program:
        return Program(
            cwe=twin.cwe,
            family=f"{TWIN}{twin.name}",
            language=twin.language,
            label="vulnerable" if label == "vulnerable" else "patched",
            hardness="clear",
            code=code,
            reason_vulnerable=twin.reason_vulnerable,
            reason_patched=twin.reason_patched,
        )

    return ProgramPair(vulnerable=half("vulnerable", vulnerable), patched=half("patched", patched))


def _renaming(rng: Random, twin: Twin) -> dict[str, str]:
    """Exchanges the words that names are made of: words for things freely, words for roles (count, size) now and then for a synonym."""
    share = rng.choice((0.0, 0.5, 1.0, 1.0))
    words: dict[str, str] = {}
    taken = {word for name in _names(twin) for word in _words(name)}
    for word in sorted(taken):
        synonyms = next((group for group in ROLES if word in group), None)
        if synonyms is not None:
            if rng.random() < 0.3 * share:
                words[word] = rng.choice([other for other in synonyms if other not in taken] or [word])
        elif len(word) > 1 and rng.random() < share:
            unused = [thing for thing in rng.sample(THINGS, 4) if thing not in taken and thing not in words.values()]
            words[word] = rng.choice(unused or [word])

    names = {name: "".join(_dress(words.get(part.lower(), part.lower()), part) for part in _PART.findall(name)) for name in _names(twin)}
    foreign = _all_names(twin) - set(names)
    fell_together = len(set(names.values()) | foreign) < len(names) + len(foreign)
    return {} if fell_together else names


@cache
def _names(twin: Twin) -> set[str]:
    """The identifiers that the program gives, not those of the language and its library."""
    halves = (twin.vulnerable, twin.patched)
    if twin.language == "c":
        return {name for code in halves for name in own_names(code, "c")} - FIXED
    outermost = {name for code in halves for name in _OUTERMOST.findall(code) if f".{name}" not in code and f"{name}=" not in code}
    return {name for code in halves for name in own_names(code, "python")} | outermost


@cache
def _all_names(twin: Twin) -> set[str]:
    given = FIXED if twin.language == "c" else PYTHONS_OWN
    return {name for code in (twin.vulnerable, twin.patched) for name in all_names(code, twin.language)} | given


def _words(name: str) -> list[str]:
    return [part.lower() for part in _PART.findall(name) if part.isalpha()]


def _dress(word: str, like: str) -> str:
    if not like.isalpha():
        return like
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.capitalize() if like[0].isupper() else word


def _resizing(rng: Random, twin: Twin) -> Rewrite:
    """Exchanges the one size of a program for another; where several numbers may hang together, nothing is changed."""
    numbers = {number for code in (twin.vulnerable, twin.patched) for number in _NUMBER.findall(_without_strings(code)) if int(number) > 5}
    in_strings = any(char.isdigit() for code in (twin.vulnerable, twin.patched) for text in re.findall(r'"[^"\n]*"', code) for char in text)
    if len(numbers) != 1 or in_strings or rng.random() < 0.3:
        return lambda text: text
    (old,) = numbers
    new = str(rng.choice(SIZES))
    return lambda text: re.sub(rf"(?<![\w.]){old}(?![\w.])", new, text)


def _without_strings(code: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', code)


def _layout(rng: Random) -> Rewrite:
    """Indentation, the brace of a function's head, and whether the includes are shown."""
    indent = rng.choice(("    ", "    ", "  ", "\t"))
    brace = rng.choice(("as it is", "same line", "own line"))
    bare = rng.random() < 0.3

    def rewrite(code: str) -> str:
        if bare:
            code = re.sub(r"^#\s*include[^\n]*\n", "", code, flags=re.MULTILINE).lstrip("\n")
        if brace == "same line":
            code = _ALLMAN.sub(r"\1 {", code)
        elif brace == "own line":
            code = _KNR.sub(r"\1\n{", code)
        return re.sub(r"^(?: {4})+", lambda found: indent * (len(found.group()) // 4), code, flags=re.MULTILINE)

    return rewrite


def _turning(rng: Random) -> Rewrite:
    """Now and then says a comparison the other way round: `i >= N` as `N <= i`."""
    share, decided = rng.choice((0.0, 0.0, 0.3)), {}

    def turn(found: re.Match[str]) -> str:
        left, sign, right = found.groups()
        sides = frozenset((left, right))
        if sides not in decided:
            decided[sides] = rng.random() < share
        return f"{right} {_MIRRORED[sign]} {left}" if decided[sides] else found.group()

    return lambda code: _COMPARISON.sub(turn, code)
