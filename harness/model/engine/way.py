"""Which way rows share a prompt, decided by measuring it on the loaded model, never by its name."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch

from harness.model.engine.budget import BYTES, Way, is_out_of_memory
from harness.model.engine.growing import Growth, grow_answers
from harness.model.engine.prefixes import Prefixes, for_rows, prefixes_of, prompts_of
from harness.model.engine.queries import ask, grids
from harness.model.engine.repeated import answer_repeated, ask_repeated
from harness.model.engine.rows import Pass, Query, additions_of
from harness.model.passes import forward
from harness.model.tokens import AnswerTokens, pad
from harness.prompts import build_prompt

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.05}
"""Largest difference of logits that rounding in another order explains, by number type."""
PROBE = "int copy(char *to)\n{\n    return to[3];\n}\n"
PROBE_ROWS = 12
"""Of each probe prompt: the error of a model that numbers the queries by itself grows with their number."""
PROBE_STEPS = 3
"""Tokens of the answers to the probe rows: the second is the first that sees keys of answers."""
BEYOND = 24
"""Tokens by which the longer probe exceeds a sliding window."""

Asked = Callable[["LoadedModel", Prefixes, Sequence[Query], int], Iterator[Pass]]
"""Asks rows over the prompts' cache: harness.model.engine.queries.ask or harness.model.engine.repeated.ask_repeated."""
Answered = Callable[["LoadedModel", Prefixes, Sequence[Query], int, int], Iterator[Pass]]
"""The same for answers of so many tokens: harness.model.engine.growing.grow_answers or harness.model.engine.repeated.answer_repeated."""

_measured: "WeakKeyDictionary[LoadedModel, dict[bool, Way]]" = WeakKeyDictionary()


def way_of(model: "LoadedModel", longest: int) -> Way:
    """The way a model takes, measured once for prompts within its sliding window and once for those beyond.

    Args: longest, tokens of the longest prompt that is to be measured, with its answer.
    """
    window: int | None = getattr(model.module.config.get_text_config(), "sliding_window", None)
    beyond = longest > (window or longest)
    ways = _measured.setdefault(model, {})
    if beyond not in ways:
        ways[beyond] = compare(model, min(window + BEYOND, model.info.context) if window and beyond else None)
    return ways[beyond]


def asking(way: Way) -> Asked:
    """What runs rows that way."""
    return ask if way.name == "parallel queries" else ask_repeated


def answering(way: Way) -> Answered:
    """What gives rows their answers that way."""
    return grow_answers if way.name == "parallel queries" else answer_repeated


def compare(model: "LoadedModel", length: int | None) -> Way:
    """Runs probe rows both ways, and their answers: two prompts of different length, unsteered rows and rows of the first and last layer.

    Args: length, tokens of the longer prompt; None for a short one.
    """
    queries, tolerance = probe_rows(model, length), TOLERANCE[model.dtype]
    expected = logits_of(model, queries, ask_repeated)
    try:
        found = logits_of(model, queries, ask)
        grown = grown_difference(model, queries)
    except Exception as refusal:  # whatever a model makes of a mask it does not know
        if is_out_of_memory(refusal):
            raise
        lines = str(refusal).strip().splitlines() or [""]
        cause = f"the model refuses parallel queries: {type(refusal).__name__}: {lines[-1]}"
        return Way(name="repeated cache", difference=None, tolerance=tolerance, cause=cause)
    difference = max(float((found - expected).abs().max()), grown)
    if difference <= tolerance:
        return Way(name="parallel queries", difference=difference, tolerance=tolerance)
    cause = f"with parallel queries logits differ by {difference:.2g}, {tolerance:g} is allowed"
    return Way(name="repeated cache", difference=difference, tolerance=tolerance, cause=cause)


def probe_rows(model: "LoadedModel", length: int | None) -> list[Query]:
    """Rows over two prompts, one of them shorter, with directions of their own and the first and the last layer in turns."""
    text = build_prompt(code=PROBE, language="c", cwe="CWE-787").text
    tokens = tuple(model.tokenizer(text)["input_ids"])
    whole = tokens if length is None else (tokens * (length // len(tokens) + 1))[:length]
    drawn = np.random.default_rng(0).standard_normal((PROBE_ROWS, model.info.d_model)).astype(np.float32)
    layers = (None, 0, model.info.layers - 1)
    return [
        Query(
            number=number,
            tokens=prompt,
            answers=AnswerTokens(0, 1),
            layer=layers[row % 3],
            delta=None if layers[row % 3] is None else drawn[row],
            new_tokens=None,
        )
        for number, (prompt, row) in enumerate((prompt, row) for prompt in (whole, whole[3:]) for row in range(PROBE_ROWS))
    ]


def logits_of(model: "LoadedModel", queries: Sequence[Query], asked: Asked) -> torch.Tensor:
    """Logits behind each row, (rows, vocabulary), on the CPU, by one of the two ways."""
    prefixes = prefixes_of(model, prompts_of(queries))
    found: dict[int, torch.Tensor] = {}
    for one in asked(model, prefixes, queries, BYTES):
        found |= {query.number: logits.cpu() for query, logits in zip(one.rows, one.outcome.logits, strict=True)}
    return torch.stack([found[query.number] for query in queries])


def grown_difference(model: "LoadedModel", queries: Sequence[Query]) -> float:
    """Largest difference of logits between answers that grow side by side and the same tokens, each row over a copy of the cache.

    Args: queries, as many of each prompt.
    """
    prefixes = prefixes_of(model, prompts_of(queries))
    (grid,) = grids(model, prefixes, queries, len(queries))
    growth, cache = Growth(model, prefixes, grid), for_rows(prefixes.cache, prefixes.places(grid))
    rows, differences = [query.tokens for query in grid], []
    for length in range(PROBE_STEPS):
        batch = pad(model, rows, longest=prefixes.batch.ids.shape[1] + 1 + length)
        expected = forward(model, batch, additions_of(model, grid, "generated"), cache).logits
        differences.append(float((growth.step().cpu() - expected).abs().max()))
        rows = [(*row, token) for row, token in zip(rows, growth.answers[:, -1].tolist(), strict=True)]
    return max(differences)
