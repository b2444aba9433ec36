"""The published benchmark of SecLLMHolmes as data: what a steered model is put beside.

Counts from `results/` of github.com/ai4cloudops/SecLLMHolmes at COMMIT. `harness.scoring.secllmholmes` says what each column counts and
recomputes the rows whose responses are recorded.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.scoring.signals import Signal

SOURCE = "github.com/ai4cloudops/SecLLMHolmes, results/"
COMMIT = "9421928845d1f1f907946d7a70a6a57d62a163d8"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Responses that count in each split; None for a split nothing is known of."""

    hand_crafted: int | None
    trivial: int | None
    non_trivial: int | None
    real_world: int | None


SIZES = Scores(hand_crafted=48, trivial=96, non_trivial=66, real_world=30)
"""How many can count. Trivial: 84 rewritten files and 12 unchanged ones; non-trivial: 66 files, each before and after."""


@dataclass(frozen=True, kw_only=True)
class BenchmarkRow:
    """One model's row.

    as_coded: as upstream counts, where "Yes" is not "yes". folded: with case folded. signal: of the verdicts on the 48 hand-crafted
    files, case folded; None where they are not known. recorded: the model's name in the stored results, None where it is not recorded.
    """

    model: str
    as_coded: Scores
    folded: Scores
    signal: Signal | None
    recorded: str | None = None


_COUNTS = {
    "o4-mini": ((35, 90, 50, 11), (36, 91, 51, 11)),
    "DeepSeek-R1": ((34, 85, 47, 8), (34, 85, 48, 8)),
    "o3": ((32, 78, 47, 10), (34, 90, 51, 10)),
    "o1": ((32, 71, 42, 6), (35, 87, 48, 10)),
    "Llama-4-Maverick": ((30, 70, 42, 8), (36, 81, 50, 10)),
    "Claude-3.7-Sonnet": ((28, 87, 52, 8), (28, 88, 54, 8)),
    "Claude-3.5-Sonnet": ((26, 89, 49, 11), (28, 92, 51, 11)),
    "GPT-4.1": ((26, 61, 32, 6), (35, 79, 50, 8)),
    "GPT-4-Turbo": ((25, 81, 40, 8), (25, 87, 46, 8)),
    "GPT-4o": ((24, 78, 47, 7), (26, 90, 54, 8)),
    "GPT-4": ((23, 79, 45, 5), (23, 81, 48, 5)),
    "GPT-3.5": ((20, 83, 38, 6), (21, 83, 41, 6)),
}
"""Model -> counts as coded and with case folded: hand-crafted, trivial, non-trivial, real-world."""

_CALLED_VULNERABLE = {"o1": (24, 12), "GPT-4o": (23, 20), "GPT-4": (12, 8), "GPT-3.5": (19, 19)}
"""Model -> how many of the 24 vulnerable and of the 24 patched hand-crafted files it called vulnerable; every one had a verdict."""

_RECORDED_NAMES = {"o1": "o1", "GPT-4o": "gpt-4o-2024-11-20", "GPT-4": "gpt-4", "GPT-3.5": "gpt-3.5-turbo"}
"""Model -> its name in the stored results."""


def reference_rows() -> tuple[BenchmarkRow, ...]:
    """The published models, best first. Four of them have a `signal`: those whose verdicts are recorded."""
    return tuple(_rows())


def _rows() -> Iterator[BenchmarkRow]:
    for model, (as_coded, folded) in _COUNTS.items():
        called = _CALLED_VULNERABLE.get(model)
        yield BenchmarkRow(
            model=model,
            as_coded=_scores(as_coded),
            folded=_scores(folded),
            signal=None if called is None else Signal(hits=called[0], vulnerable=24, false_alarms=called[1], patched=24),
            recorded=_RECORDED_NAMES.get(model),
        )


def _scores(counts: tuple[int, int, int, int]) -> Scores:
    hand_crafted, trivial, non_trivial, real_world = counts
    return Scores(hand_crafted=hand_crafted, trivial=trivial, non_trivial=non_trivial, real_world=real_world)


PUBLISHED = {row.model: row for row in reference_rows()}
