"""Differences between two treatments of the same scenarios: mean, interval, and the sign-flip test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from harness.errors import EffectError
from harness.numerics.effects import POWER
from harness.numerics.intervals import RESAMPLES, IntervalEstimate, mean_interval
from harness.numerics.pairs import Float64Array

Alternative = Literal["greater", "two-sided"]


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """One treatment minus another over the same scenarios, in the unit of both.

    differences: scenario -> difference. p: of the sign-flip test against a mean of zero; smallest_p: the smallest that so many
    scenarios can give.
    """

    differences: Mapping[str, float]
    mean: float
    interval: IntervalEstimate
    p: float
    smallest_p: float
    alternative: Alternative

    @property
    def scenarios(self) -> int:
        return len(self.differences)


def paired_difference(
    first: Mapping[str, float], second: Mapping[str, float], rng: np.random.Generator, *, alternative: Alternative = "greater"
) -> PairedDifference:
    """The difference of two figures that were measured on the same scenarios.

    Args: first and second, scenario -> figure; rng, for the bootstrap and, of many scenarios, the sign flips.
    Raises: EffectError where the scenarios differ or there are none.
    """
    if first.keys() != second.keys():
        alone = sorted(first.keys() ^ second.keys())
        raise EffectError(f"scenario {alone[0]} was measured under one treatment only; compare both on the same scenarios")
    if not first:
        raise EffectError("0 scenarios have no difference; measure at least one")
    differences = {scenario: first[scenario] - second[scenario] for scenario in sorted(first)}
    values = np.array(list(differences.values()))
    return PairedDifference(
        differences=differences,
        mean=float(values.mean()),
        interval=mean_interval(values, rng),
        p=sign_flip_p(values, rng, alternative=alternative),
        smallest_p=smallest_sign_flip_p(len(values), alternative),
        alternative=alternative,
    )


def sign_flip_p(values: Float64Array, rng: np.random.Generator, *, alternative: Alternative = "greater") -> float:
    """p of a mean of zero when every scenario's sign is as likely as its reverse; exact where few enough flips exist.

    Sorted first, so that the order of scenarios doesn't move the draws. Source: Fisher's one-sample permutation test, by
    `scipy.stats.permutation_test(permutation_type="samples")`.
    """
    if len(values) < 2:
        return 0.5 if alternative == "greater" and values.sum() > 0 else 1.0  # SciPy refuses one value; there are two flips
    found = stats.permutation_test(
        (np.sort(values),),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        alternative=alternative,
        rng=rng,
    )
    return float(found.pvalue)


def smallest_sign_flip_p(scenarios: int, alternative: Alternative = "greater") -> float:
    """The smallest p that a sign-flip test of so many scenarios can give: one of 2^n flips, or of the resamples where these are fewer."""
    sides = 1 if alternative == "greater" else 2
    return min(1.0, sides * max(0.5**scenarios, 1 / (RESAMPLES + 1)))


def smallest_difference(found: PairedDifference, level: float, power: float = POWER) -> tuple[float | None, str]:
    """The smallest true mean difference that the sign flips would call significant with this power, and why there is none.

    (t(1 - level, n - 1) + t(power, n - 1)) * sd / sqrt(n), half the level on each side of a two-sided test. An approximation: the sign-flip
    test is taken for the t-test, to which it comes close from some eight scenarios on.
    """
    values = np.array(list(found.differences.values()))
    if found.smallest_p > level:
        return None, f"{len(values)} scenarios can't reach p <= {level:g}"
    if len(values) < 2 or level >= 1:
        return None, "1 scenario has no spread; two or more are needed" if len(values) < 2 else "a level of 1 asks for nothing"
    freedom = len(values) - 1
    one_sided = level if found.alternative == "greater" else level / 2
    error = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return float((stats.t.ppf(1 - one_sided, freedom) + stats.t.ppf(power, freedom)) * error), ""
