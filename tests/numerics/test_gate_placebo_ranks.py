"""How many placebos a level needs, and what must be exceeded, against ranks counted one by one."""

import pytest

from harness.numerics.effects import rank_p
from harness.numerics.gates.placebo_ranks import critical_value, not_above, too_few_placebos

LEVELS = (0.01, 0.05, 0.1, 0.2, 0.5)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("k", [1, 4, 9, 18, 19, 20, 39, 99])
def test_a_statistic_reaches_the_level_just_where_it_exceeds_the_critical_value(k: int, level: float) -> None:
    placebos = [float(value) for value in range(1, k + 1)]
    reaching = [value + 0.5 for value in range(k + 1) if rank_p(value + 0.5, placebos) <= level]
    critical = critical_value({"nuisance": placebos}, level)
    if not reaching:
        assert critical is None
    else:
        assert critical == min(reaching) - 0.5 or min(reaching) == 0.5
        assert rank_p(critical, placebos) > level or min(reaching) == 0.5


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("k", [1, 4, 9, 18, 19, 20, 39, 99])
def test_too_few_are_those_against_which_nothing_reaches_the_level(k: int, level: float) -> None:
    arms = {"nuisance": [0.0] * k, "label-flip": [0.0] * k}
    assert bool(too_few_placebos(arms, 20, level)) == (rank_p(1.0, [0.0] * k) > level)


def test_the_strictest_arm_gives_the_critical_value() -> None:
    assert critical_value({"nuisance": [1.0] * 19, "label-flip": [3.0] * 19}, 0.05) == 3.0
    assert critical_value({}, 0.05) is None


def test_both_primary_arms_are_asked_for_and_any_other_is_looked_at() -> None:
    assert too_few_placebos({"random": [0.0] * 3}, 20, 0.05) == [
        "no nuisance placebos were measured",
        "no label-flip placebos were measured",
        "3 random placebos give p >= .25, above .05; 19 are needed: raise --placebos to 19",
    ]


def test_relabellings_that_are_all_there_are_cannot_be_raised() -> None:
    arms = {"nuisance": [0.0] * 39, "label-flip": [0.0] * 7}
    (of_four,) = too_few_placebos(arms, 4, 0.05)  # 2^3 - 1 = 7
    (of_five,) = too_few_placebos(arms, 5, 0.05)
    assert of_four.endswith("more scenarios, or --fit pooled, give more relabellings")
    assert of_five.endswith("raise --placebos to 19")


def test_those_that_did_as_much_are_counted_ties_included() -> None:
    words = not_above(2.0, {"nuisance": [1.0, 2.0, 3.0], "random": [1.0]}, {"nuisance": 0.75, "random": 0.05}, 0.05)
    assert words == ["p = .75 against nuisance is above .05: 2 of 3 placebos moved the margin at least as much (2 logits)"]
