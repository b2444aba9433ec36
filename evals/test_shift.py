"""Steering along the cross-fitted direction shifts what the model says about held-out code, by more than placebos do."""

from typing import TYPE_CHECKING

import pytest

from fixtures.gates import Gate

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult


@pytest.mark.declares(layer=True, strength=True, choice=True, shift=True, text=True)
def test_shift(sweep: "SweepResult", gate: Gate) -> None:
    gate("shift", sweep)
