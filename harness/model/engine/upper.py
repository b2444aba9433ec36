"""Rows steered at all tokens of the prompt: what lies below the steered layer is run once for a prompt and skipped afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from harness.model.addition import Addition, Change, following, measure, residual_of, with_residual
from harness.model.engine.prefixes import for_rows, own_view, prompts_of
from harness.model.engine.rows import Pass, Query, additions_of
from harness.model.passes import Outcome, forward_inputs, generate
from harness.model.tokens import Batch, pad
from harness.records import Positions

if TYPE_CHECKING:
    from transformers import Cache

    from harness.model.loading import LoadedModel


@dataclass(frozen=True, kw_only=True)
class Lower:
    """Prompts run unsteered. outputs: of the blocks that rows are steered at, by layer. logits: (prompts, vocabulary), float32. cache: keys
    and values of all tokens, None where no answer is asked for."""

    tokens: tuple[tuple[int, ...], ...]
    batch: Batch
    outputs: dict[int, Any]
    logits: torch.Tensor
    cache: "Cache | None"

    def places(self, queries: Sequence[Query]) -> torch.Tensor:
        """Which of the prompts each row asks, (rows,), int64."""
        numbers = {tokens: number for number, tokens in enumerate(self.tokens)}
        return torch.tensor([numbers[query.tokens] for query in queries], device=self.batch.ids.device)


def run_lower(model: "LoadedModel", queries: Sequence[Query]) -> Lower:
    """One pass over the prompts of some rows, whole, that keeps what the rows need."""
    prompts = prompts_of(queries)
    batch, answers = pad(model, prompts), any(query.new_tokens is not None for query in queries)
    outputs: dict[int, Any] = {}
    with torch.no_grad(), model.traced.trace(**{**forward_inputs(model, batch), "use_cache": answers}):
        for layer in steered_layers(queries):
            outputs[layer] = model.blocks[layer].output
        output = model.traced.output.save()
    logits = output.logits[:, -1].float()
    return Lower(tokens=tuple(prompts), batch=batch, outputs=outputs, logits=logits, cache=output.past_key_values if answers else None)


def steered_layers(queries: Sequence[Query]) -> list[int]:
    return sorted({query.layer for query in queries if query.layer is not None})


def ask_above(model: "LoadedModel", lower: Lower, queries: Sequence[Query], positions: Positions, token_budget: int) -> Iterator[Pass]:
    """Passes over rows of some prompts. Returns: as harness.model.engine.queries.ask."""
    for rows in portions(queries, max(1, token_budget // lower.batch.ids.shape[1])):
        additions = additions_of(model, rows, positions)
        above = run_above(model, lower, rows, additions, None)
        yield Pass(rows=rows, outcome=Outcome(logits=above.logits, generated=None, changes=above.changes), additions=additions)


def answer_above(
    model: "LoadedModel", lower: Lower, queries: Sequence[Query], positions: Positions, new_tokens: int, token_budget: int
) -> Iterator[Pass]:
    """Greedy answers to rows of some prompts. Returns: as harness.model.engine.queries.ask."""
    for rows in portions(queries, max(1, token_budget // (lower.batch.ids.shape[1] + new_tokens))):
        additions = additions_of(model, rows, positions)
        above = run_above(model, lower, rows, additions, lower.cache)
        said, changes = above.logits.argmax(dim=-1)[:, None].cpu(), above.changes  # (rows, 1)
        if new_tokens > 1:
            rest = continue_above(model, lower, rows, positions, said, above, new_tokens - 1)
            assert rest.generated is not None, "new tokens were asked for"
            said, changes = torch.cat([said, rest.generated], dim=1), (*changes, *rest.changes)
        yield Pass(rows=rows, outcome=Outcome(logits=above.logits, generated=said, changes=changes), additions=additions)


def continue_above(
    model: "LoadedModel",
    lower: Lower,
    rows: Sequence[Query],
    positions: Positions,
    first: torch.Tensor,
    above: "Above",
    new_tokens: int,
) -> Outcome:
    """The answers behind their first tokens. Args: first, (rows, 1)."""
    tokens = [(*query.tokens, token) for query, token in zip(rows, first[:, 0].tolist(), strict=True)]
    # Padded as the prompts are, so that the mask fits the cache.
    batch = pad(model, tokens, longest=lower.batch.ids.shape[1] + 1)
    # The prompt is cached as it was steered; what is left to steer is what comes behind it.
    left = additions_of(model, rows, "generated") if positions == "all" else ()
    return generate(model, batch, left, new_tokens, above.cache)


def portions(queries: Sequence[Query], width: int) -> Iterator[list[Query]]:
    """Rows of one layer, or unsteered ones, at most `width` at once."""
    for layer in (None, *steered_layers(queries)):
        of_layer = [query for query in queries if query.layer == layer]
        for start in range(0, len(of_layer), width):
            yield of_layer[start : start + width]


@dataclass(frozen=True, kw_only=True)
class Above:
    """Rows behind the last token of their prompts. logits: (rows, vocabulary), float32. changes: none of unsteered rows. cache: keys and
    values of the rows, None where they are not wanted."""

    logits: torch.Tensor
    changes: tuple[Change, ...]
    cache: "Cache | None"


def run_above(model: "LoadedModel", lower: Lower, rows: Sequence[Query], additions: Sequence[Addition], below: "Cache | None") -> Above:
    """One pass through what lies above the steered layer; unsteered rows have been run with the prompts.

    Args: additions, one, or none for unsteered rows; below, keys and values of the prompts where those of the rows are wanted.
    """
    places = lower.places(rows)
    if not additions:
        cache = None if below is None else for_rows(below, places)
        return Above(logits=lower.logits[places.to(lower.logits.device)], changes=(), cache=cache)
    (addition,) = additions
    batch = Batch(ids=lower.batch.ids[places], mask=lower.batch.mask[places], positions=lower.batch.positions[places])
    output = lower.outputs[addition.layer]
    residual = residual_of(output)[places.to(residual_of(output).device)]  # (rows, tokens, d_model)
    before = residual.float()
    reached = addition.reaches(batch.mask).to(before.device)  # (rows, tokens)
    planned = addition.deltas.to(before.device)[:, None, :] * reached[:, :, None]
    steered = with_residual(output, (before + planned).to(residual.dtype))
    with torch.no_grad(), model.traced.trace(**{**forward_inputs(model, batch), "use_cache": below is not None}):
        for block in model.blocks[: addition.layer + 1]:
            block.skip(steered)
        carried = following(model, addition.layer).input.save()
        found = model.traced.output.save()
    cache = None if below is None else joined(below, found.past_key_values, addition.layer + 1, places)
    return Above(logits=found.logits[:, -1].float(), changes=(measure(before, carried, addition, reached),), cache=cache)


def joined(lower: "Cache", upper: "Cache", layers: int, places: torch.Tensor) -> "Cache":
    """The cache of rows whose first layers were skipped. Args: layers, how many; places, (rows,), their places in the lower cache."""
    own, below = own_view(upper), own_view(lower)
    below.layers = below.layers[:layers]
    own.layers = [*for_rows(below, places).layers, *own.layers[layers:]]
    return own
