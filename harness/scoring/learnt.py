"""Weights for the wording of a response, learnt from recorded responses: a linear model with one score for each verdict.

`weights.json` is made by `python -m harness.scoring.agreement --keep`; it holds nothing but numbers for features that responses of many
kinds share.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import DataError
from harness.records import Verdict

VERDICTS = (Verdict.VULNERABLE, Verdict.SECURE, Verdict.UNDECIDED)
FILE = Path(__file__).with_name("weights.json")
UNIT = 0.01
"""The stored weights are whole multiples of it."""
USUAL = 50
"""A response with so many features keeps their weights as they are; a longer one has them lessened."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """`start`: the score of each of VERDICTS before a word is read; `features`: what each feature adds to it."""

    start: tuple[float, ...]
    features: Mapping[str, tuple[float, ...]]

    def scores(self, features: Collection[str]) -> dict[Verdict, float]:
        """Log odds of the verdicts, up to a common number."""
        known = [self.features[feature] for feature in features if feature in self.features]
        share = share_of(len(known))
        return {verdict: self.start[at] + share * math.fsum(weights[at] for weights in known) for at, verdict in enumerate(VERDICTS)}

    def verdict(self, features: Collection[str]) -> Verdict:
        """The verdict with the highest score."""
        scores = self.scores(features)
        return max(VERDICTS, key=scores.__getitem__)

    def telling(self, sentences: Sequence[Collection[str]], verdict: Verdict) -> int | None:
        """Index of the sentence, given by its features, that speaks most for `verdict` against the others; None where none does."""
        leads = [self._lead(features, VERDICTS.index(verdict)) for features in sentences]
        best = max(range(len(leads)), key=leads.__getitem__, default=None)
        return best if best is not None and leads[best] > 0 else None

    def _lead(self, features: Collection[str], at: int) -> float:
        known = [self.features[feature] for feature in features if feature in self.features]
        sums = [math.fsum(weights[of] for weights in known) for of in range(len(VERDICTS))]
        return sums[at] - max(sums[:at] + sums[at + 1 :])


def share_of(known: int) -> float:
    """What the weights of a response with so many known features are multiplied by."""
    return math.sqrt(USUAL / max(1, known))


@cache
def stored_weights() -> Weights:
    """The weights of the package. Raises: DataError where the file is not as it was made."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    if stored.get("verdicts") != list(VERDICTS):
        raise DataError(f"{FILE} has weights for {stored.get('verdicts')}; make it anew with python -m harness.scoring.agreement --keep")
    return Weights(
        start=tuple(UNIT * whole for whole in stored["start"]),
        features={feature: tuple(UNIT * whole for whole in wholes) for feature, wholes in stored["features"].items()},
    )
