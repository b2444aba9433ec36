"""Prompts as one batch of plain transformers, and what comes out of it. Shared by all methods but the harness' own."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from benchmarks.methods.kinds import Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.model.generation import continuation
from harness.model.tokens import answer_tokens
from harness.records import FloatArray, Positions, Prompt

Inputs = dict[str, torch.Tensor]


def encode(subject: Subject, prompts: Sequence[Prompt]) -> Inputs:
    """input_ids and attention_mask, (prompts, longest), padded on the left."""
    encoding = subject.ours.tokenizer([prompt.text for prompt in prompts], return_tensors="pt", padding=True)
    return {name: encoding[name].to(subject.ours.device) for name in ("input_ids", "attention_mask")}


def forward_arguments(subject: Subject, inputs: Inputs) -> dict[str, Any]:
    """What a single pass takes beside the tokens. Every method asks for the logits of the last token alone, where the model can do that."""
    # Without them padding on the left would shift the positions; `generate` sees to that by itself.
    positions = (inputs["attention_mask"].cumsum(dim=1) - 1).clamp(min=0)
    given: dict[str, Any] = {**inputs, "use_cache": False}
    if subject.ours.takes("position_ids"):
        given["position_ids"] = positions
    if subject.ours.takes("logits_to_keep"):
        given["logits_to_keep"] = 1
    return given


def answers_of(subject: Subject, prompts: Sequence[Prompt]) -> torch.Tensor:
    """First tokens of the answers, (prompts, 2), vulnerable and secure."""
    return torch.tensor([answer_tokens(subject.ours, prompt) for prompt in prompts], device=subject.ours.device)


def margins_of(logits: torch.Tensor, answers: torch.Tensor) -> FloatArray:
    """Margins, (rows,). Args: logits, (rows, vocabulary); answers, (rows, 2)."""
    # A difference of logits is the difference of their logarithms of probability.
    chosen = logits.float().gather(1, answers)
    margins: FloatArray = (chosen[:, 0] - chosen[:, 1]).cpu().numpy()
    return margins


def stacked(columns: Sequence[FloatArray]) -> FloatArray:
    """(prompts, cells) of one column a cell."""
    return np.stack(columns, axis=1).astype(np.float32)


def generated(subject: Subject, sequences: torch.Tensor, inputs: Inputs) -> list[tuple[int, ...]]:
    """The new tokens of each row, cut behind the first end-of-text."""
    new = sequences[:, inputs["input_ids"].shape[1] :].tolist()
    return [continuation(subject.ours.tokenizer, row, subject.ours.end_tokens).tokens for row in new]


def by_prompt(columns: Sequence[Sequence[tuple[int, ...]]]) -> Texts:
    """Texts by prompt and cell, of one column a cell."""
    return [list(of_prompt) for of_prompt in zip(*columns, strict=True)]


Steering = Callable[[Subject, Cell, Positions], AbstractContextManager[Any]]
"""Steers the plain model in one cell, as long as the context lasts."""


def margins_under(
    steering: Steering, subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions
) -> FloatArray:
    """Margins (prompts, cells), the batch being run again for each cell."""
    inputs, answers = encode(subject, prompts), answers_of(subject, prompts)
    given = forward_arguments(subject, inputs)
    columns = []
    for cell in cells:
        with torch.no_grad(), steering(subject, cell, positions):
            columns.append(margins_of(subject.plain(**given).logits[:, -1], answers))
    return stacked(columns)


def texts_under(
    steering: Steering, subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int
) -> Texts:
    """Answers by prompt and cell, the batch being generated again for each cell."""
    inputs = encode(subject, prompts)
    columns = []
    for cell in cells:
        with torch.no_grad(), steering(subject, cell, positions):
            columns.append(generated(subject, subject.plain.generate(**inputs, max_new_tokens=new_tokens), inputs))
    return by_prompt(columns)
