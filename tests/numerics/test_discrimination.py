"""Signal detection over pairs: figures from a table done by hand, and what an interval of the gain rests on."""

from statistics import NormalDist

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.discrimination import PairOutcomes, auc_gain, discrimination
from harness.numerics.effects import PairMargins

Z = NormalDist().inv_cdf


def pair(scenario: str, vulnerable: tuple[float, float], patched: tuple[float, float], variant: str = "original") -> PairMargins:
    """Margins unsteered and at strength 5."""
    halves = [dict(zip((0.0, 5.0), half, strict=True)) for half in (vulnerable, patched)]
    return PairMargins(scenario=scenario, variant=variant, vulnerable=halves[0], patched=halves[1])


PAIRS = [
    pair("a", (2.0, 3.0), (-1.0, -2.0)),
    pair("b", (1.0, 4.0), (0.5, -1.0)),
    pair("c", (-1.0, 1.0), (-2.0, 0.0)),
    pair("d", (-3.0, -1.0), (1.0, 2.0)),
]


def test_the_four_outcomes_and_both_figures_of_detection_are_those_of_a_table() -> None:
    found = discrimination(PAIRS, 0.0)
    assert found.outcomes == PairOutcomes(both_right=1, both_vulnerable=1, both_secure=1, reversed=1)
    hits, alarms = Z((2 + 0.5) / 5), Z((2 + 0.5) / 5)  # a and b are hits, b and d are alarms
    assert (found.d_prime, found.criterion) == pytest.approx((hits - alarms, -(hits + alarms) / 2))
    steered = discrimination(PAIRS, 5.0)
    assert steered.outcomes == PairOutcomes(both_right=3, both_vulnerable=0, both_secure=0, reversed=1)
    hits, alarms = Z(3.5 / 5), Z(1.5 / 5)
    assert (steered.d_prime, steered.criterion) == pytest.approx((hits - alarms, 0.0))


def test_a_model_that_calls_everything_vulnerable_has_a_criterion_below_zero_and_no_d_prime() -> None:
    found = discrimination([pair(name, (1.0, 1.0), (2.0, 2.0)) for name in "abc"], 0.0)
    assert found.d_prime == pytest.approx(0.0)
    assert found.criterion == pytest.approx(-Z(3.5 / 4))


def test_variants_of_one_scenario_weigh_no_more_than_one_pair() -> None:
    copies = [pair("a", (2.0, 3.0), (-1.0, -2.0), variant=f"v{row}") for row in range(7)]
    once, often = discrimination(PAIRS, 0.0), discrimination([*PAIRS, *copies], 0.0)
    assert (often.auc, often.d_prime, often.criterion) == pytest.approx((once.auc, once.d_prime, once.criterion))
    assert often.outcomes.both_right == 8  # outcomes are counts of pairs


def test_a_margin_of_zero_calls_nothing_vulnerable_and_a_tie_counts_half() -> None:
    found = discrimination([pair("a", (0.0, 0.0), (0.0, 0.0)), pair("b", (1.0, 0.0), (0.0, 0.0))], 0.0)
    assert found.outcomes == PairOutcomes(both_right=1, both_vulnerable=0, both_secure=1, reversed=0)
    assert found.auc == (0.5 + 0.5 + 1 + 1) / 4


def test_the_gain_is_the_difference_of_both_aucs_and_its_interval_holds_it() -> None:
    found = auc_gain(PAIRS, 5.0, np.random.default_rng(0))
    before, after = discrimination(PAIRS, 0.0).auc, discrimination(PAIRS, 5.0).auc
    assert (found.before, found.after, found.gain) == pytest.approx((before, after, after - before))
    assert found.interval.interval is not None
    assert found.interval.interval.low <= found.gain <= found.interval.interval.high


def test_the_interval_is_that_of_resampled_scenarios() -> None:
    """Twenty scenarios, redrawn with loops; a percentile interval, near the BCa one where the gain is not skewed."""
    rng = np.random.default_rng(2)
    pairs = [
        pair(f"s{row:02}", (one[0], one[0] + 0.8 + one[1]), (one[2], one[2] + one[3])) for row, one in enumerate(rng.normal(size=(20, 4)))
    ]
    gains = []
    for _ in range(600):
        drawn = [pairs[row] for row in rng.integers(0, 20, 20)]
        order = [[np.sign(one.vulnerable[at] - other.patched[at]) for one in drawn for other in drawn] for at in (0.0, 5.0)]
        gains.append((np.mean(order[1]) - np.mean(order[0])) / 2)
    found = auc_gain(pairs, 5.0, np.random.default_rng(0)).interval.interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(gains, [0.025, 0.975])), abs=0.04)


def test_a_gain_that_is_the_same_however_scenarios_are_drawn_has_no_interval() -> None:
    found = auc_gain([pair("a", (1.0, 2.0), (0.0, 0.0)), pair("b", (1.0, 3.0), (0.0, -1.0))], 5.0, np.random.default_rng(0))
    assert (found.before, found.after, found.gain, found.interval.interval) == (1.0, 1.0, 0.0, None)


def test_a_strength_that_was_not_measured_is_refused() -> None:
    with pytest.raises(EffectError, match="no margin at strength 7"):
        discrimination(PAIRS, 7.0)
