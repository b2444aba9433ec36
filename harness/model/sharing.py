"""One prompt under many deltas: what comes before the first steered token runs once, and its keys and values serve every row."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import PlanError
from harness.model.addition import Addition, addition_of, check_plan
from harness.model.passes import cache_of
from harness.model.tokens import Batch, encode_fitting, pad
from harness.records import Prompt, SteeringPlan

if TYPE_CHECKING:
    from transformers import Cache

    from harness.model.loading import LoadedModel


@dataclass(frozen=True, kw_only=True)
class Share:
    """Some rows of a plan over one prompt. cache: keys and values of all tokens but the last, a copy of its own for every row."""

    rows: range
    batch: Batch
    addition: Addition
    cache: "Cache"


def shares(model: "LoadedModel", prompt: Prompt, plan: SteeringPlan, *, room: int, cache_budget: int) -> Iterator[Share]:
    """The rows of a plan, as many at once as the cache's budget of bytes allows (one at least).

    Raises: PlanError for a plan that steers tokens before the last, or that does not fit the model; for a prompt too long or of one token.
    """
    if plan.positions != "generated":
        raise PlanError(f"rows steered at positions {plan.positions!r} share no prompt; use positions 'generated', or steered_margins")
    rows = len(plan.deltas)
    check_plan(model, plan, rows)
    (encoded,) = encode_fitting(model, [prompt], room=room)
    if len(encoded.tokens) < 2:
        raise PlanError("a prompt of 1 token has nothing that rows could share; 2 are needed, or use steered_margins")
    shared = cache_of(model, pad(model, [encoded.tokens[:-1]]))
    at_once = max(1, cache_budget // cache_bytes(shared))
    for start in range(0, rows, at_once):
        chosen = range(start, min(start + at_once, rows))
        yield Share(
            rows=chosen,
            batch=pad(model, [encoded.tokens] * len(chosen)),
            addition=addition_of(model, plan, chosen),
            cache=repeated(shared, len(chosen)),
        )


def repeated(cache: "Cache", rows: int) -> "Cache":
    """A copy of one row's cache for each of `rows` rows. A copy, since a run writes into the cache it is given."""
    own = copy.deepcopy(cache)
    own.batch_repeat_interleave(rows)
    return own


def cache_bytes(cache: "Cache") -> int:
    """Size of the keys and values in a cache."""
    layers: list[Any] = cache.layers
    return sum(int(part.nbytes) for layer in layers for part in (layer.keys, layer.values))
