"""Residuals and steered margins of many short prompts of one length, in few large passes.

A plain hook instead of the product's traces: thousands of rows a replicate, hundreds of replicates. A test holds that both give the
same margins.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from harness.calibration.planted import CWE, Planted, tokenizer
from harness.errors import PlanError
from harness.numerics.pairs import Float64Array
from harness.prompts import build_prompt

ROWS = 4096
"""Rows of one pass; each holds a cache of a few kilobytes."""


def token_ids(codes: Sequence[str]) -> torch.Tensor:
    """The prompts about some code, (codes, tokens), int64. Raises: PlanError for prompts of several lengths."""
    rows = [tokenizer().encode(build_prompt(code=code, language="c", cwe=CWE).text).ids for code in codes]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1:
        raise PlanError(f"prompts of {lengths} tokens don't fit one batch without padding; give code of one length")
    return torch.tensor(rows)


def last_residuals(planted: Planted, ids: torch.Tensor, layer: int) -> Float64Array:
    """Output of a block at the last token: (prompts, WIDTH)."""
    seen: list[torch.Tensor] = []

    def look(residual: torch.Tensor) -> torch.Tensor:
        seen.append(residual[:, -1])
        return residual

    with torch.no_grad(), _at_block(planted, layer, look):
        planted.module(ids)
    return np.asarray(seen[0].double().numpy())


def steered_margins(planted: Planted, ids: torch.Tensor, layer: int, deltas: Float64Array) -> Float64Array:
    """Margins of every prompt under every delta added at its last token.

    Args: ids (prompts, tokens); deltas (prompts, rows, WIDTH). Returns: (prompts, rows), logits.
    """
    at_once = max(1, ROWS // deltas.shape[1])
    parts = [
        _margins(planted, ids[start : start + at_once], layer, deltas[start : start + at_once]) for start in range(0, len(ids), at_once)
    ]
    return np.concatenate(parts)


def _margins(planted: Planted, ids: torch.Tensor, layer: int, deltas: Float64Array) -> Float64Array:
    prompts, rows, width = deltas.shape
    added = torch.tensor(deltas.reshape(prompts * rows, 1, width), dtype=torch.float32)
    with torch.no_grad():
        cache = copy.deepcopy(planted.module(ids[:, :-1], use_cache=True).past_key_values)
        cache.batch_repeat_interleave(rows)
        last = ids[:, -1:].repeat_interleave(rows, dim=0)
        with _at_block(planted, layer, lambda residual: residual + added):
            logits = planted.module(last, past_key_values=cache, use_cache=True).logits[:, -1]  # (prompts * rows, vocabulary)
    margins = logits[:, planted.answers.vulnerable] - logits[:, planted.answers.secure]
    return np.asarray(margins.double().numpy().reshape(prompts, rows))


@contextmanager
def _at_block(planted: Planted, layer: int, change: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    transformer: Any = planted.module.transformer

    def hook(_block: Any, _inputs: Any, output: Any) -> Any:
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    handle = transformer.h[layer].register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
