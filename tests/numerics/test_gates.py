import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics import calibrated
from harness.numerics.calibrated import with_calibration
from harness.numerics.effects import DosePoint, Effect, ScenarioEffect
from harness.numerics.flips import Flips
from harness.numerics.gates.extraction import ExtractionThresholds, extraction_gate
from harness.numerics.gates.identity import IdentityCheck, identity_gate
from harness.numerics.gates.shift import ShiftThresholds, shift_gate
from harness.numerics.intervals import IntervalEstimate, share
from harness.records import GateStatus, Interval

SMALL = tuple(np.linspace(0.1, 1.0, 39).tolist())


def effect(*, scenarios: int = 12, anti: int = 0, bias: float = 2.0, **changes: object) -> Effect:
    """An effect that passes every part of the gate, but for what is changed."""
    biases = [-0.1] * anti + [bias] * (scenarios - anti)
    good = Effect(
        strength=10.0,
        scenarios=tuple(ScenarioEffect(scenario=f"s{row}", variants=1, bias=one, sensitivity=0.0) for row, one in enumerate(biases)),
        statistic=abs(bias),
        signed=bias,
        sensitivity=0.1,
        interval=IntervalEstimate(interval=Interval(low=1.5, high=2.5), method="BCa", reason=""),
        placebos={"random": SMALL, "nuisance": SMALL, "label-flip": SMALL},
        p_values={"random": 0.025, "nuisance": 0.025, "label-flip": 0.025},
        dose=tuple(DosePoint(strength=strength, margin=strength / 10) for strength in (-10.0, -5.0, 0.0, 5.0, 10.0)),
        slope=0.1,
        monotone_scenarios=share(scenarios - anti, scenarios),
        anti_steerable=share(anti, scenarios),
        flips=Flips(toward=3, away=0, noise=0, of=48),
        smallest=1.4,
        smallest_reason="",
        auc=0.8,
    )
    return replace(good, **changes)


def test_an_effect_that_holds_in_every_part_passes_and_says_by_how_much() -> None:
    result = shift_gate(effect())
    assert result.status is GateStatus.PASS
    assert "+2 logits at strength 10 over 12 scenarios" in result.reason
    assert "nuisance p = .025" in result.reason
    assert "3 of 48 verdicts flipped" in result.reason
    assert (result.statistic, result.scenarios, result.smallest_effect) == (2.0, 12, 1.4)
    assert result.interval == Interval(low=1.5, high=2.5)
    assert result.largest_p == 0.025


def test_a_shift_result_carries_the_committed_figures_of_8_scenarios_and_none_below() -> None:
    committed = json.loads(Path(calibrated.__file__).with_name("calibration.json").read_text())["shift"]
    (at_8,) = (one for one in committed if one["scenarios"] == 8)
    rates = [at_8[name]["count"] / at_8[name]["of"] for name in ("false_positives", "power")]
    result = with_calibration(shift_gate(effect(scenarios=12)))
    assert [result.false_positive_rate, result.power] == rates
    assert result.details["calibration"] == at_8
    few = with_calibration(shift_gate(effect(scenarios=7)))
    assert (few.false_positive_rate, few.power, few.details.get("calibration")) == (None, None, None)


def test_slope_and_scenarios_in_order_of_dose_stand_in_the_details() -> None:
    details = shift_gate(effect(anti=1, slope=0.25)).details
    bound = share(11, 12).interval
    assert details["slope"] == 0.25
    assert details["monotone_scenarios"] == {"count": 11, "of": 12, "low": bound.low, "high": bound.high}


@pytest.mark.parametrize("kind", ["random", "nuisance", "label-flip"])
def test_two_placebos_of_any_arm_that_reach_the_statistic_fail_it(kind: str) -> None:
    placebos = {**effect().placebos, kind: (2.0, 2.5, *SMALL[2:])}
    p_values = {**effect().p_values, kind: 3 / 40}
    result = shift_gate(effect(placebos=placebos, p_values=p_values))
    assert result.status is GateStatus.FAIL
    assert result.reason == (f"p = .075 against {kind} is above .05: 2 of 39 placebos moved the margin at least as much (2 logits)")


def test_a_p_value_of_exactly_the_level_passes() -> None:
    assert shift_gate(effect(p_values=dict.fromkeys(SMALL_ARMS, 0.05))).status is GateStatus.PASS


SMALL_ARMS = ("random", "nuisance", "label-flip")


def test_an_effect_against_the_push_fails_however_large_it_is() -> None:
    result = shift_gate(effect(signed=-2.0))
    assert result.status is GateStatus.FAIL
    assert "-2 logits: steering pushes the wrong way, and the sign is never turned" in result.reason


def test_a_margin_that_falls_along_the_strengths_fails() -> None:
    dose = (DosePoint(strength=-10.0, margin=0.0), DosePoint(strength=0.0, margin=1.0), DosePoint(strength=10.0, margin=0.9))
    result = shift_gate(effect(dose=dose))
    assert result.status is GateStatus.FAIL
    assert "falls somewhere along the strengths (0 at -10, 1 at 0, 0.9 at 10)" in result.reason


def test_too_many_anti_steerable_scenarios_fail() -> None:
    # 1 of 12: Wilson upper bound .354; 0 of 12: .242
    result = shift_gate(effect(anti=1))
    assert result.status is GateStatus.FAIL
    assert result.reason == "1 of 12 scenarios went against the push (Wilson upper bound .354), above .35"
    assert shift_gate(effect(anti=1, scenarios=13)).status is GateStatus.PASS


@pytest.mark.parametrize(("toward", "noise", "status"), [(0, 0, "FAIL"), (2, 2, "FAIL"), (3, 2, "PASS")])
def test_flips_must_be_more_than_a_repeat_run_shows(toward: int, noise: int, status: str) -> None:
    result = shift_gate(effect(flips=Flips(toward=toward, away=0, noise=noise, of=48)))
    assert result.status == status
    assert ("not above the noise floor" in result.reason) == (status == "FAIL")


def test_all_causes_of_a_failure_are_named_together() -> None:
    result = shift_gate(effect(signed=-2.0, flips=Flips(toward=0, away=4, noise=0, of=48)))
    assert "wrong way" in result.reason
    assert "noise floor" in result.reason


def test_seven_scenarios_are_too_few_and_eight_are_not() -> None:
    result = shift_gate(effect(scenarios=7))
    assert result.status is GateStatus.INCONCLUSIVE
    assert result.reason == "of 7 scenarios even none against the push leaves a Wilson upper bound of .354, above .35; 8 are needed"
    assert shift_gate(effect(scenarios=8)).status is GateStatus.PASS


@pytest.mark.parametrize(
    ("scenarios", "remedy"), [(12, "raise --placebos to 19"), (4, "more scenarios, or --fit pooled, give more relabellings")]
)
def test_too_few_relabellings_are_inconclusive_even_where_the_effect_looks_bad(scenarios: int, remedy: str) -> None:
    """Of 4 scenarios there are 7 relabellings and no more, of 12 there are 2047."""
    placebos = {**effect().placebos, "label-flip": SMALL[:7]}
    few = effect(scenarios=scenarios, signed=-2.0, placebos=placebos, p_values={**effect().p_values, "label-flip": 1.0})
    result = shift_gate(few)
    assert result.status is GateStatus.INCONCLUSIVE
    assert f"7 label-flip placebos give p >= .125, above .05; 19 are needed: {remedy}" in result.reason


@pytest.mark.parametrize(("k", "reaching"), [(39, 1), (19, 0), (99, 4)])
def test_the_threshold_is_what_the_statistic_must_exceed(k: int, reaching: int) -> None:
    """At level .05 so many of k placebos may reach T: (1 + 1) / 40, (1 + 0) / 20 and (1 + 4) / 100 are .05."""
    largest_first = [float(value) for value in range(k, 0, -1)]
    placebos = {"nuisance": tuple(largest_first[::-1]), "label-flip": (0.5,) * k}
    result = shift_gate(effect(placebos=placebos, p_values={"nuisance": 0.05, "label-flip": 0.05}))
    assert result.threshold == largest_first[reaching]


def test_no_statistic_can_exceed_a_threshold_that_does_not_exist() -> None:
    assert shift_gate(effect(placebos={**effect().placebos, "nuisance": SMALL[:18]})).threshold is None


def test_the_interval_is_that_of_the_statistic_which_has_no_sign() -> None:
    pushed_back = IntervalEstimate(interval=Interval(low=-2.5, high=-1.5), method="BCa", reason="")
    result = shift_gate(effect(signed=-2.0, interval=pushed_back))
    assert (result.statistic, result.interval) == (2.0, Interval(low=1.5, high=2.5))
    assert result.details["signed"] == -2.0


@pytest.mark.parametrize(("k", "status"), [(18, "INCONCLUSIVE"), (19, "PASS")])
def test_nineteen_placebos_are_the_fewest_that_reach_the_level(k: int, status: str) -> None:
    assert shift_gate(effect(placebos={**effect().placebos, "nuisance": SMALL[:k]})).status == status


def test_no_label_flips_at_all_are_inconclusive() -> None:
    p_values = {"random": 0.025, "nuisance": 0.025}
    result = shift_gate(effect(placebos={**effect().placebos, "label-flip": ()}, p_values=p_values))
    assert result.status is GateStatus.INCONCLUSIVE
    assert "0 label-flip placebos give p >= 1" in result.reason


def test_what_was_not_measured_is_inconclusive_never_success() -> None:
    for changes, reason in (
        ({"placebos": {"random": SMALL}, "p_values": {"random": 0.025}}, "no nuisance placebos were measured"),
        ({"flips": None}, "no verdicts were read"),
        ({"dose": effect().dose[:2]}, "a ladder of 2 strengths"),
    ):
        result = shift_gate(effect(**changes))
        assert result.status is GateStatus.INCONCLUSIVE
        assert reason in result.reason


def test_thresholds_are_data_and_checked() -> None:
    assert shift_gate(effect(anti=1), ShiftThresholds(anti_steerable=0.36)).status is GateStatus.PASS
    assert shift_gate(effect(), ShiftThresholds(p=0.02)).status is GateStatus.INCONCLUSIVE
    with pytest.raises(EffectError, match=r"outside 0\.\.1"):
        ShiftThresholds(p=1.5)


@pytest.mark.parametrize(("ok", "status"), [(10, "PASS"), (9, "PASS"), (8, "FAIL"), (0, "FAIL")])
def test_extraction_needs_more_than_four_layers_of_five(ok: int, status: str) -> None:
    failures = dict.fromkeys(range(ok, 10), "not finite")
    result = extraction_gate(ok, 10, failures)
    assert result.status == status
    assert result.statistic == ok / 10
    assert all(f"layer {layer}: not finite" in result.reason for layer in failures)


def test_the_share_of_layers_is_configurable() -> None:
    assert extraction_gate(9, 10, {3: "wrong shape"}, ExtractionThresholds(share=0.9)).status is GateStatus.FAIL


def test_layers_must_add_up() -> None:
    with pytest.raises(EffectError, match="do not add up to 10"):
        extraction_gate(9, 10, {})
    with pytest.raises(EffectError, match="0 layers give no share"):
        extraction_gate(0, 0, {})


def check(difference: float, tolerance: float = 0.0, gaps: tuple[float, ...] = ()) -> IdentityCheck:
    return IdentityCheck(name="batched against single", largest_difference=difference, tolerance=tolerance, token_gaps=gaps)


@pytest.mark.parametrize(
    ("one", "status", "reason"),
    [
        (check(0.0), "PASS", "largest difference 0"),
        (check(1e-9), "FAIL", "they must be bit-equal"),
        (check(1e-5, 1e-4), "PASS", "tolerance 0.0001"),
        (check(1e-3, 1e-4), "FAIL", "logits differ by 0.001"),
        (check(math.nan, 1e-4), "FAIL", "not a number"),
        (check(1e-5, 1e-4, (5e-5,)), "PASS", "tolerance"),
        (check(1e-5, 1e-4, (5e-5, 0.3)), "FAIL", "1 greedy token"),
    ],
)
def test_identity_asks_for_equality_within_its_stated_tolerance(one: IdentityCheck, status: str, reason: str) -> None:
    result = identity_gate([check(0.0), one])
    assert result.status == status
    assert reason in result.reason


def test_identity_shows_the_worst_check() -> None:
    result = identity_gate([check(1e-6, 1e-4), check(2e-3, 1e-3), check(0.0)])
    assert (result.statistic, result.threshold) == (2e-3, 1e-3)
    with pytest.raises(EffectError, match="0 identity checks"):
        identity_gate([])
