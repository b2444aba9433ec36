"""The quick size of the calibration: how often the gates are wrong, on fewer replicates than `make calibrate` runs."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from harness.calibration import judges
from harness.calibration.judges import GATES, CalibratedGate
from harness.calibration.replicates import Design, Replicate, replicates
from harness.calibration.studies import COPIES, DECLARED, FEW_AXES, Kind, Outcome, Study, run_study
from harness.calibration.table import failures
from harness.numerics.effects import LEVEL, POWER, scenario_effects
from harness.numerics.gates.result import GateResult
from harness.records import GateStatus

SEED = 1
BASE = Design(scenarios=8, placebos=19)


@lru_cache  # a design that two tests look at is run once
def outcome(kind: Kind, design: Design, count: int, gate: str = "shift") -> Outcome:
    study = Study(kind=kind, name=kind, design=design, replicates=count)
    (found,) = run_study(study, [gate], SEED, progress=lambda _line: None)
    return found


@pytest.mark.parametrize("axes", [None, FEW_AXES])
def test_a_gate_seldom_passes_where_there_is_nothing_to_find(axes: int | None) -> None:
    found = outcome("null", replace(BASE, axes=axes), 60)
    assert failures([found]) == []
    assert found.passed.interval.low <= LEVEL
    assert found.parts["p against label-flip"].interval.low <= LEVEL


def test_random_placebos_alone_would_reject_far_too_often_where_residuals_have_few_axes() -> None:
    found = outcome("null", replace(BASE, axes=FEW_AXES), 60)
    assert found.parts["p against random"].interval.low > 3 * LEVEL


def test_a_gate_mostly_passes_at_its_declared_smallest_effect() -> None:
    found = outcome("power", replace(BASE, placebos=39, size=DECLARED[8]), 30)
    assert found.passed.value >= POWER
    assert failures([found]) == []


def test_more_of_what_is_planted_is_found_more_often() -> None:
    rates = [outcome("power", replace(BASE, size=size), 16).passed.count for size in (0.0, 1.0, 8.0)]
    assert rates == sorted(set(rates))


def test_the_positive_control_passes_shift_and_shows_no_sensitivity() -> None:
    control = replace(BASE, control=True)
    assert outcome("control", control, 12).passed.count == 12
    significant = 0
    for replicate in replicates(control, range(12), SEED):
        gains = np.array([one.sensitivity for one in scenario_effects(replicate.treatment, replicate.strength)])
        flips = stats.permutation_test((gains,), np.mean, permutation_type="samples", alternative="greater", n_resamples=256)
        significant += flips.pvalue <= LEVEL
    assert stats.binomtest(significant, 12).proportion_ci(method="exact").low <= LEVEL


def test_copies_counted_as_scenarios_reject_too_often_and_averaged_ones_do_not() -> None:
    copies = replace(BASE, copies=COPIES)
    counted = outcome("copies", replace(copies, copies_as_scenarios=True), 20).parts["p against label-flip"]
    averaged = outcome("copies", copies, 20).parts["p against label-flip"]
    assert counted.interval.low > LEVEL
    assert averaged.interval.low <= LEVEL
    assert averaged.count < counted.count


def against_zero(replicate: Replicate) -> GateResult:
    """The obvious gate: is the mean bias different from zero?"""
    biases = np.array([one.bias for one in scenario_effects(replicate.treatment, replicate.strength)])
    p = float(stats.ttest_1samp(biases, 0.0).pvalue)
    status = GateStatus.PASS if p <= LEVEL else GateStatus.FAIL
    return GateResult(gate="zero", status=status, reason="", statistic=abs(float(biases.mean())), threshold=None)


def blind(_replicate: Replicate) -> GateResult:
    return GateResult(gate="blind", status=GateStatus.FAIL, reason="", statistic=None, threshold=None)


def test_a_gate_against_zero_and_a_blind_gate_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {
        name: CalibratedGate(judge=judge, parts=lambda _: {}, control_passes=True)
        for name, judge in (("zero", against_zero), ("blind", blind))
    }
    monkeypatch.setattr(judges, "GATES", bad)
    for module in ("studies", "table"):
        monkeypatch.setattr(f"harness.calibration.{module}.GATES", bad)
    (wrong,) = failures([outcome("null", BASE, 16, "zero")])
    assert "zero, null: passes" in wrong
    assert "with nothing to find, above 0.05" in wrong
    (silent,) = failures([outcome("power", replace(BASE, size=DECLARED[8]), 4, "blind")])
    assert "blind, power: passes 0.000" in silent
    (lost,) = failures([outcome("control", replace(BASE, control=True), 4, "blind")])
    assert "the positive control passes 0.000" in lost


def test_every_gate_is_calibrated_under_its_own_name() -> None:
    (replicate,) = replicates(BASE, [0], SEED)
    assert {gate: one.judge(replicate).gate for gate, one in GATES.items()} == {gate: gate for gate in GATES}
