"""Perplexity on plain code that was never trained on: this project's own Python, and the patched C files of the embedded corpus."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.storage.datasets import load_dataset

HARNESS = Path(__file__).resolve().parents[2] / "harness"


def fluency(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase) -> list[dict[str, Any]]:
    """Perplexity a token with a 95% interval over files."""
    python = [path.read_text(encoding="utf-8") for path in sorted(HARNESS.rglob("*.py"))]
    c = [one.code for one in load_dataset("verified") if one.language == "c" and one.label == "patched"]
    return [
        {"code": "Python of this project", **_perplexity(network, tokenizer, python)},
        {"code": "C of the embedded corpus", **_perplexity(network, tokenizer, c)},
    ]


@torch.no_grad()
def _perplexity(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> dict[str, Any]:
    """Each file up to the length of the context."""
    losses, tokens = [], []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(text)[: network.config.n_positions]])
        if ids.shape[1] > 1:
            logits = network(ids, use_cache=False).logits[0, :-1]
            losses.append(float(cross_entropy(logits, ids[0, 1:], reduction="sum")))
            tokens.append(ids.shape[1] - 1)
    rng = np.random.default_rng(0)
    picks = rng.integers(len(tokens), size=(1000, len(tokens)))
    drawn = np.exp(np.array(losses)[picks].sum(1) / np.array(tokens)[picks].sum(1))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"files": len(tokens), "value": math.exp(sum(losses) / sum(tokens)), "low": float(low), "high": float(high)}
