"""Rows over one prompt as parallel query tokens: each is the prompt's last token, sees the prompt and itself, and none of the others.

The last token of a prompt is asked R times at once over the cache of all tokens before it. A mask of its own keeps the R apart, all stand
at the position of the last token, and each has its own layer and delta. So R variants cost R tokens and not R prompts. Up to the lowest
steered layer all queries of a prompt are the same, so there one is run and stands for all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from harness.model.addition import Change, add_to_tokens, residual_of, with_residual
from harness.model.engine.prefixes import Prefixes, own_view
from harness.model.engine.rows import Pass, Query, additions_of
from harness.model.passes import Outcome

if TYPE_CHECKING:
    from transformers import Cache

    from harness.model.loading import LoadedModel

Masks = torch.Tensor | dict[str, torch.Tensor]
"""One mask for all layers, or one for each type of layer."""
FILLER = -1
MOST_AT_ONCE = 256
"""Query tokens of one prompt in one pass: each looks past all the others, which costs their number squared."""


def ask(model: "LoadedModel", prefixes: Prefixes, queries: Sequence[Query], byte_budget: int) -> Iterator[Pass]:
    """Passes over the prompts' shared cache, as few as the budget allows.

    Returns: for each pass its rows and what they gave, fillers of `grids` among them.
    """
    for grid in grids(model, prefixes, queries, at_once(model, prefixes, byte_budget)):
        yield one_pass(model, prefixes, grid)


def grids(model: "LoadedModel", prefixes: Prefixes, queries: Sequence[Query], width: int) -> Iterator[list[Query]]:
    """Rows in grids of as many rows of each prompt, at most `width`, prompt by prompt.

    Where a prompt has fewer rows than another, rows with the number FILLER stand in, unsteered; what they gave is not asked for.
    """
    of_prompt: list[list[Query]] = [[] for _ in prefixes.tokens]
    # High layers together: what lies below the lowest of a pass is skipped.
    ordered = sorted(queries, key=lambda query: len(model.blocks) if query.layer is None else query.layer)
    for place, query in zip(prefixes.places(ordered), ordered, strict=True):
        of_prompt[place].append(query)
    filler = replace(queries[0], number=FILLER, layer=None, delta=None)
    for start in range(0, max(map(len, of_prompt)), width):
        slots = [rows[start : start + width] for rows in of_prompt]
        most = max(map(len, slots))
        yield [query for rows in slots for query in (*rows, *[filler] * (most - len(rows)))]


def at_once(model: "LoadedModel", prefixes: Prefixes, byte_budget: int) -> int:
    """How many query tokens of each prompt one pass may ask."""
    prompts, tokens = prefixes.batch.ids.shape
    vocabulary = model.module.get_input_embeddings().weight.shape[0]
    # Logits in the model's type and in float32, and a row of the mask.
    each = prompts * (vocabulary * (model.dtype.itemsize + 4) + (tokens + MOST_AT_ONCE) * model.dtype.itemsize)
    return int(max(1, min(MOST_AT_ONCE, byte_budget // each)))


def one_pass(model: "LoadedModel", prefixes: Prefixes, grid: list[Query]) -> Pass:
    """One pass of (prompts * queries) tokens; the grid holds as many rows of each prompt."""
    width = len(grid) // len(prefixes.tokens)
    additions = additions_of(model, grid, "generated")
    lowest = additions[0].layer if additions else None
    same = None if lowest is None or width == 1 else unsteered_output(model, prefixes, lowest, width)
    inputs, masks = query_inputs(model, prefixes, width)
    changes: list[Change] = []
    with torch.no_grad(), model.traced.trace(**inputs):
        give_masks(model, masks)
        for block in model.blocks[: 0 if same is None or lowest is None else lowest + 1]:
            block.skip(same)
        for addition in additions:
            changes.append(add_to_tokens(model, addition))
        logits = model.traced.output.logits.save()
    flat = logits.reshape(len(grid), -1).float()
    return Pass(rows=grid, outcome=Outcome(logits=flat, generated=None, changes=tuple(changes)), additions=additions)


def unsteered_output(model: "LoadedModel", prefixes: Prefixes, layer: int, width: int) -> Any:
    """What a block gives for the last token of each prompt, as its output for `width` queries that are all alike."""
    inputs, masks = query_inputs(model, prefixes, 1)
    outputs: list[Any] = []
    with torch.no_grad(), model.traced.trace(**inputs) as tracer:
        give_masks(model, masks)
        outputs.append(model.blocks[layer].output)
        tracer.stop()
    (output,) = outputs
    return with_residual(output, residual_of(output).expand(-1, width, -1).clone())


def query_inputs(model: "LoadedModel", prefixes: Prefixes, width: int) -> tuple[dict[str, Any], Masks]:
    """`width` queries of each prompt as arguments of the model's forward, and their masks: among the arguments where layer types agree."""
    last = torch.tensor([[tokens[-1], len(tokens) - 1] for tokens in prefixes.tokens], device=model.device)  # (prompts, 2)
    masks = masks_of(model, prefixes, width)
    return parallel_inputs(model, last[:, :1].repeat(1, width), last[:, 1:], own_view(prefixes.cache), masks), masks


def parallel_inputs(model: "LoadedModel", ids: torch.Tensor, positions: torch.Tensor, cache: "Cache", masks: Masks) -> dict[str, Any]:
    """Query tokens as arguments of the model's forward. Args: ids, (prompts, queries); positions, (prompts, 1), of all queries."""
    inputs: dict[str, Any] = {"input_ids": ids, "past_key_values": cache, "use_cache": True}
    if model.takes("position_ids"):
        inputs["position_ids"] = positions.expand_as(ids)
    if model.takes("logits_to_keep"):
        inputs["logits_to_keep"] = 0
    if isinstance(masks, torch.Tensor):
        inputs["attention_mask"] = masks
    return inputs


def give_masks(model: "LoadedModel", masks: Masks) -> None:
    """Hands a mask for each layer type to the model below its head; nnsight makes a tensor of what a call is given. Inside a trace."""
    if isinstance(masks, torch.Tensor):
        return
    decoder = getattr(model.traced, model.module.base_model_prefix)
    arguments, named = decoder.inputs
    decoder.inputs = (arguments, {**named, "attention_mask": masks})


def masks_of(model: "LoadedModel", prefixes: Prefixes, width: int, step: int = 0) -> Masks:
    """Which keys each query sees: (prompts, 1, queries, kept keys + queries * (step + 1)), 0 or the lowest number; one for each type of
    layer.

    Args: step, how many tokens of its own each query has behind it, whose keys stand behind the prompt's, those of all queries mixed.
    """
    layers: list[Any] = prefixes.cache.layers
    types = getattr(model.module.config.get_text_config(), "layer_types", None)
    if types is None or len(set(types)) < 2:
        return mask_over(model, prefixes, layers[0], width, step)
    return {kind: mask_over(model, prefixes, layers[types.index(kind)], width, step) for kind in set(types)}


def mask_over(model: "LoadedModel", prefixes: Prefixes, layer: Any, width: int, step: int) -> torch.Tensor:
    """The mask of layers that keep as many of the prompts' keys as a layer of the cache, and see as far back."""
    kept = int(layer.keys.shape[-2])
    window = getattr(layer, "sliding_window", None) or kept + step + 1
    # How far before the query a key stands: those of the prompt, then those of the query's own tokens.
    before = torch.arange(kept + step, -1, -1, device=prefixes.batch.mask.device)  # (kept + step + 1,)
    near = before < window
    shown = (prefixes.batch.mask[:, -kept:].bool() & near[:kept])[:, None, None, :].expand(-1, 1, width, -1)
    itself = torch.eye(width, dtype=torch.bool, device=near.device).repeat(1, step + 1) & near[kept:].repeat_interleave(width)
    seen = torch.cat([shown, itself.expand(shown.shape[0], 1, -1, -1)], dim=-1)
    mask = torch.full(seen.shape, torch.finfo(model.dtype).min, dtype=model.dtype, device=seen.device)
    return mask.masked_fill_(seen, 0)
