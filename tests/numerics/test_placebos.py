from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
import pytest
from scipy import stats

from harness.errors import DirectionError
from harness.numerics.estimators import fit
from harness.numerics.pairs import ScenarioMeans, scenario_means
from harness.numerics.placebos import (
    check_placebos,
    label_flip_placebos,
    label_flip_signs,
    nuisance_placebos,
    random_placebos,
    refitted_flips,
)
from harness.plans import distinct_flips
from harness.records import Estimator


def canonical(row: np.ndarray) -> tuple[int, ...]:
    """A relabelling up to the sign of all."""
    return tuple(int(sign) for sign in row * row[0])


def fitting(n: int = 6, width: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(size=(n, width)) + 2, rng.normal(size=(n, width))


def test_random_placebos_are_unit_and_isotropic() -> None:
    vectors = random_placebos(4000, 5, np.random.default_rng(1))
    np.testing.assert_allclose((vectors**2).sum(axis=1), 1.0, atol=1e-12)
    # an isotropic unit vector has second moments 1/d: standard error of 4,000 draws is below .004
    np.testing.assert_allclose(vectors.T @ vectors / 4000, np.eye(5) / 5, atol=0.015)


def test_nuisance_placebos_follow_the_within_label_covariance() -> None:
    rng = np.random.default_rng(2)
    spread = np.diag([3.0, 1.0, 0.0])
    vulnerable, patched = rng.normal(size=(200, 3)) @ spread + 50, rng.normal(size=(200, 3)) @ spread
    vectors = nuisance_placebos(3000, vulnerable, patched, rng)
    np.testing.assert_allclose((vectors**2).sum(axis=1), 1.0, atol=1e-12)
    # the label's own axis (1, 1, 1), 87 long, is no nuisance; the flat third axis has none
    np.testing.assert_allclose(vectors[:, 2], 0.0, atol=1e-9)
    # before normalising x ~ N(0, 9), y ~ N(0, 1): |x| > |y| with probability 1 - (2/pi) arctan(1/3)
    expected = 1 - 2 / np.pi * np.arctan(1 / 3)
    assert np.mean(np.abs(vectors[:, 0]) > np.abs(vectors[:, 1])) == pytest.approx(expected, abs=0.035)


def test_nuisance_placebos_lie_in_the_span_of_the_centred_residuals() -> None:
    vulnerable, patched = fitting(3, 20)
    vectors = nuisance_placebos(30, vulnerable, patched, np.random.default_rng(0))
    assert np.linalg.matrix_rank(vectors) == 4  # 2 labels, 3 residuals each, one mean removed from each


def test_one_pair_has_no_nuisance() -> None:
    with pytest.raises(DirectionError, match="1 pair has no spread"):
        nuisance_placebos(5, *fitting(1), np.random.default_rng(0))
    same = np.ones((4, 3))
    with pytest.raises(DirectionError, match="do not vary within a label"):
        nuisance_placebos(5, same, 2 * same, np.random.default_rng(0))


@pytest.mark.parametrize(("scenarios", "expected"), [(1, 0), (2, 1), (3, 3), (4, 7), (6, 31)])
def test_few_relabellings_are_enumerated(scenarios: int, expected: int) -> None:
    signs = label_flip_signs(scenarios, 39, np.random.default_rng(0))
    everything = {canonical(np.array(row)) for row in product((1, -1), repeat=scenarios)} - {(1,) * scenarios}
    assert distinct_flips(scenarios) == expected == len(everything)
    assert signs.shape == (expected, scenarios)
    assert {canonical(row) for row in signs} == everything


@pytest.mark.parametrize("scenarios", [8, 16, 17, 40])
def test_drawn_relabellings_are_distinct_and_never_the_true_labels(scenarios: int) -> None:
    signs = label_flip_signs(scenarios, 99, np.random.default_rng(4))
    patterns = {canonical(row) for row in signs}
    assert signs.shape == (99, scenarios)
    assert len(patterns) == 99
    assert (1,) * scenarios not in patterns
    assert (signs.sum(axis=1) >= 0).all()


def test_the_same_seed_draws_the_same_relabellings() -> None:
    first, second = (label_flip_signs(9, 39, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)


def test_every_relabelling_is_drawn_equally_often() -> None:
    rng = np.random.default_rng(11)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(1500):
        for row in label_flip_signs(5, 5, rng):
            counts[canonical(row)] = counts.get(canonical(row), 0) + 1
    assert len(counts) == 15
    assert stats.chisquare(list(counts.values())).pvalue > 0.001


def test_a_label_flip_placebo_is_the_refit_with_labels_swapped() -> None:
    vulnerable, patched = fitting(4)
    differences = vulnerable - patched
    norm = float(np.linalg.norm(differences.mean(axis=0)))
    signs = label_flip_signs(4, 39, np.random.default_rng(0))
    placebos = label_flip_placebos(differences, signs, norm)
    for row, placebo in zip(signs, placebos, strict=True):
        swapped = np.where(row[:, None] < 0, patched, vulnerable), np.where(row[:, None] < 0, vulnerable, patched)
        np.testing.assert_allclose(placebo, (swapped[0].mean(axis=0) - swapped[1].mean(axis=0)) / norm, atol=1e-12)


def test_label_flips_of_agreeing_pairs_are_shorter_than_the_treatment() -> None:
    differences = np.tile([3.0, 0.0, 4.0], (6, 1))
    signs = label_flip_signs(6, 31, np.random.default_rng(0))
    lengths = np.linalg.norm(label_flip_placebos(differences, signs, 5.0), axis=1)
    np.testing.assert_allclose(lengths, np.abs(signs.sum(axis=1)) / 6, atol=1e-12)
    assert lengths.max() < 1


def test_impossible_label_flips_are_refused() -> None:
    with pytest.raises(DirectionError, match="do not fit differences"):
        label_flip_placebos(np.ones((3, 4)), np.ones((2, 5)), 1.0)
    with pytest.raises(DirectionError, match=r"treatment norm 0\.0"):
        label_flip_placebos(np.ones((3, 4)), np.ones((2, 3)), 0.0)
    with pytest.raises(DirectionError, match=r"neither \+1 nor -1"):
        label_flip_placebos(np.ones((3, 4)), np.zeros((2, 3)), 1.0)
    with pytest.raises(DirectionError, match="0 placebos were asked for"):
        label_flip_signs(3, 0, np.random.default_rng(0))


def unit(width: int = 10) -> np.ndarray:
    return np.eye(width)[0]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("kind", ["random", "nuisance"])
def test_a_placebo_that_is_the_treatment_is_caught(kind: str, sign: int) -> None:
    placebos = random_placebos(5, 10, np.random.default_rng(0))
    check_placebos(unit(), placebos, kind)
    placebos[3] = sign * unit()
    with pytest.raises(DirectionError, match=f"{kind} placebo 3 of 5 is the treatment itself"):
        check_placebos(unit(), placebos, kind)


def test_placebos_of_the_wrong_length_or_not_finite_are_caught() -> None:
    placebos = random_placebos(5, 10, np.random.default_rng(0))
    placebos[1] *= 1.01
    with pytest.raises(DirectionError, match="random placebo 1 of 5 has not norm 1"):
        check_placebos(unit(), placebos, "random")
    placebos[0, 0] = np.nan
    with pytest.raises(DirectionError, match="random placebo 0 of 5 is not finite"):
        check_placebos(unit(), placebos, "random")


def flips() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    vulnerable, patched = fitting(4)
    differences = vulnerable - patched
    mean = differences.mean(axis=0)
    signs = label_flip_signs(4, 39, np.random.default_rng(0))
    norm = float(np.linalg.norm(mean))
    return mean / norm, label_flip_placebos(differences, signs, norm), differences, signs


def test_label_flips_pass_their_check_and_each_sabotage_is_caught() -> None:
    treatment, placebos, differences, signs = flips()
    check_placebos(treatment, placebos, "label-flip", differences=differences, signs=signs)
    pointed = placebos.copy()
    pointed[2] = treatment
    with pytest.raises(DirectionError, match="label-flip placebo 2 of 7 is the treatment itself though labels were flipped"):
        check_placebos(treatment, pointed, "label-flip", differences=differences, signs=signs)
    with pytest.raises(DirectionError, match="longer than any relabelling"):
        check_placebos(treatment, placebos * 100, "label-flip", differences=differences, signs=signs)
    with pytest.raises(DirectionError, match="give both"):
        check_placebos(treatment, placebos, "label-flip")


def test_a_relabelling_that_flips_nothing_here_must_equal_the_treatment() -> None:
    treatment, placebos, differences, signs = flips()
    here = signs.copy()
    here[0] = 1
    with pytest.raises(DirectionError, match="placebo 0 of 7 differs from the treatment though no label was flipped"):
        check_placebos(treatment, placebos, "label-flip", differences=differences, signs=here)


def fitted(n: int = 4) -> ScenarioMeans:
    return scenario_means(*fitting(n), [f"s{row}" for row in range(n)])


def test_refitted_flips_of_the_mean_difference_are_its_label_flip_placebos() -> None:
    means = fitted(6)
    signs = label_flip_signs(6, 31, np.random.default_rng(0))
    norm = float(fit("mean-difference", means).norm)
    expected = label_flip_placebos(means.differences, signs, norm)
    np.testing.assert_allclose(refitted_flips("mean-difference", means, signs, norm), expected, rtol=1e-12)


@pytest.mark.parametrize("estimator", ["principal-component", "logistic-probe"])
def test_refitted_flips_are_not_renormalised(estimator: Estimator) -> None:
    """Where the pairs agree, a relabelling cancels: abs(sum of signs) / n of the mean difference is left, and no component is longer."""
    patched = np.random.default_rng(5).normal(size=(6, 10))
    means = scenario_means(patched + np.eye(10)[0], patched, [f"s{row}" for row in range(6)])
    signs = label_flip_signs(6, 31, np.random.default_rng(0))
    norm = float(fit(estimator, means).norm)
    lengths = np.linalg.norm(refitted_flips(estimator, means, signs, norm), axis=1)
    left = np.abs(signs.sum(axis=1)) / 6  # of a mean difference of length 1
    if estimator == "principal-component":
        np.testing.assert_allclose(lengths, left, atol=1e-9)
    else:
        assert (lengths <= left / norm + 1e-9).all()
        assert (lengths[left > 0] > 0).all()


def flips_of(estimator: Estimator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    means, signs = fitted(), label_flip_signs(4, 39, np.random.default_rng(0))
    treatment = fit(estimator, means)
    return treatment.vector, refitted_flips(estimator, means, signs, float(treatment.norm)), means.differences, signs


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_label_flips_of_every_estimator_pass_and_the_treatment_among_them_is_caught(estimator: Estimator) -> None:
    treatment, placebos, differences, signs = flips_of(estimator)
    check_placebos(treatment, placebos, "label-flip", differences=differences, signs=signs, estimator=estimator)
    pointed = placebos.copy()
    pointed[2] = treatment
    said = "another length along" if estimator == "principal-component" else "is the treatment itself though labels were flipped"
    with pytest.raises(DirectionError, match=f"label-flip placebo 2 of 7 .*{said}"):
        check_placebos(treatment, pointed, "label-flip", differences=differences, signs=signs, estimator=estimator)


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_label_flips_that_were_brought_back_to_unit_norm_or_made_long_are_caught(estimator: Estimator) -> None:
    treatment, placebos, differences, signs = flips_of(estimator)
    with pytest.raises(DirectionError, match="is longer than any relabelling can be"):
        check_placebos(treatment, placebos * 100, "label-flip", differences=differences, signs=signs, estimator=estimator)
    if estimator == "principal-component":
        unit_rows = placebos / np.linalg.norm(placebos, axis=1, keepdims=True)
        with pytest.raises(DirectionError, match="has another length along the treatment's axis than its signs give"):
            check_placebos(treatment, unit_rows, "label-flip", differences=differences, signs=signs, estimator=estimator)


def test_a_flip_of_the_principal_component_that_leaves_its_axis_is_caught() -> None:
    treatment, placebos, differences, signs = flips_of("principal-component")
    aside = np.eye(10)[np.argmin(np.abs(treatment))]
    placebos[4] += 0.1 * (aside - treatment * (aside @ treatment))
    with pytest.raises(DirectionError, match="placebo 4 of 7 leaves the treatment's axis"):
        check_placebos(treatment, placebos, "label-flip", differences=differences, signs=signs, estimator="principal-component")


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_in_the_fold_that_leaves_the_flipped_scenario_out_the_flip_must_equal_the_treatment(estimator: Estimator) -> None:
    whole = fitted(5)
    signs = np.array([[1, 1, 1, 1, -1], [-1, 1, 1, 1, 1]])[:, :4]
    means = replace(whole, scenarios=whole.scenarios[:4], vulnerable=whole.vulnerable[:4], patched=whole.patched[:4])
    treatment = fit(estimator, means)
    placebos = refitted_flips(estimator, means, signs, float(treatment.norm))
    np.testing.assert_allclose(placebos[0], treatment.vector, atol=1e-8)
    check_placebos(treatment.vector, placebos, "label-flip", differences=means.differences, signs=signs, estimator=estimator)
    with pytest.raises(DirectionError, match="placebo 0 of 2"):
        check_placebos(treatment.vector, 0.9 * placebos, "label-flip", differences=means.differences, signs=signs, estimator=estimator)
