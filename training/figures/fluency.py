"""Perplexity on plain code that was never trained on: this project's own Python, and the patched C files of the embedded corpus."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import bootstrap
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
    interval = bootstrap(
        (losses, tokens), _of_files, paired=True, vectorized=True, n_resamples=1000, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    return {
        "files": len(tokens),
        "value": float(_of_files(np.array(losses), np.array(tokens))),
        "low": float(interval.low),
        "high": float(interval.high),
    }


def _of_files(losses: NDArray[np.float64], tokens: NDArray[np.int_], axis: int = -1) -> NDArray[np.float64]:
    return np.exp(losses.sum(axis) / tokens.sum(axis))
