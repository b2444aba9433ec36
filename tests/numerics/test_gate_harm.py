"""The harm gate passes where every bound lies within its limit, fails where one shows harm, and else says what was too little."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.flips import SteeredVerdict
from harness.numerics.gates.harm import FEWEST, HarmThresholds, harm_gate
from harness.numerics.harm import Harm, MeanChange, RatioEstimate, RepetitionChange, perplexity_ratio, undecided_change
from harness.numerics.intervals import IntervalEstimate, share
from harness.records import GateStatus, Interval, Verdict


def interval(low: float, high: float) -> IntervalEstimate:
    return IntervalEstimate(interval=Interval(low=low, high=high), method="BCa", reason="")


NONE = IntervalEstimate(interval=None, method="undefined", reason="no spread")


def ratio(value: float = 1.01, high: float = 1.02, *, files: int = 14, low: float = 1.0) -> RatioEstimate:
    return RatioEstimate(ratio=value, by_file={f"{n}.c": value for n in range(files)}, interval=interval(low, high))


def change(value: float = 0.0, high: float = 0.0, *, low: float = -0.01, scenarios: int = 81, spread: bool = True) -> MeanChange:
    return MeanChange(
        unsteered=0.1,
        change=value,
        by_scenario={f"s{n}": value for n in range(scenarios)},
        interval=interval(low, high) if spread else NONE,
        unseen=share(0, scenarios),
    )


def harm(strength: float = 10.0, **changes: object) -> Harm:
    """Harmless in every part, but for what is changed."""
    repetition = RepetitionChange(change=change(0.003, 0.01), responses=162, measured=160, lost=2)
    return replace(Harm(strength=strength, perplexity=ratio(), undecided=change(0.01, 0.03), repetition=repetition), **changes)


def test_steering_that_keeps_every_bound_passes_and_says_by_how_much() -> None:
    result = harm_gate([harm(10.0), harm(-10.0, perplexity=ratio(1.02, 1.04))])
    assert result.status is GateStatus.PASS
    assert result.reason == (
        "at strength -10 perplexity on 14 neutral files is 1.02 times the unsteered one (upper bound 1.04), undecided verdicts change by "
        "+1.0 points over 81 scenarios (upper bound +4.5 points), repetition by +0.3 points, 2 of 162 responses became too short to tell; "
        "at strength +10 perplexity on 14 neutral files is 1.01 times the unsteered one (upper bound 1.02), undecided verdicts change by "
        "+1.0 points over 81 scenarios (upper bound +4.5 points), repetition by +0.3 points, 2 of 162 responses became too short to tell"
    )
    assert (result.gate, result.statistic, result.threshold, result.scenarios) == ("harm", 1.02, 1.05, 81)
    assert (result.interval, result.interval_method) == (Interval(low=1.0, high=1.04), "BCa")


@pytest.mark.parametrize(("high", "status"), [(1.05, "PASS"), (1.0501, "FAIL")])
def test_the_bound_of_the_perplexity_decides_not_the_ratio(high: float, status: str) -> None:
    assert harm_gate([harm(perplexity=ratio(1.01, high))]).status == status


@pytest.mark.parametrize(("high", "status"), [(0.05, "PASS"), (0.0501, "FAIL")])
def test_the_bound_of_the_undecided_verdicts_decides(high: float, status: str) -> None:
    result = harm_gate([harm(undecided=change(0.02, high))])
    assert result.status == status
    if status == "FAIL":
        assert result.reason == (
            "undecided verdicts change by +2.0 points over 81 scenarios (upper bound +5.0 points) at strength +10, above +5.0 points"
        )


def test_harm_on_one_side_fails_whatever_the_other_side_shows() -> None:
    for broken in (-10.0, 10.0):
        result = harm_gate([harm(-broken), harm(broken, perplexity=ratio(1.4, 1.5))])
        assert result.status is GateStatus.FAIL
        assert result.reason == (
            f"perplexity on 14 neutral files is 1.4 times the unsteered one (upper bound 1.5) at strength {broken:+g}, above 1.05"
        )
        assert result.statistic == 1.4


@pytest.mark.parametrize(("scenarios", "status"), [(72, "INCONCLUSIVE"), (73, "PASS")])
def test_seventy_three_scenarios_are_the_fewest_that_can_bound_five_points(scenarios: int, status: str) -> None:
    """z^2 / (n + z^2) <= .05 with z^2 = 3.8415 gives n >= 72.99."""
    result = harm_gate([harm(undecided=change(0.0, scenarios=scenarios, spread=False))])
    assert result.status == status
    if status == "INCONCLUSIVE":
        assert result.reason == (
            "of 72 scenarios even none that changes leaves an upper bound of +5.1 points for undecided verdicts, above +5.0 points; "
            "73 are needed"
        )


def test_no_result_of_too_few_scenarios_passes_and_a_small_change_passes_no_more_easily_than_none() -> None:
    for undecided in (
        change(0.0, scenarios=24, spread=False),
        change(0.01, 0.02, scenarios=24),
        change(-0.1, -0.05, low=-0.2, scenarios=24),
    ):
        assert harm_gate([harm(undecided=undecided)]).status is GateStatus.INCONCLUSIVE


def test_harm_that_few_scenarios_do_show_is_a_failure() -> None:
    """All 8 lost, 0 unseen: the unseen share is at most .324, so the change is 1 - 2 * .324 or more."""
    for undecided in (change(1.0, scenarios=8, spread=False), change(0.4, 0.6, low=0.2, scenarios=24)):
        result = harm_gate([harm(undecided=undecided)])
        assert result.status is GateStatus.FAIL
        assert "undecided verdicts change by" in result.reason
    few = change(0.4, 0.6, low=0.2, scenarios=FEWEST - 1)
    assert harm_gate([harm(undecided=few)]).status is GateStatus.INCONCLUSIVE


@pytest.mark.parametrize(("files", "status"), [(FEWEST - 1, "INCONCLUSIVE"), (FEWEST, "PASS")])
def test_too_few_neutral_files_are_inconclusive(files: int, status: str) -> None:
    result = harm_gate([harm(perplexity=ratio(files=files)), harm(-10.0, perplexity=ratio(files=files))])
    assert result.status == status
    if status == "INCONCLUSIVE":
        assert result.reason == "9 neutral files bound no perplexity ratio that could be believed; 10 are needed"


def test_what_was_not_measured_is_inconclusive_never_success() -> None:
    for missing, reason in (
        (harm(perplexity=None), "perplexity on neutral code was not measured"),
        (harm(undecided=None), "no verdicts were read"),
        (harm(perplexity=None, undecided=None, repetition=None), "perplexity on neutral code was not measured; no verdicts were read"),
    ):
        result = harm_gate([harm(-10.0), missing])
        assert result.status is GateStatus.INCONCLUSIVE
        assert reason in result.reason


def test_harm_that_is_shown_is_not_hidden_by_what_is_unknown() -> None:
    result = harm_gate([harm(perplexity=ratio(3.0, 3.2, low=2.8), undecided=None)])
    assert result.status is GateStatus.FAIL
    assert result.reason.startswith("perplexity on 14 neutral files is 3 times")


def test_a_ratio_without_spread_is_inconclusive_within_the_limit_and_a_failure_beyond() -> None:
    def alike(value: float) -> RatioEstimate:
        return RatioEstimate(ratio=value, by_file={f"{n}.c": value for n in range(14)}, interval=NONE)

    result = harm_gate([harm(perplexity=alike(1.0))])
    assert result.status is GateStatus.INCONCLUSIVE
    assert "exactly 1 times the unsteered one at strength +10, so the ratio has no bound; check that the vector was added" in result.reason
    assert result.interval is None
    assert harm_gate([harm(perplexity=alike(1.2))]).status is GateStatus.FAIL


def test_repetition_is_told_and_not_judged() -> None:
    wild = RepetitionChange(change=change(0.9, 0.95), responses=162, measured=162, lost=0)
    result = harm_gate([harm(repetition=wild)])
    assert result.status is GateStatus.PASS
    assert result.reason.endswith("repetition by +90.0 points")
    assert harm_gate([harm(repetition=None)]).reason.endswith("repetition was not measured")


def test_details_hold_every_figure_and_are_plain_values() -> None:
    result = harm_gate([harm(10.0), harm(-10.0, undecided=change(0.0, spread=False), repetition=None)])
    details = json.loads(json.dumps(result.details))
    assert details["thresholds"] == {"perplexity_ratio": 1.05, "undecided": 0.05}
    assert details["strengths"].keys() == {"-10", "+10"}
    assert details["strengths"]["+10"]["perplexity"]["upper"] == 1.02
    assert details["strengths"]["+10"]["repetition"]["lost"] == 2
    assert details["strengths"]["-10"]["undecided"]["interval"] is None
    assert details["strengths"]["-10"]["repetition"] is None


def test_thresholds_are_data_and_checked() -> None:
    assert harm_gate([harm()], HarmThresholds(perplexity_ratio=1.015)).status is GateStatus.FAIL
    assert harm_gate([harm()], HarmThresholds(undecided=0.04)).status is GateStatus.INCONCLUSIVE
    for wrong in (0.9, math.nan, math.inf):
        with pytest.raises(EffectError, match="for the perplexity ratio is no finite number of 1 or more"):
            HarmThresholds(perplexity_ratio=wrong)
    with pytest.raises(EffectError, match=r"outside 0\.\.1"):
        HarmThresholds(undecided=1.5)


def test_a_strength_is_given_once() -> None:
    with pytest.raises(EffectError, match="given at 0 strengths"):
        harm_gate([])
    with pytest.raises(EffectError, match=r"given at 2 strengths, \[10\.0, 10\.0\]"):
        harm_gate([harm(), harm()])


@pytest.mark.parametrize(("factor", "status"), [(1.0, "PASS"), (1.03, "PASS"), (1.2, "FAIL")])
def test_measured_losses_and_verdicts_come_to_the_verdict_they_were_made_for(factor: float, status: str) -> None:
    noise = np.random.default_rng(8).normal(0.0, 0.01, size=14)
    unsteered = {f"{n}.c": 2.0 for n in range(14)}
    steered = {f"{n}.c": 2.0 + math.log(factor) + noise[n] - noise.mean() for n in range(14)}
    verdicts = [
        SteeredVerdict(
            scenario=f"s{n}",
            variant="original",
            label="patched",
            strength=10.0,
            baseline=Verdict.SECURE,
            repeat=Verdict.SECURE,
            steered=Verdict.SECURE,
        )
        for n in range(81)
    ]
    rng = np.random.default_rng(0)
    measured = harm(perplexity=perplexity_ratio(unsteered, steered, rng), undecided=undecided_change(verdicts, rng))
    result = harm_gate([measured])
    assert result.status == status
    assert result.statistic == pytest.approx(factor)
