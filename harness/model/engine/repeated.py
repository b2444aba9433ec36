"""Rows over a prompt's cache, of which each row gets a copy: for models that parallel query tokens do not suit."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.model.engine.prefixes import Prefixes, for_rows
from harness.model.engine.rows import Pass, Query, additions_of
from harness.model.passes import forward, generate
from harness.model.tokens import pad

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


MOST_ANSWERS = 64
"""Answers that are decoded side by side: more gain little, and a killed run loses them all."""


def ask_repeated(model: "LoadedModel", prefixes: Prefixes, queries: Sequence[Query], byte_budget: int) -> Iterator[Pass]:
    """Passes of one token a row. Returns: as harness.model.engine.queries.ask."""
    width = max(1, byte_budget // prefixes.bytes_each)
    for start in range(0, len(queries), width):
        rows = list(queries[start : start + width])
        # Padded as the prefixes are, so that their mask fits the cache.
        batch = pad(model, [query.tokens for query in rows], longest=prefixes.batch.ids.shape[1] + 1)
        additions = additions_of(model, rows, "generated")
        cache = for_rows(prefixes.cache, prefixes.places(rows))
        yield Pass(rows=rows, outcome=forward(model, batch, additions, cache), additions=additions)


def answer_repeated(
    model: "LoadedModel", prefixes: Prefixes, queries: Sequence[Query], new_tokens: int, byte_budget: int
) -> Iterator[Pass]:
    """Greedy answers. Returns: as harness.model.engine.queries.ask."""
    longest = prefixes.batch.ids.shape[1] + 1
    each = prefixes.bytes_each * (longest + new_tokens) // (longest - 1)
    width = max(1, min(MOST_ANSWERS, byte_budget // each))
    for start in range(0, len(queries), width):
        rows = list(queries[start : start + width])
        additions = additions_of(model, rows, "generated")
        batch = pad(model, [query.tokens for query in rows], longest=longest)
        outcome = generate(model, batch, additions, new_tokens, for_rows(prefixes.cache, prefixes.places(rows)))
        yield Pass(rows=rows, outcome=outcome, additions=additions)
