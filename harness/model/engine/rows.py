"""The rows of a sweep as the engine takes them: a prompt, and what is added at which layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import torch

from harness.errors import PlanError
from harness.model.addition import Addition
from harness.model.passes import Outcome
from harness.model.tokens import AnswerTokens, answer_tokens, encode_fitting
from harness.records import FloatArray, Positions, Prompt

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


@dataclass(frozen=True, kw_only=True)
class SteeredRow:
    """One thing to measure.

    layer: the block whose output is changed, None for the model as it is. delta: (d_model,), float32, strength already multiplied in; None
    where there is no layer. new_tokens: how long the answer may get; None where the margin alone is asked for.
    """

    prompt: Prompt
    layer: int | None = None
    delta: FloatArray | None = None
    new_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.new_tokens is not None:
            check_room(self.new_tokens)
        if (self.layer is None) != (self.delta is None):
            raise PlanError(f"a row has layer {self.layer} and {'no' if self.delta is None else 'a'} delta; give both, or neither")


@dataclass(frozen=True, kw_only=True)
class Query:
    """A row made ready: its number among the rows that were given, its prompt's tokens, and the first tokens of the answers."""

    number: int
    tokens: tuple[int, ...]
    answers: AnswerTokens
    layer: int | None
    delta: FloatArray | None
    new_tokens: int | None


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One batch that was run: its rows, what they gave, and what was added to them, all in the same order."""

    rows: list[Query]
    outcome: Outcome
    additions: tuple[Addition, ...]


def ready(model: "LoadedModel", rows: Sequence[SteeredRow], positions: Positions) -> list[Query]:
    """The rows with their tokens; every prompt is encoded once, and must leave room for the longest of its answers.

    Raises: PlanError for a row or prompt that does not fit the model, or unknown positions; ModelError as answer_tokens.
    """
    if positions not in get_args(Positions):
        raise PlanError(f"positions {positions!r} is none of {', '.join(get_args(Positions))}")
    for number, row in enumerate(rows):
        check_row(model, row, number)
    rooms: dict[Prompt, int] = {}
    for row in rows:
        rooms[row.prompt] = max(rooms.get(row.prompt, 0), row.new_tokens or 0)
    encoded = {prompt: encode_fitting(model, [prompt], room=room)[0].tokens for prompt, room in rooms.items()}
    answers = {prompt: answer_tokens(model, prompt) for prompt in rooms}
    return [
        Query(
            number=number,
            tokens=encoded[row.prompt],
            answers=answers[row.prompt],
            layer=row.layer,
            delta=row.delta,
            new_tokens=row.new_tokens,
        )
        for number, row in enumerate(rows)
    ]


def by_length(queries: Sequence[Query]) -> list[tuple[int | None, list[Query]]]:
    """Rows that ask for answers of the same length, with that length; first those that ask for the margin alone, with None."""
    lengths = sorted({query.new_tokens or 0 for query in queries})
    return [(length or None, [query for query in queries if (query.new_tokens or 0) == length]) for length in lengths]


def check_room(max_new_tokens: int) -> None:
    """Raises: PlanError for an answer of no tokens."""
    if max_new_tokens < 1:
        raise PlanError(f"max_new_tokens {max_new_tokens} is below 1; an answer has one token at least, so raise --max-new-tokens")


def check_row(model: "LoadedModel", row: SteeredRow, number: int) -> None:
    """Raises: PlanError for a layer outside the model, or a delta of another width or that is not finite."""
    if row.layer is None or row.delta is None:
        return
    model.info.check_layer(row.layer)
    if row.delta.shape != (model.info.d_model,):
        raise PlanError(
            f"the delta of row {number} has shape {row.delta.shape} and does not fit the residual of width {model.info.d_model} of "
            f"{model.info.name}; steer a model with a direction of its own"
        )
    if not np.isfinite(row.delta).all():
        raise PlanError(f"the delta of row {number} is not finite; check the strength and the direction")


def additions_of(model: "LoadedModel", queries: Sequence[Query], positions: Positions) -> tuple[Addition, ...]:
    """What is added at each layer, by rising layer; a row of another layer and an unsteered one get zeros there."""
    layers = sorted({query.layer for query in queries if query.layer is not None})
    return tuple(
        Addition(
            layer=layer,
            positions=positions,
            deltas=_deltas(model, queries, layer).to(model.device),
            behind_prompt=torch.zeros(len(queries), dtype=torch.int64, device=model.device),
        )
        for layer in layers
    )


def _deltas(model: "LoadedModel", queries: Sequence[Query], layer: int) -> torch.Tensor:
    deltas = np.zeros((len(queries), model.info.d_model), dtype=np.float32)
    for place, query in enumerate(queries):
        if query.layer == layer:
            deltas[place] = query.delta
    return torch.from_numpy(deltas)
