"""What a text names of the code it is about: its weakness, its identifiers, its lines. Naming alone counts, not what is said of it."""

import re
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from functools import cache

import tree_sitter_c
import tree_sitter_python
from tree_sitter import Language, Parser

from harness.errors import DataError, PlanError
from harness.prompts import WEAKNESSES

_OTHER_NAMES = {
    "CWE-22": (r"directory traversal", r"dot dot slash"),
    "CWE-77": (r"(?:shell|os) injection",),
    "CWE-79": (r"cross site script", r"xss", r"script injection"),
    "CWE-89": (r"sqli",),
    "CWE-190": (r"int overflow", r"(?:un)?signed overflow", r"arithmetic overflow", r"integer wrap ?around"),
    "CWE-416": (r"uaf", r"use[ds]? after (?:being )?free\w*"),
    "CWE-476": (r"null ?(?:pointer|ptr)? de ?referenc\w+", r"de ?referenc\w+ (?:of )?(?:an? |the )?null(?:ptr)?(?: pointer)?"),
    "CWE-787": (r"out of bounds? writ\w+", r"oob writ\w+", r"writ\w+ out of bound", r"(?:buffer|heap) (?:overflow|overrun)"),
}
"""Patterns over lower-case words with single spaces. "Buffer overflow" is what most call a write that runs past the end."""

_GRAMMARS = {"c": tree_sitter_c.language, "python": tree_sitter_python.language}
_NAMES = {"identifier", "field_identifier", "type_identifier", "statement_identifier"}
_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED = re.compile(r"(?<!\w)[`'\"\u2018\u201c]([^`'\"\u2018\u2019\u201c\u201d\n]{1,80})[`'\"\u2019\u201d](?!\w)")
_PUNCTUATED = re.compile(
    r"(?:(?<=->)|(?<=\[)|(?<=&)|(?<=\w\w\.)|(?<=[\s(]\*))[^\W\d]\w*|(?<![\w'])[^\W\d]\w*(?=\(|\[|->)|(?<![\w'])[^\W\d]\w+(?=\.[^\W\d])"
)
_TOKEN = re.compile(r"(?<!\w)[^\W\d]\w*")
_AFTER_APOSTROPHE = re.compile(r"\w['\u2019]$")
_DETERMINERS = frozenset("a an the this that these those its their his her your any some each every no all such another".split())  # noqa: SIM905
_KINDS = frozenset("variable pointer array buffer function method parameter argument field macro struct constant".split())  # noqa: SIM905
_PROSE = frozenset("a A I an and as at be but by do for from had has have if in into is it no not of off on or so then to up".split())  # noqa: SIM905
"""Words that, unmarked, are never taken for names, though code may name something so."""
_WEAKNESS_WORDS = re.compile(
    "|".join(name.replace(" ", r"[\s-]+") for name in (*WEAKNESSES.values(), "directory traversal")), re.IGNORECASE
)

_LINES = re.compile(
    r"\blines?(?:\s+(?:numbers?|nos?\.?))?[\s:#`]+(\d+(?:\s*(?:,\s*and|,\s*or|,|and|or|&|-|\u2013|to|through)\s*(?:lines?\s+)?\d+)*)",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(\d+)(?:\s*(?:-|\u2013|to|through)\s*(?:lines?\s+)?(\d+))?", re.IGNORECASE)
LONGEST_RANGE = 10
"""Lines. A longer range points at no line."""


def names_weakness(text: str, cwe: str) -> bool:
    """Whether a text names a CWE: by its number, its name in `harness.prompts.WEAKNESSES`, or a common name for the same.

    Case, hyphens and plurals don't matter. "No path traversal" names it too: what is said of it is the verdict's matter.
    Raises: PlanError for a CWE the harness has no name for.
    """
    if cwe not in WEAKNESSES:
        raise PlanError(f"{cwe} has no name to look for; the harness knows {', '.join(WEAKNESSES)}")
    words = re.sub(r"[\s_\u2010-\u2013-]+", " ", text.lower())
    number = cwe.removeprefix("CWE-")
    own = re.sub(r"[\s-]+", " ", WEAKNESSES[cwe].lower())
    return any(re.search(rf"\b(?:{name})(?:s|es)?\b", words) for name in (rf"cwe ?{number}", own, *_OTHER_NAMES[cwe]))


def identifiers(code: str, language: str) -> frozenset[str]:
    """The names in a program, of variables, functions, fields, types and macros; no keyword, no `self`, nothing in comments and strings.

    Raises: DataError for a language without a grammar.
    """
    if language not in _GRAMMARS:
        raise DataError(f"language {language!r} has no grammar; identifiers can be read from {', '.join(_GRAMMARS)}")
    return frozenset(_names_in(code, language)) - {"self", "cls"}


def named_identifiers(text: str, names: Collection[str]) -> frozenset[str]:
    """The identifiers among `names` that a text names, as whole words in the same case.

    A name no prose would use (underscore, digit, capital behind the first letter) counts wherever it stands. Any other may be a plain
    word ("data", "file") and counts where it is marked as code: in quotes, or by what adjoins it ("copy(", "text[", "node->next",
    "*tail"). A text that quotes none of the names may still mean them: there a plain word counts unless an article or the like
    stands before it or before the word before it ("a longer text"), and in spite of one where its kind stands beside it ("the data
    pointer"). The words of a weakness ("path traversal") name no variable. Some plain words are taken for names all the same.
    Fenced code names nothing: an answer that repeats the program would name all of it.
    """
    prose = _CODE_BLOCK.sub(" ", text)
    known = frozenset(names)
    quoted = {word for span in _QUOTED.findall(prose) for word in _TOKEN.findall(span)} & known
    marked = quoted | (set(_PUNCTUATED.findall(prose)) & known)
    shaped = {word for word in _TOKEN.findall(prose) if _looks_like_code(word)} & known
    return frozenset(marked | shaped | (set() if quoted else set(_plain_names(prose, known))))


def named_lines(text: str) -> frozenset[int]:
    """The line numbers that a text names: "line 12", "lines 3, 5 and 7", "lines 12-14" (each line of a range up to LONGEST_RANGE)."""
    found: set[int] = set()
    for listed in _LINES.findall(text):
        for first, last in _RANGE.findall(listed):
            start, end = int(first), int(last or first)
            if 0 <= end - start < LONGEST_RANGE:
                found.update(range(start, end + 1))
    return frozenset(found)


def changed_lines(code: str, twin: str) -> tuple[int, ...]:
    """The lines of `code`, counted from 1, that hold what sets it apart from `twin`, its patched or vulnerable counterpart.

    A line counts that `twin` lacks or has otherwise. Where `twin` only has lines more (a check that is missing here), the lines on
    both sides of the gap count. White space and empty lines make no difference.
    """
    ours, theirs = _lines(code), _lines(twin)
    numbers = [number for number, _ in ours]
    matcher = SequenceMatcher(None, [line for _, line in ours], [line for _, line in theirs], autojunk=False)
    found: set[int] = set()
    for kind, start, end, _, _ in matcher.get_opcodes():
        if kind in ("replace", "delete"):
            found.update(numbers[start:end])
        elif kind == "insert":
            found.update(numbers[max(start - 1, 0) : start + 1])
    return tuple(sorted(found))


def _lines(code: str) -> list[tuple[int, str]]:
    """The lines that hold something, with their numbers and with white space evened out."""
    numbered = enumerate((" ".join(line.split()) for line in code.split("\n")), start=1)
    return [(number, line) for number, line in numbered if line]


@cache
def _parser(language: str) -> Parser:
    return Parser(Language(_GRAMMARS[language]()))


def _names_in(code: str, language: str) -> Iterator[str]:
    waiting = [_parser(language).parse(code.encode()).root_node]
    while waiting:
        node = waiting.pop()
        if node.type in _NAMES and node.text:
            yield node.text.decode()
        waiting.extend(node.children)


def _looks_like_code(word: str) -> bool:
    return "_" in word or any(letter.isdigit() for letter in word) or not (word[1:].islower() or len(word) == 1)


def _plain_names(prose: str, names: frozenset[str]) -> Iterator[str]:
    """Plain words of a text without quoted names that stand as names do."""
    for sentence in re.split(r"(?<=[.!?])\s+|\n+", _WEAKNESS_WORDS.sub(" - ", prose)):
        words = list(_TOKEN.finditer(sentence))
        for index, found in enumerate(words):
            word = found.group()
            if word not in names or word in _PROSE or _AFTER_APOSTROPHE.search(sentence[: found.start()]):
                continue
            capitalised = index == 0 and len(word) > 1 and word[0].isupper()
            if not capitalised and _stands_as_name([other.group().lower() for other in words], index):
                yield word


def _stands_as_name(words: list[str], index: int) -> bool:
    before, after = words[max(index - 2, 0) : index], words[index + 1 : index + 2]
    of_a_kind = bool(_KINDS & {*before[-1:], *after})
    return of_a_kind or not _DETERMINERS & set(before)
