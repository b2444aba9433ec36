"""Gates whose claim is a paired difference over scenarios: steering against a prompt, one model against another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.numerics.gates.result import GateResult, check_within, status_of
from harness.numerics.paired import PairedDifference, smallest_difference, smallest_sign_flip_p
from harness.numerics.wording import counted, probability


@dataclass(frozen=True, kw_only=True)
class DifferenceThresholds:
    """`p`: largest p-value of the sign flips."""

    p: float = 0.05

    def __post_init__(self) -> None:
        check_within("p", self.p, low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a gate names its two sides: "the CWE's own direction moves the margin", "the directions of other CWEs"."""

    first: str
    second: str


def difference_gate(
    gate: str,
    found: PairedDifference,
    wording: Wording,
    *,
    thresholds: DifferenceThresholds | None = None,
    details: Mapping[str, Any] | None = None,
) -> GateResult:
    """Whether the first side exceeds the second over scenarios, by sign flips."""
    limits = thresholds or DifferenceThresholds()
    p = found.p
    hopeless = _could_not_pass(found, limits)
    failed = []
    if found.mean <= 0:
        failed.append(f"{_sentence(found, wording)}: not more")
    elif p > limits.p:
        failed.append(f"{_sentence(found, wording)}; p = {probability(p)} by sign flips is above {probability(limits.p)}")
    success = f"{_sentence(found, wording)}; p = {probability(p)} by sign flips"
    smallest, why_not = smallest_difference(found, limits.p)
    return GateResult(
        gate=gate,
        status=status_of(hopeless, failed),
        reason="; ".join(hopeless or failed or [success]),
        statistic=found.mean,
        threshold=0.0,
        scenarios=found.scenarios,
        p_values={"sign flips": found.p},
        interval=found.interval.interval,
        interval_method=found.interval.method,
        smallest_effect=smallest,
        details={
            "differences": dict(found.differences),
            "interval_reason": found.interval.reason,
            "smallest_reason": why_not,
            **(details or {}),
        },
    )


def _could_not_pass(found: PairedDifference, limits: DifferenceThresholds) -> list[str]:
    if found.smallest_p <= limits.p:
        return []
    needed = next((n for n in range(1, 64) if smallest_sign_flip_p(n, found.alternative) <= limits.p), None)
    remedy = f"{needed} are needed" if needed else "no number reaches it"
    return [f"with {counted(found.scenarios, 'scenario')} p is at least {probability(found.smallest_p)}; {remedy}"]


def _sentence(found: PairedDifference, wording: Wording) -> str:
    bound = found.interval.interval
    interval = f" ({bound.low:+.2g} .. {bound.high:+.2g})" if bound else ""
    return f"{wording.first} by {found.mean:+.3g} logits{interval} more than {wording.second}, over {counted(found.scenarios, 'scenario')}"
