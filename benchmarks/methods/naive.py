"""One nnsight trace for each example and cell, the prompt run again each time; for text one trace a token, without a cache."""

from collections.abc import Sequence

import torch

from benchmarks.methods.batch import answers_of, margins_of, stacked
from benchmarks.methods.kinds import Method, Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.model.addition import residual_of, with_residual
from harness.model.generation import continuation
from harness.records import FloatArray, Positions, Prompt


def margins(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions) -> FloatArray:
    answers = answers_of(subject, prompts)
    tokens = [subject.ours.tokenizer(prompt.text)["input_ids"] for prompt in prompts]
    columns = []
    for cell in cells:
        logits = [last_logits(subject, row, cell, 0 if positions == "all" else len(row) - 1) for row in tokens]
        columns.append(margins_of(torch.cat(logits), answers))
    return stacked(columns)


def texts(subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int) -> Texts:
    tokens = [subject.ours.tokenizer(prompt.text)["input_ids"] for prompt in prompts]
    return [[_answer(subject, row, cell, positions, new_tokens) for cell in cells] for row in tokens]


def _answer(subject: Subject, prompt: Sequence[int], cell: Cell, positions: Positions, new_tokens: int) -> tuple[int, ...]:
    first = 0 if positions == "all" else len(prompt) - 1
    answer: list[int] = []
    while len(answer) < new_tokens and not set(answer[-1:]) & set(subject.ours.end_tokens):
        answer.append(int(last_logits(subject, [*prompt, *answer], cell, first).argmax()))
    return continuation(subject.ours.tokenizer, answer, subject.ours.end_tokens).tokens


def last_logits(subject: Subject, tokens: Sequence[int], cell: Cell, first: int) -> torch.Tensor:
    """Logits behind the last token, (1, vocabulary), steered from token `first` on."""
    ids = torch.tensor([list(tokens)], device=subject.ours.device)
    delta = torch.from_numpy(cell.delta).to(subject.ours.device)
    block = subject.ours.blocks[cell.layer]
    given = {"logits_to_keep": 1} if subject.ours.takes("logits_to_keep") else {}
    with torch.no_grad(), subject.ours.traced.trace(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False, **given):
        residual = residual_of(block.output).clone()
        residual[:, first:] += delta.to(residual.dtype)
        block.output = with_residual(block.output, residual)
        logits = subject.ours.traced.output.logits[:, -1].save()
    return logits.float()


NAIVE = Method(
    name="naive",
    text="one nnsight trace for each example and cell; for text one trace a token",
    margins=margins,
    texts=texts,
    batched=False,
)
