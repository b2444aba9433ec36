import pytest

from harness.errors import DirectionError
from harness.numerics.folds import Fold, assert_disjoint, leave_one_scenario_out


def test_every_fold_leaves_out_its_own_scenario_only() -> None:
    folds = leave_one_scenario_out(["b", "a", "c", "a"])
    assert folds == (
        Fold(held_out="a", fitting=("b", "c")),
        Fold(held_out="b", fitting=("a", "c")),
        Fold(held_out="c", fitting=("a", "b")),
    )


def test_a_pooled_fit_takes_every_scenario_but_the_tested_one() -> None:
    folds = leave_one_scenario_out(["a", "b"], pooled=["a", "b", "x", "y"])
    assert {fold.held_out: fold.fitting for fold in folds} == {"a": ("b", "x", "y"), "b": ("a", "x", "y")}


def test_a_single_scenario_can_not_be_cross_fitted() -> None:
    with pytest.raises(DirectionError, match="leaves no scenario to fit on"):
        leave_one_scenario_out(["a", "a"])
    with pytest.raises(DirectionError, match="no scenario was given"):
        leave_one_scenario_out([])


def test_a_fold_that_fits_on_what_it_tests_is_refused() -> None:
    with pytest.raises(DirectionError, match="both held out and fitted on"):
        Fold(held_out="a", fitting=("a", "b"))


def test_a_tested_file_in_the_fit_is_caught_and_named_on_both_sides() -> None:
    assert_disjoint({"11": "a.c"}, {"22": "b.c"})
    with pytest.raises(DirectionError, match=r"copy\.c .*is original\.c of the fit"):
        assert_disjoint({"11": "original.c", "33": "c.c"}, {"11": "copy.c", "22": "b.c"})
