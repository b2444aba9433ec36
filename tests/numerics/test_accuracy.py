"""Pair accuracy by loops over folds and relabellings, each refitted from its residuals."""

from itertools import product
from typing import get_args

import numpy as np
import pytest

from harness.errors import DirectionError
from harness.numerics.accuracy import pair_accuracy, relabelled_points
from harness.numerics.estimators import estimate
from harness.numerics.pairs import ScenarioMeans, scenario_means
from harness.numerics.placebos import label_flip_signs
from harness.records import Estimator

ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)


def means(n: int = 6, width: int = 9, *, shift: float = 1.0, seed: int = 0) -> ScenarioMeans:
    rng = np.random.default_rng(seed)
    base = 5 + 2 * rng.normal(size=(n, width))
    vulnerable, patched = base + rng.normal(size=(n, width)), base + rng.normal(size=(n, width))
    vulnerable[:, 0] += shift
    return scenario_means(vulnerable, patched, [f"s{row:02}" for row in range(n)])


def by_loops(given: ScenarioMeans, row: np.ndarray, estimator: Estimator) -> list[int]:
    """Half points of one relabelling: halves exchanged where the sign is -1, then one refit a fold."""
    exchanged = row[:, None] < 0
    vulnerable, patched = np.where(exchanged, given.patched, given.vulnerable), np.where(exchanged, given.vulnerable, given.patched)
    points = []
    for held_out in range(len(row)):
        others = [other for other in range(len(row)) if other != held_out]
        direction = estimate(estimator, vulnerable[others], patched[others], [given.scenarios[other] for other in others]).vector
        points.append(2 if direction @ (vulnerable[held_out] - patched[held_out]) > 0 else 0)
    return points


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_every_relabelling_counts_as_a_loop_of_refits_does(estimator: Estimator, shift: float) -> None:
    given = means(5, shift=shift)
    signs = np.array(list(product((1, -1), repeat=5)))
    found = relabelled_points(given, signs, estimator)
    assert found.tolist() == [by_loops(given, row, estimator) for row in signs]
    assert {0, 2} == set(found.ravel().tolist())


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_accuracy_is_the_share_of_scenarios_that_a_loop_of_refits_tells(estimator: Estimator) -> None:
    for seed in range(4):
        given = means(seed=seed)
        assert pair_accuracy(given, estimator) == sum(by_loops(given, np.ones(6), estimator)) / 12


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_planted_direction_tells_every_pair_and_no_relabelling_does(estimator: Estimator) -> None:
    given = means(8, shift=12.0)
    assert pair_accuracy(given, estimator) == 1.0
    # one flipped scenario is told wrong by the seven others, and more are no better
    assert relabelled_points(given, label_flip_signs(8, 127, np.random.default_rng(0)), estimator).sum(axis=1).max() == 2 * 7


def test_labels_turned_all_together_tell_the_same_pairs() -> None:
    given = means(shift=0.5)
    signs = label_flip_signs(6, 31, np.random.default_rng(0))
    for estimator in ESTIMATORS:
        np.testing.assert_array_equal(relabelled_points(given, signs, estimator), relabelled_points(given, -signs, estimator))


def test_a_projection_of_zero_counts_half() -> None:
    """The third difference is at a right angle to the two others, and they are at a right angle to it."""
    differences = np.array([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    patched = np.random.default_rng(0).normal(size=(3, 3))
    given = ScenarioMeans(scenarios=("a", "b", "c"), vulnerable=patched + differences, patched=patched)
    assert relabelled_points(given, np.ones((1, 3))).tolist() == [[2, 2, 1]]
    assert pair_accuracy(given) == 2.5 / 3


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_relabelling_under_which_the_others_cancel_counts_half(estimator: Estimator) -> None:
    """Equal differences: leaving the third out, the first two cancel when one of them is flipped."""
    patched = np.random.default_rng(0).normal(size=(3, 4)) * 10
    given = ScenarioMeans(scenarios=("a", "b", "c"), vulnerable=patched + 0.1, patched=patched)
    assert relabelled_points(given, np.array([[1, -1, 1]]), estimator)[0].tolist() == [1, 0, 1]


def test_one_scenario_or_halves_that_are_alike_have_no_accuracy() -> None:
    with pytest.raises(DirectionError, match="1 scenario leaves none to fit on"):
        pair_accuracy(means(1))
    same = means().patched
    with pytest.raises(DirectionError, match="alike in every scenario"):
        pair_accuracy(ScenarioMeans(scenarios=means().scenarios, vulnerable=same, patched=same))
