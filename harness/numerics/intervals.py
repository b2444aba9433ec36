"""Intervals of means over scenarios and of shares: bootstrap and Wilson."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from harness.errors import EffectError
from harness.numerics.pairs import Float64Array
from harness.records import Interval

RESAMPLES = 9_999


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of how many, with the interval of the share."""

    count: int
    of: int
    interval: Interval

    @property
    def value(self) -> float:
        return self.count / self.of


@dataclass(frozen=True, kw_only=True)
class IntervalEstimate:
    """An interval, how it was made, and why not by BCa where it was not. `interval` is None where there is none."""

    interval: Interval | None
    method: Literal["BCa", "percentile", "undefined"]
    reason: str


def mean_interval(values: Float64Array, rng: np.random.Generator, *, level: float = 0.95) -> IntervalEstimate:
    """Bootstrap interval of a mean over scenarios: BCa, else percentile, else none with the reason.

    Sorted before resampling, so that neither order nor names of scenarios move it. Raises: EffectError for no value.
    """
    if len(values) == 0:
        raise EffectError("0 scenarios have no mean; measure at least one")
    return bootstrap_interval(np.sort(values), np.mean, rng, level=level)


def bootstrap_interval(
    values: Float64Array,
    statistic: Callable[..., Any],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    spread: float | None = None,
) -> IntervalEstimate:
    """Bootstrap interval of any statistic of values, one a scenario: BCa, else percentile, else none with the reason.

    Args: values (n,); statistic, of (..., n) values along `axis`; spread, of what is resampled, where the values themselves don't tell:
        0 means that there is none.
    """
    if len(values) < 2:
        return IntervalEstimate(interval=None, method="undefined", reason="1 scenario has no spread; an interval needs 2 or more")
    if (np.ptp(values) if spread is None else spread) == 0:
        return IntervalEstimate(
            interval=None, method="undefined", reason="all scenarios have the same effect; resampling them shows no spread"
        )

    def found(method: str) -> Any:
        # what is degenerate is said in the result instead: by SciPy's warning, or by 0 / 0 where leaving one out changes nothing
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)
            return stats.bootstrap(
                (values,), statistic, confidence_level=level, n_resamples=RESAMPLES, method=method, rng=rng, vectorized=True
            ).confidence_interval

    bca = found("BCa")
    # with few skewed values both corrected quantiles may fall on one end of the resamples, and even cross
    if np.isfinite(bca.low) and np.isfinite(bca.high) and bca.low < bca.high:
        return IntervalEstimate(interval=Interval(low=float(bca.low), high=float(bca.high), level=level), method="BCa", reason="")
    percentile = found("percentile")
    interval = Interval(low=float(percentile.low), high=float(percentile.high), level=level)
    return IntervalEstimate(interval=interval, method="percentile", reason="BCa is undefined on these values; percentile bootstrap instead")


def share(count: int, of: int, *, level: float = 0.95) -> Share:
    """A share with its Wilson interval. Raises: EffectError for a share of nothing."""
    if of < 1:
        raise EffectError("a share of 0 scenarios is undefined; measure at least one")
    found = stats.binomtest(count, of).proportion_ci(level, method="wilson")
    # rounding may leave the bound of an empty share a hair off 0
    interval = Interval(low=max(0.0, float(found.low)), high=min(1.0, float(found.high)), level=level)
    return Share(count=count, of=of, interval=interval)


def scenarios_needed(bound: float) -> int | float:
    """How many scenarios there must be so that the Wilson upper bound of 0 among them is at most `bound`."""
    if bound <= 0:
        return math.inf
    count = 1
    while share(0, count).interval.high > bound:
        count += 1
    return count
