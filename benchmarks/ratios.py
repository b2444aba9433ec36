"""Times become ratios, ratios are held against targets and against the committed ones. Knows no model."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.errors import BenchmarkError

Kind = Literal["at most", "at least"]
TOLERANCE = 1.25
"""By which factor a ratio may be worse than the committed one."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Median and quartiles of some rounds."""

    median: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True, kw_only=True)
class Target:
    """One line of the targets: how `over` compares with `under`, two jobs of the same rounds.

    id: short and stable, the key in the committed ratios. limit: None where none is asked for and the ratio is told for comparison.
    slack: a difference of ratios that is never a regression, for those so small that noise is a large share of them.
    """

    id: str
    text: str
    over: str
    under: str
    kind: Kind
    limit: float | None
    slack: float = 0.0

    def met(self, ratio: float) -> bool | None:
        """Whether a ratio keeps to the limit; None without one."""
        if self.limit is None:
            return None
        return ratio <= self.limit if self.kind == "at most" else ratio >= self.limit


@dataclass(frozen=True, kw_only=True)
class Found:
    """A target with its ratio, the median over the rounds."""

    target: Target
    ratio: Spread

    @property
    def met(self) -> bool | None:
        return self.target.met(self.ratio.median)


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles (linear between neighbours, as numpy's default).

    Raises: BenchmarkError for no values, or one that is no finite number.
    """
    if not values or not all(map(math.isfinite, values)):
        raise BenchmarkError(f"the rounds gave {list(values)}; a median needs at least one round, and finite numbers")
    if len(values) == 1:
        return Spread(median=values[0], low=values[0], high=values[0], rounds=1)
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median=median, low=low, high=high, rounds=len(values))


def compare(target: Target, rounds: Mapping[str, Sequence[float]]) -> Found:
    """The ratio of each round, then their median: what slows a whole round down drops out.

    Args: rounds, for each job what its rounds took, in their order.
    Raises: BenchmarkError for jobs of different numbers of rounds, or nothing to divide by.
    """
    over, under = rounds[target.over], rounds[target.under]
    if len(over) != len(under) or not all(value > 0 for value in under):
        raise BenchmarkError(f"{target.id} can't divide the rounds {list(over)} by {list(under)}; as many are needed, above 0")
    return Found(target=target, ratio=spread([one / other for one, other in zip(over, under, strict=True)]))


def regressions(found: Sequence[Found], committed: Mapping[str, float], *, tolerance: float = TOLERANCE) -> list[str]:
    """Every ratio that is worse than the committed one by more than the tolerance, and every one that has none to be held against.

    Args: committed, ratio by target id.
    """
    told = []
    for one in found:
        before, now = committed.get(one.target.id), one.ratio.median
        if before is None:
            told.append(f"{one.target.id}: {now:.3g} has no committed ratio to be held against; add it with --update-baseline")
            continue
        worse = now / before if one.target.kind == "at most" else before / now
        if worse > tolerance and abs(now - before) > one.target.slack:
            told.append(
                f"{one.target.id}: {now:.3g} is {worse:.2f} times worse than the committed {before:.3g}, {tolerance:g} is allowed; "
                "find what slowed it down, or commit the new ratio with --update-baseline"
            )
    return told
