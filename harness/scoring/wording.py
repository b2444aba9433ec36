"""What a response's words are turned into before they are weighed: features that any response may have.

Code, names from the code, and the names of weaknesses are masked, so that no feature tells which file a response is about. A yes or no is
masked too: what it means depends on the question, and the claim says that.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.records import Verdict
from harness.scoring.phrases import ADVICE, CONCLUDING, OF_ALL_THE_CODE
from harness.scoring.rules import LONGEST, Claim, Reading, Weight
from harness.scoring.sentences import Sentence
from harness.scoring.weaknesses import RELATIONS, mark_weaknesses, presumed_weakness

STRUCTURE = "="
"""Features that start with it tell what is claimed and where, the others are words."""

_NAMED = re.compile(r"`[^`\n]*`")
_MARKUP = re.compile(r"[*_`#]+")
_NOT = re.compile(r"(?:n't\b|\bcannot\b)")
_NOT_A_WORD = frozenset("_(){}<>=[]\\/0123456789@&|")
_TRIM = "\"'.,:;!?*-()"
_OF_AN_END = frozenset(["conclusion", "summary", "decision", "answer", "verdict", "final", "result"])
_OF_ADVICE = frozenset(
    [
        *("recommendation", "recommendations", "fix", "fixes", "fixed", "solution"),
        *("mitigation", "mitigations", "improvements", "improved", "corrected"),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The features of a response: those of each sentence, in the order of the sentences, and those of the whole."""

    sentences: tuple[frozenset[str], ...]
    whole: frozenset[str]

    def features(self) -> frozenset[str]:
        return self.whole.union(*self.sentences)


@dataclass(frozen=True, kw_only=True)
class _Heard:
    words: tuple[str, ...]
    claim: Claim | None
    closing: bool
    advising: bool
    of_all: bool

    @property
    def about(self) -> str:
        return "+".join(sorted(RELATIONS.intersection(self.words))) or "nothing"

    @property
    def verdict(self) -> Verdict | None:
        return self.claim.verdict if self.claim else None

    @property
    def said(self) -> str | None:
        return None if self.claim is None else f"{self.claim.verdict} {self.claim.weight.name.lower()} of {self.about}"


def wording_of(
    sentences: Sequence[Sentence], claims: Sequence[Claim | None], ruled: Reading, opening: Reading | None, cwe: str | None = None
) -> Wording:
    """The features of a response.

    Args: sentences, those of the response; claims, what each of them claims; ruled, what the rules make of it; opening, what its first
    word says, if that is yes or no; cwe, what was asked about, such as "CWE-787"; None has it presumed.
    """
    asked = cwe or presumed_weakness([sentence.text for sentence in sentences])
    heard = list(_hear(sentences, claims, asked))
    return Wording(
        sentences=tuple(frozenset(_of_sentence(one, at, len(heard))) for at, one in enumerate(heard)),
        whole=frozenset(f"{STRUCTURE}{feature}" for feature in _of_whole(heard, ruled, opening)),
    )


def _hear(sentences: Sequence[Sentence], claims: Sequence[Claim | None], asked: str | None) -> Iterator[_Heard]:
    closing_part = advising = False
    for sentence, claim in zip(sentences, claims, strict=True):
        words = tuple(_words(sentence, claim, asked))
        heading = _heading(sentence.text, words)
        closing_part = heading == "end" or (closing_part and heading != "advice")
        advising = advising or heading == "advice" or bool(ADVICE.search(sentence.text))
        closing, of_all = closing_part or bool(CONCLUDING.search(sentence.text)), bool(OF_ALL_THE_CODE.search(sentence.text))
        yield _Heard(words=words, claim=claim, closing=closing, advising=advising, of_all=of_all)


def _heading(text: str, words: Sequence[str]) -> str | None:
    if len(words) > 5 or text.endswith("."):
        return None
    if _OF_AN_END.intersection(words):
        return "end"
    return "advice" if _OF_ADVICE.intersection(words) else None


def _words(sentence: Sentence, claim: Claim | None, asked: str | None) -> Iterator[str]:
    plain = _MARKUP.sub("", _NAMED.sub(" name ", sentence.quote[:LONGEST])).replace("\u2019", "'")
    marked = _NOT.sub(" not ", mark_weaknesses(plain, asked).lower())
    answers = ("yes", "no") if claim and claim.weight == Weight.ANSWER else ()
    for at, word in enumerate(marked.split()):
        bare = word.strip(_TRIM)
        if bare in answers or (at == 0 and bare in ("yes", "no")):
            yield "answer"
        elif bare:
            yield "name" if _NOT_A_WORD.intersection(bare) else bare


def _of_sentence(one: _Heard, at: int, of: int) -> Iterator[str]:
    parts = ["any"]
    parts += ["first"] if at == 0 else []
    parts += ["last"] if at >= of - 2 else []
    parts += ["closing"] if one.closing else []
    padded = ["^", *one.words, "$"]
    for part in parts:
        for size in (1, 2) if part == "any" else (1, 2, 3):
            for start in range(len(padded) - size + 1):
                yield f"{part}: " + " ".join(padded[start : start + size])
    if one.claim:
        for part in [*parts, "advising"] if one.advising else parts:
            yield f"{STRUCTURE}{part}: {one.claim.verdict} {one.claim.weight.name.lower()}"
            yield f"{STRUCTURE}{part}: {one.said}"


def _of_whole(heard: Sequence[_Heard], ruled: Reading, opening: Reading | None) -> Iterator[str]:
    said = [one for one in heard if one.claim]
    against = [one for one in said if one.verdict == Verdict.VULNERABLE]
    plainest = max((one.claim.weight for one in against if one.claim), default=None)
    yield f"rules {ruled.verdict}"
    yield f"rules {ruled.verdict} named {_relations(heard)}"
    yield f"rules {ruled.verdict} against {_relations(against)}"
    yield f"rules {ruled.verdict} against by {plainest.name.lower() if plainest is not None else 'none'}"
    yield from (f"named {word}" for word in _relations(heard).split("+"))
    yield f"length {min(6, len(heard) // 3)}"
    yield "claims " + (" and ".join(sorted({str(one.verdict) for one in said})) or "nothing")
    yield from {f"claimed {one.verdict} of {one.about}" for one in said}
    yield from _of_places(said, f"opening {opening.verdict if opening else 'none'}")


def _of_places(said: Sequence[_Heard], opening: str) -> Iterator[str]:
    closing = _last([one for one in said if one.closing])
    yield f"{opening} last closing {closing}"
    yield f"last closing {closing}"
    yield f"first {_last(said[:1])}"
    yield f"last {_last(said)}"
    yield f"last before advice {_last([one for one in said if not one.advising])}"
    stated = [one for one in said[1:] if one.claim and one.claim.weight > Weight.HINT]
    of_all = [one for one in stated if one.of_all]
    yield f"{opening} last of all {_last(of_all)}"
    yield f"last of all {_last(of_all)}"
    ahead, ahead_of_all = _ahead(stated), _ahead(of_all)
    yield f"{opening} ahead {max(-3, min(3, ahead))}"
    yield f"{opening} ahead of all {max(-2, min(2, ahead_of_all))}"
    yield f"{opening} last of all {of_all[-1].verdict if of_all else 'none'} ahead {max(-2, min(2, ahead))}"


def _ahead(stated: Sequence[_Heard]) -> int:
    return sum(1 if one.verdict == Verdict.VULNERABLE else -1 for one in stated)


def _relations(heard: Sequence[_Heard]) -> str:
    return "+".join(sorted({word for one in heard for word in one.words if word in RELATIONS})) or "nothing"


def _last(said: Sequence[_Heard]) -> str:
    return said[-1].said or "none" if said else "none"
