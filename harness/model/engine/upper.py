"""Rows steered at all tokens of the prompt: what lies below the steered layer is run once for a prompt and skipped afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from harness.model.addition import Addition, following, measure, residual_of, with_residual
from harness.model.engine.rows import Pass, Query, additions_of
from harness.model.passes import Outcome, forward_inputs
from harness.model.tokens import Batch, pad
from harness.records import Positions

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


@dataclass(frozen=True, kw_only=True)
class Lower:
    """Prompts run unsteered. outputs: of the blocks that rows are steered at, by layer. logits: (prompts, vocabulary), float32."""

    tokens: tuple[tuple[int, ...], ...]
    batch: Batch
    outputs: dict[int, Any]
    logits: torch.Tensor


def run_lower(model: "LoadedModel", prompts: Sequence[tuple[int, ...]], layers: Sequence[int]) -> Lower:
    """One pass over the prompts, whole. Args: layers, whose outputs are kept."""
    batch = pad(model, prompts)
    outputs: dict[int, Any] = {}
    with torch.no_grad(), model.traced.trace(**forward_inputs(model, batch)):
        for layer in sorted(layers):
            outputs[layer] = model.blocks[layer].output
        logits = model.traced.output.logits[:, -1].float().save()
    return Lower(tokens=tuple(prompts), batch=batch, outputs=outputs, logits=logits)


def ask_above(model: "LoadedModel", queries: Sequence[Query], positions: Positions, token_budget: int) -> Iterator[Pass]:
    """Passes over rows of some prompts. Returns: as harness.model.engine.queries.ask."""
    layers = sorted({query.layer for query in queries if query.layer is not None})
    lower = run_lower(model, list(dict.fromkeys(query.tokens for query in queries)), layers)
    place = {tokens: number for number, tokens in enumerate(lower.tokens)}
    unsteered = [query for query in queries if query.layer is None]
    if unsteered:
        logits = lower.logits[[place[query.tokens] for query in unsteered]]
        yield Pass(rows=unsteered, outcome=Outcome(logits=logits, generated=None, changes=()), additions=())
    width = max(1, token_budget // lower.batch.ids.shape[1])
    for layer in layers:
        of_layer = [query for query in queries if query.layer == layer]
        for start in range(0, len(of_layer), width):
            rows = of_layer[start : start + width]
            (addition,) = additions_of(model, rows, positions)
            outcome = run_upper(model, lower, [place[query.tokens] for query in rows], addition)
            yield Pass(rows=rows, outcome=outcome, additions=(addition,))


def run_upper(model: "LoadedModel", lower: Lower, places: Sequence[int], addition: Addition) -> Outcome:
    """One pass through what lies above the steered layer. Args: places, for each row its prompt's number."""
    chosen = torch.tensor(places, device=lower.batch.ids.device)
    batch = Batch(ids=lower.batch.ids[chosen], mask=lower.batch.mask[chosen], positions=lower.batch.positions[chosen])
    output = lower.outputs[addition.layer]
    residual = residual_of(output)[chosen.to(residual_of(output).device)]  # (rows, tokens, d_model)
    before = residual.float()
    reached = addition.reaches(batch.mask).to(before.device)  # (rows, tokens)
    planned = addition.deltas.to(before.device)[:, None, :] * reached[:, :, None]
    steered = with_residual(output, (before + planned).to(residual.dtype))
    with torch.no_grad(), model.traced.trace(**forward_inputs(model, batch)):
        for block in model.blocks[: addition.layer + 1]:
            block.skip(steered)
        carried = following(model, addition.layer).input.save()
        logits = model.traced.output.logits[:, -1].float().save()
    return Outcome(logits=logits, generated=None, changes=(measure(before, carried, addition, reached),))
