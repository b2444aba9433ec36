"""Steering does not break the model: it goes on with plain code as before, and still says something about vulnerable code."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fixtures.gates import Gate
from harness.plugin.planning import Case
from harness.plugin.progress import ProgressLine
from harness.records import SteeringPlan
from harness.storage.neutral import load_neutral

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel
    from harness.model.sweep import SweepResult


@pytest.mark.declares(layer=True, strength=True, text=True)
def test_harm(case: Case, model: "LoadedModel", sweep: "SweepResult", gate: Gate, progress: ProgressLine) -> None:
    # Not at the head of the file: whoever only lists the cases should not wait for torch.
    from harness.model.perplexity import fitting_texts

    files = load_neutral()
    fitting = fitting_texts(model, [file.code for file in files])
    kept = [files[index] for index in fitting.kept]
    cell, texts, names = case.cell, [file.code for file in kept], [file.name for file in kept]
    progress(f"scoring {len(texts)} neutral files", 0, 0)
    observed: dict[str, object] = {"unsteered": losses(model, names, texts, None)}
    steered = {}
    for strength in (-cell.strength, cell.strength):
        deltas = np.tile(np.float32(strength) * sweep.whole[cell.layer], (len(texts), 1))
        plan = SteeringPlan(layer=cell.layer, positions=sweep.plan.positions, deltas=deltas)
        steered[f"{strength:g}"] = losses(model, names, texts, plan)
    gate("harm", sweep, observed={**observed, "steered": steered}, skipped=fitting.skipped)


def losses(model: "LoadedModel", names: list[str], texts: list[str], plan: SteeringPlan | None) -> dict[str, float]:
    """Mean loss a token by file, nats."""
    from harness.model.perplexity import steered_nll

    return {name: loss.nll for name, loss in zip(names, steered_nll(model, texts, plan), strict=True)}
