"""Gates whose claim is a paired difference over scenarios: specificity, steering against a prompt, one model against another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.numerics.gates.result import GateResult, check_within, status_of
from harness.numerics.paired import PairedDifference, smallest_difference, smallest_sign_flip_p
from harness.numerics.specificity import HOLM, holm
from harness.numerics.wording import counted, probability


@dataclass(frozen=True, kw_only=True)
class DifferenceThresholds:
    """`p`: largest p-value of the sign flips, adjusted for the family where there is one."""

    p: float = 0.05

    def __post_init__(self) -> None:
        check_within("p", self.p, low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How a gate names its two sides: "the CWE's own direction moves the margin", "the directions of other CWEs"."""

    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class Family:
    """p-values of the same test elsewhere, this one included, and their adjustment: name -> p."""

    name: str
    raw: Mapping[str, float] = field(default_factory=dict)
    adjusted: Mapping[str, float] = field(default_factory=dict)


def difference_gate(
    gate: str,
    found: PairedDifference,
    wording: Wording,
    *,
    thresholds: DifferenceThresholds | None = None,
    family: Family | None = None,
    details: Mapping[str, Any] | None = None,
) -> GateResult:
    """Whether the first side exceeds the second over scenarios, by sign flips; p adjusted by Holm over `family`, if given.

    Source: the specificity gate of the measurement contract.
    """
    limits = thresholds or DifferenceThresholds()
    p = family.adjusted[family.name] if family else found.p
    of = f", Holm over {len(family.raw)} CWEs" if family and len(family.raw) > 1 else ""
    hopeless = _could_not_pass(found, limits, family)
    failed = []
    if found.mean <= 0:
        failed.append(f"{_sentence(found, wording)}: not more")
    elif p > limits.p:
        failed.append(f"{_sentence(found, wording)}; p = {probability(p)} by sign flips{of} is above {probability(limits.p)}")
    success = f"{_sentence(found, wording)}; p = {probability(p)} by sign flips{of}"
    smallest, why_not = smallest_difference(found, _raw_level(limits, family))
    return GateResult(
        gate=gate,
        status=status_of(hopeless, failed),
        reason="; ".join(hopeless or failed or [success]),
        statistic=found.mean,
        threshold=0.0,
        scenarios=found.scenarios,
        p_values={"sign flips": found.p} | ({HOLM: p} if family and len(family.raw) > 1 else {}),
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


def _could_not_pass(found: PairedDifference, limits: DifferenceThresholds, family: Family | None) -> list[str]:
    def best_of(scenarios: int) -> float:
        # Holm multiplies by less where the others' p are smaller, so the whole family is adjusted anew
        best = smallest_sign_flip_p(scenarios, found.alternative)
        return holm({**family.raw, family.name: best})[family.name] if family else best

    best = best_of(found.scenarios)
    if best <= limits.p:
        return []
    needed = next((n for n in range(1, 64) if best_of(n) <= limits.p), None)
    tests = len(family.raw) if family else 1
    family_of = f" and a family of {tests}" if tests > 1 else ""
    remedy = f"{needed} are needed" if needed else "no number reaches it"
    return [f"with {counted(found.scenarios, 'scenario')}{family_of} p is at least {probability(best)}; {remedy}"]


def _raw_level(limits: DifferenceThresholds, family: Family | None) -> float:
    """The largest raw p that the family's adjustment leaves within the limit, the others being what they are."""
    if family is None:
        return limits.p
    levels = (limits.p / count for count in range(1, len(family.raw)))
    passing = (level for level in levels if holm({**family.raw, family.name: level})[family.name] <= limits.p)
    return next(passing, limits.p / len(family.raw))  # by all of them is what Bonferroni divides


def _sentence(found: PairedDifference, wording: Wording) -> str:
    bound = found.interval.interval
    interval = f" ({bound.low:+.2g} .. {bound.high:+.2g})" if bound else ""
    return f"{wording.first} by {found.mean:+.3g} logits{interval} more than {wording.second}, over {counted(found.scenarios, 'scenario')}"
