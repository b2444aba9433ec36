"""The quick size of the calibration: how often the gates are wrong, on fewer replicates than `make calibrate` runs."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from harness.calibration import judges
from harness.calibration.judges import FEW_AXES, GATES, AnyDesign, CalibratedGate
from harness.calibration.replicates import Design, Replicate, replicates
from harness.calibration.studies import COPIES, Kind, Outcome, Study, draw, run_study
from harness.calibration.table import failures
from harness.calibration.transfers import TransferDesign
from harness.numerics.effects import LEVEL, POWER, scenario_effects
from harness.numerics.gates.result import GateResult
from harness.records import GateStatus

SEED = 1
BASE = Design(scenarios=8, placebos=19)
BOWL = replace(BASE, reads="bowl")
DECLARED = GATES["shift"].declared


@lru_cache  # a design that two tests look at is run once
def outcomes(kind: Kind, design: AnyDesign, count: int, *gates: str) -> dict[str, Outcome]:
    study = Study(kind=kind, name=kind, design=design, replicates=count)
    return {one.gate: one for one in run_study(study, gates, SEED, progress=lambda _line: None)}


def outcome(kind: Kind, design: AnyDesign, count: int, gate: str = "shift") -> Outcome:
    return outcomes(kind, design, count, gate)[gate]


NULL_GATES = ("shift", "sensitivity", "informative")


@pytest.mark.parametrize(
    ("gate", "part"), [("shift", "p against label-flip"), ("sensitivity", "p by sign flips"), ("informative", "p against relabellings")]
)
@pytest.mark.parametrize("axes", [None, FEW_AXES])
def test_a_gate_seldom_passes_where_there_is_nothing_to_find(axes: int | None, gate: str, part: str) -> None:
    found = outcomes("null", replace(BASE, axes=axes), 60, *NULL_GATES)[gate]
    assert failures([found]) == []
    assert found.passed.interval.low <= LEVEL
    assert found.parts[part].interval.low <= LEVEL


def test_the_bowl_alone_shows_no_sensitivity() -> None:
    found = outcome("null", BOWL, 30, "sensitivity")
    assert found.passed.interval.low <= LEVEL
    assert found.parts["gain in AUC"].interval.low <= LEVEL


def test_random_placebos_alone_would_reject_far_too_often_where_residuals_have_few_axes() -> None:
    found = outcomes("null", replace(BASE, axes=FEW_AXES), 60, *NULL_GATES)["shift"]
    assert found.parts["p against random"].interval.low > 3 * LEVEL


@pytest.mark.parametrize(("gate", "scenarios", "count"), [("shift", 8, 30), ("informative", 8, 24), ("sensitivity", 24, 16)])
def test_a_gate_mostly_passes_at_its_declared_smallest_effect(gate: str, scenarios: int, count: int) -> None:
    design = replace(GATES[gate].power, scenarios=scenarios, size=GATES[gate].declared[scenarios])
    found = outcome("power", design, count, gate)
    assert found.passed.value >= POWER
    assert failures([found]) == []


@pytest.mark.parametrize(
    ("gate", "design", "sizes"),
    [("shift", BASE, (0.0, 1.0, 8.0)), ("sensitivity", BOWL, (0.0, 1.0, 2.0)), ("informative", BASE, (0.0, 1.0, 4.0))],
)
def test_more_of_what_is_planted_is_found_more_often(gate: str, design: Design, sizes: tuple[float, ...]) -> None:
    rates = [outcome("power", replace(design, size=size), 12, gate).passed.count for size in sizes]
    assert rates == sorted(set(rates))


def test_the_positive_control_passes_shift_and_shows_no_sensitivity() -> None:
    control = replace(BASE, control=True)
    found = outcomes("control", control, 12, "shift", "sensitivity")
    assert (found["shift"].passed.count, found["sensitivity"].passed.count) == (12, 0)
    assert found["sensitivity"].parts["p by sign flips"].interval.low <= LEVEL
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


def test_a_shift_of_both_halves_is_no_sensitivity() -> None:
    found = outcomes("power", replace(BASE, size=DECLARED[8]), 16, "shift", "sensitivity")
    assert found["shift"].passed.count > 8
    assert found["sensitivity"].passed.count == 0


def test_the_specificity_gate_does_not_take_a_stronger_direction_for_a_specific_one() -> None:
    alike = TransferDesign(one_axis=True, size=4.0)
    found = outcome("null", alike, 24, "specificity")
    assert found.passed.interval.low <= LEVEL
    # One vector moves all files more than another does, whatever their CWE: signs of own minus other, flipped, took that for specificity.
    (replicate,) = draw(alike, [0], SEED)
    means = {cwe: transfer.row for cwe, transfer in replicate.transfers.items()}  # type: ignore[union-attr]
    order = [sorted(row, key=row.__getitem__) for row in means.values()]
    assert order[0] == order[1] == order[2]


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
        name: CalibratedGate(judge=judge, parts=lambda _: {}, nulls={}, power=BASE, declared=DECLARED, control_passes=True)
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
    judged = {name: gate.judge(next(iter(draw(gate.power, [0], SEED)))).gate for name, gate in GATES.items()}
    assert judged == {name: name for name in GATES}
