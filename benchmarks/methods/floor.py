"""What no method can go below: the unsteered model, batched, in plain transformers, with the tokens ready beforehand."""

from collections.abc import Callable, Sequence

import torch

from benchmarks.methods.batch import answers_of, encode, forward_arguments, margins_of
from benchmarks.models import Subject
from harness.records import FloatArray, Prompt

ROWS = 128
"""Rows that one call of `generate` takes at most: keys and values of more would not fit a small machine."""


def margins(subject: Subject, prompts: Sequence[Prompt]) -> FloatArray:
    """Margins of the unsteered model, (prompts,), for the check that it is the same model."""
    inputs = encode(subject, prompts)
    with torch.no_grad():
        return margins_of(subject.plain(**forward_arguments(subject, inputs)).logits[:, -1], answers_of(subject, prompts))


def one_pass(subject: Subject, prompts: Sequence[Prompt]) -> Callable[[], None]:
    """One forward pass over all prompts in one batch, to be called and timed."""
    given = forward_arguments(subject, encode(subject, prompts))

    def run() -> None:
        with torch.no_grad():
            subject.plain(**given)

    return run


def hidden_states(subject: Subject, prompts: Sequence[Prompt]) -> Callable[[], list[torch.Tensor]]:
    """The residual of every layer at the last token, out of transformers' own hidden states."""
    given = forward_arguments(subject, encode(subject, prompts))

    def run() -> list[torch.Tensor]:
        with torch.no_grad():
            states = subject.plain(**given, output_hidden_states=True).hidden_states
        return [state[:, -1].float().cpu() for state in states[1:]]

    return run


def generation(subject: Subject, prompts: Sequence[Prompt], copies: int, new_tokens: int) -> Callable[[], None]:
    """Unsteered greedy generation of `copies` rows of each prompt."""
    inputs = encode(subject, prompts)
    at_once = max(1, ROWS // len(prompts))
    shares = [min(at_once, copies - start) for start in range(0, copies, at_once)]
    batches = [{name: value.repeat_interleave(share, dim=0) for name, value in inputs.items()} for share in shares]

    def run() -> None:
        with torch.no_grad():
            for batch in batches:
                subject.plain.generate(**batch, max_new_tokens=new_tokens)

    return run
