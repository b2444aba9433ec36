"""The model answers in several sentences and stops by itself, and says today what it said when its answers were pinned."""

import pytest
from syrupy.assertion import SnapshotAssertion

from fixtures.gates import Gate
from harness.model.sweep import SweepResult
from harness.numerics.gates import generation_gate
from harness.numerics.slices import responses_of
from harness.plugin.planning import Case
from harness.plugin.snapshots import pinned_text
from harness.scoring.sentences import count_sentences

PINNED_SCENARIOS = 2


@pytest.mark.declares(layer=True, strength=True, text=True)
def test_generation(case: Case, sweep: SweepResult, gate: Gate) -> None:
    responses = responses_of(sweep.measurements, case.cell)
    complete = sum(one.finish == "end-of-text" and count_sentences(one.text or "") >= 2 for one in responses)
    gate(generation_gate(complete, len(responses)), responses=responses, skipped=sweep.skipped)


@pytest.mark.declares(layer=True, strength=True, text=True)
def test_pinned_text(case: Case, sweep: SweepResult, model_snapshot: SnapshotAssertion) -> None:
    pinned = sweep.plan.scenarios[:PINNED_SCENARIOS]
    responses = [one for one in responses_of(sweep.measurements, case.cell) if one.scenario in pinned and one.variant == "original"]
    assert pinned_text(responses) == model_snapshot
