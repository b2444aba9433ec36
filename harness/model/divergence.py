"""Where a response parts from the one that was pinned, and how near the model was to saying the other."""

from typing import TYPE_CHECKING

import torch

from harness.model.addition import Addition, addition_of
from harness.model.engine.rows import SteeredRow
from harness.model.passes import forward
from harness.model.readout import measured
from harness.model.tokens import encode_fitting, pad
from harness.numerics.gates.pinned import Divergence, Response
from harness.records import Positions, SteeringPlan

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


def first_divergence(
    model: "LoadedModel", name: str, row: SteeredRow, positions: Positions, said: Response, pinned: Response
) -> Divergence | None:
    """The first token at which two responses to one row part; None where they say the same.

    Both are tokenised from their text, and the model is run once over the prompt and what they share, steered as the response was.

    Args: name, by which the divergence is told.
    Raises: PlanError for a prompt that does not fit, SteeringError if the steering was not the planned one.
    """
    if said == pinned:
        return None
    ours, theirs = _tokens(model, said), _tokens(model, pinned)
    place = next((place for place, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        return Divergence(response=name, place=min(len(ours), len(theirs)), said=said.finish, pinned=pinned.finish, gap=None)
    logits = _logits(model, row, positions, ours[:place])
    chosen, other = ours[place], theirs[place]
    return Divergence(
        response=name,
        place=place,
        said=_shown(model, chosen),
        pinned=_shown(model, other),
        gap=float((logits[chosen] - logits[other]).abs()),
    )


def _tokens(model: "LoadedModel", response: Response) -> list[int]:
    tokens = list(model.tokenizer(response.text, add_special_tokens=False)["input_ids"])
    return [*tokens, model.end_tokens[0]] if response.finish == "end-of-text" else tokens


def _shown(model: "LoadedModel", token: int) -> str:
    return "end-of-text" if token in model.end_tokens else str(model.tokenizer.decode([token]))


def _logits(model: "LoadedModel", row: SteeredRow, positions: Positions, answer: list[int]) -> torch.Tensor:
    """Logits behind the prompt and the first tokens of its answer, (vocabulary,), float32."""
    (prompt,) = encode_fitting(model, [row.prompt], room=len(answer))
    additions: tuple[Addition, ...] = ()
    if row.layer is not None and row.delta is not None:
        plan = SteeringPlan(layer=row.layer, positions=positions, deltas=row.delta[None])
        additions = (addition_of(model, plan, [0], [len(answer)]),)
    outcome = forward(model, pad(model, [(*prompt.tokens, *answer)]), additions)
    measured(model, additions, outcome.changes, outcome.passes, [0], [row.layer])  # refuses what was not steered as planned
    return outcome.logits[0]
