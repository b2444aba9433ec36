"""The weaknesses a response may name, by the words it names them with."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

WORDS = {
    "CWE-22": r"(?:path|directory)[- ]travers\w*|\btravers\w+ (?:attacks?|vulnerabilit\w+)|\bcwe-22\b",
    "CWE-77": r"\b(?:os |shell )?command[- ]injections?|\bshell injections?|\b(?:code|command) execution|\bcwe-7[78]\b"
    r"|\b(?:arbitrary|malicious) commands?\b",
    "CWE-79": r"\bcross[- ]site[- ]scripting|\bxss\b|\b(?:html|javascript|script) injections?|\bcwe-79\b"
    r"|\bmalicious (?:html|javascript|scripts?)\b|\bcode into (?:a|the) web ?page",
    "CWE-89": r"\bsql[- ]injections?|\bsqli\b|\bcwe-89\b|\bmalicious sql\b",
    "CWE-190": r"\b(?:integer|arithmetic|numeric)[- ](?:over|under)flow\w*|\bcwe-190\b",
    "CWE-416": r"\buse[- ]after[- ]free\w*|\bdangling pointers?|\bdouble[- ]free\w*|\bcwe-41[56]\b|\buaf\b"
    r"|\bfreed memory|\bafter (?:it|they|being|having been)(?: \w+){0,2}? freed\b",
    "CWE-476": r"\bnull[- ](?:pointer )?de-?referenc\w*|\bdereferenc\w+ (?:of )?(?:an? )?null(?: pointers?)?|\bnull pointers? exceptions?"
    r"|\bcwe-476\b",
    "CWE-787": r"\bout[- ]of[- ]bounds?(?:[- ](?:memory )?(?:writ\w+|access\w*))?|\bcwe-787\b"
    r"|\bwrit\w+(?: [\w'-]+){0,5}? (?:past|beyond|outside)\b",
    "memory": r"\b(?:buffer|stack|heap|memory)[- ](?:over|under)(?:flow|run)\w*|\bmemory corruption",
    "other": r"\bmemory leaks?|\brace conditions?|\binformation (?:leak|disclosure)\w*|\bformat string\w*|\bhard-?coded"
    r"|\b(?:sym)?link attacks?|\bcache poisoning",
    "unclear": r"\bdenial[- ]of[- ]service|\buninitialized|\bundefined behaviou?r|\binjections?|\b(?:over|under)flow\w*"
    r"|\bsegmentation faults?",
}
"""Pattern by CWE; besides: overflows of memory, which may stand for an out-of-bounds write; weaknesses of no CWE here; and words that
several of them go by."""

ASKED, OTHER, NEAR, UNCLEAR = "asked", "other", "near", "unclear"
RELATIONS = frozenset({ASKED, OTHER, NEAR, UNCLEAR})
"""What a named weakness is to the one that was asked about."""

_KINDS = list(WORDS)
_ANY = re.compile("|".join(f"(?P<k{at}>{pattern})" for at, pattern in enumerate(WORDS.values())), re.IGNORECASE)


def presumed_weakness(texts: Sequence[str]) -> str | None:
    """The CWE a response most likely was asked about: the one it names most often, the first among equals; None where it names none."""
    named = Counter(kind for text in texts for kind in map(_kind, _ANY.finditer(text)) if kind.startswith("CWE-"))
    return named.most_common(1)[0][0] if named else None


def mark_weaknesses(text: str, asked: str | None) -> str:
    """`text` with each weakness replaced by what it is to the question: one of RELATIONS, between spaces."""
    return _ANY.sub(lambda match: f" {_relation(_kind(match), asked)} ", text)


def names_others_alone(texts: Iterable[str], asked: str) -> bool:
    """Whether the texts name weaknesses, and none of them can be the one that was asked about; never for a CWE unknown here."""
    named = {_relation(_kind(match), asked) for text in texts for match in _ANY.finditer(text)}
    return asked in WORDS and OTHER in named and not named & {ASKED, NEAR}


def _kind(match: re.Match[str]) -> str:
    assert match.lastgroup is not None
    return _KINDS[int(match.lastgroup[1:])]


def _relation(kind: str, asked: str | None) -> str:
    if kind == asked:
        return ASKED
    if kind == "unclear":
        return UNCLEAR
    return NEAR if kind == "memory" and asked in ("CWE-787", None) else OTHER
