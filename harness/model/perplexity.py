"""How well a model goes on with a text under steering: the loss on its second half, given the first. Nothing is sampled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.errors import ModelError, PlanError
from harness.model.addition import Addition, addition_of, check_plan, check_steps
from harness.model.passes import Scores, score
from harness.model.steering import TOKEN_BUDGET
from harness.model.tokens import EncodedPrompt, TooLong, batches, encode, pad
from harness.records import SteeringPlan

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

LOGITS_BUDGET = 1 << 29
"""Bytes that the logits of one batch may take."""


@dataclass(frozen=True, kw_only=True)
class ContinuationLoss:
    """How well the model went on with one text.

    nll: mean negative log-likelihood of a token of the second half, nats; its exponential is the perplexity. tokens: how many were scored.
    added_norm: measured L2 change of the residual, of all steered tokens the one farthest from the plan; 0 without a plan.
    """

    nll: float
    tokens: int
    added_norm: float


@dataclass(frozen=True, kw_only=True)
class FittingTexts:
    """Which texts fit the context. kept: their indices, ascending. skipped: the others, with their own length and the context's."""

    kept: tuple[int, ...]
    skipped: tuple[TooLong, ...]


@dataclass(frozen=True, kw_only=True)
class Halved:
    """A text as tokens; the first `given` are given, the others scored."""

    tokens: tuple[int, ...]
    given: int

    @property
    def read(self) -> tuple[int, ...]:
        """The tokens the model reads: the last one predicts nothing that is scored."""
        return self.tokens[:-1]

    @property
    def scored(self) -> tuple[int, ...]:
        return self.tokens[self.given :]


def fitting_texts(model: "LoadedModel", texts: Sequence[str]) -> FittingTexts:
    """Which texts can be scored whole. Nothing is ever cut.

    Raises: PlanError for an empty text.
    """
    encoded = encode(model, texts)
    kept = tuple(index for index, text in enumerate(encoded.prompts) if text is not None)
    return FittingTexts(kept=kept, skipped=encoded.too_long)


def steered_nll(
    model: "LoadedModel", texts: Sequence[str], plan: SteeringPlan | None, *, token_budget: int = TOKEN_BUDGET
) -> list[ContinuationLoss]:
    """The loss on the second half of every text given its first, `plan.deltas[i]` having been added for `texts[i]`.

    The first half, tokens // 2 of them, stands for a prompt and the second for its answer. So positions "generated" are those that predict
    the second half, from the last token of the first half on; "prompt" is the first half; "all" is both.

    Args: texts, plain; one that meets several deltas stands there as many times. plan, or None for the model as it is. token_budget, of
        one batch, padding included; batches are smaller where the logits of so many tokens would exceed LOGITS_BUDGET.
    Returns: one record a text, in their order.
    Raises: PlanError for a plan that does not fit the model, a text beyond the context (naming both lengths) or of fewer than two tokens;
        SteeringError if a measured change of the residual is not the planned one; ModelError for a loss that is not finite.
    """
    halved = [halves(text, index) for index, text in enumerate(encode_whole(model, texts))]
    if plan is not None:
        check_plan(model, plan, len(texts))
    found: dict[int, ContinuationLoss] = {}
    for rows in batches([len(text.read) for text in halved], min(token_budget, tokens_at_once(model))):
        chosen = [halved[row] for row in rows]
        behind = [len(text.read) - text.given for text in chosen]
        addition = None if plan is None else addition_of(model, plan, rows, behind)
        batch = pad(model, [text.read for text in chosen])
        scores = score(model, batch, addition, [torch.tensor(text.scored) for text in chosen])
        found.update(zip(rows, read_losses(model, scores, addition, rows), strict=True))
    return [found[row] for row in range(len(texts))]


def encode_whole(model: "LoadedModel", texts: Sequence[str]) -> list[EncodedPrompt]:
    """Texts as tokens. Raises: PlanError naming the first that does not fit the context, with both lengths; for an empty text."""
    encoded = encode(model, texts)
    if encoded.too_long:
        first = encoded.too_long[0]
        raise PlanError(
            f"text {first.index} has {first.length} tokens, the context of {model.info.name} holds {first.context}, and nothing is cut; "
            f"leave out the {len(encoded.too_long)} that `fitting_texts` reports as skipped"
        )
    return [text for text in encoded.prompts if text is not None]


def halves(text: EncodedPrompt, index: int) -> Halved:
    """Raises: PlanError for a text that has no two halves."""
    if len(text.tokens) < 2:
        raise PlanError(f"text {index} has {len(text.tokens)} token; 2 are needed, one that is given and one that is scored")
    return Halved(tokens=text.tokens, given=len(text.tokens) // 2)


def tokens_at_once(model: "LoadedModel") -> int:
    """Tokens whose logits stay within the budget; all of a batch count, since some models give the logits of every token they read."""
    vocabulary = int(model.module.get_input_embeddings().weight.shape[0])
    return max(1, LOGITS_BUDGET // (vocabulary * model.dtype.itemsize))


def read_losses(model: "LoadedModel", scores: Scores, addition: Addition | None, rows: Sequence[int]) -> list[ContinuationLoss]:
    """The records of a batch; `rows` are its rows' numbers among all texts."""
    added = [0.0] * len(rows)
    if addition is not None:
        added = check_steps(model, addition, scores.changes, 1, rows)[0].tolist()
    records = []
    for row, losses, norm in zip(rows, scores.losses, added, strict=True):
        if not losses.isfinite().all():
            steered = "" if addition is None else f" steered at layer {addition.layer}"
            raise ModelError(
                f"{model.info.name} gives a loss that is not finite for text {row}{steered} in {str(model.dtype).removeprefix('torch.')}; "
                "load it with --dtype float32 or bfloat16, or lower the strength"
            )
        # float64: thousands of float32 terms would round.
        records.append(ContinuationLoss(nll=float(losses.double().mean()), tokens=len(losses), added_norm=norm))
    return records
