"""The harm gate: steering does not break the model, at any strength it is judged at. From figures to a verdict with its reason.

Its parts, perplexity and undecided verdicts, are separate claims that must all hold at every strength. So one that fails on enough data
fails the gate, whatever is unknown of the other; holding them all to the same level keeps that level without a correction for their number.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import EffectError
from harness.numerics.gates.result import GateResult
from harness.numerics.harm import Harm, MeanChange, RatioEstimate, RepetitionChange
from harness.numerics.intervals import scenarios_needed
from harness.numerics.wording import counted
from harness.records import GateStatus

FEWEST = 10
"""Files, or scenarios, from which on a BCa bound is believed.

Its upper bound should be too low in 2.5% of samples. It was in 9.6 / 5.6 / 4.6 / 3.5% of 800 samples of 4 / 8 / 10 / 14 normal values,
and in 19 / 12 / 8 / 8% of exponential ones (sim, 1,999 resamples): 10 keep the error of the bound below .05 where values are not skewed.
"""


@dataclass(frozen=True, kw_only=True)
class HarmThresholds:
    """Largest upper bounds. `perplexity_ratio`: steered over unsteered. `undecided`: rise of that share of verdicts, 0.05 for 5 points."""

    perplexity_ratio: float = 1.05
    undecided: float = 0.05

    def __post_init__(self) -> None:
        if not (math.isfinite(self.perplexity_ratio) and self.perplexity_ratio >= 1):
            raise EffectError(
                f"threshold {self.perplexity_ratio} for the perplexity ratio is no finite number of 1 or more; 1 allows no change at all"
            )
        if not 0 <= self.undecided <= 1:
            raise EffectError(f"threshold {self.undecided} for the rise of undecided verdicts is outside 0..1; give a share within")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong with one part at one strength. unknown: no result of this size could have passed, so nothing is shown."""

    reason: str
    unknown: bool


def harm_gate(ends: Sequence[Harm], thresholds: HarmThresholds | None = None) -> GateResult:
    """Whether steering leaves the model whole: perplexity on neutral code, undecided verdicts. Repetition is told and not judged.

    FAIL: an upper bound lies above its limit though the data would have sufficed for one below, or the whole interval does. INCONCLUSIVE:
    no part fails, but one was not measured, or on too few files or scenarios for any result to pass. statistic, threshold and interval
    are those of the perplexity ratio at the strength where its bound is largest; `details` has every figure at every strength.

    Args: ends, one a signed strength, each once. Raises: EffectError for none, or a strength given twice.
    Source: the harm gate of the measurement contract.
    """
    limits = thresholds or HarmThresholds()
    strengths = [end.strength for end in ends]
    if not ends or len(set(strengths)) < len(strengths):
        raise EffectError(f"harm was given at {len(strengths)} strengths, {strengths}; give each signed strength once")
    ends = sorted(ends, key=lambda end: end.strength)
    findings = [finding for end in ends for finding in (*_perplexity(end, limits), *_undecided(end, limits))]
    failed = _reasons(findings, unknown=False)
    unknown = _reasons(findings, unknown=True)
    status = GateStatus.FAIL if failed else GateStatus.INCONCLUSIVE if unknown else GateStatus.PASS
    ratio = max((end.perplexity for end in ends if end.perplexity), key=_upper, default=None)
    return GateResult(
        gate="harm",
        status=status,
        reason="; ".join(failed or unknown or [_success(end) for end in ends]),
        statistic=ratio.ratio if ratio else None,
        threshold=limits.perplexity_ratio,
        scenarios=min((end.undecided.scenarios for end in ends if end.undecided), default=None),
        interval=ratio.interval.interval if ratio else None,
        interval_method=ratio.interval.method if ratio else "undefined",
        details={"strengths": {f"{end.strength:+g}": _details(end) for end in ends}, "thresholds": _limits(limits)},
    )


def _perplexity(end: Harm, limits: HarmThresholds) -> Iterator[Finding]:
    ratio, limit = end.perplexity, limits.perplexity_ratio
    if ratio is None:
        yield Finding(reason="perplexity on neutral code was not measured", unknown=True)
    elif ratio.files < FEWEST:
        yield Finding(
            reason=f"{counted(ratio.files, 'neutral file')} bound no perplexity ratio that could be believed; {FEWEST} are needed",
            unknown=True,
        )
    elif _upper(ratio) > limit:
        reason = f"perplexity on {counted(ratio.files, 'neutral file')} is {_ratio(ratio)} at strength {end.strength:+g}, above {limit:g}"
        yield Finding(reason=reason, unknown=False)
    elif ratio.interval.interval is None:
        yield Finding(
            reason=f"all {ratio.files} neutral files have a perplexity of exactly {ratio.ratio:.6g} times the unsteered one at strength "
            f"{end.strength:+g}, so the ratio has no bound; check that the vector was added",
            unknown=True,
        )


def _undecided(end: Harm, limits: HarmThresholds) -> Iterator[Finding]:
    found, limit = end.undecided, limits.undecided
    if found is None:
        yield Finding(reason="no verdicts were read, so the share of undecided ones is unknown", unknown=True)
        return
    # The least bound that so many scenarios are given, whatever they show.
    least = found.unseen.interval.high
    believed = found.scenarios >= FEWEST or found.interval.interval is None
    if (believed and found.lower > limit) or (found.upper > limit and least <= limit):
        reason = f"undecided verdicts change by {_points(found)} at strength {end.strength:+g}, above {_in_points(limit)}"
        yield Finding(reason=reason, unknown=False)
    elif least > limit:
        yield Finding(
            reason=f"of {counted(found.scenarios, 'scenario')} even none that changes leaves an upper bound of {_in_points(least)} for "
            f"undecided verdicts, above {_in_points(limit)}; {scenarios_needed(limit)} are needed",
            unknown=True,
        )


def _reasons(findings: Sequence[Finding], *, unknown: bool) -> list[str]:
    # dict.fromkeys: what holds at every strength is said once
    return list(dict.fromkeys(finding.reason for finding in findings if finding.unknown == unknown))


def _success(end: Harm) -> str:
    assert end.perplexity is not None, "a gate without a perplexity does not pass"
    assert end.undecided is not None, "a gate without verdicts does not pass"
    return (
        f"at strength {end.strength:+g} perplexity on {counted(end.perplexity.files, 'neutral file')} is {_ratio(end.perplexity)}, "
        f"undecided verdicts change by {_points(end.undecided)}{_repetition(end.repetition)}"
    )


def _upper(ratio: RatioEstimate) -> float:
    """The bound of a ratio; without an interval the ratio itself, than which no bound is lower."""
    return ratio.interval.interval.high if ratio.interval.interval else ratio.ratio


def _ratio(ratio: RatioEstimate) -> str:
    return f"{ratio.ratio:.4g} times the unsteered one (upper bound {_upper(ratio):.4g})"


def _points(found: MeanChange) -> str:
    return f"{_in_points(found.change)} over {counted(found.scenarios, 'scenario')} (upper bound {_in_points(found.upper)})"


def _in_points(share: float) -> str:
    return f"{100 * share:+.1f} points"


def _repetition(found: RepetitionChange | None) -> str:
    if found is None or found.change is None:
        return ", repetition was not measured"
    lost = f", {found.lost} of {counted(found.responses, 'response')} became too short to tell" if found.lost else ""
    return f", repetition by {_in_points(found.change.change)}{lost}"


def _limits(limits: HarmThresholds) -> dict[str, float]:
    return {"perplexity_ratio": limits.perplexity_ratio, "undecided": limits.undecided}


def _details(end: Harm) -> dict[str, Any]:
    ratio, repetition = end.perplexity, end.repetition
    return {
        "perplexity": None
        if ratio is None
        else {"ratio": ratio.ratio, "upper": _upper(ratio), "files": dict(ratio.by_file), "interval_reason": ratio.interval.reason},
        "undecided": None if end.undecided is None else _change(end.undecided),
        "repetition": None
        if repetition is None
        else {
            "change": None if repetition.change is None else _change(repetition.change),
            "responses": repetition.responses,
            "measured": repetition.measured,
            "lost": repetition.lost,
        },
    }


def _change(found: MeanChange) -> dict[str, Any]:
    interval = found.interval.interval
    return {
        "unsteered": found.unsteered,
        "change": found.change,
        "upper": found.upper,
        "interval": None if interval is None else [interval.low, interval.high],
        "interval_method": found.interval.method,
        "interval_reason": found.interval.reason,
        "scenarios": dict(found.by_scenario),
    }
