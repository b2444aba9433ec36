"""Whether the vector of a CWE acts on that CWE: its own direction against those of other CWEs, on the same held-out files."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.multitest import multipletests

from harness.errors import EffectError
from harness.numerics.paired import PairedDifference, paired_difference
from harness.plans import cwe_number

HOLM = "Holm"
"""Name of the p-value that a gate has adjusted by itself, among its others."""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """What the directions of several CWEs do to the held-out scenarios of one.

    own: scenario -> bias under the CWE's own cross-fitted direction, logits at the declared strength. others: CWE -> the same under the
    direction of that CWE.
    """

    cwe: str
    own: Mapping[str, float]
    others: Mapping[str, Mapping[str, float]]

    @property
    def row(self) -> dict[str, float]:
        """Mean bias by the CWE whose direction it is: this CWE's row of the transfer matrix."""
        means = {cwe: float(np.mean(list(biases.values()))) for cwe, biases in self.others.items()}
        means[self.cwe] = float(np.mean(list(self.own.values())))
        return dict(sorted(means.items(), key=lambda item: cwe_number(item[0])))

    def difference(self, rng: np.random.Generator) -> PairedDifference:
        """Own minus the mean of the others, by scenario, with the one-sided p of the sign flips.

        Raises: EffectError where no other direction was measured.
        """
        if not self.others:
            raise EffectError(f"no other direction was measured on {self.cwe}; specificity compares with at least one other CWE")
        mean_of_others = {scenario: float(np.mean([biases[scenario] for biases in self.others.values()])) for scenario in self.own}
        return paired_difference(self.own, mean_of_others, rng)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values of a family, adjusted so that one false alarm among all of them has the level. Source: Holm 1979, by statsmodels."""
    if not p_values:
        return {}
    adjusted = multipletests(list(p_values.values()), method="holm")[1]
    return dict(zip(p_values, map(float, adjusted), strict=True))
