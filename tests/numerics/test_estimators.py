"""Directions of every estimator, by definitions written out, by scikit-learn directly, and on planted axes."""

from typing import get_args

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from harness.errors import DirectionError
from harness.numerics.estimators import PROBE_C, Probe, estimate, fit, principal_axis, relabelled
from harness.numerics.pairs import ScenarioMeans, scenario_means
from harness.numerics.placebos import label_flip_signs
from harness.records import Estimator

ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)


def means(n: int = 6, width: int = 40, *, shift: float = 1.0, seed: int = 0) -> ScenarioMeans:
    """Scenarios far apart, whose halves differ by noise and by `shift` along the first axis."""
    rng = np.random.default_rng(seed)
    base = 5 + 2 * rng.normal(size=(n, width))
    vulnerable, patched = base + rng.normal(size=(n, width)), base + rng.normal(size=(n, width))
    vulnerable[:, 0] += shift
    return scenario_means(vulnerable, patched, [f"s{row:02}" for row in range(n)])


def test_the_principal_component_is_the_largest_eigenvector_of_the_second_moment_not_of_the_covariance() -> None:
    given = means(shift=8.0)
    differences = given.differences
    largest = np.linalg.eigh(differences.T @ differences)[1][:, -1]
    centred = differences - differences.mean(axis=0)
    covariance = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    found = fit("principal-component", given).vector
    assert abs(found @ largest) == pytest.approx(1.0, abs=1e-12)
    assert abs(found @ covariance) < 0.5


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_estimator_finds_a_planted_axis_and_points_from_patched_to_vulnerable(estimator: Estimator) -> None:
    found = fit(estimator, means(n=30, width=8, shift=6.0))
    assert found.vector[0] > 0.9
    assert fit(estimator, means(n=30, width=8, shift=-6.0)).vector[0] < -0.9


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_estimate_is_a_unit_vector_and_its_norm_the_component_of_the_mean_difference(estimator: Estimator) -> None:
    given = means()
    found = fit(estimator, given)
    assert np.sqrt((found.vector**2).sum()) == pytest.approx(1.0, abs=1e-12)
    component = sum(float(found.vector @ row) for row in given.differences) / len(given.differences)
    assert float(found.norm) == pytest.approx(component, rel=1e-12)
    assert component > 0


def test_the_norm_of_the_mean_difference_is_its_length() -> None:
    given = means()
    assert float(fit("mean-difference", given).norm) == pytest.approx(np.linalg.norm(given.differences.mean(axis=0)), rel=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_exchanged_halves_give_the_reverse_direction(estimator: Estimator) -> None:
    given = means()
    exchanged = ScenarioMeans(scenarios=given.scenarios, vulnerable=given.patched, patched=given.vulnerable)
    np.testing.assert_allclose(fit(estimator, exchanged).vector, -fit(estimator, given).vector, atol=1e-8)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_scenario_copied_ten_times_does_not_move_any_estimate(estimator: Estimator) -> None:
    given = means(n=4)
    copied = [0] * 10 + [1, 2, 3]
    names = ["a", "b", "c", "d"]
    once = estimate(estimator, given.vulnerable, given.patched, names)
    many = estimate(estimator, given.vulnerable[copied], given.patched[copied], [names[row] for row in copied])
    np.testing.assert_allclose(many.vector, once.vector, atol=1e-8)
    assert float(many.norm) == pytest.approx(float(once.norm), rel=1e-8)


@pytest.mark.parametrize(("n", "width"), [(6, 40), (20, 5)])
def test_the_probe_solved_in_the_span_of_the_rows_has_the_weights_of_the_regression_in_all_of_d_model(n: int, width: int) -> None:
    given = means(n, width)
    rows = np.concatenate([given.vulnerable, given.patched])
    typical = np.median([np.sqrt((row**2).sum()) for row in rows])
    scaled = (rows - rows.mean(axis=0)) / typical
    whole = LogisticRegression(C=PROBE_C, solver="lbfgs", tol=1e-12, max_iter=100_000).fit(scaled, [1] * n + [0] * n)
    expected = whole.coef_[0] / np.linalg.norm(whole.coef_[0])
    np.testing.assert_allclose(fit("logistic-probe", given).vector, expected, atol=2e-6)


def test_the_probe_minimises_the_penalised_loss_it_claims_to() -> None:
    """The loss written out, minimised by SciPy without scikit-learn."""
    given = means(5, 3)
    rows = np.concatenate([given.vulnerable, given.patched])
    scaled = (rows - rows.mean(axis=0)) / given.typical_norm
    sides = np.array([1.0] * 5 + [-1.0] * 5)

    def loss(point: np.ndarray) -> float:
        return float(PROBE_C * np.logaddexp(0, -sides * (scaled @ point[:3] + point[3])).sum() + point[:3] @ point[:3] / 2)

    weights = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x[:3]
    np.testing.assert_allclose(fit("logistic-probe", given).vector, weights / np.linalg.norm(weights), atol=1e-5)


def test_the_probe_and_the_mean_difference_are_two_directions() -> None:
    given = means()
    assert fit("logistic-probe", given).vector @ fit("mean-difference", given).vector < 0.98


@pytest.mark.parametrize("seed", range(20))
def test_the_probe_never_points_away_from_the_mean_difference_even_of_labels_without_meaning(seed: int) -> None:
    assert float(fit("logistic-probe", means(4, 10, shift=0.0, seed=seed)).norm) > 0


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_relabelling_is_refitting_with_the_halves_exchanged(estimator: Estimator) -> None:
    given = means(5)
    signs = label_flip_signs(5, 15, np.random.default_rng(1))
    found = relabelled(estimator, given, signs)
    for row, placebo in zip(signs, found, strict=True):
        exchanged = row[:, None] < 0
        refit = fit(
            estimator,
            ScenarioMeans(
                scenarios=given.scenarios,
                vulnerable=np.where(exchanged, given.patched, given.vulnerable),
                patched=np.where(exchanged, given.vulnerable, given.patched),
            ),
        )
        np.testing.assert_allclose(placebo, refit.vector * refit.norm, atol=1e-7)


def test_relabelling_changes_the_length_of_the_principal_component_and_not_its_axis() -> None:
    given = means(5)
    axis = fit("principal-component", given).vector
    found = relabelled("principal-component", given, label_flip_signs(5, 15, np.random.default_rng(1)))
    lengths = np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(np.abs(found @ axis), lengths, rtol=1e-12)
    assert np.ptp(lengths) > 0.1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_relabelling_that_leaves_nothing_is_a_vector_of_zeros(estimator: Estimator) -> None:
    patched = np.array([[1.0, 2.0, 3.0], [5.0, 1.0, 0.0]])
    cancelling = scenario_means(patched + np.array([3.0, 0.0, 4.0]), patched, ["a", "b"])
    np.testing.assert_allclose(relabelled(estimator, cancelling, np.array([[1, -1]])), 0.0, atol=1e-12)


def test_an_axis_without_a_component_of_the_mean_difference_has_no_sign_and_is_refused() -> None:
    """The largest axis is the third, along which the differences cancel; their mean lies along the first."""
    differences = np.array([[1.0, 0.0, 9.0], [1.0, 0.0, -9.0]])
    with pytest.raises(DirectionError, match=r"component .* along the principal-component .* its sign is not determined"):
        estimate("principal-component", differences + 2, np.full((2, 3), 2.0), ["a", "b"])


def test_two_axes_of_equal_length_are_no_principal_component() -> None:
    with pytest.raises(DirectionError, match="same singular value 2"):
        principal_axis(2 * np.eye(3))
    assert abs(principal_axis(np.diag([2.0, 1.9, 1.0]))[0]) == 1.0


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_halves_that_are_alike_have_no_direction(estimator: Estimator) -> None:
    with pytest.raises(DirectionError, match="vulnerable and patched residuals are alike"):
        estimate(estimator, np.ones((3, 4)), np.ones((3, 4)), ["a", "b", "c"])


def test_an_unknown_estimator_and_several_layers_at_once_are_refused() -> None:
    given = means(3, 4)
    with pytest.raises(DirectionError, match="'median' is not known"):
        fit("median", given)  # type: ignore[arg-type]
    layers = np.random.default_rng(0).normal(size=(2, 3, 2, 4))
    with pytest.raises(DirectionError, match="the logistic-probe is fitted at one layer"):
        estimate("logistic-probe", layers[0], layers[1], ["a", "b", "c"])


def test_a_probe_that_does_not_converge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.numerics.estimators.PROBE_STEPS", 1)
    with pytest.warns(Warning, match="converge"), pytest.raises(DirectionError, match="did not converge in 1 steps"):
        Probe(means()).axis(np.ones(6))
