"""Whether the effect survives rewrites that keep the meaning of the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.numerics.gates.result import GateResult, check_within, status_of
from harness.numerics.intervals import mean_interval
from harness.numerics.pairs import Float64Array
from harness.numerics.retention import Retained
from harness.numerics.wording import counted


@dataclass(frozen=True, kw_only=True)
class RetentionThresholds:
    """`share`: of the effect, which the lower bound must reach on every variant."""

    share: float = 0.5

    def __post_init__(self) -> None:
        check_within("share of the effect", self.share, low=0.0, high=1.0)


def retention_gate(
    originals: Mapping[str, float],
    variants: Sequence[Retained],
    rng: np.random.Generator,
    thresholds: RetentionThresholds | None = None,
) -> GateResult:
    """Whether every variant keeps a share of the effect that its originals show.

    Args: originals, scenario -> bias on the files as they stand.
    INCONCLUSIVE where there is no variant, or no effect above zero on the originals that could be kept; and, if none of the others fails,
    where a variant has one scenario only, which bounds nothing, or originals that by themselves don't go with the push: a share of what
    goes the wrong way is none that is kept.
    """
    limits = thresholds or RetentionThresholds()
    hopeless = _could_not_pass(np.array(list(originals.values())), variants, rng)
    bounded = [] if hopeless else [one for one in variants if one.scenarios > 1 and one.original > 0]
    failed = [f"{_words(one)}: {limits.share:.0%} are asked of the lower bound" for one in bounded if _low(one) < limits.share]
    if not failed:
        hopeless += [f"{_words(one)}: 2 are needed for a lower bound" for one in variants if one.scenarios < 2]
        hopeless += [
            f"the originals of {one.variant} move by {one.original:+.3g} logits over {counted(one.scenarios, 'scenario')}: nothing to keep"
            for one in variants
            if one.scenarios > 1 and one.original <= 0
        ]
    worst = min(variants, key=_low, default=None)
    return GateResult(
        gate="retention",
        status=status_of(hopeless, failed),
        reason="; ".join(hopeless or failed or map(_words, variants)),
        statistic=worst.kept if worst else None,
        threshold=limits.share,
        scenarios=len(originals),
        interval=worst.interval.interval if worst else None,
        interval_method=worst.interval.method if worst else "undefined",
        details={
            "variants": {
                one.variant: {
                    "kept": one.kept,
                    "scenarios": one.scenarios,
                    "effect": one.effect,
                    "original": one.original,
                    "low": one.interval.interval.low if one.interval.interval else None,
                    "high": one.interval.interval.high if one.interval.interval else None,
                }
                for one in variants
            }
        },
    )


def _could_not_pass(values: Float64Array, variants: Sequence[Retained], rng: np.random.Generator) -> list[str]:
    bound = mean_interval(values, rng).interval
    if not variants:
        return ["no scenario has a variant; choose a dataset or split with rewrites or augmentations"]
    if values.mean() <= 0 or bound is None or bound.low <= 0:
        shown = f" ({bound.low:+.2g} .. {bound.high:+.2g})" if bound else ""
        return [
            f"the effect on the originals is {values.mean():+.3g} logits{shown}, not surely above 0: there is nothing that could be kept"
        ]
    return []


def _low(one: Retained) -> float:
    """The lower bound; without spread, every scenario keeping as much as all together, that share itself."""
    return one.interval.interval.low if one.interval.interval else one.kept


def _words(one: Retained) -> str:
    bound = one.interval.interval
    interval = f" ({bound.low:.0%} .. {bound.high:.0%})" if bound else ""
    return f"{one.variant} keeps {one.kept:.0%}{interval} over {counted(one.scenarios, 'scenario')}"
