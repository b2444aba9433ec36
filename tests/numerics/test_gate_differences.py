"""Gates of paired differences, and what so few scenarios can't tell."""

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.gates.differences import DifferenceThresholds, Wording, difference_gate
from harness.numerics.gates.result import GateResult
from harness.numerics.paired import PairedDifference, paired_difference
from harness.records import GateStatus

WORDING = Wording(first="the push moves the margin", second="the instruction does")


def difference(values: list[float], **options: str) -> PairedDifference:
    first = {f"s{row}": value for row, value in enumerate(values)}
    return paired_difference(first, dict.fromkeys(first, 0.0), np.random.default_rng(0), **options)  # type: ignore[arg-type]


def judge(values: list[float], p: float = 0.05) -> GateResult:
    return difference_gate("prompt", difference(values), WORDING, thresholds=DifferenceThresholds(p=p))


def test_a_difference_in_all_of_five_scenarios_passes_and_says_by_how_much() -> None:
    result = judge([1.0, 2.0, 3.0, 2.0, 2.0])
    assert result.status is GateStatus.PASS
    assert (result.gate, result.statistic, result.p_values, result.scenarios) == ("prompt", 2.0, {"sign flips": 1 / 32}, 5)
    assert result.reason.startswith("the push moves the margin by +2 logits (")
    assert result.reason.endswith("more than the instruction does, over 5 scenarios; p = .031 by sign flips")
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


def test_thresholds_are_checked() -> None:
    with pytest.raises(EffectError, match=r"outside 0\.\.1"):
        DifferenceThresholds(p=-0.1)
