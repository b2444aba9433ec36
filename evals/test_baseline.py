"""The effect is still what it was: with --baseline RUN, its change since that run, paired over scenarios."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from fixtures.gates import Gate
from harness.plugin.planning import Case
from harness.plugin.session import EvalRun

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult


@pytest.mark.declares(layer=True, strength=True, baseline=True)
def test_baseline(case: Case, run: EvalRun, sweep: "SweepResult", gate: Gate) -> None:
    gate("baseline", sweep, observed=asdict(run.before(case)))
