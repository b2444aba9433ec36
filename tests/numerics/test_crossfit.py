"""The vectors of each fold, and that a rank against them keeps its level."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from scipy import stats

from harness.errors import DirectionError
from harness.numerics.crossfit import FoldVectors, cross_fit
from harness.numerics.directions import mean_difference
from harness.numerics.effects import rank_p
from harness.numerics.estimators import estimate
from harness.numerics.estimators import fit as fit_estimator
from harness.numerics.folds import leave_one_scenario_out
from harness.numerics.pairs import ScenarioMeans
from harness.records import Estimator

SCENARIOS = ["d", "a", "b", "b", "c"]


def pairs(n: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)) + 1, rng.normal(size=(n, width))


def fit(vulnerable: np.ndarray, patched: np.ndarray, **options: object) -> tuple[FoldVectors, ...]:
    folds = leave_one_scenario_out(SCENARIOS)
    return cross_fit(vulnerable, patched, SCENARIOS, folds, placebos=39, rng=np.random.default_rng(5), **options)


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_the_residuals_of_a_held_out_scenario_have_no_say_in_its_vectors(estimator: Estimator) -> None:
    vulnerable, patched = pairs(5, 12)
    before = fit(vulnerable, patched, estimator=estimator)
    held_out = [row for row, scenario in enumerate(SCENARIOS) if scenario == "b"]
    vulnerable[held_out] += np.arange(12) ** 2
    after = fit(vulnerable, patched, estimator=estimator)
    for one, other in zip(before, after, strict=True):
        same = one.fold.held_out == "b"
        assert np.array_equal(one.treatment, other.treatment) == same
        for kind in ("nuisance", "label-flip"):
            assert np.array_equal(one.placebos[kind], other.placebos[kind]) == same


def test_a_treatment_is_the_mean_difference_of_its_fitting_scenarios() -> None:
    vulnerable, patched = pairs(5, 12)
    for vectors in fit(vulnerable, patched):
        halves = []
        for half in (vulnerable, patched):
            halves.append([np.mean([half[row] for row in range(5) if SCENARIOS[row] == name], axis=0) for name in vectors.fold.fitting])
        np.testing.assert_allclose(vectors.treatment, mean_difference(*halves), atol=1e-12)
        assert vectors.norm == pytest.approx(np.linalg.norm(np.mean(halves[0], axis=0) - np.mean(halves[1], axis=0)))


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_the_estimator_makes_the_treatment_of_its_fitting_pairs_and_their_relabellings(estimator: Estimator) -> None:
    vulnerable, patched = pairs(5, 12)
    for vectors in fit(vulnerable, patched, estimator=estimator):
        rows = [row for row in range(5) if SCENARIOS[row] != vectors.fold.held_out]
        names = [SCENARIOS[row] for row in rows]
        whole = estimate(estimator, vulnerable[rows], patched[rows], names)
        np.testing.assert_allclose(vectors.treatment, whole.vector, atol=1e-8)
        assert vectors.norm == pytest.approx(float(whole.norm), rel=1e-8)
        expected = []
        for flipped in ("a", "b", "c", "d", *(("a", "d"), ("b", "d"), ("c", "d"))):  # all seven of four scenarios, up to the sign of all
            exchanged = np.array([name in flipped for name in names])[:, None]
            halves = [np.where(exchanged, *both) for both in ((patched[rows], vulnerable[rows]), (vulnerable[rows], patched[rows]))]
            refit = estimate(estimator, *halves, names)
            expected.append(refit.vector * refit.norm / whole.norm)
        for placebo in vectors.placebos["label-flip"]:
            assert min(min(np.linalg.norm(placebo - one), np.linalg.norm(placebo + one)) for one in expected) < 1e-6


def test_a_turned_sign_is_caught_and_its_fold_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(estimator: Estimator, means: ScenarioMeans) -> object:
        found = fit_estimator(estimator, means)
        return replace(found, vector=-found.vector) if "c" not in means.scenarios else found

    monkeypatch.setattr("harness.numerics.crossfit.fit", turned)
    with pytest.raises(DirectionError, match=r"fold that holds out c points away from its own mean difference .*: a sign was turned"):
        fit(*pairs(5, 12))


def test_four_scenarios_have_seven_relabellings_and_say_so_by_their_number() -> None:
    for vectors in fit(*pairs(5, 12)):
        assert {kind: len(values) for kind, values in vectors.placebos.items()} == {"random": 39, "nuisance": 39, "label-flip": 7}


def test_a_placebo_is_nearly_the_same_vector_in_every_fold() -> None:
    vulnerable, patched = pairs(12, 30)
    scenarios = [f"s{row:02}" for row in range(12)]
    fitted = cross_fit(vulnerable, patched, scenarios, leave_one_scenario_out(scenarios), placebos=20, rng=np.random.default_rng(1))
    for kind in ("random", "nuisance", "label-flip"):
        first, second = (fold.placebos[kind] / np.linalg.norm(fold.placebos[kind], axis=1, keepdims=True) for fold in fitted[:2])
        same, other = np.abs((first * second).sum(axis=1)), np.abs((first * np.roll(second, 1, axis=0)).sum(axis=1))
        assert np.median(same) > 0.85
        assert np.median(other) < 0.5


def test_leaving_an_arm_out_does_not_change_the_others() -> None:
    vulnerable, patched = pairs(5, 12)
    for one, other in zip(fit(vulnerable, patched), fit(vulnerable, patched, kinds=("label-flip",)), strict=True):
        assert list(other.placebos) == ["label-flip"]
        assert np.array_equal(one.placebos["label-flip"], other.placebos["label-flip"])


def test_a_fold_over_a_scenario_without_residuals_is_refused() -> None:
    vulnerable, patched = pairs(5, 12)
    folds = leave_one_scenario_out([*SCENARIOS, "unread"])
    with pytest.raises(DirectionError, match="'unread' has no residuals"):
        cross_fit(vulnerable, patched, SCENARIOS, folds, placebos=5, rng=np.random.default_rng(0))


def linear_statistics(
    rng: np.random.Generator, n: int, width: int, kind: str, estimator: Estimator = "mean-difference"
) -> tuple[float, np.ndarray]:
    """T of treatment and placebos for a model whose margins are linear in the residual, and residuals that carry no label."""
    base = rng.normal(size=(n, width))
    vulnerable, patched = base + rng.normal(size=(n, width)), base + rng.normal(size=(n, width))
    readout = rng.normal(size=width) + 0.3 * rng.normal(size=(n, width))  # (n, width): nearly one gradient for all scenarios
    scenarios = [f"s{row:02}" for row in range(n)]
    folds = leave_one_scenario_out(scenarios)
    fitted = cross_fit(vulnerable, patched, scenarios, folds, placebos=39, rng=rng, kinds=(kind,), estimator=estimator)
    treatment = abs(np.mean([fold.treatment @ readout[row] for row, fold in enumerate(fitted)]))
    placebos = np.abs(np.mean([fold.placebos[kind] @ readout[row] for row, fold in enumerate(fitted)], axis=0))
    return float(treatment), placebos


@pytest.mark.parametrize(("scenarios", "replicates"), [(6, 600), (8, 200)])
def test_a_rank_against_label_flips_rejects_five_per_cent_where_labels_mean_nothing(scenarios: int, replicates: int) -> None:
    rng = np.random.default_rng(20)
    results = [linear_statistics(rng, scenarios, 8, "label-flip") for _ in range(replicates)]
    rejected = sum(rank_p(statistic, placebos.tolist()) <= 0.05 for statistic, placebos in results)
    interval = stats.binomtest(rejected, replicates).proportion_ci(0.99, method="exact")
    # 6 scenarios: 31 relabellings, the smallest p is 1/32, so the level it can reach is .031
    assert interval.low <= (1 / 32 if scenarios == 6 else 0.05) <= interval.high


def test_a_rank_against_flips_of_the_principal_component_keeps_its_level_too() -> None:
    rng = np.random.default_rng(21)
    results = [linear_statistics(rng, 8, 8, "label-flip", "principal-component") for _ in range(200)]
    rejected = sum(rank_p(statistic, placebos.tolist()) <= 0.05 for statistic, placebos in results)
    interval = stats.binomtest(rejected, 200).proportion_ci(0.99, method="exact")
    assert interval.low <= 0.05 <= interval.high
