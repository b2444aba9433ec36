"""The model answers in several sentences and stops by itself, and says today what it said when its answers were pinned."""

from typing import TYPE_CHECKING

import pytest

from fixtures.gates import Gate
from fixtures.pins import Pins
from harness.numerics.slices import responses_of
from harness.plugin.planning import Case
from harness.records import ORIGINAL

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult

PINNED_SCENARIOS = 2


@pytest.mark.declares(layer=True, strength=True, text=True)
def test_generation(sweep: "SweepResult", gate: Gate) -> None:
    gate("generation", sweep)


@pytest.mark.declares(layer=True, strength=True, text=True)
def test_pinned_text(case: Case, sweep: "SweepResult", pins: Pins) -> None:
    pinned = sweep.plan.scenarios[:PINNED_SCENARIOS]
    pins([one for one in responses_of(sweep.measurements, case.cell) if one.scenario in pinned and one.variant == ORIGINAL])
