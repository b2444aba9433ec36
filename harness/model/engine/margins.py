"""Margins of all rows of a sweep: no row runs a prompt again that another has run."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from harness.model.addition import Addition
from harness.model.engine.budget import Budget, Part, adapting
from harness.model.engine.prefixes import by_prompt, prefixes_of, prompts_of
from harness.model.engine.queries import FILLER, ask
from harness.model.engine.repeated import ask_repeated
from harness.model.engine.rows import Query, SteeredRow, ready
from harness.model.engine.upper import ask_above
from harness.model.engine.way import way_of
from harness.model.passes import Outcome
from harness.model.readout import SteeredMargin, measured, read_margins
from harness.records import Positions

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

Run = Callable[[list[Query]], Iterator[Part[SteeredMargin]]]


def measure_margins(
    model: "LoadedModel", rows: Sequence[SteeredRow], positions: Positions, *, budget: Budget | None = None
) -> list[SteeredMargin]:
    """The margin of every row, in their order.

    Args: rows, in any order; rows of one prompt share its run. positions, which tokens are steered. budget, of one batch; it is halved
        when the memory does not hold one, and counts that.
    Raises: PlanError for a row that does not fit the model, ModelError for answers with the same first token or too little memory,
        SteeringError if a measured change of the residual is not the planned one.
    """
    found = {number: margin for part in margins_in_parts(model, rows, positions, budget=budget) for number, margin in part}
    return [found[number] for number in range(len(rows))]


def margins_in_parts(
    model: "LoadedModel", rows: Sequence[SteeredRow], positions: Positions, *, budget: Budget | None = None
) -> Iterator[list[tuple[int, SteeredMargin]]]:
    """As measure_margins, pass by pass, so that a killed run loses one: the rows' numbers, each with its margin."""
    queries = ready(model, rows, positions)
    budget = budget or Budget()
    run = _over_cache(model, queries, budget) if positions == "generated" else _above(model, positions, budget)
    for part in adapting(queries, by_prompt, run, budget):
        yield [(query.number, margin) for query, margin in part]


def _over_cache(model: "LoadedModel", queries: Sequence[Query], budget: Budget) -> Run:
    if not queries:
        return lambda _batch: iter(())
    way = way_of(model, max(len(query.tokens) for query in queries))
    asked = ask if way.name == "parallel queries" else ask_repeated

    def run(batch: list[Query]) -> Iterator[Part[SteeredMargin]]:
        prefixes = prefixes_of(model, prompts_of(batch))
        for rows, outcome, additions in asked(model, prefixes, batch, budget.bytes):
            yield _margins(model, rows, outcome, additions)

    return run


def _above(model: "LoadedModel", positions: Positions, budget: Budget) -> Run:
    def run(batch: list[Query]) -> Iterator[Part[SteeredMargin]]:
        for rows, outcome, additions in ask_above(model, batch, positions, budget.tokens):
            yield _margins(model, rows, outcome, additions)

    return run


def _margins(model: "LoadedModel", rows: list[Query], outcome: Outcome, additions: tuple[Addition, ...]) -> Part[SteeredMargin]:
    numbers = [query.number for query in rows]
    added = measured(model, additions, outcome.changes, outcome.passes, numbers, [query.layer for query in rows])
    margins = read_margins(model, outcome.logits, [query.answers for query in rows], added, numbers)
    return [(query, margin) for query, margin in zip(rows, margins, strict=True) if query.number != FILLER]
