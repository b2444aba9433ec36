"""steering-vectors, as its documentation shows: a SteeringVector applied to the model around each call. Batched, which favours it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from benchmarks.methods.batch import margins_under, texts_under
from benchmarks.methods.kinds import Method, Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.records import FloatArray, Positions, Prompt


def margins(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions) -> FloatArray:
    return margins_under(applied, subject, prompts, cells, positions)


def texts(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int) -> Texts:
    return texts_under(applied, subject, prompts, cells, positions, new_tokens)


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
