"""Claims of a response, sentence by sentence, and the verdict that rules read from them.

A yes or no at the start decides, unless its own sentence claims the opposite. Else sentences are read for claims, of three weights: a late
yes or no, a statement about the code ("is vulnerable to", "there are no instances of"), and a hint ("could lead to an overflow"). The
heaviest kind that says something decides: the last such claim in a concluding sentence, else the more frequent side. Code,
questions and advice say nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from harness.records import Asks, Verdict
from harness.scoring.phrases import (
    ABOUT_THE_CODE,
    ADVICE,
    BUT,
    CONCLUDING,
    EXPLAINS,
    HINTS_SECURE,
    HINTS_VULNERABLE,
    LATE_ANSWER,
    NOT_SOUND,
    OPEN,
    OPENING,
    STATES_SECURE,
    STATES_VULNERABLE,
)
from harness.scoring.sentences import Sentence

LONGEST = 600
"""Characters of a sentence that are read: beyond it come lists without full stops and text that repeats itself."""

TAKEN_BACK = 3


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A verdict and the words of the response it rests on. Undecided goes with words that contradict or decline, or with none."""

    verdict: Verdict
    evidence: str


class Weight(IntEnum):
    """How plainly a claim speaks about the code."""

    HINT = 0
    STATEMENT = 1
    ANSWER = 2


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What one sentence says about the code."""

    verdict: Verdict
    weight: Weight


def claim_of(sentence: Sentence, asks: Asks = "vulnerable") -> Claim | None:
    """What a sentence claims about the code; None where it asks, announces, explains or tells something else."""
    text = sentence.text[:LONGEST]
    if text.endswith("?") or OPEN.search(text) or (EXPLAINS.search(text) and not ABOUT_THE_CODE.search(text)):
        return None
    late = LATE_ANSWER.search(text)
    if late:
        word = next(group for group in late.groups() if group)
        return Claim(verdict=_meaning(word, asks), weight=Weight.ANSWER)
    return _statement(text)


def opening_answer(sentences: Sequence[Sentence], asks: Asks = "vulnerable") -> Reading | None:
    """What a response says that starts with yes or no; None for any other."""
    opening = OPENING.match(sentences[0].text) if sentences else None
    if not opening:
        return None
    verdict, said = _meaning(opening[1], asks), _statement(sentences[0].text)
    # "Yes, it is safe" to "is it vulnerable?": which of the two is meant can't be told
    contradicted = said is not None and said.weight == Weight.STATEMENT and said.verdict != verdict
    return Reading(verdict=Verdict.UNDECIDED if contradicted else verdict, evidence=sentences[0].quote)


def taking_back(sentences: Sequence[Sentence], claims: Sequence[Claim | None], opening: Reading) -> Reading | None:
    """What a response says in the end that claims a weakness and then denies it, by TAKEN_BACK statements more; None for any other."""
    later = [(sentence, claim) for sentence, claim in zip(sentences, claims, strict=True) if claim][1:]
    denials = [sentence.quote for sentence, claim in later if claim.weight > Weight.HINT and claim.verdict == Verdict.SECURE]
    stated = sum(claim.weight > Weight.HINT for _, claim in later)
    if opening.verdict != Verdict.VULNERABLE or 2 * len(denials) - stated < TAKEN_BACK:
        return None
    return Reading(verdict=Verdict.SECURE, evidence=denials[-1])


def weigh(sentences: Sequence[Sentence], claims: Sequence[Claim | None]) -> Reading:
    """What the claims of the sentences, one or none each, come to; undecided where there are none or both sides have as many."""
    counted = list(counted_claims(sentences, claims))
    for weight in sorted(Weight, reverse=True):
        heard = [(sentence, claim) for sentence, claim in counted if claim.weight == weight]
        concluding = [(sentence, claim) for sentence, claim in heard if CONCLUDING.search(sentence.text)]
        if concluding:
            return Reading(verdict=concluding[-1][1].verdict, evidence=concluding[-1][0].quote)
        vulnerable = [sentence.quote for sentence, claim in heard if claim.verdict == Verdict.VULNERABLE]
        secure = [sentence.quote for sentence, claim in heard if claim.verdict == Verdict.SECURE]
        if len(vulnerable) > len(secure):
            return Reading(verdict=Verdict.VULNERABLE, evidence=vulnerable[0])
        if len(secure) > len(vulnerable):
            return Reading(verdict=Verdict.SECURE, evidence=secure[0])
        if heard:
            break  # weaker words don't settle what plainer ones leave open
    return Reading(verdict=Verdict.UNDECIDED, evidence="")


def counted_claims(sentences: Sequence[Sentence], claims: Sequence[Claim | None]) -> Iterator[tuple[Sentence, Claim]]:
    """The claims that are about the code itself, each with its sentence."""
    advising = False
    for sentence, claim in zip(sentences, claims, strict=True):
        if claim and claim.weight == Weight.ANSWER:
            yield sentence, claim
            continue
        advice = bool(ADVICE.search(sentence.text))
        advising = advising or advice
        # behind the first piece of advice, praise is for the mended code
        praise_of_the_mended = advice or (advising and not CONCLUDING.search(sentence.text))
        if claim and not (claim.verdict == Verdict.SECURE and praise_of_the_mended):
            yield sentence, claim


def _statement(text: str) -> Claim | None:
    if NOT_SOUND.search(text):
        return Claim(verdict=Verdict.VULNERABLE, weight=Weight.STATEMENT)
    if STATES_SECURE.search(text):
        # "not vulnerable to A, but vulnerable to B" takes both sides: what is left once the denial is cut out decides
        rest = STATES_SECURE.sub(" ", text)
        both = BUT.search(rest) and STATES_VULNERABLE.search(rest)
        return None if both else Claim(verdict=Verdict.SECURE, weight=Weight.STATEMENT)
    for pattern, verdict, weight in (
        (STATES_VULNERABLE, Verdict.VULNERABLE, Weight.STATEMENT),
        (HINTS_SECURE, Verdict.SECURE, Weight.HINT),
        (HINTS_VULNERABLE, Verdict.VULNERABLE, Weight.HINT),
    ):
        if pattern.search(text):
            return Claim(verdict=verdict, weight=weight)
    return None


def _meaning(word: str, asks: Asks) -> Verdict:
    return Verdict.VULNERABLE if (word.lower() == "yes") == (asks == "vulnerable") else Verdict.SECURE
