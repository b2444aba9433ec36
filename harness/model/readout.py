"""What a batch gave, made into records: margins from logits, answers from tokens, and the change of the residual that was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from harness.errors import ModelError
from harness.model.addition import Addition, Change, check_steps
from harness.model.generation import continuation
from harness.model.tokens import AnswerTokens
from harness.records import Finish

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


@dataclass(frozen=True, kw_only=True)
class SteeredMargin:
    """The model's answer to one prompt, at its first token.

    margin: logp_vulnerable - logp_secure, in nats. added_norm: measured L2 change of the residual at the steered token, of several the one
    farthest from the plan; 0 for what is not steered. residual_norm: L2 norm of the unsteered residual at the steered layer and the last
    prompt token; None for what is not steered, which names no layer. gap: how far the largest logit lies above the second.
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


class Added(NamedTuple):
    """What was measured of the steering of one row: at which layer, how much, and beside what residual."""

    layer: int | None
    norm: float
    residual_norm: float | None


def measured(
    model: "LoadedModel",
    additions: Sequence[Addition],
    changes: Sequence[Change],
    passes: int,
    rows: Sequence[int],
    layers: Sequence[int | None],
) -> list[Added]:
    """What every row got, once each layer's changes have been held against the plan of all rows, those of other layers included.

    Args: changes, one a layer and step; passes, how many forward passes there were; rows, the rows' numbers in the whole plan; layers, the
        layer of each row, None where it is not steered.
    Raises: SteeringError as check_steps.
    """
    found = [Added(None, 0.0, None)] * len(rows)
    for addition in additions:
        steps = [change for change in changes if change.layer == addition.layer]
        added, residual_norm = check_steps(model, addition, steps, passes, rows)
        for row, (norm, beside) in enumerate(zip(added.tolist(), residual_norm.tolist(), strict=True)):
            if layers[row] == addition.layer:
                found[row] = Added(addition.layer, norm, beside)
    return found


def read_margins(
    model: "LoadedModel", logits: torch.Tensor, answers: Sequence[AnswerTokens], added: Sequence[Added], rows: Sequence[int]
) -> list[SteeredMargin]:
    """The records of a batch.

    Args: logits, (rows, vocabulary), float32; rows, the rows' numbers in the whole plan.
    Raises: ModelError naming the row whose logits are not finite.
    """
    total = logits.logsumexp(dim=-1, keepdim=True).double()  # not finite where a logit is NaN or inf; -inf alone escapes it
    finite = (total[:, 0].isfinite() & logits.amin(dim=-1).isfinite()).tolist()
    if not all(finite):
        place = finite.index(False)
        steered = "" if added[place].layer is None else f" steered at layer {added[place].layer}"
        raise ModelError(
            f"{model.info.name} gives logits that are not finite for row {rows[place]}{steered} in "
            f"{str(model.dtype).removeprefix('torch.')}; load it with --dtype float32 or bfloat16, or lower the strength"
        )
    chosen = logits.gather(1, torch.tensor(answers, device=logits.device))  # (rows, 2)
    logp = (chosen.double() - total).tolist()
    best = logits.topk(2, dim=-1).values.tolist()
    return [
        SteeredMargin(
            margin=logp[row][0] - logp[row][1],
            logp_vulnerable=logp[row][0],
            logp_secure=logp[row][1],
            added_norm=added[row].norm,
            residual_norm=added[row].residual_norm,
            gap=best[row][0] - best[row][1],
        )
        for row in range(len(rows))
    ]


def read_answers(
    model: "LoadedModel",
    logits: torch.Tensor,
    generated: torch.Tensor,
    answers: Sequence[AnswerTokens],
    added: Sequence[Added],
    rows: Sequence[int],
) -> list[SteeredAnswer]:
    """The records of a generated batch. Args: generated, (rows, tokens); the others as for read_margins."""
    records = []
    for margin, tokens in zip(read_margins(model, logits, answers, added, rows), generated.tolist(), strict=True):
        said = continuation(model.tokenizer, tokens, model.end_tokens)
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
