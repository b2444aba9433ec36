"""Whether steering makes the model better at telling vulnerable from patched code."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.numerics.gates.placebo_ranks import critical_value, not_above, too_few_placebos
from harness.numerics.gates.result import GateResult, check_within, status_of
from harness.numerics.paired import smallest_sign_flip_p
from harness.numerics.sensitivity import Sensitivity
from harness.numerics.wording import counted, probability


@dataclass(frozen=True, kw_only=True)
class SensitivityThresholds:
    """`p`: largest p-value, against each arm and of the sign flips. `gain`: the lower bound of the gain in AUC must exceed it."""

    p: float = 0.05
    gain: float = 0.0

    def __post_init__(self) -> None:
        check_within("p", self.p, low=0.0, high=1.0)
        check_within("gain in AUC", self.gain, low=-1.0, high=1.0)


def sensitivity_gate(found: Sensitivity, thresholds: SensitivityThresholds | None = None, *, at: str | None = None) -> GateResult:
    """Whether steering widens the difference between the halves of held-out pairs, more than placebos do, and so raises the AUC.

    Source: the sensitivity gate of the measurement contract. Mean D > 0; p <= thresholds.p against every arm and by sign flips; the lower
    bound of the gain in AUC above thresholds.gain.
    Args: at, as `harness.numerics.gates.shift.shift_gate`.
    """
    limits = thresholds or SensitivityThresholds()
    hopeless = _could_not_pass(found, limits)
    failed = [] if hopeless else _failures(found, limits)
    interval = found.interval.interval
    return GateResult(
        gate="sensitivity",
        status=status_of(hopeless, failed),
        reason="; ".join(hopeless or failed or [_success(found, at)]),
        statistic=found.mean,
        threshold=critical_value(found.placebos, limits.p),
        scenarios=len(found.sensitivities),
        p_values={**{str(kind): p for kind, p in found.p_values.items()}, "sign flips": found.sign_flip_p},
        interval=interval,
        interval_method=found.interval.method,
        smallest_effect=found.smallest,
        details=_details(found),
    )


def _could_not_pass(found: Sensitivity, limits: SensitivityThresholds) -> list[str]:
    scenarios = len(found.sensitivities)
    reasons = too_few_placebos(found.placebos, scenarios, limits.p)
    if found.smallest_sign_flip_p > limits.p:
        needed = next((n for n in range(1, 64) if smallest_sign_flip_p(n) <= limits.p), None)
        remedy = f"{needed} are needed" if needed else "no number reaches it"
        least = f"at least {probability(found.smallest_sign_flip_p)}, above {probability(limits.p)}"
        reasons.append(f"with {counted(scenarios, 'scenario')} the sign-flip p is {least}; {remedy}")
    if found.gain.interval.interval is None and scenarios < 2:
        reasons.append(f"the gain in AUC has no interval: {found.gain.interval.reason}")
    if 1 - found.gain.before <= limits.gain:
        reasons.append(f"the unsteered AUC is {found.gain.before:.3g}, which leaves no gain above {limits.gain:g}; harder pairs are needed")
    return reasons


def _failures(found: Sensitivity, limits: SensitivityThresholds) -> list[str]:
    failures = []
    if found.mean <= 0:
        failures.append(
            f"the halves of a pair come {-found.mean:.3g} logits closer with the push: mean D is {found.mean:+.3g}, above 0 is asked"
        )
    failures += not_above(found.mean, found.placebos, found.p_values, limits.p, "widened the difference")
    if found.sign_flip_p > limits.p:
        failures.append(f"p = {probability(found.sign_flip_p)} by sign flips over scenarios is above {probability(limits.p)}")
    if _least_gain(found) <= limits.gain:
        failures.append(f"{_gain(found)}: its lower bound is not above {limits.gain:g}")
    return failures


def _least_gain(found: Sensitivity) -> float:
    bound = found.gain.interval.interval
    return found.gain.gain if bound is None else bound.low  # no spread: the gain is the same however scenarios are drawn


def _success(found: Sensitivity, at: str | None) -> str:
    where = at or f"strength {found.strength:g}"
    against = ", ".join(f"{kind} p = {probability(p)}" for kind, p in found.p_values.items())
    return (
        f"the difference between the halves of a pair grows by {found.mean:.3g} logits at {where}, more than placebos "
        f"make it ({against}; sign flips p = {probability(found.sign_flip_p)}); {_gain(found)}"
    )


def _gain(found: Sensitivity) -> str:
    bound = found.gain.interval.interval
    interval = f" ({bound.low:+.2g} .. {bound.high:+.2g})" if bound else ""
    return f"AUC goes from {found.gain.before:.3g} to {found.gain.after:.3g}, a gain of {found.gain.gain:+.2g}{interval}"


def _details(found: Sensitivity) -> dict[str, Any]:
    return {
        "strength": found.strength,
        "sensitivities": dict(found.sensitivities),
        "placebos": {str(kind): list(values) for kind, values in found.placebos.items()},
        "auc_gain": {
            "before": found.gain.before,
            "after": found.gain.after,
            "gain": found.gain.gain,
            "lower": _least_gain(found),
        },
        "discrimination": [asdict(one) for one in found.at],
        "interval_reason": found.interval.reason,
        "smallest_reason": found.smallest_reason,
    }
