"""Whether the vector of a CWE acts on that CWE: its own direction against those of other CWEs, on the same held-out files."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from harness.errors import EffectError
from harness.numerics.intervals import RESAMPLES, IntervalEstimate
from harness.numerics.pairs import Float64Array
from harness.plans import cwe_number
from harness.records import Interval

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

    def ahead_of(self, other: str) -> Float64Array:
        """Own minus another CWE's direction on each scenario, sorted by value. Raises: EffectError where that one was not measured."""
        if other not in self.others:
            raise EffectError(
                f"the direction of {other} was not measured on {self.cwe}; measure every CWE under the directions of the others"
            )
        return np.sort([self.own[scenario] - self.others[other][scenario] for scenario in self.own])


@dataclass(frozen=True, kw_only=True)
class Advantage:
    """How much further a CWE's own direction than another's moves its files, beyond what it does on the files of that other.

    mean: difference of the differences, logits. p: of a permutation of scenarios between the two CWEs. smallest_p: the least that so many
    scenarios can give.
    """

    other: str
    mean: float
    interval: IntervalEstimate
    p: float
    smallest_p: float


def advantages(transfers: Mapping[str, Transfer], cwe: str, rng: np.random.Generator) -> tuple[Advantage, ...]:
    """The advantage of a CWE's direction over that of every other CWE of the family.

    Two directions differ in how far they move any file, so that own minus other says nothing of the CWE: sign flips of it passed 36 to 49%
    of replicates with nothing to find (calibration). What must differ is that difference on the files of the one and of the other.

    Args: transfers, of the CWE and at least one other, each under the directions of both. rng, for permutations and intervals.
    Raises: EffectError where a direction was not measured on the files of the other.
    Source: two-sample permutation test, by `scipy.stats.permutation_test`, exact where few enough permutations exist.
    """
    found = []
    for other in sorted(transfers.keys() - {cwe}, key=cwe_number):
        here, there = transfers[cwe].ahead_of(other), -transfers[other].ahead_of(cwe)
        test = stats.permutation_test(
            (here, there), _difference_of_means, permutation_type="independent", vectorized=True, n_resamples=RESAMPLES,
            alternative="greater", rng=rng,
        )  # fmt: skip
        found.append(
            Advantage(
                other=other,
                mean=float(here.mean() - there.mean()),
                interval=_interval(here, there, rng),
                p=float(test.pvalue),
                smallest_p=smallest_exchange_p(len(here), len(there)),
            )
        )
    return tuple(found)


def smallest_exchange_p(here: int, there: int) -> float:
    """The smallest p that exchanging so many scenarios of two CWEs can give: one of all exchanges, or of the resamples."""
    return max(1 / math.comb(here + there, here), 1 / (RESAMPLES + 1))


def _difference_of_means(first: Float64Array, second: Float64Array, axis: int = -1) -> Float64Array:
    return np.asarray(np.mean(first, axis=axis) - np.mean(second, axis=axis))


def _interval(here: Float64Array, there: Float64Array, rng: np.random.Generator) -> IntervalEstimate:
    """Percentile bootstrap of the difference, resampling the scenarios of each CWE; none where nothing varies."""
    if np.ptp(here) == 0 and np.ptp(there) == 0:
        return IntervalEstimate(
            interval=None, method="undefined", reason="all scenarios have the same effect; resampling them shows no spread"
        )
    found = stats.bootstrap(
        (here, there), _difference_of_means, n_resamples=RESAMPLES, method="percentile", vectorized=True, rng=rng
    ).confidence_interval
    return IntervalEstimate(interval=Interval(low=float(found.low), high=float(found.high)), method="percentile", reason="two samples")


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values of a family, adjusted so that one false alarm among all of them has the level. Source: Holm 1979, by statsmodels."""
    if not p_values:
        return {}
    adjusted = multipletests(list(p_values.values()), method="holm")[1]
    return dict(zip(p_values, map(float, adjusted), strict=True))
