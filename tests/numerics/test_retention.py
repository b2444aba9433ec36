"""What is left of an effect on rewrites, and the gate that asks for a share of it."""

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.gates.result import GateResult
from harness.numerics.gates.retention import RetentionThresholds, retention_gate
from harness.numerics.retention import Retained, retained
from harness.records import GateStatus

ORIGINALS = {f"s{row}": value for row, value in enumerate((2.0, 3.0, 2.5, 1.5, 2.0, 3.5, 2.5, 3.0))}
"""Biases whose interval is far above zero; mean 2.5."""


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def keeping(share: float, name: str = "renamed", noise: float = 0.1) -> Retained:
    """A variant that keeps about this share of every scenario's effect."""
    wobble = noise * np.array([1, -1, 1, -1, 1, -1, 1, -1])
    return retained(name, ORIGINALS, {s: share * bias + w for (s, bias), w in zip(ORIGINALS.items(), wobble, strict=True)}, rng())


def judge(*variants: Retained, share: float = 0.5) -> GateResult:
    return retention_gate(ORIGINALS, variants, rng(), RetentionThresholds(share=share))


def test_what_is_kept_is_the_ratio_of_means_over_the_scenarios_that_have_the_variant() -> None:
    found = retained("renamed", {"a": 1.0, "b": 3.0, "c": 100.0}, {"a": 1.0, "b": 2.0}, rng())
    assert (found.scenarios, found.original, found.effect, found.kept) == (2, 2.0, 1.5, 0.75)


def test_the_interval_is_that_of_the_ratio_over_resampled_scenarios() -> None:
    draws = np.random.default_rng(1)
    before = draws.normal(2.0, 0.5, 30)
    after = 0.8 * before + draws.normal(0.0, 0.3, 30)
    ratios = []
    for _ in range(4000):
        rows = draws.integers(0, 30, 30)
        ratios.append(sum(after[row] for row in rows) / sum(before[row] for row in rows))
    names = [f"s{row:02}" for row in range(30)]
    found = retained("v", dict(zip(names, before, strict=True)), dict(zip(names, after, strict=True)), rng()).interval.interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(ratios, [0.025, 0.975])), abs=0.01)


def test_a_draw_of_originals_without_an_effect_keeps_nothing() -> None:
    """Two scenarios of four move back: 5 of 16 draws and more have no mean, and the bound says so instead of inf or nan."""
    found = retained("v", {"a": 1.0, "b": -1.0, "c": 1.0, "d": 1.0}, {"a": 1.0, "b": -1.0, "c": 1.0, "d": 0.5}, rng())
    assert found.interval.interval is not None
    assert found.interval.interval.low == 0.0
    assert np.isfinite(found.interval.interval.high)


def test_an_interval_that_collapsed_to_a_point_is_none() -> None:
    """Of these SciPy's BCa gives one and the same number for both bounds: both corrected quantiles fall on one end of the draws."""
    before, after = (1.75, -2.0, 0.75, -1.25, 0.5), (0.75, 2.0, 0.0, -0.5, 1.5)
    names = [f"s{row}" for row in range(5)]
    found = retained("v", dict(zip(names, before, strict=True)), dict(zip(names, after, strict=True)), rng()).interval
    assert found.method == "percentile"
    assert found.interval is not None
    assert found.interval.low < found.interval.high


def test_a_draw_of_originals_that_go_the_other_way_keeps_nothing_however_far_its_variant_goes() -> None:
    """No scenario does more on the variant, so no draw that goes forward keeps more than all; those that go back would."""
    originals = {f"s{row}": value for row, value in enumerate((1.0, -0.9, 1.0, -0.9, 1.0, -0.9))}
    found = retained("v", originals, {scenario: 5 * bias if bias < 0 else bias for scenario, bias in originals.items()}, rng())
    assert found.kept < 0
    assert found.interval.interval is not None
    assert found.interval.interval.high <= 1.0


def test_a_variant_of_nothing_that_was_tested_and_an_effect_of_zero_are_refused() -> None:
    with pytest.raises(EffectError, match="variant 'v' belongs to no scenario that was tested"):
        retained("v", {"a": 1.0}, {"b": 1.0}, rng())
    with pytest.raises(EffectError, match="the effect on the originals of variant 'v' is 0"):
        retained("v", {"a": 1.0, "b": -1.0}, {"a": 1.0, "b": 1.0}, rng())


def test_variants_that_keep_enough_pass_and_say_how_much() -> None:
    result = judge(keeping(0.9), keeping(0.7, "reordered"))
    assert result.status is GateStatus.PASS
    assert result.reason.startswith("renamed keeps 90% (")
    assert "reordered keeps 70% (" in result.reason
    assert result.statistic == pytest.approx(0.7)  # the worst of them
    assert result.threshold == 0.5
    assert result.scenarios == 8
    assert set(result.details["variants"]) == {"renamed", "reordered"}
    assert result.details["variants"]["renamed"]["scenarios"] == 8


def test_one_variant_that_keeps_too_little_fails_it_and_is_the_one_named() -> None:
    result = judge(keeping(0.9), keeping(0.3, "reordered"))
    assert result.status is GateStatus.FAIL
    assert result.reason.startswith("reordered keeps 30%")
    assert "renamed" not in result.reason


def test_the_lower_bound_is_asked_not_the_share_itself() -> None:
    wide = keeping(0.55, noise=1.0)
    assert wide.kept > 0.5
    assert wide.interval.interval is not None
    assert wide.interval.interval.low < 0.5
    assert judge(wide).status is GateStatus.FAIL
    assert judge(wide, share=0.2).status is GateStatus.PASS


def test_every_scenario_keeping_the_same_share_is_judged_by_that_share() -> None:
    half = keeping(0.5, noise=0.0)
    assert half.interval.interval is None
    assert judge(half).status is GateStatus.PASS
    assert judge(half, share=0.51).status is GateStatus.FAIL


def test_without_a_variant_nothing_is_shown() -> None:
    result = judge()
    assert result.status is GateStatus.INCONCLUSIVE
    assert "no scenario has a variant" in result.reason


@pytest.mark.parametrize("originals", [{"a": 1.0, "b": -0.9, "c": 0.2}, {"a": -1.0, "b": -1.1, "c": -0.9}, {"a": 1.0}])
def test_without_an_effect_on_the_originals_there_is_nothing_to_keep(originals: dict[str, float]) -> None:
    result = retention_gate(originals, [retained("v", originals, originals, rng())], rng())
    assert result.status is GateStatus.INCONCLUSIVE
    assert "not surely above 0: there is nothing that could be kept" in result.reason


def test_a_variant_of_one_scenario_bounds_nothing() -> None:
    one = retained("inserted", ORIGINALS, {"s0": 2.0}, rng())
    result = judge(keeping(0.9), one)
    assert result.status is GateStatus.INCONCLUSIVE
    assert result.reason == "inserted keeps 100% over 1 scenario: 2 are needed for a lower bound"
    assert judge(keeping(0.3), one).status is GateStatus.FAIL  # whatever that one does


def test_thresholds_are_checked() -> None:
    with pytest.raises(EffectError, match=r"share of the effect is outside 0\.\.1"):
        RetentionThresholds(share=1.2)
