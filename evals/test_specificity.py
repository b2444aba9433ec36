"""The direction of a CWE acts on that CWE: more than the directions of the other CWEs do."""

import pytest

from fixtures.gates import Gate
from fixtures.runs import Sweeper
from harness.plugin.planning import Case
from harness.plugin.session import EvalRun


@pytest.mark.declares(layer=True, strength=True, transfer=True)
def test_specificity(case: Case, run: EvalRun, sweep_of: Sweeper, gate: Gate) -> None:
    sweeps = {cwe: sweep_of(group) for cwe, group in run.planner.family(run.plans, case).items()}
    gate("specificity", sweeps=sweeps, observed={"fit": run.settings.fit}, model=sweeps[case.cwe].model, skipped=sweeps[case.cwe].skipped)
