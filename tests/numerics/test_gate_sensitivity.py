"""The sensitivity gate on planted margins: what passes it, what only shifts, and what could not be told."""

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.effects import PairMargins, measure_effect
from harness.numerics.flips import SteeredVerdict
from harness.numerics.gates.sensitivity import SensitivityThresholds, sensitivity_gate
from harness.numerics.gates.shift import shift_gate
from harness.numerics.intervals import IntervalEstimate
from harness.numerics.sensitivity import Sensitivity, measure_sensitivity
from harness.records import GateStatus, Interval, Verdict

STRENGTH = 10.0
LADDER = (-10.0, -5.0, 0.0, 5.0, 10.0)


def pairs_of(scenarios: int, *, bias: float, difference: float, spread: float, strengths: tuple[float, ...] = LADDER, seed: int = 0):
    """Margins linear in strength: B = bias and D = difference + noise at the end of the ladder; unsteered halves overlap."""
    rng = np.random.default_rng(seed)
    base = 0.3 * np.random.default_rng(99).normal(size=(scenarios, 2))
    noise = rng.normal(size=scenarios)
    noise -= noise.mean()
    found = []
    for row in range(scenarios):
        both = difference + spread * noise[row]
        halves = [
            {at: float(base[row, half] + (bias + sign * both / 2) * at / STRENGTH) for at in strengths} for half, sign in ((0, 1), (1, -1))
        ]
        found.append(PairMargins(scenario=f"s{row:02}", variant="original", vulnerable=halves[0], patched=halves[1]))
    return found


def placebos_of(scenarios: int, count: int = 39):
    def arm(first: int) -> list[list[PairMargins]]:
        rng = np.random.default_rng(first)
        drawn = 0.1 * rng.normal(size=(count, 2))
        return [
            pairs_of(scenarios, bias=bias, difference=difference, spread=0.1, strengths=(-10.0, 10.0), seed=row)
            for row, (bias, difference) in enumerate(drawn)
        ]

    return {"nuisance": arm(1), "label-flip": arm(2)}


def measured(scenarios: int = 12, *, bias: float = 0.0, difference: float = 0.0, spread: float = 0.3, count: int = 39) -> Sensitivity:
    treatment = pairs_of(scenarios, bias=bias, difference=difference, spread=spread)
    return measure_sensitivity(treatment, placebos_of(scenarios, count), strength=STRENGTH, rng=np.random.default_rng(0))


def test_a_push_on_both_halves_alike_passes_shift_and_fails_sensitivity() -> None:
    treatment = pairs_of(12, bias=2.0, difference=0.0, spread=0.3)
    flipped = [
        SteeredVerdict(
            scenario=pair.scenario,
            variant=pair.variant,
            label="patched",
            strength=STRENGTH,
            baseline=Verdict.SECURE,
            repeat=Verdict.SECURE,
            steered=Verdict.VULNERABLE,
        )
        for pair in treatment
    ]
    effect = measure_effect(treatment, placebos_of(12), strength=STRENGTH, rng=np.random.default_rng(0), verdicts=flipped)
    shifted, told = shift_gate(effect), sensitivity_gate(measured(bias=2.0))
    assert shifted.status is GateStatus.PASS, shifted.reason
    assert told.status is GateStatus.FAIL
    assert "by sign flips over scenarios is above .05" in told.reason
    assert told.statistic == pytest.approx(0.0, abs=1e-9)
    # all that moved is where the files are called vulnerable
    unsteered, pushed = told.details["discrimination"][1:]
    assert pushed["criterion"] < unsteered["criterion"]
    assert pushed["outcomes"]["both_vulnerable"] == 12


def test_a_planted_difference_passes_and_is_told_in_logits_and_auc() -> None:
    found = measured(difference=1.5)
    result = sensitivity_gate(found)
    assert result.status is GateStatus.PASS, result.reason
    assert result.statistic == pytest.approx(1.5)
    assert result.p_values == {"nuisance": 1 / 40, "label-flip": 1 / 40, "sign flips": 1 / 2**12}
    assert result.scenarios == 12
    assert found.gain.after == 1.0  # 1.5 logits apart, of files .3 logits wide
    assert result.reason.startswith("the difference between the halves of a pair grows by 1.5 logits at strength 10")
    assert f"AUC goes from {found.gain.before:.3g} to 1, a gain of {1 - found.gain.before:+.2g} (+" in result.reason
    assert result.threshold is not None
    assert result.threshold < 1.5


def test_halves_that_come_closer_fail_even_by_as_much() -> None:
    result = sensitivity_gate(measured(difference=-1.5))
    assert result.status is GateStatus.FAIL
    assert "the halves of a pair come 1.5 logits closer with the push" in result.reason


def test_a_placebo_that_lowers_the_difference_is_no_rival() -> None:
    """Ranks are one-sided: forty times the statistic, the other way."""
    found = measured(difference=1.5)
    turned = measure_sensitivity(
        pairs_of(12, bias=0.0, difference=1.5, spread=0.3),
        {kind: [pairs_of(12, bias=0.0, difference=-60.0, spread=0.3)] * 39 for kind in ("nuisance", "label-flip")},
        strength=STRENGTH,
        rng=np.random.default_rng(0),
    )
    assert turned.p_values == found.p_values == {"nuisance": 1 / 40, "label-flip": 1 / 40}


@pytest.mark.parametrize("kind", ["nuisance", "label-flip"])
def test_two_placebos_of_any_arm_that_do_as_much_fail_it(kind: str) -> None:
    found = measured(difference=1.5)
    rivals = {**found.placebos, kind: (1.6, 1.7, *found.placebos[kind][2:])}
    result = sensitivity_gate(replace(found, placebos=rivals, p_values={**found.p_values, kind: 3 / 40}))
    assert result.status is GateStatus.FAIL
    assert f"p = .075 against {kind} is above .05: 2 of 39" in result.reason


def test_an_auc_that_may_not_have_grown_fails_it() -> None:
    found = measured(difference=1.5)
    gain = replace(found.gain, gain=0.02, interval=IntervalEstimate(interval=Interval(low=0.0, high=0.05), method="BCa", reason=""))
    result = sensitivity_gate(replace(found, gain=gain))
    assert result.status is GateStatus.FAIL
    assert result.reason.endswith("a gain of +0.02 (+0 .. +0.05): its lower bound is not above 0")
    assert sensitivity_gate(replace(found, gain=gain), SensitivityThresholds(gain=-0.01)).status is GateStatus.PASS


def test_a_gain_without_spread_counts_as_it_is() -> None:
    found = measured(difference=1.5)
    alike = IntervalEstimate(interval=None, method="undefined", reason="no spread")
    for gain, status in ((0.25, GateStatus.PASS), (0.0, GateStatus.FAIL)):
        assert sensitivity_gate(replace(found, gain=replace(found.gain, gain=gain, interval=alike))).status is status


def test_where_every_pair_is_in_order_unsteered_nothing_could_be_gained() -> None:
    found = measured(difference=1.5)
    full = replace(found, gain=replace(found.gain, before=1.0, after=1.0, gain=0.0))
    result = sensitivity_gate(full)
    assert result.status is GateStatus.INCONCLUSIVE
    assert result.reason == "the unsteered AUC is 1, which leaves no gain above 0; harder pairs are needed"
    assert sensitivity_gate(full, SensitivityThresholds(gain=-0.1)).status is not GateStatus.INCONCLUSIVE


def test_strengths_that_the_scenarios_chose_are_not_told_as_one() -> None:
    reason = sensitivity_gate(measured(difference=1.5), at="the chosen strengths").reason
    assert "grows by 1.5 logits at the chosen strengths, more than placebos" in reason


@pytest.mark.parametrize(("scenarios", "enough"), [(4, False), (5, True)])
def test_five_scenarios_are_the_fewest_that_sign_flips_can_tell(scenarios: int, enough: bool) -> None:
    found = measured(scenarios, difference=1.5, spread=0.1)
    result = sensitivity_gate(found)
    if enough:
        assert result.p_values["sign flips"] == 1 / 32
        assert result.status is not GateStatus.INCONCLUSIVE
    else:
        assert result.status is GateStatus.INCONCLUSIVE
        assert result.reason == "with 4 scenarios the sign-flip p is at least .062, above .05; 5 are needed"


def test_one_scenario_is_inconclusive_for_every_reason_there_is() -> None:
    result = sensitivity_gate(measured(1, difference=1.5))
    assert result.status is GateStatus.INCONCLUSIVE
    assert "with 1 scenario the sign-flip p is at least .5, above .05; 5 are needed" in result.reason
    assert "the gain in AUC has no interval: 1 scenario has no spread" in result.reason


def test_too_few_placebos_are_inconclusive_and_the_remedy_is_named() -> None:
    result = sensitivity_gate(measured(difference=1.5, count=18))
    assert result.status is GateStatus.INCONCLUSIVE
    assert "18 nuisance placebos give p >= .053, above .05; 19 are needed: raise --placebos to 19" in result.reason
    assert result.threshold is None


@pytest.mark.parametrize("p", [1e-5, 1e-30, 0.0])
def test_a_level_that_no_number_of_scenarios_reaches_is_said_to_be_one(p: float) -> None:
    result = sensitivity_gate(measured(difference=1.5), SensitivityThresholds(p=p))
    assert result.status is GateStatus.INCONCLUSIVE
    assert "no number reaches it" in result.reason


def test_thresholds_outside_their_range_are_refused() -> None:
    with pytest.raises(EffectError, match=r"threshold 1.5 for the p is outside 0\.\.1"):
        SensitivityThresholds(p=1.5)
    with pytest.raises(EffectError, match=r"threshold -2 for the gain in AUC is outside -1\.\.1"):
        SensitivityThresholds(gain=-2)
