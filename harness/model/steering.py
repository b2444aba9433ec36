"""Steered forward passes and steered generation of prompts, each run in full: the plain path, which the engine is held against."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.model.addition import addition_of, check_plan
from harness.model.engine.budget import TOKEN_BUDGET
from harness.model.engine.rows import check_room
from harness.model.passes import forward, generate
from harness.model.readout import SteeredAnswer, SteeredMargin, measured, read_answers, read_margins
from harness.model.tokens import answer_tokens, batches, encode_fitting, pad
from harness.records import Prompt, SteeringPlan

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

__all__ = ["TOKEN_BUDGET", "SteeredAnswer", "SteeredMargin", "steered_answers", "steered_margins"]


def steered_margins(
    model: "LoadedModel", prompts: Sequence[Prompt], plan: SteeringPlan | None, *, token_budget: int = TOKEN_BUDGET
) -> list[SteeredMargin]:
    """The margin of every prompt, `plan.deltas[i]` having been added for `prompts[i]`.

    Args: plan, or None for the model as it is; token_budget, of one batch, padding included.
    Returns: one record a prompt, in their order.
    Raises: PlanError for a plan or prompt that does not fit the model, ModelError for answers with the same first token,
        SteeringError if a measured change of the residual is not the planned one.
    """
    encoded = encode_fitting(model, prompts)
    answers = [answer_tokens(model, prompt) for prompt in prompts]
    if plan is not None:
        check_plan(model, plan, len(prompts))
    margins: dict[int, SteeredMargin] = {}
    for rows in batches([len(prompt.tokens) for prompt in encoded], token_budget):
        additions = () if plan is None else (addition_of(model, plan, rows),)
        outcome = forward(model, pad(model, [encoded[row].tokens for row in rows]), additions)
        layers = [None if plan is None else plan.layer] * len(rows)
        added = measured(model, additions, outcome.changes, outcome.passes, rows, layers)
        margins.update(zip(rows, read_margins(model, outcome.logits, [answers[row] for row in rows], added, rows), strict=True))
    return [margins[row] for row in range(len(prompts))]


def steered_answers(
    model: "LoadedModel", prompts: Sequence[Prompt], plan: SteeringPlan | None, max_new_tokens: int, *, token_budget: int = TOKEN_BUDGET
) -> list[SteeredAnswer]:
    """The greedy answer to every prompt, `plan.deltas[i]` having been added for `prompts[i]`.

    Args, Returns, Raises: as steered_margins; a prompt must leave room for `max_new_tokens`.
    """
    check_room(max_new_tokens)
    encoded = encode_fitting(model, prompts, room=max_new_tokens)
    answers = [answer_tokens(model, prompt) for prompt in prompts]
    if plan is not None:
        check_plan(model, plan, len(prompts))
    given: dict[int, SteeredAnswer] = {}
    for rows in batches([len(prompt.tokens) + max_new_tokens for prompt in encoded], token_budget):
        additions = () if plan is None else (addition_of(model, plan, rows),)
        outcome = generate(model, pad(model, [encoded[row].tokens for row in rows]), additions, max_new_tokens)
        layers = [None if plan is None else plan.layer] * len(rows)
        added = measured(model, additions, outcome.changes, outcome.passes, rows, layers)
        assert outcome.generated is not None
        said = read_answers(model, outcome.logits, outcome.generated, [answers[row] for row in rows], added, rows)
        given.update(zip(rows, said, strict=True))
    return [given[row] for row in range(len(prompts))]
