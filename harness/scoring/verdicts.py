"""From the text of a response to a verdict, with the phrase the verdict rests on.

Rules find claims (`rules`), the wording around them becomes features (`wording`), and weights learnt from recorded responses (`learnt`)
say what they come to. A text of a few words is left to the rules: the weights were learnt from whole answers.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from harness.records import Asks, Verdict
from harness.scoring.learnt import Weights, stored_weights
from harness.scoring.phrases import DECLINES, SUBJECT
from harness.scoring.rules import Claim, Reading, claim_of, counted_claims, opening_answer, taking_back, weigh
from harness.scoring.sentences import Sentence, sentences_of
from harness.scoring.weaknesses import names_others_alone
from harness.scoring.wording import Wording, wording_of

__all__ = ["Reading", "VerdictReader", "read_verdict"]

FEW_WORDS = 20


class VerdictReader(Protocol):
    """Anything that reads a verdict out of a response. `asks` says what "Yes" means, `cwe` which weakness was asked about."""

    def __call__(self, response: str, asks: Asks = "vulnerable", cwe: str | None = None) -> Reading: ...


@dataclass(frozen=True)
class Answer:
    """A response, its sentences, and what they claim."""

    response: str
    asks: Asks = "vulnerable"

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        return sentences_of(self.response)

    @cached_property
    def claims(self) -> tuple[Claim | None, ...]:
        return tuple(claim_of(sentence, self.asks) for sentence in self.sentences)

    @cached_property
    def opening(self) -> Reading | None:
        return opening_answer(self.sentences, self.asks)

    @cached_property
    def ruled(self) -> Reading:
        """What the rules alone read."""
        return self.opening or weigh(self.sentences, self.claims)

    def wording(self, cwe: str | None) -> Wording:
        return wording_of(self.sentences, self.claims, self.ruled, self.opening, cwe)

    def names_others_alone(self, cwe: str | None) -> bool:
        """Whether it speaks of weaknesses, but not of the one that was asked about."""
        return cwe is not None and names_others_alone((sentence.text for sentence in self.sentences), cwe)

    def read(self, weights: Weights, cwe: str | None = None) -> Reading:
        """The verdict by rules and by these weights."""
        reading = self.settled or self._weighed(weights, cwe)
        if reading.verdict == Verdict.VULNERABLE and self.names_others_alone(cwe):
            return Reading(verdict=Verdict.SECURE, evidence=reading.evidence)
        return reading

    @cached_property
    def settled(self) -> Reading | None:
        """What is read without weights: a few words, an answer taken back, a text that declines, is not about code or goes in circles."""
        if sum(len(sentence.text.split()) for sentence in self.sentences) < FEW_WORDS:
            return self.ruled
        if self.opening:
            return taking_back(self.sentences, self.claims, self.opening)
        return None if any(counted_claims(self.sentences, self.claims)) else self._without_claims()

    def _without_claims(self) -> Reading | None:
        declining = next((sentence.quote for sentence in self.sentences if DECLINES.search(sentence.text)), None)
        if declining is not None:
            return Reading(verdict=Verdict.UNDECIDED, evidence=declining)
        different = {sentence.text for sentence in self.sentences}
        describes = any(SUBJECT.search(text) for text in different) and 2 * len(different) > len(self.sentences)
        return None if describes else self.ruled

    def _weighed(self, weights: Weights, cwe: str | None) -> Reading:
        wording = self.wording(cwe)
        verdict = weights.verdict(wording.features())
        if verdict == self.ruled.verdict and self.ruled.evidence:
            return self.ruled
        telling = weights.telling(wording.sentences, verdict)
        return Reading(verdict=verdict, evidence="" if telling is None else self.sentences[telling].quote)


def read_answer(response: str, asks: Asks = "vulnerable") -> Reading:
    """What a response to a question that is not about weaknesses says: the yes or no it starts with; without one it is undecided.

    Args: as read_verdict. The rules and weights know words about weaknesses, and would read them into anything.
    """
    return Answer(response, asks).opening or Reading(verdict=Verdict.UNDECIDED, evidence="")


def read_verdict(response: str, asks: Asks = "vulnerable", cwe: str | None = None) -> Reading:
    """What a response says about the code.

    A description of the code of twenty words and more that claims nothing is weighed like any other text, and most often comes out as
    secure: asked for a weakness, the model found none to tell. docs/verdicts.md has the counts. One of fewer words, code without words,
    and a text that asks for more or repeats itself, stay undecided.

    Args: response, any text; asks, what the question asked: "vulnerable" ("Yes" means vulnerable) or "safe" ("Yes" means secure); cwe,
    the weakness it asked about, such as "CWE-787": a response that finds another one alone says no to this one.
    Returns: Reading; its evidence is a piece of the response, or empty.
    """
    return Answer(response, asks).read(stored_weights(), cwe)
