"""Sweeps as pure data: which example meets which vector, at which layer and strength, and what is measured.

Nothing here knows a model. A plan is complete before any weights load, and placebos and strength 0 are rows like any other.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from harness.errors import PlanError
from harness.records import Arm, ContrastPair, Estimator, Example, Positions, is_cwe

Endpoint = Literal["margin", "text"]
Fit = Literal["cwe", "pooled"]
OWN_QUESTION = "own"
"""The name of a question that data put themselves."""
CONCEPTS = 2**32
"""Numbers of concepts that are no CWE begin here."""

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

    `index` counts the placebos of an arm, and is the number of the CWE whose direction it is for other-cwe. What is not steered (baseline,
    repeat, prompt) has strength 0 and stands at no layer (None).
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
    tested scenario takes all of them but the scenario's own. other_pairs: those of other CWEs, for their directions.
    variant_pairs: rewrites of the tested pairs, on which the effect may be kept.

    Cells, by what is measured there: shift_cells, margins under treatment and placebos; text_cells, responses; transfer_cells, margins
    under the directions of other CWEs; variant_cells, margins of the variants under treatment. prompted: whether the instruction that
    asks for caution is measured.
    """

    model: ModelRequest
    dataset: str
    data_hash: str
    cwe: str
    pairs: tuple[ContrastPair, ...]
    fitting_pairs: tuple[ContrastPair, ...]
    other_pairs: tuple[ContrastPair, ...] = ()
    variant_pairs: tuple[ContrastPair, ...] = ()
    question: str
    positions: Positions
    layers: tuple[int, ...]
    shift_cells: tuple[Cell, ...]
    text_cells: tuple[Cell, ...]
    transfer_cells: tuple[Cell, ...] = ()
    variant_cells: tuple[Cell, ...] = ()
    prompted: bool = False
    estimator: Estimator = "mean-difference"
    placebos: int
    max_new_tokens: int
    seed: int

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

    @property
    def other_cwes(self) -> tuple[str, ...]:
        """The CWEs whose directions are tried on this one, by number."""
        return tuple(sorted({pair.cwe for pair in self.other_pairs}, key=cwe_number))

    @property
    def variants(self) -> tuple[Example, ...]:
        """The rewrites that are measured beside the tested examples."""
        return tuple(example for pair in self.variant_pairs for example in pair.examples) if self.variant_cells else ()

    def rows(self) -> Iterator[Row]:
        """All rows, example by example, each once: first of the tested examples, then of their variants."""
        for example in self.examples:
            yield from dict.fromkeys(self._rows_of(example))
        for example in self.variants:
            yield from dict.fromkeys(self._variant_rows(example))

    def _rows_of(self, example: Example) -> Iterator[Row]:
        yield _unsteered(example, "baseline", "margin")
        if self.prompted:
            yield _unsteered(example, "prompt", "margin")
        if self.text_cells:
            yield _unsteered(example, "baseline", "text")
            yield _unsteered(example, "repeat", "text")
            if self.prompted:
                yield _unsteered(example, "prompt", "text")
        for cell in sorted({*self.shift_cells, *self.text_cells, *self.transfer_cells, *self.variant_cells}):
            if cell in self.shift_cells:
                yield from self._shift_rows(example, cell)
            if cell in self.text_cells:
                for share in ENDS:
                    yield _treatment(example, cell, share, "text")
            if cell in self.transfer_cells:
                yield from self._transfer_rows(example, cell)
            if cell in self.variant_cells:
                for share in ENDS:
                    yield _treatment(example, cell, share, "margin")

    def _variant_rows(self, example: Example) -> Iterator[Row]:
        yield _unsteered(example, "baseline", "margin")
        for cell in self.variant_cells:
            for share in ENDS:
                yield _treatment(example, cell, share, "margin")

    def _transfer_rows(self, example: Example, cell: Cell) -> Iterator[Row]:
        for share in ENDS:
            yield _treatment(example, cell, share, "margin")
            for cwe in self.other_cwes:
                yield Row(
                    example=example,
                    arm="other-cwe",
                    index=cwe_number(cwe),
                    layer=cell.layer,
                    strength=share * cell.strength,
                    endpoint="margin",
                )

    def _shift_rows(self, example: Example, cell: Cell) -> Iterator[Row]:
        for share in LADDER:
            yield _treatment(example, cell, share, "margin")
        yield Row(example=example, arm="reversed", index=0, layer=cell.layer, strength=cell.strength, endpoint="margin")
        for arm, count in self.placebo_counts.items():
            for index in range(count):
                for share in ENDS:
                    yield Row(example=example, arm=arm, index=index, layer=cell.layer, strength=share * cell.strength, endpoint="margin")


def distinct_flips(n_scenarios: int) -> int:
    """How many relabellings of n scenarios there are beside the true one, up to the sign of all."""
    if n_scenarios < 1:
        raise PlanError(f"{n_scenarios} scenarios have no labels to flip; at least 1 is needed")
    return int(2 ** (n_scenarios - 1)) - 1


def cwe_number(cwe: str) -> int:
    """787 of "CWE-787"; of another concept a number above those of all CWEs, made of its name."""
    if is_cwe(cwe):
        return int(cwe.removeprefix("CWE-"))
    return CONCEPTS + int.from_bytes(hashlib.sha256(cwe.encode()).digest()[:4])


def cwe_of(number: int, known: Iterable[str]) -> str:
    """The CWE or concept of a number; a concept that is not among `known` goes by its number."""
    named = {cwe_number(cwe): cwe for cwe in known}
    return named.get(number, f"CWE-{number}" if number < CONCEPTS else f"concept {number}")


def _unsteered(example: Example, arm: Arm, endpoint: Endpoint) -> Row:
    return Row(example=example, arm=arm, index=0, layer=None, strength=0.0, endpoint=endpoint)


def _treatment(example: Example, cell: Cell, share: float, endpoint: Endpoint) -> Row:
    return Row(example=example, arm="treatment", index=0, layer=cell.layer, strength=share * cell.strength, endpoint=endpoint)
