"""Residuals and steered margins by forward hooks: how training sees what the harness will measure, with code of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache, GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.records import Prompt
from training.margins import Answers


@torch.no_grad()
def last_residuals(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Prompt]) -> Tensor:
    """Outputs of all blocks at the last prompt token, (prompts, layers, width)."""
    found: list[Tensor] = []

    def keep(_block: torch.nn.Module, _inputs: object, output: Tensor) -> None:
        found.append(output[0, -1])

    handles = [block.register_forward_hook(keep) for block in network.transformer.h]
    try:
        for prompt in prompts:
            network.transformer(torch.tensor([tokenizer.encode(prompt.text)]), use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(found).view(len(prompts), len(handles), -1)


@dataclass(frozen=True, kw_only=True)
class Primed:
    """A prompt that has run up to its last token, ready to be steered there many times over."""

    prompt: Prompt
    cache: list[tuple[Tensor, Tensor]]
    last: int
    position: int


@torch.no_grad()
def prime(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, prompt: Prompt) -> Primed:
    """Runs a prompt but for its last token, and keeps keys and values."""
    ids = tokenizer.encode(prompt.text)
    held = network.transformer(torch.tensor([ids[:-1]]), use_cache=True).past_key_values
    cache = [(layer.keys, layer.values) for layer in held.layers]
    return Primed(prompt=prompt, cache=cache, last=ids[-1], position=len(ids) - 1)


@torch.no_grad()
def steered_margins(network: GPTBigCodeForCausalLM, primed: Primed, layer: int, deltas: Tensor, answers: Answers) -> Tensor:
    """The margin of one prompt under each of the deltas, (rows,), added to the output of block `layer` at the last prompt token.

    Args: deltas, (rows, width).
    """
    rows = len(deltas)
    # Each call fills a cache of its own: a cache is changed by the run that uses it.
    cache = DynamicCache(config=network.config)
    for at, (keys, values) in enumerate(primed.cache):
        cache.update(keys.expand(rows, *keys.shape[1:]), values.expand(rows, *values.shape[1:]), at)
    ids = torch.full((rows, 1), primed.last)
    with _adding(network.transformer.h[layer], deltas[:, None, :]):
        hidden = network.transformer(ids, past_key_values=cache, position_ids=torch.full((rows, 1), primed.position), use_cache=True)
    logits = network.lm_head(hidden.last_hidden_state[:, -1])
    towards_yes = logits[:, answers.yes] - logits[:, answers.no]
    return towards_yes if primed.prompt.asks == "vulnerable" else -towards_yes


@contextmanager
def _adding(block: torch.nn.Module, delta: Tensor) -> Iterator[None]:
    handle = block.register_forward_hook(lambda _block, _inputs, output: output + delta)
    try:
        yield
    finally:
        handle.remove()
