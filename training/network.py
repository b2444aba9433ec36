"""The embedded model's architecture: StarCoder's (GPTBigCode), small."""

import torch
from transformers import GPTBigCodeConfig, GPTBigCodeForCausalLM

from training.recipe import Shape


def build_network(shape: Shape, *, seed: int, end_of_text: int = 0) -> GPTBigCodeForCausalLM:
    """A network with fresh weights. Multi-query attention, no dropout: no program is seen twice.

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
    return GPTBigCodeForCausalLM._from_config(config, attn_implementation="sdpa")


def parameters(network: torch.nn.Module) -> int:
    """How many distinct weights there are: the tied output layer counts once."""
    return sum(weight.numel() for weight in network.parameters())
