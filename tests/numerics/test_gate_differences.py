"""Gates of paired differences: specificity under Holm, and what so few scenarios can't tell."""

import numpy as np
import pytest
from scipy import stats

from harness.errors import EffectError
from harness.numerics.gates.differences import DifferenceThresholds, Family, Wording, difference_gate
from harness.numerics.gates.result import GateResult
from harness.numerics.paired import PairedDifference, paired_difference
from harness.numerics.specificity import Transfer, holm
from harness.records import GateStatus

WORDING = Wording(first="its own direction moves the margin", second="the directions of other CWEs do")


def difference(values: list[float], **options: str) -> PairedDifference:
    first = {f"s{row}": value for row, value in enumerate(values)}
    return paired_difference(first, dict.fromkeys(first, 0.0), np.random.default_rng(0), **options)  # type: ignore[arg-type]


def judge(values: list[float], p: float = 0.05) -> GateResult:
    return difference_gate("prompt", difference(values), WORDING, thresholds=DifferenceThresholds(p=p))


def test_a_difference_in_all_of_five_scenarios_passes_and_says_by_how_much() -> None:
    result = judge([1.0, 2.0, 3.0, 2.0, 2.0])
    assert result.status is GateStatus.PASS
    assert (result.gate, result.statistic, result.p_values, result.scenarios) == ("prompt", 2.0, {"sign flips": 1 / 32}, 5)
    assert result.reason.startswith("its own direction moves the margin by +2 logits (")
    assert result.reason.endswith("more than the directions of other CWEs do, over 5 scenarios; p = .031 by sign flips")
    assert result.details["differences"] == {"s0": 1.0, "s1": 2.0, "s2": 3.0, "s3": 2.0, "s4": 2.0}


def test_one_large_scenario_against_the_rest_fails() -> None:
    result = judge([9.0, -1.0, -1.0, -1.0, -1.0, -1.0])
    assert result.status is GateStatus.FAIL
    assert "by sign flips is above .05" in result.reason


def test_less_than_the_other_side_fails_however_surely() -> None:
    result = judge([-1.0, -2.0, -3.0, -2.0, -1.0])
    assert result.status is GateStatus.FAIL
    assert result.reason.endswith("over 5 scenarios: not more")


def test_four_scenarios_are_too_few_whatever_they_show() -> None:
    for sign in (1, -1):
        result = judge([sign * one for one in (1.0, 2.0, 3.0, 2.0)])
        assert result.status is GateStatus.INCONCLUSIVE
        assert result.reason == "with 4 scenarios p is at least .062; 5 are needed"


def test_a_two_sided_question_needs_one_scenario_more() -> None:
    found = difference([1.0, 2.0, 3.0, 2.0, 1.0], alternative="two-sided")
    result = difference_gate("comparison", found, WORDING)
    assert (found.p, result.status) == (2 / 32, GateStatus.INCONCLUSIVE)
    assert result.reason == "with 5 scenarios p is at least .062; 6 are needed"


def test_a_level_that_nothing_reaches_is_inconclusive() -> None:
    assert judge([1.0] * 9, p=0.0).reason.endswith("no number reaches it")


def transfer(cwe: str, gains: list[float]) -> Transfer:
    """Own minus the mean of two others is `gains`."""
    own = {f"{cwe}/{row}": 2.0 + gain for row, gain in enumerate(gains)}
    others = {f"CWE-{number}": dict.fromkeys(own, level) for number, level in ((1, 1.0), (2, 3.0))}
    return Transfer(cwe=cwe, own=own, others=others)


def family_of(gains: dict[str, list[float]]) -> tuple[dict[str, PairedDifference], dict[str, float]]:
    differences = {cwe: transfer(cwe, values).difference(np.random.default_rng(0)) for cwe, values in gains.items()}
    return differences, {cwe: found.p for cwe, found in differences.items()}


def specificity(gains: dict[str, list[float]], cwe: str) -> GateResult:
    differences, raw = family_of(gains)
    family = Family(name=cwe, raw=raw, adjusted=holm(raw))
    return difference_gate("specificity", differences[cwe], WORDING, family=family)


THREE = {
    "CWE-22": [1.0] * 8,  # p = 1 / 256
    "CWE-89": [1.0, 1.0, 1.0, 1.0, 1.0, -0.5, 1.0],  # one flip reaches it besides the true signs: 2 / 128
    "CWE-787": [1.0, -1.0, 1.0, -1.0, 1.0, 1.0],
}


def test_three_cwes_pass_or_fail_by_holm() -> None:
    _, raw = family_of(THREE)
    assert raw == {"CWE-22": 1 / 256, "CWE-89": 2 / 128, "CWE-787": 22 / 64}
    results = {cwe: specificity(THREE, cwe) for cwe in THREE}
    assert {cwe: result.p_values["Holm"] for cwe, result in results.items()} == pytest.approx(
        {"CWE-22": 3 / 256, "CWE-89": 2 * 2 / 128, "CWE-787": 22 / 64}
    )
    assert [result.status.value for result in results.values()] == ["PASS", "PASS", "FAIL"]
    assert "p = .012 by sign flips, Holm over 3 CWEs" in results["CWE-22"].reason


def test_a_raw_p_below_the_level_fails_where_its_adjusted_one_is_above() -> None:
    gains = {"CWE-22": THREE["CWE-787"], "CWE-89": [1.0, 1.0, 1.0, 1.0, 1.0, -0.5], "CWE-787": THREE["CWE-787"]}
    result = specificity(gains, "CWE-89")
    assert result.p_values == {"sign flips": 2 / 64, "Holm": pytest.approx(3 * 2 / 64)}
    assert result.status is GateStatus.FAIL
    assert "Holm over 3 CWEs is above .05" in result.reason


def test_the_family_decides_how_many_scenarios_are_enough() -> None:
    unsure = {"CWE-22": THREE["CWE-787"], "CWE-787": THREE["CWE-787"]}
    result = specificity({**unsure, "CWE-89": [1.0] * 5}, "CWE-89")
    assert result.status is GateStatus.INCONCLUSIVE
    assert result.reason == "with 5 scenarios and a family of 3 p is at least .094; 6 are needed"


def test_what_passes_under_holm_is_not_called_impossible() -> None:
    """Beside two surer CWEs five scenarios are multiplied by one: p = 1/32."""
    sure = {"CWE-22": [1.0] * 8, "CWE-787": [1.0] * 8}
    result = specificity({**sure, "CWE-89": [1.0] * 5}, "CWE-89")
    assert result.p_values["Holm"] == 1 / 32
    assert result.status is GateStatus.PASS


def test_a_family_asks_for_a_larger_effect_where_holm_has_yet_to_divide() -> None:
    """Beside two surer CWEs the level is whole; before two unsure ones a third of it."""
    gains, unsure = [1.0, 1.2, 0.8, 1.1, 0.9, 1.0, 1.3, 0.7], THREE["CWE-787"]
    sure = specificity({"CWE-22": [1.0] * 9, "CWE-787": [1.0] * 9, "CWE-89": gains}, "CWE-89").smallest_effect
    among = specificity({"CWE-22": unsure, "CWE-787": unsure, "CWE-89": gains}, "CWE-89").smallest_effect
    error = np.std(gains, ddof=1) / np.sqrt(8)
    by_hand = [(stats.t.ppf(1 - level, 7) + stats.t.ppf(0.8, 7)) * error for level in (0.05, 0.05 / 3)]
    assert [sure, among] == pytest.approx(by_hand)


def test_thresholds_are_checked() -> None:
    with pytest.raises(EffectError, match=r"outside 0\.\.1"):
        DifferenceThresholds(p=-0.1)
