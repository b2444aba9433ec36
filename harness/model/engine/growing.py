"""Answers as parallel query tokens: those of one prompt grow side by side over its one cache, so no row copies the prompt's keys.

Each pass takes one token of every answer. Its keys and values stand behind the prompt's, those of all answers of the prompt mixed, and a
mask lets each answer see the prompt and its own tokens alone.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from harness.model.addition import Change, add_to_tokens
from harness.model.engine.prefixes import Prefixes, cache_bytes, own_view
from harness.model.engine.queries import FILLER, at_once, give_masks, grids, masks_of, parallel_inputs
from harness.model.engine.rows import Pass, Query, additions_of
from harness.model.passes import Outcome

if TYPE_CHECKING:
    from transformers import Cache

    from harness.model.loading import LoadedModel

MOST_TOKENS = 1024
"""Tokens of all answers of one prompt: each looks past those of all the others."""


def grow_answers(model: "LoadedModel", prefixes: Prefixes, queries: Sequence[Query], new_tokens: int, byte_budget: int) -> Iterator[Pass]:
    """Greedy answers over the prompts' shared cache, in as few runs as the budget allows. Returns: as harness.model.engine.queries.ask."""
    for grid in grids(model, prefixes, queries, side_by_side(model, prefixes, new_tokens, byte_budget)):
        growth = Growth(model, prefixes, grid)
        first = growth.step()
        while growth.length < new_tokens and not growth.ended:
            growth.step()
        outcome = Outcome(logits=first, generated=growth.answers.cpu(), changes=tuple(growth.changes))
        yield Pass(rows=grid, outcome=outcome, additions=growth.additions)


def side_by_side(model: "LoadedModel", prefixes: Prefixes, new_tokens: int, byte_budget: int) -> int:
    """How many answers to each prompt one run may give."""
    each = cache_bytes(prefixes.cache) // prefixes.batch.ids.shape[1] * new_tokens
    return max(1, min(at_once(model, prefixes, byte_budget), byte_budget // each, MOST_TOKENS // new_tokens))


class Growth:
    """The answers to a grid of rows, as many of each prompt, one token longer with each step."""

    def __init__(self, model: "LoadedModel", prefixes: Prefixes, grid: Sequence[Query]) -> None:
        self.additions = additions_of(model, grid, "generated")
        self.changes: list[Change] = []
        self._model, self._prefixes = model, prefixes
        self._cache = forgetting_nothing(prefixes.cache)
        last = torch.tensor([[tokens[-1], len(tokens) - 1] for tokens in prefixes.tokens], device=model.device)  # (prompts, 2)
        self._positions = last[:, 1:]
        self._tokens = [last[:, :1].repeat(1, len(grid) // len(prefixes.tokens))]
        self._ends = torch.tensor(model.end_tokens, device=model.device)
        self._left = torch.tensor([query.number != FILLER for query in grid], device=model.device)

    @property
    def length(self) -> int:
        """Tokens of each answer so far."""
        return len(self._tokens) - 1

    @property
    def answers(self) -> torch.Tensor:
        """(rows, tokens), int64; whatever follows an end-of-text token in a row means nothing."""
        return torch.stack(self._tokens[1:], dim=-1).flatten(0, 1)

    @property
    def ended(self) -> bool:
        """Whether every answer has come to its end."""
        return not bool(self._left.any())

    def step(self) -> torch.Tensor:
        """One pass, which gives every answer its next token. Returns: the logits it was chosen by, (rows, vocabulary), float32."""
        ids = self._tokens[-1]  # (prompts, answers)
        masks = masks_of(self._model, self._prefixes, ids.shape[1], self.length)
        inputs = parallel_inputs(self._model, ids, self._positions + self.length, self._cache, masks)
        with torch.no_grad(), self._model.traced.trace(**inputs):
            give_masks(self._model, masks)
            for addition in self.additions:
                self.changes.append(add_to_tokens(self._model, addition))
            output = self._model.traced.output.logits.save()
        logits: torch.Tensor = output.flatten(0, 1)
        chosen = logits.argmax(dim=-1).to(ids.device)
        self._left &= ~torch.isin(chosen, self._ends)
        self._tokens.append(chosen.view_as(ids))
        return logits.float()


def forgetting_nothing(cache: "Cache") -> "Cache":
    """As own_view, with layers that keep every key even where a window slides: what lies outside is for the mask to hide, since the
    answers' mixed keys would push those of the prompt out too soon."""
    own = own_view(cache)
    own.layers = [_unbounded(layer) if isinstance(layer, DynamicSlidingWindowLayer) else layer for layer in own.layers]
    return own


def _unbounded(layer: Any) -> DynamicLayer:
    kept = DynamicLayer()  # type: ignore[no-untyped-call]
    kept.lazy_initialization(layer.keys, layer.values)
    kept.keys, kept.values = layer.keys, layer.values
    return kept
