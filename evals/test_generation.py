"""The model answers in several sentences and stops by itself, and says today what it said when its answers were pinned."""

from typing import TYPE_CHECKING

import pytest
from syrupy.assertion import SnapshotAssertion

from fixtures.gates import Gate
from harness.numerics.slices import responses_of
from harness.plugin.planning import Case
from harness.plugin.snapshots import pinned_text
from harness.records import ORIGINAL

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult

PINNED_SCENARIOS = 2


@pytest.mark.declares(layer=True, strength=True, text=True)
def test_generation(sweep: "SweepResult", gate: Gate) -> None:
    gate("generation", sweep)


@pytest.mark.declares(layer=True, strength=True, text=True)
def test_pinned_text(case: Case, sweep: "SweepResult", model_snapshot: SnapshotAssertion) -> None:
    pinned = sweep.plan.scenarios[:PINNED_SCENARIOS]
    responses = [one for one in responses_of(sweep.measurements, case.cell) if one.scenario in pinned and one.variant == ORIGINAL]
    assert pinned_text(responses) == model_snapshot
