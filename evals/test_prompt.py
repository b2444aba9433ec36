"""Steering moves the model further than an instruction that asks for caution. Where it does not, the instruction is the simpler tool."""

from typing import TYPE_CHECKING

import pytest

from fixtures.gates import Gate

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult


@pytest.mark.declares(layer=True, strength=True, prompt=True)
def test_prompt(sweep: "SweepResult", gate: Gate) -> None:
    gate("prompt", sweep)
