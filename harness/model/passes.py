"""The passes of a batch through the model: one forward pass, one that scores given tokens, or greedy generation, each in one trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import cross_entropy

from harness.model.addition import Addition, Change, add
from harness.model.generation import ending_early
from harness.model.tokens import Batch

if TYPE_CHECKING:
    from transformers import Cache

    from harness.model.loading import LoadedModel

PIECE = 128
"""Tokens whose logits are turned into likelihoods at once."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one batch gave.

    logits: (rows, vocabulary) behind the prompt, float32. generated: (rows, tokens), None for a forward pass. changes: one a steered layer
    and step.
    """

    logits: torch.Tensor
    generated: torch.Tensor | None
    changes: tuple[Change, ...]

    @property
    def passes(self) -> int:
        """Forward passes that were run: one a generated token, the first of which comes from the prompt's."""
        return 1 if self.generated is None else self.generated.shape[1]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What the model thought of the tokens that one batch went on with.

    losses: for each row (its tokens,), float32, negative log-likelihoods in nats. changes: one where the batch was steered.
    """

    losses: tuple[torch.Tensor, ...]
    changes: tuple[Change, ...]


def forward(model: "LoadedModel", batch: Batch, additions: Sequence[Addition] = (), cache: "Cache | None" = None) -> Outcome:
    """One forward pass over a batch.

    Args: additions, by rising layer; cache, keys and values of all tokens but the last of each row; it is used up.
    """
    inputs = forward_inputs(model, batch) if cache is None else continued_inputs(model, batch, cache)
    changes: list[Change] = []
    with torch.no_grad(), model.traced.trace(**inputs):
        for addition in additions:
            changes.append(add(model, addition, batch.mask))
        logits = model.traced.output.logits[:, -1].float().save()
    return Outcome(logits=logits.cpu(), generated=None, changes=tuple(changes))


def score(model: "LoadedModel", batch: Batch, addition: Addition | None, targets: Sequence[torch.Tensor]) -> Scores:
    """One forward pass over a batch, each row of which is held against the tokens that truly follow its last ones.

    Args: targets, for each row (its tokens,), int64: what the last so many tokens of the row should predict, each its next one.
    """
    inputs = forward_inputs(model, batch, logits=max(len(row) for row in targets))
    changes: list[Change] = []
    losses: list[torch.Tensor] = []
    with torch.no_grad(), model.traced.trace(**inputs):
        if addition is not None:
            changes.append(add(model, addition, batch.mask))
        losses.extend(token_losses(model.traced.output.logits, targets))
    return Scores(losses=tuple(losses), changes=tuple(changes))


def token_losses(logits: torch.Tensor, targets: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Negative log-likelihoods of the targets, for each row (its tokens,), float32, on the CPU.

    Args: logits, (rows, tokens, vocabulary); targets, for each row (its tokens,), of its last tokens.
    """
    losses = []
    for row, wanted in enumerate(targets):
        of_row, wanted = logits[row, -len(wanted) :], wanted.to(logits.device)  # (its tokens, vocabulary), (its tokens,)
        # In pieces: a float32 copy of all logits would be the largest tensor of the run where the vocabulary is large.
        pieces = [
            cross_entropy(of_row[start : start + PIECE].float(), wanted[start : start + PIECE], reduction="none")
            for start in range(0, len(wanted), PIECE)
        ]
        losses.append(torch.cat(pieces).cpu())
    return losses


def generate(
    model: "LoadedModel", batch: Batch, additions: Sequence[Addition], max_new_tokens: int, cache: "Cache | None" = None
) -> Outcome:
    """Greedy generation of a batch. Step 0 is the prompt; every later step sees one token a row.

    Args: additions, cache, as for forward.
    """
    inputs: dict[str, Any] = {"input_ids": batch.ids, "attention_mask": batch.mask}
    if cache is not None:
        inputs["past_key_values"] = cache
    steps = max_new_tokens if any(addition.reaches_answer for addition in additions) else 1
    each_row = torch.ones_like(batch.mask[:, :1])
    changes: list[Change] = []
    with ending_early(), torch.no_grad(), model.traced.generate(max_new_tokens=max_new_tokens) as tracer:
        with tracer.invoke(**inputs):
            for addition in additions:
                changes.append(add(model, addition, batch.mask))
            logits = model.traced.output.logits[:, -1].float().save()
            # Bounded: an open range over steps the body does not touch never ends.
            for _ in tracer.iter[1:steps]:
                for addition in additions:
                    changes.append(add(model, addition, each_row))
        with tracer.invoke():
            sequences = tracer.result.save()
    return Outcome(logits=logits.cpu(), generated=sequences[:, batch.ids.shape[1] :].cpu(), changes=tuple(changes))


def forward_inputs(model: "LoadedModel", batch: Batch, *, logits: int = 1) -> dict[str, Any]:
    """A batch as arguments of the model's forward, with logits of the last `logits` tokens alone where the model can be asked for that."""
    inputs: dict[str, Any] = {"input_ids": batch.ids, "attention_mask": batch.mask, "use_cache": False}
    if model.takes("position_ids"):
        inputs["position_ids"] = batch.positions
    if model.takes("logits_to_keep"):
        inputs["logits_to_keep"] = logits
    return inputs


def continued_inputs(model: "LoadedModel", batch: Batch, cache: "Cache") -> dict[str, Any]:
    """The last token of each row as arguments of the model's forward, behind the cached ones."""
    last = Batch(ids=batch.ids[:, -1:], mask=batch.mask, positions=batch.positions[:, -1:])
    return {**forward_inputs(model, last), "past_key_values": cache, "use_cache": True}


def cache_of(model: "LoadedModel", batch: Batch) -> "Cache":
    """Keys and values of every token of a batch, unsteered."""
    inputs = {**forward_inputs(model, batch), "use_cache": True}
    with torch.no_grad(), model.traced.trace(**inputs):
        cache: Cache = model.traced.output.past_key_values.save()
    return cache
