"""Two models on the same scenarios, paired: with --model A --model B, how much further steering moves the first than the second."""

import pytest

from fixtures.gates import Gate
from fixtures.runs import Sweeper
from harness.plugin.planning import Case


@pytest.mark.declares(layer=True, strength=True, rival=True)
def test_comparison(case: Case, sweep_of: Sweeper, gate: Gate) -> None:
    first, second = sweep_of(case.group_id), sweep_of(case.rival_group_id)
    gate("comparison", sweeps={"first": first, "second": second}, model=first.model, skipped=[*first.skipped, *second.skipped])
