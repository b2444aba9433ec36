"""Steering along the cross-fitted direction shifts what the model says about held-out code, by more than placebos do."""

import numpy as np
import pytest

from fixtures.gates import Gate
from harness.model.sweep import SweepResult
from harness.numerics.gates import shift_gate
from harness.numerics.slices import effect_of, responses_of
from harness.plugin.planning import Case


@pytest.mark.declares(layer=True, strength=True, shift=True, text=True)
def test_shift(case: Case, sweep: SweepResult, gate: Gate) -> None:
    effect = effect_of(sweep.measurements, case.cell, np.random.default_rng(sweep.plan.seed))
    gate(shift_gate(effect), responses=responses_of(sweep.measurements, case.cell), skipped=sweep.skipped)
