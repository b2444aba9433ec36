"""The gate of a baseline: a drop that the paired interval confirms fails, an uncertain one does not."""

from typing import Any

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.gates.baseline import BaselineEffect, BaselineThresholds, baseline_gate
from harness.numerics.gates.result import GateResult
from harness.records import GateStatus

BEFORE = {f"s{row}": 0.8 + row / 100 for row in range(8)}


def judge(changes: list[float], drop: float = 0.01, **other: Any) -> GateResult:
    before = {name: BEFORE[name] for name in list(BEFORE)[: len(changes)]}
    now = {name: value + change for (name, value), change in zip(before.items(), changes, strict=True)}
    effect = BaselineEffect(effects=before, source="old", model="m", **other)
    return baseline_gate(now, effect, np.random.default_rng(0), BaselineThresholds(drop=drop))


def test_a_drop_in_every_scenario_fails_and_says_from_where_to_where() -> None:
    found = judge([-0.3, -0.35, -0.32, -0.31, -0.33, -0.36, -0.29, -0.34])
    assert found.status is GateStatus.FAIL
    assert found.reason.startswith("the effect fell from 0.84 to 0.51: -0.33 logits, 95% interval -0.34 to -0.3")
    assert found.reason.endswith("paired over 8 scenarios; a drop of 0.01 is allowed")
    assert found.interval is not None
    assert found.interval.high < -0.01 == found.threshold


def test_a_drop_that_few_scenarios_make_is_no_fall_of_the_effect() -> None:
    found = judge([-0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0.2])
    assert found.status is GateStatus.PASS
    assert "fell" in found.reason


def test_what_is_allowed_is_no_drop_and_one_of_all_scenarios_alike_has_no_interval() -> None:
    assert judge([-0.05] * 8, drop=0.1).status is GateStatus.PASS
    found = judge([-0.125] * 8, drop=0.1)
    assert (found.status, found.interval) == (GateStatus.FAIL, None)


def test_the_same_effects_stay_and_higher_ones_rise() -> None:
    assert judge([0.0] * 8).reason == "the effect stayed at 0.84: +0 logits, paired over 8 scenarios"
    found = judge([0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2], remarks=("the data changed since",))
    assert (found.status, found.reason[:28]) == (GateStatus.PASS, "the effect rose from 0.84 to")
    assert found.reason.endswith("; the data changed since")


def test_four_scenarios_cannot_tell_a_drop_from_chance() -> None:
    found = judge([-0.3, -0.2, -0.3, -0.2])
    assert found.status is GateStatus.INCONCLUSIVE
    assert found.reason.endswith("4 scenarios can't tell a drop from chance (p is at least .062); 5 are needed")


def test_other_scenarios_are_refused_by_name() -> None:
    with pytest.raises(EffectError, match="the baseline old has 1 scenarios, this run 1, and a is in one of them alone"):
        baseline_gate({"a": 1.0}, BaselineEffect(effects={"b": 1.0}, source="old", model="m"), np.random.default_rng(0))
