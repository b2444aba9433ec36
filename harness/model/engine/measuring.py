"""Measures all rows of a sweep, in any order: margins and answers, of many prompts, layers, strengths and directions.

Steered from the last token of the prompt on, a prompt is run once, and its cache serves all its rows, margins and answers alike. Steered at
earlier tokens too, they share what lies below the steered layer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model.engine.budget import Budget, Part, Way, adapting
from harness.model.engine.prefixes import by_prompt, prefixes_of, prompts_of
from harness.model.engine.queries import FILLER
from harness.model.engine.rows import Pass, Query, SteeredRow, by_length, ready
from harness.model.engine.upper import answer_above, ask_above, run_lower
from harness.model.engine.way import answering, asking, way_of
from harness.model.readout import SteeredAnswer, SteeredMargin, measured, read_answers, read_margins
from harness.records import Positions

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

Record = SteeredMargin | SteeredAnswer
Run = Callable[[list[Query]], Iterator[Part[Record]]]


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
        budget.way = way_of(model, max(len(query.tokens) + (query.new_tokens or 0) for query in queries))
        run = _from_last_token(model, budget.way, budget)
    else:
        run = _above(model, positions, budget)
    for part in adapting(queries, by_prompt, run, budget):
        yield [(query.number, record) for query, record in part]


def _from_last_token(model: "LoadedModel", way: Way, budget: Budget) -> Run:
    def run(batch: list[Query]) -> Iterator[Part[Record]]:
        prefixes = prefixes_of(model, prompts_of(batch))
        for new_tokens, queries in by_length(batch):
            if new_tokens is None:
                for one in asking(way)(model, prefixes, queries, budget.bytes):
                    yield _margins(model, one)
            else:
                for one in answering(way)(model, prefixes, queries, new_tokens, budget.bytes):
                    yield _answers(model, one)

    return run


def _above(model: "LoadedModel", positions: Positions, budget: Budget) -> Run:
    def run(batch: list[Query]) -> Iterator[Part[Record]]:
        lower = run_lower(model, batch)
        for new_tokens, queries in by_length(batch):
            if new_tokens is None:
                for one in ask_above(model, lower, queries, positions, budget.tokens):
                    yield _margins(model, one)
            else:
                for one in answer_above(model, lower, queries, positions, new_tokens, budget.tokens):
                    yield _answers(model, one)

    return run


def _margins(model: "LoadedModel", one: Pass) -> Part[Record]:
    numbers = [query.number for query in one.rows]
    added = measured(model, one.additions, one.outcome.changes, one.outcome.passes, numbers, [query.layer for query in one.rows])
    margins = read_margins(model, one.outcome.logits, [query.answers for query in one.rows], added, numbers)
    return _asked(one.rows, margins)


def _answers(model: "LoadedModel", one: Pass) -> Part[Record]:
    assert one.outcome.generated is not None, "a forward pass has no answers"
    numbers = [query.number for query in one.rows]
    added = measured(model, one.additions, one.outcome.changes, one.outcome.passes, numbers, [query.layer for query in one.rows])
    answers = [query.answers for query in one.rows]
    said = read_answers(model, one.outcome.logits, one.outcome.generated, answers, added, numbers)
    return _asked(one.rows, said)


def _asked(rows: Sequence[Query], records: Sequence[Record]) -> Part[Record]:
    return [(query, record) for query, record in zip(rows, records, strict=True) if query.number != FILLER]
