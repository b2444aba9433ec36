"""The transfer matrix and Holm's adjustment, by hand."""

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.specificity import Transfer, holm

TRANSFER = Transfer(
    cwe="CWE-89",
    own={"a": 3.0, "b": 5.0},
    others={"CWE-787": {"a": 1.0, "b": 1.0}, "CWE-22": {"a": 3.0, "b": 0.0}},
)


def test_a_row_of_the_matrix_holds_the_mean_bias_under_each_direction_by_number() -> None:
    assert list(TRANSFER.row.items()) == [("CWE-22", 1.5), ("CWE-89", 4.0), ("CWE-787", 1.0)]


def test_the_own_direction_is_compared_with_the_mean_of_the_others_scenario_by_scenario() -> None:
    found = TRANSFER.difference(np.random.default_rng(0))
    assert found.differences == {"a": 3.0 - 2.0, "b": 5.0 - 0.5}
    assert found.mean == 2.75
    assert found.p == 0.25  # both above zero: one flip of four


def test_without_another_direction_nothing_is_compared() -> None:
    alone = Transfer(cwe="CWE-89", own={"a": 1.0}, others={})
    with pytest.raises(EffectError, match="no other direction was measured on CWE-89"):
        alone.difference(np.random.default_rng(0))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ((0.01, 0.04, 0.03), (0.03, 0.06, 0.06)),  # 3 x .01; 2 x .03; .04 alone would be less than its forerunner: .06
        ((0.04, 0.01, 0.02), (0.04, 0.03, 0.04)),  # 3 x .01; 2 x .02; 1 x .04
        ((0.5, 0.9, 0.6), (1.0, 1.0, 1.0)),
        ((0.02,), (0.02,)),
    ],
)
def test_holm_multiplies_the_smallest_by_all_the_next_by_one_less_and_never_falls(
    raw: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    names = [f"CWE-{row}" for row in range(len(raw))]
    found = holm(dict(zip(names, raw, strict=True)))
    assert list(found) == names
    assert list(found.values()) == pytest.approx(list(expected))


def test_no_p_values_have_no_adjustment() -> None:
    assert holm({}) == {}
