import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import DirectionError
from harness.numerics.directions import mean_difference
from harness.numerics.estimators import estimate
from harness.numerics.pairs import scenario_means


def residuals(*shape: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.normal(size=shape)


def test_mean_difference_of_two_pairs_is_the_one_computed_by_hand() -> None:
    vulnerable = [[4.0, 0.0], [2.0, 8.0]]
    patched = [[0.0, 0.0], [0.0, 0.0]]
    # mean (3, 4), norm 5
    assert mean_difference(vulnerable, patched).tolist() == [0.6, 0.8]


def test_mean_difference_by_layer_equals_a_loop_over_layers() -> None:
    vulnerable, patched = residuals(5, 3, 7)
    directions = mean_difference(vulnerable, patched)
    for layer in range(3):
        total = np.zeros(7)
        for pair in range(5):
            total += vulnerable[pair, layer] - patched[pair, layer]
        np.testing.assert_allclose(directions[layer], total / np.sqrt((total**2).sum()), rtol=0, atol=1e-14)


def test_tensors_and_arrays_give_the_same_direction() -> None:
    vulnerable, patched = (half.astype(np.float32) for half in residuals(4, 6))
    from_tensors = mean_difference(torch.from_numpy(vulnerable), torch.from_numpy(patched))
    assert np.array_equal(from_tensors, mean_difference(vulnerable, patched))


def test_swapped_labels_give_the_reverse_direction() -> None:
    vulnerable, patched = residuals(4, 6)
    np.testing.assert_array_equal(mean_difference(patched, vulnerable), -mean_difference(vulnerable, patched))


def test_variants_of_a_scenario_count_as_one() -> None:
    differences = {"a": [[1.0, 0.0], [3.0, 0.0]], "b": [[0.0, 6.0]]}
    vulnerable = np.array(differences["a"] + differences["b"])
    found = estimate("mean-difference", vulnerable, np.zeros_like(vulnerable), ["a", "a", "b"])
    # scenario means (2, 0) and (0, 6), their mean (1, 3)
    assert float(found.norm) == pytest.approx(10**0.5, abs=1e-12)
    np.testing.assert_allclose(found.vector, np.array([1.0, 3.0]) / 10**0.5, atol=1e-12)


def test_a_scenario_copied_ten_times_leaves_the_direction_where_it_was() -> None:
    vulnerable, patched = residuals(3, 8)
    once = estimate("mean-difference", vulnerable, patched, ["a", "b", "c"]).vector
    copied = [0] * 10 + [1, 2]
    many = estimate("mean-difference", vulnerable[copied], patched[copied], [["a", "b", "c"][row] for row in copied]).vector
    np.testing.assert_allclose(many, once, atol=1e-14)


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(6)), seed=st.integers(0, 2**16))
def test_the_order_of_pairs_has_no_say(order: list[int], seed: int) -> None:
    vulnerable, patched = residuals(6, 4, seed=seed)
    scenarios = np.array(["a", "a", "b", "c", "c", "d"])
    first = estimate("mean-difference", vulnerable, patched, scenarios.tolist()).vector
    second = estimate("mean-difference", vulnerable[order], patched[order], scenarios[order].tolist()).vector
    np.testing.assert_allclose(first, second, atol=1e-12)


@pytest.mark.parametrize(
    ("vulnerable", "patched", "message"),
    [
        (np.zeros((2, 3)), np.zeros((3, 3)), r"shape \(2, 3\), patched \(3, 3\)"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "0 contrast pairs"),
        (np.zeros(3), np.zeros(3), "is needed"),
        (np.ones((2, 3)), np.ones((2, 3)), "alike"),
        (np.array([[1.0, 2.0], [np.nan, 0.0]]), np.zeros((2, 2)), "vulnerable residual of pair 1 is not finite"),
        (np.zeros((2, 2)), np.array([[np.inf, 2.0], [1.0, 0.0]]), "patched residual of pair 0 is not finite"),
    ],
)
def test_residuals_without_a_direction_are_refused(vulnerable: np.ndarray, patched: np.ndarray, message: str) -> None:
    with pytest.raises(DirectionError, match=message):
        mean_difference(vulnerable, patched)


def test_a_difference_of_rounding_size_is_refused_and_its_layer_named() -> None:
    vulnerable, patched = residuals(3, 2, 5)
    vulnerable[:, 1] = patched[:, 1] * (1 + 1e-15)
    with pytest.raises(DirectionError, match="at layer row 1"):
        mean_difference(vulnerable, patched)


def test_each_pair_needs_its_scenario() -> None:
    with pytest.raises(DirectionError, match="2 scenarios name 3 pairs"):
        scenario_means(*residuals(3, 4), ["a", "b"])
