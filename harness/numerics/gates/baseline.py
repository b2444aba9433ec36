"""Whether an effect is still what it was in an earlier run, scenario by scenario."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.errors import EffectError
from harness.numerics.gates.result import GateResult, check_within, status_of
from harness.numerics.paired import PairedDifference, paired_difference, smallest_difference, smallest_sign_flip_p
from harness.numerics.wording import counted, probability
from harness.records import Interval

LEVEL = 0.05
"""Of the smallest drop that could have been seen, and of what so few scenarios can tell from chance."""


@dataclass(frozen=True, kw_only=True)
class BaselineThresholds:
    """`drop`: logits by which the mean effect may fall for sure, that is, at the upper bound of its interval."""

    drop: float = 0.01

    def __post_init__(self) -> None:
        check_within("drop", self.drop, low=0.0, high=np.inf)


@dataclass(frozen=True, kw_only=True)
class BaselineEffect:
    """The effect of one case in an earlier run. effects: scenario -> mean shift of its margins, logits. source: file it was read from.

    model: fingerprint. remarks: what differs beside the model, in words.
    """

    effects: Mapping[str, float]
    source: str
    model: str
    remarks: tuple[str, ...] = ()


def baseline_gate(
    now: Mapping[str, float], before: BaselineEffect, rng: np.random.Generator, thresholds: BaselineThresholds | None = None
) -> GateResult:
    """Whether the mean effect has not fallen by more than is allowed, paired over scenarios.

    statistic: mean of now - before, logits; it fails where the whole interval lies below threshold = -drop.
    Raises: EffectError where the scenarios differ.
    """
    limits = thresholds or BaselineThresholds()
    _check_scenarios(now, before)
    found = paired_difference(now, before.effects, rng)
    few = _too_few(found)
    failed = [f"a drop of {limits.drop:g} is allowed"] if _upper(found) < -limits.drop else []
    smallest, why_not = smallest_difference(found, LEVEL)
    return GateResult(
        gate="baseline",
        status=status_of(few, failed),
        reason="; ".join([_sentence(now, before, found), *(few or failed), *before.remarks]),
        statistic=found.mean,
        threshold=-limits.drop,
        scenarios=found.scenarios,
        interval=found.interval.interval,
        interval_method=found.interval.method,
        smallest_effect=smallest,
        details=_details(now, before, found, why_not),
    )


def _check_scenarios(now: Mapping[str, float], before: BaselineEffect) -> None:
    apart = sorted(now.keys() ^ before.effects.keys())
    if apart:
        raise EffectError(
            f"the baseline {before.source} has {len(before.effects)} scenarios, this run {len(now)}, and {apart[0]} is in one of them "
            "alone; take a baseline of the same data, split and context, or make it anew"
        )


def _too_few(found: PairedDifference) -> list[str]:
    if found.smallest_p <= LEVEL:
        return []
    needed = next(n for n in range(1, 64) if smallest_sign_flip_p(n) <= LEVEL)
    least = f"p is at least {probability(found.smallest_p)}"
    return [f"{counted(found.scenarios, 'scenario')} can't tell a drop from chance ({least}); {needed} are needed"]


def _upper(found: PairedDifference) -> float:
    """The interval's upper bound; where all scenarios changed alike there is no spread, and the mean is all there is."""
    bound = found.interval.interval
    return found.mean if bound is None else bound.high


def _sentence(now: Mapping[str, float], before: BaselineEffect, found: PairedDifference) -> str:
    one, other = (float(np.mean(list(effects.values()))) for effects in (before.effects, now))
    went = f"{'fell' if found.mean < 0 else 'rose'} from {one:.2f} to {other:.2f}" if found.mean else f"stayed at {one:.2f}"
    change = f"{found.mean:+.2g} logits{_bounds(found.interval.interval)}"
    return f"the effect {went}: {change}, paired over {counted(found.scenarios, 'scenario')}"


def _bounds(bound: Interval | None) -> str:
    return "" if bound is None else f", {bound.level:.0%} interval {bound.low:+.2g} to {bound.high:+.2g}"


def _details(now: Mapping[str, float], before: BaselineEffect, found: PairedDifference, why_not: str) -> dict[str, Any]:
    return {
        "before": dict(before.effects),
        "now": dict(now),
        "differences": dict(found.differences),
        "source": before.source,
        "model": before.model,
        "interval_reason": found.interval.reason,
        "smallest_reason": why_not,
    }
