"""Gates: from figures to PASS, FAIL or INCONCLUSIVE, with the reason in words. Pure functions; thresholds are data.

INCONCLUSIVE means that no result of this size could have passed: too few scenarios or placebos, or an arm that was not measured.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.errors import EffectError
from harness.numerics.calibrated import calibration_of
from harness.numerics.effects import Effect, Flips, Share, share
from harness.plans import distinct_flips
from harness.records import Arm, GateStatus, Interval

PRIMARY_ARMS: tuple[Arm, ...] = ("nuisance", "label-flip")


@dataclass(frozen=True, kw_only=True)
class ExtractionThresholds:
    """`share`: more than this share of the layers must come out."""

    share: float = 0.8

    def __post_init__(self) -> None:
        _within("share of layers", self.share, low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class GenerationThresholds:
    """`share`: at least this share of the responses must end by itself after two sentences or more."""

    share: float = 0.9

    def __post_init__(self) -> None:
        _within("share of responses", self.share, low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class ShiftThresholds:
    """`p`: largest p-value against each arm. `anti_steerable`: largest Wilson upper bound of the anti-steerable share."""

    p: float = 0.05
    anti_steerable: float = 0.35

    def __post_init__(self) -> None:
        _within("p", self.p, low=0.0, high=1.0)
        _within("anti-steerable share", self.anti_steerable, low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class IdentityCheck:
    """One comparison that should come out the same.

    name: what was compared, such as "strength 0 against no steering". largest_difference: of logits. tolerance: 0 asks for bit-equality.
    token_gaps: for each greedy token that differs, the gap between the two best logits at that place.
    """

    name: str
    largest_difference: float
    tolerance: float
    token_gaps: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise EffectError(f"tolerance {self.tolerance} of {self.name!r} is not 0 or more; state a finite one")
        if self.largest_difference < 0:
            raise EffectError(f"largest difference {self.largest_difference} of {self.name!r} is below 0; give its absolute value")


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """What a gate says, and on what figures.

    statistic and threshold are None where the gate could not compute one. p_values: by placebo kind. smallest_effect: the one the gate
    could have seen with power .8. false_positive_rate and power: see `with_calibration`.
    details: plain values for the report.
    """

    gate: str
    status: GateStatus
    reason: str
    statistic: float | None
    threshold: float | None
    scenarios: int | None = None
    p_values: Mapping[str, float] = field(default_factory=dict)
    interval: Interval | None = None
    interval_method: str = "undefined"
    smallest_effect: float | None = None
    false_positive_rate: float | None = None
    power: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def largest_p(self) -> float | None:
        """The p-value that decides: the largest over the arms."""
        return max(self.p_values.values(), default=None)


def with_calibration(result: GateResult) -> GateResult:
    """The result with the two figures of its gate, where it was calibrated at no more scenarios than these; else as it is."""
    known = calibration_of(result.gate, result.scenarios)
    if known is None:
        return result
    details = {**result.details, "calibration": known.as_details()}
    return replace(result, false_positive_rate=known.false_positives.value, power=known.power.value, details=details)


def too_few_scenarios(gate: str, reason: str, scenarios: int) -> GateResult:
    """What a gate says where directions could not even be cross-fitted."""
    return GateResult(gate=gate, status=GateStatus.INCONCLUSIVE, reason=reason, statistic=None, threshold=None, scenarios=scenarios)


def extraction_gate(
    ok_layers: int,
    layers: int,
    failures: Mapping[int, str],
    thresholds: ExtractionThresholds | None = None,
    *,
    final_norm: str | None = None,
) -> GateResult:
    """Whether residuals come out of enough layers.

    Args: ok_layers of `layers`; failures, layer -> cause, one for every layer that is not ok; final_norm, why the final norm's output
        did not come out, which is told but is no layer's.
    Raises: EffectError for a model without layers or counts that don't add up.
    """
    limits = thresholds or ExtractionThresholds()
    if layers < 1:
        raise EffectError(f"{layers} layers give no share; the model's block list was not found")
    if ok_layers + len(failures) != layers:
        raise EffectError(f"{ok_layers} good and {len(failures)} failed layers do not add up to {layers}; every failure needs its cause")
    value = ok_layers / layers
    passed = value > limits.share
    reason = f"{ok_layers} of {layers} layers came out ({value:.1%}), {'above' if passed else 'not above'} {limits.share:.0%}"
    if failures:
        reason += "; failed: " + "; ".join(f"layer {layer}: {cause}" for layer, cause in sorted(failures.items()))
    if final_norm:
        reason += f"; the final norm: {final_norm}"
    return GateResult(
        gate="extraction",
        status=GateStatus.PASS if passed else GateStatus.FAIL,
        reason=reason,
        statistic=value,
        threshold=limits.share,
        details={
            "layers": layers,
            "ok_layers": ok_layers,
            "failures": {str(layer): cause for layer, cause in sorted(failures.items())},
            "final_norm": final_norm or "ok",
        },
    )


def identity_gate(checks: Sequence[IdentityCheck]) -> GateResult:
    """Whether what should change nothing changes nothing. Raises: EffectError for no check.

    statistic and threshold are those of the check that fails worst, or else comes nearest to its tolerance.
    """
    if not checks:
        raise EffectError("0 identity checks show nothing; compare at least strength 0 with no steering")
    failed = [(check, cause) for check in checks if (cause := _identity_failure(check))]
    worst = max(checks, key=_excess)
    causes = "; ".join(f"{check.name}: {cause}" for check, cause in failed)
    held = "; ".join(f"{check.name}: largest difference {check.largest_difference:g}, tolerance {check.tolerance:g}" for check in checks)
    return GateResult(
        gate="identity",
        status=GateStatus.FAIL if failed else GateStatus.PASS,
        reason=causes or held,
        statistic=worst.largest_difference,
        threshold=worst.tolerance,
        details={check.name: {"largest_difference": check.largest_difference, "tolerance": check.tolerance} for check in checks},
    )


def _excess(check: IdentityCheck) -> float:
    # not `x > y` alone: a difference that is not a number is worse than any
    difference = math.inf if math.isnan(check.largest_difference) else check.largest_difference
    return difference - check.tolerance


def _identity_failure(check: IdentityCheck) -> str:
    if math.isnan(check.largest_difference):
        return "the largest difference is not a number"
    if check.largest_difference > check.tolerance:
        limit = "they must be bit-equal" if check.tolerance == 0 else f"the tolerance is {check.tolerance:g}"
        return f"logits differ by {check.largest_difference:g}, {limit}"
    wide = [gap for gap in check.token_gaps if not gap < check.tolerance]
    if wide:
        return f"{len(wide)} greedy token(s) differ although the logit gap {max(wide):g} is not below {check.tolerance:g}"
    return ""


def generation_gate(complete: int, responses: int, thresholds: GenerationThresholds | None = None) -> GateResult:
    """Whether the model answers in sentences and stops.

    Args: complete, responses that end by themselves after two sentences or more; responses, of how many.
    Raises: EffectError for no response.
    """
    limits = thresholds or GenerationThresholds()
    if responses < 1:
        raise EffectError("0 responses show nothing; generate at least one")
    value = complete / responses
    return GateResult(
        gate="generation",
        status=GateStatus.PASS if value >= limits.share else GateStatus.FAIL,
        reason=(
            f"{complete} of {responses} responses end by themselves after two sentences or more ({value:.1%}); "
            f"{limits.share:.0%} are asked for"
        ),
        statistic=value,
        threshold=limits.share,
        details={"complete": complete, "responses": responses},
    )


def shift_gate(effect: Effect, thresholds: ShiftThresholds | None = None) -> GateResult:
    """Whether steering measurably shifts classifications: more than the placebos, in order of dose, in nearly every scenario, in words too.

    Source: the shift gate of the measurement contract. T = abs(mean bias) over held-out scenarios; p <= thresholds.p against every arm
    that was measured, `nuisance` and `label-flip` being required; a mean bias below 0 fails, the sign is never turned.
    """
    limits = thresholds or ShiftThresholds()
    hopeless = _shift_could_not_pass(effect, limits)
    failed = [] if hopeless else _shift_failures(effect, limits)
    status = GateStatus.INCONCLUSIVE if hopeless else GateStatus.FAIL if failed else GateStatus.PASS
    result = GateResult(
        gate="shift",
        status=status,
        reason="; ".join(hopeless or failed or [_shift_success(effect)]),
        statistic=effect.statistic,
        threshold=_critical(effect, limits),
        scenarios=len(effect.scenarios),
        p_values={str(kind): p for kind, p in effect.p_values.items()},
        interval=_of_the_statistic(effect),
        interval_method=effect.interval.method,
        smallest_effect=effect.smallest,
        details=_shift_details(effect, limits),
    )
    return with_calibration(result)


def _critical(effect: Effect, limits: ShiftThresholds) -> float | None:
    """What T must exceed so that every p is at most the limit; None where no T could."""
    largest = []
    for values in effect.placebos.values():
        exceeded_by = math.floor(limits.p * (len(values) + 1) + 1e-9) - 1  # placebos that may reach T
        if exceeded_by < 0:
            return None
        if exceeded_by < len(values):
            largest.append(sorted(values, reverse=True)[exceeded_by])
    return max(largest, default=None)


def _of_the_statistic(effect: Effect) -> Interval | None:
    """The interval of T, which has no sign: `details` has the signed mean."""
    found = effect.interval.interval
    return found if found is None or effect.signed >= 0 else Interval(low=-found.high, high=-found.low)


def _shift_could_not_pass(effect: Effect, limits: ShiftThresholds) -> list[str]:
    """Why no outcome on these scenarios and placebos could have passed; empty where one could."""
    reasons = []
    scenarios = len(effect.scenarios)
    for kind in dict.fromkeys((*PRIMARY_ARMS, *effect.placebos)):
        k = len(effect.placebos.get(kind, ()))
        if kind not in effect.placebos:
            reasons.append(f"no {kind} placebos were measured")
        elif 1 / (k + 1) > limits.p:
            needed = math.ceil(1 / limits.p - 1e-9) - 1 if limits.p > 0 else math.inf
            exhausted = kind == "label-flip" and k >= distinct_flips(scenarios)
            remedy = "more scenarios, or --fit pooled, give more relabellings" if exhausted else f"raise --placebos to {needed}"
            reasons.append(f"{k} {kind} placebos give p >= {_p(1 / (k + 1))}, above {_p(limits.p)}; {needed} are needed: {remedy}")
    best = share(0, scenarios).interval.high
    if best > limits.anti_steerable:
        reasons.append(
            f"of {_count(scenarios, 'scenario')} even none against the push leaves a Wilson upper bound of {_p(best)}, above "
            f"{_p(limits.anti_steerable)}; {_scenarios_needed(limits.anti_steerable)} are needed"
        )
    if len(effect.dose) < 3:
        reasons.append(f"a ladder of {len(effect.dose)} strengths shows no dose-response; 3 are needed")
    if effect.flips is None:
        reasons.append("no verdicts were read, so flips are unknown")
    return reasons


def _shift_failures(effect: Effect, limits: ShiftThresholds) -> list[str]:
    failures = []
    if effect.signed < 0:
        failures.append(
            f"the mean margin moves by {effect.signed:+.3g} logits: steering pushes the wrong way, and the sign is never turned"
        )
    for kind, p in effect.p_values.items():
        if p > limits.p:
            failures.append(f"p = {_p(p)} against {kind} is above {_p(limits.p)}: {_exceeding(effect, kind)}")
    if not effect.monotone:
        ladder = ", ".join(f"{point.margin:.3g} at {point.strength:g}" for point in effect.dose)
        failures.append(f"the mean margin falls somewhere along the strengths ({ladder})")
    if effect.anti_steerable.interval.high > limits.anti_steerable:
        failures.append(f"{_anti_steerable(effect.anti_steerable)}, above {_p(limits.anti_steerable)}")
    if effect.flips is not None and effect.flips.toward <= effect.flips.noise:
        failures.append(f"{_flips(effect.flips)}: not above the noise floor")
    return failures


def _shift_success(effect: Effect) -> str:
    against = ", ".join(f"{kind} p = {_p(p)}" for kind, p in effect.p_values.items())
    flips = "" if effect.flips is None else f"; {_flips(effect.flips)}"
    scenarios = _count(len(effect.scenarios), "scenario")
    return (
        f"the mean margin moves by {effect.signed:+.3g} logits at strength {effect.strength:g} over {scenarios}, more than placebos do "
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


def _exceeding(effect: Effect, kind: Arm) -> str:
    values = effect.placebos[kind]
    count = sum(value >= effect.statistic for value in values)
    return f"{count} of {len(values)} placebos moved the margin at least as much ({effect.statistic:.3g} logits)"


def _anti_steerable(anti: Share) -> str:
    return f"{anti.count} of {_count(anti.of, 'scenario')} went against the push (Wilson upper bound {_p(anti.interval.high)})"


def _flips(flips: Flips) -> str:
    return f"{flips.toward} of {_count(flips.of, 'verdict')} flipped to the pushed side, {flips.noise} in a repeat without steering"


def _scenarios_needed(bound: float) -> int | float:
    if bound <= 0:
        return math.inf
    count = 1
    while share(0, count).interval.high > bound:
        count += 1
    return count


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _p(value: float) -> str:
    """Three decimals without the leading zero, as probabilities are written here; more where three would show 0 or 1."""
    if not 0.001 <= value < 0.9995:
        return f"{value:.2g}"
    return f"{value:.3f}".rstrip("0").removeprefix("0")


def _within(name: str, value: float, *, low: float, high: float) -> None:
    if not low <= value <= high:
        raise EffectError(f"threshold {value} for the {name} is outside {low:g}..{high:g}; give one within")
