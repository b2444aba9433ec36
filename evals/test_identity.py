"""What should change nothing changes nothing: strength 0, the company a row has in its batch, and the work it shares."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fixtures.gates import Gate
from harness.plans import SweepPlan
from harness.plugin.planning import Case
from harness.plugin.progress import ProgressLine
from harness.prompts import prompt_for

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


@pytest.mark.declares(layer=True)
def test_identity(case: Case, model: "LoadedModel", plan: SweepPlan, gate: Gate, progress: ProgressLine) -> None:
    # Not at the head of the file: whoever only lists the cases should not wait for torch.
    from harness.model.identity import identity_checks
    from harness.model.sweep import drop_too_long

    fitting, skipped = drop_too_long(plan, model)
    prompts = [prompt_for(example, plan.question) for example in fitting.examples]
    assert case.layer is not None
    progress(f"running {len(prompts)} prompts together, alone and sharing work", 0, 0)
    checks = identity_checks(model, prompts, case.layer, np.random.default_rng(plan.seed))
    gate("identity", observed=[asdict(check) for check in checks], model=model.fingerprint, skipped=skipped)
