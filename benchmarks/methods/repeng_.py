"""repeng, as its documentation shows: a ControlModel around the model, and set_control for each strength. Batched, which favours it.

It steers every token, so it is compared at positions "all" alone.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import numpy as np
import torch

from benchmarks.methods.batch import answers_of, by_prompt, encode, forward_arguments, generated, margins_of, stacked
from benchmarks.methods.kinds import Method, Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.records import FloatArray, Positions, Prompt


def margins(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions) -> FloatArray:
    assert positions == "all", "repeng has no other positions"
    inputs, answers = encode(subject, prompts), answers_of(subject, prompts)
    given = forward_arguments(subject, inputs)
    with torch.no_grad():
        return stacked([margins_of(model(**given).logits[:, -1], answers) for model in controlled(subject, cells)])


def texts(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int) -> Texts:
    assert positions == "all", "repeng has no other positions"
    inputs = encode(subject, prompts)
    with torch.no_grad():
        sequences = [model.generate(**inputs, max_new_tokens=new_tokens) for model in controlled(subject, cells)]
    return by_prompt([generated(subject, rows, inputs) for rows in sequences])


def controlled(subject: Subject, cells: Sequence[Cell]) -> Iterator[Any]:
    """The model under each cell in turn; it is wrapped anew for each layer, since a ControlModel steers all layers it was made for."""
    for layer, of_layer in groupby(cells, key=lambda cell: cell.layer):
        with wrapped(subject, layer) as model:
            for cell in of_layer:
                vector = imported().ControlVector(subject.plain.config.model_type, {layer: cell.direction})
                model.set_control(vector, cell.strength)
                yield model


@contextmanager
def wrapped(subject: Subject, layer: int) -> Iterator[Any]:
    model = imported().ControlModel(subject.plain, [layer])
    try:
        yield model
    finally:
        model.unwrap()


def imported() -> Any:
    """The module repeng. Its annotations name np.float_, which NumPy 2 has no more, so it is there while they are read."""
    if not hasattr(np, "float_"):
        np.float_ = np.float64  # type: ignore[attr-defined]
        try:
            import repeng
        finally:
            del np.float_
        return repeng
    import repeng

    return repeng


REPENG = Method(
    name="repeng", text="repeng 0.4.0: ControlModel.set_control for each cell, batched", margins=margins, texts=texts, positions=("all",)
)
