"""Prompts run once, all but their last token: their keys and values serve every layer, strength, direction and placebo."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import PlanError
from harness.model.engine.rows import Query
from harness.model.passes import cache_of
from harness.model.tokens import Batch, batches, pad

if TYPE_CHECKING:
    from transformers import Cache

    from harness.model.loading import LoadedModel


@dataclass(frozen=True, kw_only=True)
class Prefixes:
    """Some prompts. tokens: of each, the last one included. batch: without the last. cache: keys and values of the batch."""

    tokens: tuple[tuple[int, ...], ...]
    batch: Batch
    cache: "Cache"

    def places(self, queries: Sequence[Query]) -> list[int]:
        """Which of the prompts each row asks."""
        numbers = {tokens: number for number, tokens in enumerate(self.tokens)}
        return [numbers[query.tokens] for query in queries]

    @property
    def bytes_each(self) -> int:
        """Size of the keys and values of one prompt, padding included."""
        return cache_bytes(self.cache) // len(self.tokens)


def prefixes_of(model: "LoadedModel", prompts: Sequence[tuple[int, ...]]) -> Prefixes:
    """Runs prompts without their last tokens, in one batch.

    Raises: PlanError for a prompt of one token.
    """
    if min(map(len, prompts)) < 2:
        raise PlanError("a prompt of 1 token has nothing that rows could share; 2 are needed, or use steered_margins")
    batch = pad(model, [tokens[:-1] for tokens in prompts])
    return Prefixes(tokens=tuple(prompts), batch=batch, cache=cache_of(model, batch))


def by_prompt(queries: Sequence[Query], token_budget: int) -> list[list[Query]]:
    """Rows in batches of prompts whose padded size stays within the budget; all rows of a prompt stand in one batch, side by side."""
    of_prompt: dict[tuple[int, ...], list[Query]] = {}
    for query in queries:
        of_prompt.setdefault(query.tokens, []).append(query)
    rows = list(of_prompt.values())
    return [[query for one in batch for query in rows[one]] for batch in batches([len(tokens) for tokens in of_prompt], token_budget)]


def prompts_of(queries: Sequence[Query]) -> list[tuple[int, ...]]:
    """The prompts of some rows, each once."""
    return list(dict.fromkeys(query.tokens for query in queries))


def for_rows(cache: "Cache", places: Sequence[int] | torch.Tensor) -> "Cache":
    """A copy of a cache with one row for each of `places`, rows of the cache."""
    own = own_view(cache)
    # Indexing copies the keys and values; an index on the CPU serves every device.
    own.batch_select_indices(torch.as_tensor(places).cpu())
    return own


def own_view(cache: "Cache") -> "Cache":
    """A cache that a run may extend, over the same keys and values: a run puts longer tensors in place of them and writes into none."""
    own = copy.copy(cache)
    own.layers = [copy.copy(layer) for layer in cache.layers]
    return own


def cache_bytes(cache: "Cache") -> int:
    """Size of the keys and values in a cache."""
    layers: list[Any] = cache.layers
    return sum(int(part.nbytes) for layer in layers for part in (layer.keys, layer.values))
