"""Plain transformers with a forward hook, batched, the prompt run again for each cell: what a good engineer writes in an hour."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from benchmarks.methods.batch import margins_under, texts_under
from benchmarks.methods.kinds import Method, Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.records import FloatArray, Positions, Prompt


@contextmanager
def steered(subject: Subject, cell: Cell, positions: Positions, *, behind: int = 1) -> Iterator[None]:
    """The plain model with a delta behind one block, as long as the context lasts.

    Args: behind, how many of the last tokens of a pass are steered at positions "generated": one where tokens come singly.
    """
    delta = torch.from_numpy(cell.delta).to(subject.ours.device)

    def add(_module: Any, _inputs: Any, output: Any) -> Any:
        residual = output[0] if isinstance(output, tuple) else output
        if positions == "all":
            changed = (residual + delta).to(residual.dtype)
        else:
            changed = residual.clone()
            changed[:, -behind:] += delta.to(residual.dtype)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = subject.blocks[cell.layer].register_forward_hook(add)
    try:
        yield
    finally:
        handle.remove()


def margins(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions) -> FloatArray:
    return margins_under(steered, subject, prompts, cells, positions)


def texts(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int) -> Texts:
    return texts_under(steered, subject, prompts, cells, positions, new_tokens)


HOOK = Method(
    name="hook", text="plain transformers with a forward hook, batched, the prompt run again for each cell", margins=margins, texts=texts
)
