"""Hidden states come out of more than 80% of the layers, each equal to what plain transformers gives."""

from fixtures.gates import Gate
from harness.model.agreement import compare_with_transformers
from harness.model.loading import LoadedModel
from harness.model.sweep import drop_too_long
from harness.numerics.gates import ExtractionThresholds, extraction_gate
from harness.plans import SweepPlan
from harness.plugin.progress import ProgressLine
from harness.plugin.session import EvalRun
from harness.prompts import prompt_for


def test_extraction(model: LoadedModel, plan: SweepPlan, run: EvalRun, gate: Gate, progress: ProgressLine) -> None:
    fitting, skipped = drop_too_long(plan, model)
    prompts = [prompt_for(example, plan.question) for example in fitting.examples]
    progress(f"comparing the hidden states of {len(prompts)} prompts with those of transformers", 0, 0)
    report = compare_with_transformers(model, prompts)
    failures = {entry.layer: entry.cause for entry in report.layers if entry.cause}
    thresholds = ExtractionThresholds(share=run.settings.extraction_threshold)
    came_out = len(report.layers) - len(failures)
    gate(extraction_gate(came_out, len(report.layers), failures, thresholds, final_norm=report.final_norm.cause), skipped=skipped)
