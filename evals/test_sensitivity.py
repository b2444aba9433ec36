"""Steering makes the model better at telling vulnerable from patched code, and does not only say one thing more often."""

from typing import TYPE_CHECKING

import pytest

from fixtures.gates import Gate

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult


@pytest.mark.declares(layer=True, strength=True, choice=True, shift=True)
def test_sensitivity(sweep: "SweepResult", gate: Gate) -> None:
    gate("sensitivity", sweep)
