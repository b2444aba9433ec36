"""The harness' own engine: all cells of all prompts given at once. This module is the only one of the benchmark that calls it."""

from collections.abc import Sequence

import numpy as np

from benchmarks.methods.kinds import Method, Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.model.engine.measuring import measure_answers, measure_margins
from harness.model.engine.rows import SteeredRow
from harness.records import FloatArray, Positions, Prompt


def margins(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions) -> FloatArray:
    found = measure_margins(subject.ours, rows_of(prompts, cells), positions)
    return np.array([one.margin for one in found], dtype=np.float32).reshape(len(prompts), len(cells))


def texts(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int) -> Texts:
    found = iter(measure_answers(subject.ours, rows_of(prompts, cells), positions, new_tokens))
    return [[next(found).tokens for _ in cells] for _ in prompts]


def unsteered(subject: Subject, prompts: Sequence[Prompt]) -> FloatArray:
    """Margins of the model as it is, (prompts,)."""
    found = measure_margins(subject.ours, [SteeredRow(prompt=prompt) for prompt in prompts], "generated")
    return np.array([one.margin for one in found], dtype=np.float32)


def rows_of(prompts: Sequence[Prompt], cells: Sequence[Cell]) -> list[SteeredRow]:
    """Every prompt with every cell, prompt by prompt."""
    deltas = [cell.delta for cell in cells]
    return [
        SteeredRow(prompt=prompt, layer=cell.layer, delta=delta) for prompt in prompts for cell, delta in zip(cells, deltas, strict=True)
    ]


OURS = Method(name="ours", text="the harness' engine, all cells at once", margins=margins, texts=texts, recomputes=False)
