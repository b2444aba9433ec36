"""Sweeps as pure data: which example meets which vector, at which layer and strength, and what is measured.

Nothing here knows a model. A plan is complete before any weights load, and placebos and strength 0 are rows like any other.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from harness.errors import PlanError
from harness.records import Arm, ContrastPair, Estimator, Example, Positions

Endpoint = Literal["margin", "text"]
Fit = Literal["cwe", "pooled"]

PLACEBO_ARMS: tuple[Arm, ...] = ("random", "nuisance", "label-flip")
LADDER = (-1.0, -0.5, 0.5, 1.0)
"""Shares of the declared strength at which the treatment is measured, for the dose-response; 0 is the baseline row."""
ENDS = (-1.0, 1.0)
"""Shares of the declared strength at which placebos, and texts, are measured."""


def check_strength(strength: float) -> None:
    """Raises: PlanError for a strength that is not a finite number above 0."""
    if not (math.isfinite(strength) and strength > 0):
        raise PlanError(
            f"strength {strength} is not a finite number above 0; give for example --strength 10 "
            "(the opposite sign and strength 0 are measured with it)"
        )


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """Which model, and how it is loaded."""

    name: str
    revision: str | None
    dtype: str
    device_map: str | None


@dataclass(frozen=True, kw_only=True, order=True)
class Cell:
    """A layer and a strength that a case declares."""

    layer: int
    strength: float

    def __post_init__(self) -> None:
        check_strength(self.strength)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing to measure: this example, with this vector at this strength.

    `index` counts the placebos of an arm. The baseline and its repeat have strength 0 and stand at no layer (None).
    """

    example: Example
    arm: Arm
    index: int
    layer: int | None
    strength: float
    endpoint: Endpoint


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """Everything one group (a model, a dataset, a CWE) has to measure.

    pairs: the contrast pairs that are tested. fitting_pairs: those that directions may be fitted on; the fold of a
    tested scenario takes all of them but the scenario's own.
    """

    model: ModelRequest
    dataset: str
    data_hash: str
    cwe: str
    pairs: tuple[ContrastPair, ...]
    fitting_pairs: tuple[ContrastPair, ...]
    question: str
    positions: Positions
    layers: tuple[int, ...]
    shift_cells: tuple[Cell, ...]
    text_cells: tuple[Cell, ...]
    placebos: int
    max_new_tokens: int
    seed: int
    estimator: Estimator = "mean-difference"

    def __post_init__(self) -> None:
        if self.positions not in get_args(Positions):
            raise PlanError(f"positions {self.positions!r} is none of {', '.join(get_args(Positions))}")
        if self.estimator not in get_args(Estimator):
            raise PlanError(f"estimator {self.estimator!r} is none of {', '.join(get_args(Estimator))}")
        if self.placebos < 1:
            raise PlanError(f"--placebos {self.placebos} leaves nothing to rank against; 19 are the fewest that can reach p = .05")
        if self.max_new_tokens < 1:
            raise PlanError(f"--max-new-tokens {self.max_new_tokens} generates nothing; give 1 or more")

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(example for pair in self.pairs for example in pair.examples)

    @property
    def scenarios(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(pair.scenario for pair in self.pairs))

    @property
    def placebo_counts(self) -> dict[Arm, int]:
        """How many placebos each arm has: `placebos`, but of label flips no more than exist."""
        fitting = len({pair.scenario for pair in self.fitting_pairs})
        return {"random": self.placebos, "nuisance": self.placebos, "label-flip": min(self.placebos, distinct_flips(fitting))}

    def rows(self) -> Iterator[Row]:
        """All rows, example by example, each once."""
        cells = sorted({*self.shift_cells, *self.text_cells})
        for example in self.examples:
            seen: set[tuple[object, ...]] = set()
            for row in self._rows_of(example, cells):
                identity = (row.arm, row.index, row.layer, row.strength, row.endpoint)
                if identity not in seen:
                    seen.add(identity)
                    yield row

    def _rows_of(self, example: Example, cells: list[Cell]) -> Iterator[Row]:
        yield Row(example=example, arm="baseline", index=0, layer=None, strength=0.0, endpoint="margin")
        if self.text_cells:
            for arm in ("baseline", "repeat"):
                yield Row(example=example, arm=arm, index=0, layer=None, strength=0.0, endpoint="text")
        for cell in cells:
            if cell in self.shift_cells:
                yield from self._shift_rows(example, cell)
            if cell in self.text_cells:
                for share in ENDS:
                    yield _treatment(example, cell, share, "text")

    def _shift_rows(self, example: Example, cell: Cell) -> Iterator[Row]:
        for share in LADDER:
            yield _treatment(example, cell, share, "margin")
        for arm, count in self.placebo_counts.items():
            for index in range(count):
                for share in ENDS:
                    yield Row(example=example, arm=arm, index=index, layer=cell.layer, strength=share * cell.strength, endpoint="margin")


def distinct_flips(n_scenarios: int) -> int:
    """How many relabellings of n scenarios there are beside the true one, up to the sign of all."""
    if n_scenarios < 1:
        raise PlanError(f"{n_scenarios} scenarios have no labels to flip; at least 1 is needed")
    return int(2 ** (n_scenarios - 1)) - 1


def _treatment(example: Example, cell: Cell, share: float, endpoint: Endpoint) -> Row:
    return Row(example=example, arm="treatment", index=0, layer=cell.layer, strength=share * cell.strength, endpoint=endpoint)
