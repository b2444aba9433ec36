"""steering-vectors, as its documentation shows: a SteeringVector applied to the model around each call. Batched, which favours it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from benchmarks.methods.batch import answers_of, by_prompt, encode, forward_arguments, generated, margins_of, stacked
from benchmarks.methods.kinds import Method, Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.records import FloatArray, Positions, Prompt


def margins(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions) -> FloatArray:
    inputs, answers = encode(subject, prompts), answers_of(subject, prompts)
    given = forward_arguments(subject, inputs)
    columns = []
    for cell in cells:
        with torch.no_grad(), applied(subject, cell, positions):
            columns.append(margins_of(subject.plain(**given).logits[:, -1], answers))
    return stacked(columns)


def texts(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int) -> Texts:
    inputs = encode(subject, prompts)
    columns = []
    for cell in cells:
        with torch.no_grad(), applied(subject, cell, positions):
            columns.append(generated(subject, subject.plain.generate(**inputs, max_new_tokens=new_tokens), inputs))
    return by_prompt(columns)


def applied(subject: Subject, cell: Cell, positions: Positions) -> AbstractContextManager[Any]:
    """The model with the vector, at all tokens or at the last of each pass."""
    from steering_vectors import SteeringVector

    vector = SteeringVector({cell.layer: torch.from_numpy(cell.direction).to(subject.ours.device)}, "decoder_block")
    where: dict[str, Any] = {} if positions == "all" else {"min_token_index": None, "token_indices": [-1]}
    applying: AbstractContextManager[Any] = vector.apply(subject.plain, multiplier=cell.strength, **where)
    return applying


STEERING_VECTORS = Method(
    name="steering-vectors", text="steering-vectors 0.12.2: SteeringVector.apply around each call, batched", margins=margins, texts=texts
)
