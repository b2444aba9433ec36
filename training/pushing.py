"""A random vector in the residual of every question and answer, so that text holds together under a push that the model never saw.

A steering vector of a third of the residual's norm is far from anything that training shows a network. It then answers with broken
sentences, and what a reviewer reads says little. Isotropic vectors tell nothing about labels: what they teach is to go on writing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import GPTBigCodeForCausalLM

from training.branches import TRUNK, Batch

LARGEST = 0.5
"""Longest push, as a share of the residual's norm."""
FIRST_LAYER = 2
"""Steering acts on layers that have read from the code."""


@dataclass(frozen=True, kw_only=True)
class Push:
    """layer: behind whose block it is added. direction: (rows, length, width), 0 on code and padding, elsewhere of norm LARGEST at most."""

    layer: int
    direction: Tensor

    @classmethod
    def draw(cls, batch: Batch, network: GPTBigCodeForCausalLM, draw: torch.Generator) -> "Push":
        """One vector for each question of each row."""
        rows, _ = batch.segments.shape
        layer = int(torch.randint(FIRST_LAYER, network.config.n_layer, (), generator=draw))
        questions = int(batch.segments.max()) + 1
        vectors = torch.randn(rows, questions, network.config.n_embd, generator=draw)
        vectors *= LARGEST * torch.rand(rows, questions, 1, generator=draw) / vectors.norm(dim=-1, keepdim=True)
        vectors[:, TRUNK] = 0
        direction = vectors.gather(1, batch.segments.clamp(min=TRUNK)[:, :, None].expand(-1, -1, vectors.shape[-1]))
        return cls(layer=layer, direction=direction)

    @contextmanager
    def applied(self, network: GPTBigCodeForCausalLM) -> Iterator[None]:
        """Adds the vectors while the network runs."""

        def add(_block: Any, _inputs: Any, output: Tensor) -> Tensor:
            return output + (self.direction * output.detach().float().norm(dim=-1, keepdim=True)).to(output.dtype)

        hook = network.transformer.h[self.layer].register_forward_hook(add)
        try:
            yield
        finally:
            hook.remove()
