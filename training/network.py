"""The embedded model's architecture: StarCoder's (GPTBigCode), small."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from transformers import GPTBigCodeConfig, GPTBigCodeForCausalLM

from training.recipe import Shape

SPACE = "Ġ"  # how byte-level BPE writes a space


def build_network(shape: Shape, *, seed: int, end_of_text: int = 0, vocabulary: Mapping[str, int] | None = None) -> GPTBigCodeForCausalLM:
    """A network with fresh weights. Multi-query attention, no dropout: no program is seen twice.

    The weights are not wholly random, since there is little training to find these by: positions begin as sinusoids, two heads of each
    layer begin by looking at tokens like their own, and with `vocabulary` a word begins much the same with a space before it and without.
    Raises: ValueError where the width is no multiple of the heads (from transformers).
    """
    torch.manual_seed(seed)
    config = GPTBigCodeConfig(
        vocab_size=shape.vocabulary,
        n_positions=shape.context,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        multi_query=True,
        attn_pdrop=0.0,
        embd_pdrop=0.0,
        resid_pdrop=0.0,
        bos_token_id=end_of_text,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
    )
    network = GPTBigCodeForCausalLM._from_config(config, attn_implementation="sdpa")
    with torch.no_grad():
        _sinusoidal_positions(network.transformer.wpe.weight)
        for block in network.transformer.h:
            _heads_that_match(block.attn.c_attn.weight, shape)
        if vocabulary:
            _words_with_and_without_space(network.transformer.wte.weight, vocabulary)
    return network


def _sinusoidal_positions(weight: Tensor) -> None:
    """Sines and cosines over half of the dimensions, turned at random so that they don't keep to fixed coordinates."""
    context, width = weight.shape
    rates = context ** (-torch.arange(width // 4) / (width // 4))
    angles = torch.arange(context)[:, None] * rates  # (positions, width / 4)
    turn = torch.linalg.qr(torch.randn(width, width)).Q[: 2 * len(rates)]
    weight.copy_(0.04 * torch.cat([angles.sin(), angles.cos()], dim=1) @ turn)


def _heads_that_match(weight: Tensor, shape: Shape) -> None:
    """Queries of two heads that equal the keys, so that like tokens find each other. weight: queries of all heads, keys, values."""
    size = shape.width // shape.heads
    key = torch.randn(size, shape.width) / math.sqrt(shape.width)
    weight[shape.width : shape.width + size] = key
    for head, much in enumerate((1.0, 0.6)):
        weight[head * size : (head + 1) * size] = much * key + 0.02 * torch.randn_like(key)


def _words_with_and_without_space(weight: Tensor, vocabulary: Mapping[str, int]) -> None:
    space = 0.015 * torch.randn(weight.shape[1])
    for token, at in vocabulary.items():
        bare = vocabulary.get(token.removeprefix(SPACE), at)
        if bare != at:
            weight[at] = 0.9 * weight[bare] + 0.3 * weight[at] + space


def parameters(network: torch.nn.Module) -> int:
    """How many distinct weights there are: the tied output layer counts once."""
    return sum(weight.numel() for weight in network.parameters())
