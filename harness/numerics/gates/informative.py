"""Whether residuals carry the label of held-out pairs, by more than relabelled pairs or the code's surface do."""

import math
from dataclasses import dataclass
from typing import Any

from scipy import stats

from harness.numerics.effects import POWER, allowed_exceedances
from harness.numerics.gates.result import GateResult, check_within, status_of
from harness.numerics.informative import Informative
from harness.numerics.wording import counted, probability
from harness.plans import distinct_flips


@dataclass(frozen=True, kw_only=True)
class InformativeThresholds:
    """`p`: largest permutation p-value. `flips`: share of relabellings that a layer must beat to count as one that carries the label."""

    p: float = 0.05
    flips: float = 0.95

    def __post_init__(self) -> None:
        check_within("p", self.p, low=0.0, high=1.0)
        check_within("share of relabellings", self.flips, low=0.0, high=1.0)


def informative_gate(result: Informative, thresholds: InformativeThresholds | None = None) -> GateResult:
    """Whether the residuals carry the label.

    Source: the informative gate of the measurement contract. It passes where the mean pair accuracy over the declared layers has a
    permutation p <= thresholds.p and is above that of the surface probe; the share of layers that do both by themselves is reported.
    """
    limits = thresholds or InformativeThresholds()
    hopeless = _could_not_pass(result, limits)
    failed = [] if hopeless else _failures(result, limits)
    critical = _critical(result, limits)
    smallest, why_not = _smallest(critical, len(result.scenarios))
    return GateResult(
        gate="informative",
        status=status_of(hopeless, failed),
        reason="; ".join(hopeless or failed or [_success(result, limits)]),
        statistic=result.statistic,
        threshold=critical,
        scenarios=len(result.scenarios),
        p_values={"label-flip": result.p},
        interval=result.interval.interval,
        interval_method=result.interval.method,
        smallest_effect=smallest,
        details=_details(result, limits) | {"smallest_reason": why_not},
    )


def _could_not_pass(result: Informative, limits: InformativeThresholds) -> list[str]:
    """Why no accuracy on these scenarios could have passed; empty where one could."""
    reasons, n, k = [], len(result.scenarios), len(result.null)
    least = 1 / (k + 1)
    if least > limits.p:
        exhausted = k >= distinct_flips(n)
        of = f"{counted(n, 'scenario')} give" if exhausted else f"{counted(k, 'relabelling')} give"
        remedy = f"{_scenarios_needed(limits.p)} scenarios are needed" if exhausted else f"{_flips_needed(limits.p)} are needed"
        reasons.append(f"{of} p >= {probability(least)}, above {probability(limits.p)}; {remedy}")
    if result.surface is None:
        reasons.append("the probe of length and words was not measured")
    elif result.surface >= 1:
        reasons.append(
            "length and words alone tell every pair, so residuals can tell no more; pairs that differ less on the surface are needed"
        )
    return reasons


def _failures(result: Informative, limits: InformativeThresholds) -> list[str]:
    failures = []
    if result.p > limits.p:
        reached = sum(value >= result.statistic for value in result.null)
        failures.append(
            f"p = {probability(result.p)} is above {probability(limits.p)}: {reached} of {len(result.null)} relabellings tell at least as "
            f"many pairs ({result.statistic:.3g})"
        )
    if result.surface is not None and result.statistic <= result.surface:
        failures.append(f"length and words alone tell {result.surface:.3g} of the pairs, the residuals {result.statistic:.3g}: no more")
    return failures


def _success(result: Informative, limits: InformativeThresholds) -> str:
    carrying = result.carrying(limits.flips)
    return (
        f"directions fitted on the others tell {result.statistic:.3g} of the pairs of {counted(len(result.scenarios), 'scenario')} "
        f"(p = {probability(result.p)} among {counted(len(result.null), 'relabelling')}), length and words {result.surface:.3g}; "
        f"{len(carrying)} of {counted(len(result.layers), 'layer')} alone beat {limits.flips:.0%} of the relabellings and length and words"
    )


def _critical(result: Informative, limits: InformativeThresholds) -> float | None:
    """What the mean accuracy must exceed; None where nothing could pass."""
    may_reach = allowed_exceedances(len(result.null), limits.p)  # relabellings that may tell as many pairs
    if may_reach < 0 or result.surface is None:
        return None
    by_rank = sorted(result.null, reverse=True)[may_reach] if may_reach < len(result.null) else 0.0
    return max(by_rank, result.surface)


def _smallest(critical: float | None, n: int) -> tuple[float | None, str]:
    """The accuracy at which so many of n scenarios come out right with power .8 that the critical accuracy is exceeded.

    Scenarios count as independent and the layers as one. Source: the binomial tail as a beta integral (Clopper and Pearson 1934).
    """
    if critical is None:
        return None, "no accuracy could have passed"
    needed = math.floor(critical * n + 1e-9) + 1
    if needed > n:
        return None, f"an accuracy of {critical:.3g} can't be exceeded"
    return float(stats.beta.ppf(POWER, needed, n - needed + 1)), ""


def _scenarios_needed(p: float) -> int | float:
    return math.inf if p <= 0 else math.ceil(math.log2(1 / p) - 1e-9) + 1  # n scenarios have 2^(n-1) labellings


def _flips_needed(p: float) -> int | float:
    return math.inf if p <= 0 else math.ceil(1 / p - 1e-9) - 1


def _details(result: Informative, limits: InformativeThresholds) -> dict[str, Any]:
    carrying = result.carrying(limits.flips)
    return {
        "estimator": result.estimator,
        "share_of_layers": len(carrying) / len(result.layers),
        "layers": [
            {"layer": one.layer, "accuracy": one.accuracy, "p": one.p, "beaten": one.beaten, "carries": one.layer in carrying}
            for one in result.layers
        ],
        "surface": result.surface,
        "relabellings": list(result.null),
        "interval_reason": result.interval.reason,
        "scenarios": dict(result.scenarios),
    }
