"""Measures all rows of a sweep, in any order: margins and answers, of many prompts, layers, strengths and directions.

Steered from the last token of the prompt on, a prompt is run once, and its cache serves all its rows, margins and answers alike. Steered at
earlier tokens too, margins share what lies below the steered layer, and answers are generated in full.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from harness.model.engine.budget import Budget, Part, adapting
from harness.model.engine.prefixes import Prefixes, by_prompt, for_rows, prefixes_of, prompts_of
from harness.model.engine.queries import FILLER
from harness.model.engine.rows import Pass, Query, SteeredRow, additions_of, ready
from harness.model.engine.upper import ask_above
from harness.model.engine.way import asking, way_of
from harness.model.passes import generate
from harness.model.readout import SteeredAnswer, SteeredMargin, measured, read_answers, read_margins
from harness.model.tokens import batches, pad
from harness.records import Positions

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

Record = SteeredMargin | SteeredAnswer
Run = Callable[[list[Query]], Iterator[Part[Record]]]

MOST_ANSWERS = 64
"""Answers that are decoded side by side: more gain little, and a killed run loses them all."""


def measure_margins(
    model: "LoadedModel", rows: Sequence[SteeredRow], positions: Positions, *, budget: Budget | None = None
) -> list[SteeredMargin]:
    """The margin of every row, in their order.

    Args: rows, in any order; those of one prompt share its run. positions, which tokens are steered. budget, of one batch; it is halved
        when the memory does not hold one, and counts that.
    Raises: PlanError for a row that does not fit the model, ModelError for answers with the same first token or too little memory,
        SteeringError if a measured change of the residual is not the planned one.
    """
    found = _collected(model, [replace(row, new_tokens=None) for row in rows], positions, budget)
    return [record for record in found if isinstance(record, SteeredMargin)]


def measure_answers(
    model: "LoadedModel", rows: Sequence[SteeredRow], positions: Positions, max_new_tokens: int, *, budget: Budget | None = None
) -> list[SteeredAnswer]:
    """The greedy answer to every row, in their order.

    Args, Raises: as measure_margins; a prompt must leave room for `max_new_tokens`.
    """
    found = _collected(model, [replace(row, new_tokens=max_new_tokens) for row in rows], positions, budget)
    return [record for record in found if isinstance(record, SteeredAnswer)]


def _collected(model: "LoadedModel", rows: Sequence[SteeredRow], positions: Positions, budget: Budget | None) -> list[Record]:
    found = dict(pair for part in measure_in_parts(model, rows, positions, budget=budget) for pair in part)
    return [found[number] for number in range(len(rows))]


def measure_in_parts(
    model: "LoadedModel", rows: Sequence[SteeredRow], positions: Positions, *, budget: Budget | None = None
) -> Iterator[list[tuple[int, Record]]]:
    """Margins, and answers of the rows that ask for some, batch by batch, so that a killed run loses one.

    Returns: for each batch the rows' numbers with their records. Args, Raises: as measure_margins.
    """
    queries = ready(model, rows, positions)
    if not queries:
        return
    budget = budget or Budget()
    if positions == "generated":
        asked = [len(query.tokens) for query in queries if query.new_tokens is None]
        budget.way = way_of(model, max(asked)) if asked else budget.way
        parts = [adapting(queries, by_prompt, _from_last_token(model, budget), budget)]
    else:
        margins = [query for query in queries if query.new_tokens is None]
        answers = [query for query in queries if query.new_tokens is not None]
        parts = [
            adapting(margins, by_prompt, _above(model, positions, budget), budget),
            adapting(answers, _by_length, _in_full(model, positions), budget),
        ]
    for each in parts:
        for part in each:
            yield [(query.number, record) for query, record in part]


def _from_last_token(model: "LoadedModel", budget: Budget) -> Run:
    def run(batch: list[Query]) -> Iterator[Part[Record]]:
        prefixes = prefixes_of(model, prompts_of(batch))
        margins = [query for query in batch if query.new_tokens is None]
        if margins:
            assert budget.way is not None, "a way is measured before any margin is asked for"
            for one in asking(budget.way)(model, prefixes, margins, budget.bytes):
                yield _margins(model, one)
        for one in _decoded(model, prefixes, [query for query in batch if query.new_tokens is not None], budget.bytes):
            yield _answers(model, one)

    return run


def _decoded(model: "LoadedModel", prefixes: Prefixes, queries: Sequence[Query], byte_budget: int) -> Iterator[Pass]:
    longest = prefixes.batch.ids.shape[1] + 1
    for new_tokens, group in groupby(queries, key=lambda query: query.new_tokens or 0):
        of_length = list(group)
        each = prefixes.bytes_each * (longest + new_tokens) // (longest - 1)
        width = max(1, min(MOST_ANSWERS, byte_budget // each))
        for start in range(0, len(of_length), width):
            rows = of_length[start : start + width]
            additions = additions_of(model, rows, "generated")
            # Padded as the prefixes are, so that their mask fits the cache.
            padded = pad(model, [query.tokens for query in rows], longest=longest)
            outcome = generate(model, padded, additions, new_tokens, for_rows(prefixes.cache, prefixes.places(rows)))
            yield Pass(rows=rows, outcome=outcome, additions=additions)


def _above(model: "LoadedModel", positions: Positions, budget: Budget) -> Run:
    def run(batch: list[Query]) -> Iterator[Part[Record]]:
        for one in ask_above(model, batch, positions, budget.tokens):
            yield _margins(model, one)

    return run


def _by_length(queries: Sequence[Query], token_budget: int) -> list[list[Query]]:
    lengths = [len(query.tokens) + (query.new_tokens or 0) for query in queries]
    cut = [[queries[place] for place in batch] for batch in batches(lengths, token_budget)]
    return [list(group) for batch in cut for _, group in groupby(batch, key=lambda query: query.new_tokens)]


def _in_full(model: "LoadedModel", positions: Positions) -> Run:
    def run(batch: list[Query]) -> Iterator[Part[Record]]:
        additions = additions_of(model, batch, positions)
        outcome = generate(model, pad(model, [query.tokens for query in batch]), additions, batch[0].new_tokens or 0)
        yield _answers(model, Pass(rows=batch, outcome=outcome, additions=additions))

    return run


def _margins(model: "LoadedModel", one: Pass) -> Part[Record]:
    numbers = [query.number for query in one.rows]
    added = measured(model, one.additions, one.outcome.changes, one.outcome.passes, numbers, [query.layer for query in one.rows])
    margins = read_margins(model, one.outcome.logits, [query.answers for query in one.rows], added, numbers)
    return [(query, margin) for query, margin in zip(one.rows, margins, strict=True) if query.number != FILLER]


def _answers(model: "LoadedModel", one: Pass) -> Part[Record]:
    assert one.outcome.generated is not None, "a forward pass has no answers"
    numbers = [query.number for query in one.rows]
    added = measured(model, one.additions, one.outcome.changes, one.outcome.passes, numbers, [query.layer for query in one.rows])
    answers = [query.answers for query in one.rows]
    said = read_answers(model, one.outcome.logits, one.outcome.generated, answers, added, numbers)
    return list(zip(one.rows, said, strict=True))
