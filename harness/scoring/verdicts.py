"""From the text of a response to a verdict, by rules, with the phrase the verdict rests on.

A yes or no at the start decides, unless its own sentence claims the opposite. Else sentences are read for claims, of three weights: a late
yes or no, a statement about the code ("is vulnerable to", "there are no instances of"), and a hint ("could lead to an overflow"). The
heaviest kind that says something decides: the last such claim in a concluding sentence, else the more frequent side. Code blocks,
questions and advice say nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from harness.records import Asks, Verdict
from harness.scoring.phrases import (
    ADVICE,
    BUT,
    CONCLUDING,
    FENCE,
    HINTS_SECURE,
    HINTS_VULNERABLE,
    LATE_ANSWER,
    MARKUP,
    NOT_SOUND,
    OPEN,
    OPENING,
    SENTENCES,
    STATES_SECURE,
    STATES_VULNERABLE,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A verdict and the words of the response it rests on. Undecided goes with the words that contradict themselves, or with none."""

    verdict: Verdict
    evidence: str


class VerdictReader(Protocol):
    """Anything that reads a verdict out of a response. `asks` says what "Yes" means."""

    def __call__(self, response: str, asks: Asks = "vulnerable") -> Reading: ...


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
    concluding: bool
    evidence: str


def read_verdict(response: str, asks: Asks = "vulnerable") -> Reading:
    """What a response says about the code.

    Args: response, any text; asks, what the question asked: "vulnerable" ("Yes" means vulnerable) or "safe" ("Yes" means secure).
    Returns: Reading; undecided for text that is empty, claims nothing, or claims both equally.
    """
    text = MARKUP.sub("", FENCE.sub("\n", response)).replace("\u2019", "'").strip()
    opening = OPENING.match(text)
    if opening:
        first = SENTENCES.split(text, maxsplit=1)[0].strip()
        verdict, said = _meaning(opening[1], asks), _statement(first)
        # "Yes, it is safe" to "is it vulnerable?": which of the two is meant can't be told
        contradicted = said is not None and said[1] == Weight.STATEMENT and said[0] != verdict
        return Reading(verdict=Verdict.UNDECIDED if contradicted else verdict, evidence=first)
    return _weigh(list(_claims(text, asks)))


def _weigh(claims: Sequence[Claim]) -> Reading:
    for weight in sorted(Weight, reverse=True):
        heard = [claim for claim in claims if claim.weight == weight]
        concluding = [claim for claim in heard if claim.concluding]
        if concluding:
            return Reading(verdict=concluding[-1].verdict, evidence=concluding[-1].evidence)
        vulnerable = [claim for claim in heard if claim.verdict == Verdict.VULNERABLE]
        secure = [claim for claim in heard if claim.verdict == Verdict.SECURE]
        if len(vulnerable) != len(secure):
            more = max(vulnerable, secure, key=len)
            return Reading(verdict=more[0].verdict, evidence=more[0].evidence)
        if heard:
            break  # weaker words don't settle what plainer ones leave open
    return Reading(verdict=Verdict.UNDECIDED, evidence="")


def _claims(text: str, asks: Asks) -> Iterator[Claim]:
    advising = False
    for sentence in filter(None, map(str.strip, SENTENCES.split(text))):
        if sentence.endswith("?") or OPEN.search(sentence):
            continue
        concluding = bool(CONCLUDING.search(sentence))
        late = LATE_ANSWER.search(sentence)
        if late:
            word = next(group for group in late.groups() if group)
            yield Claim(verdict=_meaning(word, asks), weight=Weight.ANSWER, concluding=concluding, evidence=sentence)
            continue
        advice = bool(ADVICE.search(sentence))
        advising = advising or advice
        said = _statement(sentence)
        # behind the first piece of advice, praise is for the mended code
        if said and not (said[0] == Verdict.SECURE and (advice or (advising and not concluding))):
            yield Claim(verdict=said[0], weight=said[1], concluding=concluding, evidence=sentence)


def _statement(sentence: str) -> tuple[Verdict, Weight] | None:
    if NOT_SOUND.search(sentence):
        return Verdict.VULNERABLE, Weight.STATEMENT
    if STATES_SECURE.search(sentence):
        # "not vulnerable to A, but vulnerable to B" takes both sides: what is left once the denial is cut out decides
        rest = STATES_SECURE.sub(" ", sentence)
        both = BUT.search(rest) and STATES_VULNERABLE.search(rest)
        return None if both else (Verdict.SECURE, Weight.STATEMENT)
    for pattern, verdict, weight in (
        (STATES_VULNERABLE, Verdict.VULNERABLE, Weight.STATEMENT),
        (HINTS_SECURE, Verdict.SECURE, Weight.HINT),
        (HINTS_VULNERABLE, Verdict.VULNERABLE, Weight.HINT),
    ):
        if pattern.search(sentence):
            return verdict, weight
    return None


def _meaning(word: str, asks: Asks) -> Verdict:
    return Verdict.VULNERABLE if (word.lower() == "yes") == (asks == "vulnerable") else Verdict.SECURE
