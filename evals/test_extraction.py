"""Hidden states come out of more than 80% of the layers, each equal to what plain transformers gives."""

from typing import TYPE_CHECKING

from fixtures.gates import Gate
from harness.plans import SweepPlan
from harness.plugin.progress import ProgressLine
from harness.prompts import prompt_for

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


def test_extraction(model: "LoadedModel", plan: SweepPlan, gate: Gate, progress: ProgressLine) -> None:
    # Not at the head of the file: whoever only lists the cases should not wait for torch.
    from harness.model.agreement import compare_with_transformers
    from harness.model.sweep import drop_too_long

    fitting, skipped = drop_too_long(plan, model)
    prompts = [prompt_for(example, plan.question) for example in fitting.examples]
    progress(f"comparing the hidden states of {len(prompts)} prompts with those of transformers", 0, 0)
    report = compare_with_transformers(model, prompts)
    failures = {entry.layer: entry.cause for entry in report.layers if entry.cause}
    observed = {"layers": len(report.layers), "failures": failures, "final_norm": report.final_norm.cause}
    gate("extraction", observed=observed, model=model.fingerprint, skipped=skipped)
