"""What a method is: the same prompts and cells in, the same margins and texts out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.records import FloatArray, Positions, Prompt

Texts = list[list[tuple[int, ...]]]
"""For each prompt and each cell the generated tokens, the first end-of-text among them."""


class MarginsOf(Protocol):
    """Margins, (prompts, cells), float32."""

    def __call__(self, subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions) -> FloatArray: ...


class TextsOf(Protocol):
    """Greedy answers of at most `new_tokens` tokens."""

    def __call__(
        self, subject: Subject, prompts: Sequence[Prompt], cells: Sequence[Cell], positions: Positions, new_tokens: int
    ) -> Texts: ...


@dataclass(frozen=True, kw_only=True)
class Method:
    """name: short, part of a job's name. text: what it is. positions: those it can steer at. recomputes: whether each cell runs the prompt
    again, so that some of the cells tell what all cost. batched: whether prompts are run together."""

    name: str
    text: str
    margins: MarginsOf
    texts: TextsOf
    positions: tuple[Positions, ...] = ("generated", "all")
    recomputes: bool = True
    batched: bool = True


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A method that can't be run here, and why."""

    name: str
    text: str
    reason: str
