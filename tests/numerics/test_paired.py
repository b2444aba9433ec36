"""The sign-flip test and paired differences, against enumeration."""

import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.errors import EffectError
from harness.numerics.paired import Alternative, paired_difference, sign_flip_p, smallest_difference, smallest_sign_flip_p


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def named(values: Iterable[float]) -> dict[str, float]:
    return {str(row): value for row, value in enumerate(values)}


def enumerated(values: list[int], alternative: Alternative) -> float:
    """Share of all sign flips whose sum is at least as far out; of integers, so that ties are ties."""
    sums = [
        sum(sign * value for sign, value in zip(signs, values, strict=True)) for signs in itertools.product((1, -1), repeat=len(values))
    ]
    above = sum(one >= sum(values) for one in sums) / len(sums)
    below = sum(one <= sum(values) for one in sums) / len(sums)
    return above if alternative == "greater" else min(1.0, 2 * min(above, below))


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_the_sign_flip_p_of_up_to_eight_scenarios_is_that_of_all_flips(alternative: Alternative, values: list[int]) -> None:
    assert sign_flip_p(np.array(values, dtype=float), rng(), alternative=alternative) == enumerated(values, alternative)


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_no_values_give_a_smaller_p_than_the_smallest(n: int, alternative: Alternative) -> None:
    assert smallest_sign_flip_p(n, alternative) == enumerated([1] * n, alternative)


def test_more_scenarios_than_can_be_enumerated_are_drawn_and_never_give_zero() -> None:
    assert sign_flip_p(np.full(40, 2.0), rng()) == 1 / 10_000 == smallest_sign_flip_p(40)


def test_a_two_sided_p_of_drawn_flips_is_never_below_twice_one_of_them() -> None:
    assert sign_flip_p(np.full(40, 2.0), rng(), alternative="two-sided") == 2 / 10_000 == smallest_sign_flip_p(40, "two-sided")


def test_the_p_of_drawn_flips_is_near_that_of_a_t_test() -> None:
    values = np.random.default_rng(3).normal(0.3, 1.0, size=30)
    expected = float(stats.ttest_1samp(values, 0.0, alternative="greater").pvalue)
    assert sign_flip_p(values, rng()) == pytest.approx(expected, abs=0.015)


def test_symmetric_differences_are_rejected_in_a_twentieth_of_samples() -> None:
    draws = np.random.default_rng(8).normal(size=(300, 8))
    rejected = sum(sign_flip_p(row, rng()) <= 0.05 for row in draws)
    # 12 of 256 flips are at most .05
    interval = stats.binomtest(rejected, 300).proportion_ci(0.99, method="exact")
    assert interval.low <= 12 / 256 <= interval.high


def test_differences_are_taken_within_scenarios_whatever_their_order() -> None:
    found = paired_difference({"b": 2.0, "a": 5.0}, {"a": 1.0, "b": 3.0}, rng())
    assert found.differences == {"a": 4.0, "b": -1.0}
    assert (found.mean, found.scenarios, found.p, found.smallest_p) == (1.5, 2, 0.5, 0.25)
    turned = paired_difference({"b": 3.0, "a": 1.0}, {"a": 5.0, "b": 2.0}, rng())
    assert (turned.mean, turned.p) == (-1.5, 0.75)


def test_scenarios_of_one_side_only_are_refused_by_name() -> None:
    with pytest.raises(EffectError, match="scenario b was measured under one treatment only"):
        paired_difference({"a": 1.0, "b": 1.0}, {"a": 1.0}, rng())
    with pytest.raises(EffectError, match="0 scenarios have no difference"):
        paired_difference({}, {}, rng())


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_a_difference_of_the_smallest_size_is_seen_four_times_in_five(alternative: Alternative) -> None:
    """Samples around the size that is told for the true spread of 1, by the test itself."""
    draws, n, seen = np.random.default_rng(2), 12, 0
    spread = draws.normal(size=n)
    spread = (spread - spread.mean()) / spread.std(ddof=1)
    size, _ = smallest_difference(
        paired_difference(named(spread), dict.fromkeys(map(str, range(n)), 0.0), rng(), alternative=alternative), 0.05
    )
    assert size is not None
    seen = sum(sign_flip_p(draws.normal(size, 1.0, n), rng(), alternative=alternative) <= 0.05 for _ in range(400))
    interval = stats.binomtest(seen, 400).proportion_ci(0.999, method="exact")
    assert interval.low <= 0.8 <= interval.high


def test_where_no_difference_could_be_seen_the_reason_is_told() -> None:
    four = paired_difference(named([1.0, 2.0, 3.0, 4.0]), dict.fromkeys("0123", 0.0), rng())
    assert smallest_difference(four, 0.05) == (None, "4 scenarios can't reach p <= 0.05")
    assert smallest_difference(four, 1.0) == (None, "a level of 1 asks for nothing")
