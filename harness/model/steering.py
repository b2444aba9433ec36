"""Steered forward passes and steered generation of one batch, in which every row has a direction and a strength of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.errors import ModelError, PlanError
from harness.model.addition import Addition, addition_of, check_plan, check_steps
from harness.model.generation import continuation
from harness.model.passes import Outcome, forward, generate
from harness.model.sharing import shares
from harness.model.tokens import AnswerTokens, answer_tokens, batches, encode_fitting, pad
from harness.records import Finish, Prompt, SteeringPlan

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

TOKEN_BUDGET = 8192
CACHE_BUDGET = 1 << 29
"""Bytes of keys and values that the rows sharing a prompt may take at once."""


@dataclass(frozen=True, kw_only=True)
class SteeredMargin:
    """The model's answer to one prompt, at its first token.

    margin: logp_vulnerable - logp_secure, in nats. added_norm: measured L2 change of the residual at the steered token, of several the one
    farthest from the plan; 0 without a plan. residual_norm: L2 norm of the unsteered residual at the plan's layer and the last prompt
    token; None without a plan, which names no layer. gap: how far the largest logit lies above the second.
    """

    margin: float
    logp_vulnerable: float
    logp_secure: float
    added_norm: float
    residual_norm: float | None
    gap: float


@dataclass(frozen=True, kw_only=True)
class SteeredAnswer:
    """The model's whole answer to one prompt, decoded greedily.

    tokens: what was generated, its end-of-text token included; text: the same without special tokens. finish: why it ended.
    The other fields are those of SteeredMargin, `added_norm` over all steps.
    """

    text: str
    tokens: tuple[int, ...]
    finish: Finish
    margin: float
    added_norm: float
    residual_norm: float | None


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
        addition = None if plan is None else addition_of(model, plan, rows)
        outcome = forward(model, pad(model, [encoded[row].tokens for row in rows]), addition)
        margins.update(zip(rows, read_margins(model, outcome, addition, [answers[row] for row in rows], rows), strict=True))
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
        addition = None if plan is None else addition_of(model, plan, rows)
        outcome = generate(model, pad(model, [encoded[row].tokens for row in rows]), addition, max_new_tokens)
        given.update(zip(rows, read_answers(model, outcome, addition, [answers[row] for row in rows], rows), strict=True))
    return [given[row] for row in range(len(prompts))]


def shared_prompt_margins(
    model: "LoadedModel", prompt: Prompt, plan: SteeringPlan, *, cache_budget: int = CACHE_BUDGET
) -> list[SteeredMargin]:
    """The margins of one prompt under every delta of the plan; the tokens before the last run once for all rows.

    Args: plan, at positions "generated", so that those tokens are the same in all rows; cache_budget, in bytes.
    Returns: one record a delta; equal to steered_margins but for rounding.
    Raises: as steered_margins, and PlanError for other positions.
    """
    answers = answer_tokens(model, prompt)
    margins: list[SteeredMargin] = []
    for share in shares(model, prompt, plan, room=0, cache_budget=cache_budget):
        outcome = forward(model, share.batch, share.addition, share.cache)
        margins += read_margins(model, outcome, share.addition, [answers] * len(share.rows), share.rows)
    return margins


def shared_prompt_answers(
    model: "LoadedModel", prompt: Prompt, plan: SteeringPlan, max_new_tokens: int, *, cache_budget: int = CACHE_BUDGET
) -> list[SteeredAnswer]:
    """The greedy answers to one prompt under every delta of the plan; the tokens before the last run once for all rows.

    Args, Returns, Raises: as shared_prompt_margins, for steered_answers.
    """
    check_room(max_new_tokens)
    answers = answer_tokens(model, prompt)
    given: list[SteeredAnswer] = []
    for share in shares(model, prompt, plan, room=max_new_tokens, cache_budget=cache_budget):
        outcome = generate(model, share.batch, share.addition, max_new_tokens, share.cache)
        given += read_answers(model, outcome, share.addition, [answers] * len(share.rows), share.rows)
    return given


def check_room(max_new_tokens: int) -> None:
    """Raises: PlanError for an answer of no tokens."""
    if max_new_tokens < 1:
        raise PlanError(f"max_new_tokens {max_new_tokens} is below 1; an answer has one token at least, so raise --max-new-tokens")


def read_margins(
    model: "LoadedModel", outcome: Outcome, addition: Addition | None, answers: Sequence[AnswerTokens], rows: Sequence[int]
) -> list[SteeredMargin]:
    """The records of a batch; `rows` are its rows' numbers in the whole plan."""
    added, residual_norm = _norms(model, outcome, addition, rows)
    if not outcome.logits.isfinite().all():
        row = rows[int((~outcome.logits.isfinite()).any(dim=-1).int().argmax())]
        steered = "" if addition is None else f" steered at layer {addition.layer}"
        raise ModelError(
            f"{model.info.name} gives logits that are not finite for row {row}{steered} in {str(model.dtype).removeprefix('torch.')}; "
            "load it with --dtype float32 or bfloat16, or lower the strength"
        )
    logp = outcome.logits.log_softmax(dim=-1)
    vulnerable = logp.gather(1, torch.tensor([[answer.vulnerable] for answer in answers]))[:, 0].tolist()
    secure = logp.gather(1, torch.tensor([[answer.secure] for answer in answers]))[:, 0].tolist()
    largest = outcome.logits.topk(2, dim=-1).values
    gaps = (largest[:, 0] - largest[:, 1]).tolist()
    return [
        SteeredMargin(
            margin=vulnerable[row] - secure[row],
            logp_vulnerable=vulnerable[row],
            logp_secure=secure[row],
            added_norm=added[row],
            residual_norm=residual_norm[row],
            gap=gaps[row],
        )
        for row in range(len(rows))
    ]


def read_answers(
    model: "LoadedModel", outcome: Outcome, addition: Addition | None, answers: Sequence[AnswerTokens], rows: Sequence[int]
) -> list[SteeredAnswer]:
    """The records of a generated batch; `rows` are its rows' numbers in the whole plan."""
    assert outcome.generated is not None, "a forward pass has no answers"
    records = []
    for margin, generated in zip(read_margins(model, outcome, addition, answers, rows), outcome.generated.tolist(), strict=True):
        said = continuation(model.tokenizer, generated, model.end_tokens)
        records.append(
            SteeredAnswer(
                text=said.text,
                tokens=said.tokens,
                finish=said.finish,
                margin=margin.margin,
                added_norm=margin.added_norm,
                residual_norm=margin.residual_norm,
            )
        )
    return records


def _norms(
    model: "LoadedModel", outcome: Outcome, addition: Addition | None, rows: Sequence[int]
) -> tuple[list[float], list[float | None]]:
    if addition is None:
        return [0.0] * len(rows), [None] * len(rows)
    added, residual_norm = check_steps(model, addition, outcome.changes, outcome.passes, rows)
    return added.tolist(), residual_norm.tolist()
