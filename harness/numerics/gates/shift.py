"""Whether steering shifts what the model says, by more than placebos do."""

from dataclasses import dataclass
from typing import Any

from harness.numerics.effects import Effect
from harness.numerics.flips import Flips
from harness.numerics.gates.placebo_ranks import critical_value, not_above, too_few_placebos
from harness.numerics.gates.result import GateResult, check_within, status_of
from harness.numerics.intervals import Share, scenarios_needed, share
from harness.numerics.wording import counted, probability
from harness.records import Interval


@dataclass(frozen=True, kw_only=True)
class ShiftThresholds:
    """`p`: largest p-value against each arm. `anti_steerable`: largest Wilson upper bound of the anti-steerable share."""

    p: float = 0.05
    anti_steerable: float = 0.35

    def __post_init__(self) -> None:
        check_within("p", self.p, low=0.0, high=1.0)
        check_within("anti-steerable share", self.anti_steerable, low=0.0, high=1.0)


def shift_gate(effect: Effect, thresholds: ShiftThresholds | None = None, *, at: str | None = None) -> GateResult:
    """Whether steering measurably shifts classifications: more than the placebos, in order of dose, in nearly every scenario, in words too.

    Source: the shift gate of the measurement contract. T = abs(mean bias) over held-out scenarios; p <= thresholds.p against every arm
    that was measured, `nuisance` and `label-flip` being required; a mean bias below 0 fails, the sign is never turned.
    Args: at, how the reason names the strength where that of the effect is no norm but a share: every scenario then has its own.
    """
    limits = thresholds or ShiftThresholds()
    hopeless = _shift_could_not_pass(effect, limits)
    failed = [] if hopeless else _shift_failures(effect, limits, at)
    return GateResult(
        gate="shift",
        status=status_of(hopeless, failed),
        reason="; ".join(hopeless or failed or [_shift_success(effect, at)]),
        statistic=effect.statistic,
        threshold=critical_value(effect.placebos, limits.p),
        scenarios=len(effect.scenarios),
        p_values={str(kind): p for kind, p in effect.p_values.items()},
        interval=_of_the_statistic(effect),
        interval_method=effect.interval.method,
        smallest_effect=effect.smallest,
        details=_shift_details(effect, limits),
    )


def _of_the_statistic(effect: Effect) -> Interval | None:
    """The interval of T, which has no sign: `details` has the signed mean."""
    found = effect.interval.interval
    return found if found is None or effect.signed >= 0 else Interval(low=-found.high, high=-found.low)


def _shift_could_not_pass(effect: Effect, limits: ShiftThresholds) -> list[str]:
    """Why no outcome on these scenarios and placebos could have passed; empty where one could."""
    scenarios = len(effect.scenarios)
    reasons = too_few_placebos(effect.placebos, scenarios, limits.p)
    best = share(0, scenarios).interval.high
    if best > limits.anti_steerable:
        reasons.append(
            f"of {counted(scenarios, 'scenario')} even none against the push leaves a Wilson upper bound of {probability(best)}, above "
            f"{probability(limits.anti_steerable)}; {scenarios_needed(limits.anti_steerable)} are needed"
        )
    if len(effect.dose) < 3:
        reasons.append(f"a ladder of {len(effect.dose)} strengths shows no dose-response; 3 are needed")
    if effect.flips is None:
        reasons.append("no verdicts were read, so flips are unknown")
    return reasons


def _shift_failures(effect: Effect, limits: ShiftThresholds, at: str | None) -> list[str]:
    failures = []
    if effect.signed < 0:
        failures.append(
            f"the mean margin moves by {effect.signed:+.3g} logits: steering pushes the wrong way, and the sign is never turned"
        )
    failures += not_above(effect.statistic, effect.placebos, effect.p_values, limits.p)
    if not effect.monotone:
        ladder = ", ".join(f"{point.margin:.3g} at {point.strength:g}" for point in effect.dose)
        failures.append(f"the mean margin falls somewhere along the strengths ({ladder}{f', in shares of {at}' if at else ''})")
    if effect.anti_steerable.interval.high > limits.anti_steerable:
        failures.append(f"{_anti_steerable(effect.anti_steerable)}, above {probability(limits.anti_steerable)}")
    if effect.flips is not None and effect.flips.toward <= effect.flips.noise:
        failures.append(f"{_flips(effect.flips)}: not above the noise floor")
    return failures


def _shift_success(effect: Effect, at: str | None) -> str:
    where = at or f"strength {effect.strength:g}"
    against = ", ".join(f"{kind} p = {probability(p)}" for kind, p in effect.p_values.items())
    flips = "" if effect.flips is None else f"; {_flips(effect.flips)}"
    scenarios = counted(len(effect.scenarios), "scenario")
    return (
        f"the mean margin moves by {effect.signed:+.3g} logits at {where} over {scenarios}, more than placebos do "
        f"({against}), and never falls as strength rises; {_anti_steerable(effect.anti_steerable)}{flips}"
    )


def _shift_details(effect: Effect, limits: ShiftThresholds) -> dict[str, Any]:
    bound = effect.anti_steerable
    return {
        "strength": effect.strength,
        "signed": effect.signed,
        "sensitivity": effect.sensitivity,
        "auc_unsteered": effect.auc,
        "monotone": effect.monotone,
        "slope": effect.slope,
        "monotone_scenarios": {
            "count": effect.monotone_scenarios.count,
            "of": effect.monotone_scenarios.of,
            "low": effect.monotone_scenarios.interval.low,
            "high": effect.monotone_scenarios.interval.high,
        },
        "dose": [{"strength": point.strength, "margin": point.margin} for point in effect.dose],
        "placebos": {str(kind): list(values) for kind, values in effect.placebos.items()},
        "anti_steerable": {"count": bound.count, "of": bound.of, "upper": bound.interval.high, "threshold": limits.anti_steerable},
        "flips": None
        if effect.flips is None
        else {"toward": effect.flips.toward, "away": effect.flips.away, "noise": effect.flips.noise, "of": effect.flips.of},
        "interval_reason": effect.interval.reason,
        "smallest_reason": effect.smallest_reason,
        "biases": {scenario.scenario: scenario.bias for scenario in effect.scenarios},
    }


def _anti_steerable(anti: Share) -> str:
    return f"{anti.count} of {counted(anti.of, 'scenario')} went against the push (Wilson upper bound {probability(anti.interval.high)})"


def _flips(flips: Flips) -> str:
    return f"{flips.toward} of {counted(flips.of, 'verdict')} flipped to the pushed side, {flips.noise} in a repeat without steering"
