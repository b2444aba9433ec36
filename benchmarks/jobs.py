"""What is timed for one model, and how the times compare: jobs by name, and targets that divide one by another."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Literal

import torch

from benchmarks.decoding import Steps
from benchmarks.memory import Way, extra_bytes
from benchmarks.methods import floor, ours
from benchmarks.methods.kinds import Method
from benchmarks.models import Subject
from benchmarks.work import Cell, Work
from harness.model.residual import read_residuals
from harness.records import Positions

Unit = Literal["s", "MB"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something that is measured once a round. measure: given the round's number, gives seconds, or megabytes for `unit` "MB"; those of all
    the work where only a part of it is run, which `part` then tells. warm: whether it is run once untimed, because no check ran it before
    and it is short."""

    name: str
    measure: Callable[[int], float]
    unit: Unit = "s"
    part: str | None = None
    warm: bool = False


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Everything about one model, ready to be run."""

    subject: Subject
    work: Work
    methods: tuple[Method, ...]
    sample: int | None = None
    device_map: str | None = None

    @property
    def decoded(self) -> tuple[Cell, ...]:
        """Cells of the decoding step: half the strengths of one layer."""
        return tuple(cell for cell in self.work.half if cell.layer == self.work.half[0].layer)


def seconds(run: Callable[[], object]) -> float:
    """Wall time of a call, an accelerator's work included."""
    start = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def some_of(cells: Sequence[Cell], sample: int | None, round_: int) -> list[Cell]:
    """The cells that a method which runs the prompt for each is timed on in one round; after some rounds each has had its turn.

    They are taken from all over the list, so that a few differ in layer and strength.
    """
    if sample is None or sample >= len(cells):
        return list(cells)
    step = next(step for step in range(len(cells) // 3 + 1, len(cells) + 2) if gcd(step, len(cells)) == 1)
    return [cells[(round_ * sample + number) * step % len(cells)] for number in range(sample)]


def all_jobs(bench: Bench) -> list[Job]:
    """Every job of a model, margins first, then texts, decoding and reading."""
    jobs = [_margin_job(bench, method, positions) for method in bench.methods for positions in method.positions]
    jobs += [
        _text_job(bench, method, positions) for method in bench.methods for positions in method.positions if _is_compared(method, positions)
    ]
    return [*jobs, *_own_jobs(bench), *_floor_jobs(bench), *_reading_jobs(bench)]


def _is_compared(method: Method, positions: Positions) -> bool:
    """Texts are generated at one of the positions alone, where possible the cheap one; ours at both, to be compared with."""
    return method is ours.OURS or positions == method.positions[0]


def _margin_job(bench: Bench, method: Method, positions: Positions) -> Job:
    def run(cells: Sequence[Cell]) -> object:
        return method.margins(bench.subject, bench.work.prompts, cells, positions)

    return _cell_job(bench, method, f"{method.name}, margins, {positions}", run)


def _text_job(bench: Bench, method: Method, positions: Positions) -> Job:
    def run(cells: Sequence[Cell]) -> object:
        return method.texts(bench.subject, bench.work.prompts, cells, positions, bench.work.size.new_tokens)

    name = f"{method.name}, texts, {positions}"
    return _one_row_job(bench, method, name, positions) if method.name == "naive" else _cell_job(bench, method, name, run)


def _cell_job(bench: Bench, method: Method, name: str, run: Callable[[Sequence[Cell]], object]) -> Job:
    """A job over all cells; over some, each in its turn, where a sample is asked for and the method does the same for every cell."""
    cells = bench.work.cells
    sample = bench.sample if method.recomputes else None

    def measure(round_: int) -> float:
        some = some_of(cells, sample, round_)
        return seconds(lambda: run(some)) * len(cells) / len(some)

    timed = len(some_of(cells, sample, 0))
    return Job(name=name, measure=measure, part=None if timed == len(cells) else f"{timed} of {len(cells)} cells a round, in turns")


def _one_row_job(bench: Bench, method: Method, name: str, positions: Positions) -> Job:
    """Texts of a method that runs the prompt again for every token of every row: one row a round tells what all would cost."""
    prompts, cells, new = bench.work.prompts, bench.work.cells, bench.work.size.new_tokens
    rows = len(prompts) * len(cells)

    def measure(round_: int) -> float:
        prompt, cell = prompts[round_ % len(prompts)], cells[round_ % len(cells)]
        return seconds(lambda: method.texts(bench.subject, [prompt], [cell], positions, new)) * rows

    return Job(name=name, measure=measure, part=f"1 of {rows} rows a round, in turns")


def _own_jobs(bench: Bench) -> list[Job]:
    subject, work = bench.subject, bench.work

    def margins(cells: Sequence[Cell]) -> Callable[[int], float]:
        return lambda _round: seconds(lambda: ours.margins(subject, work.prompts, cells, "generated"))

    def decode(_round: int) -> float:
        new = work.size.new_tokens
        return Steps().watch(subject.ours.module, lambda: ours.texts(subject, work.prompts, bench.decoded, "generated", new))

    return [
        Job(name="ours, margins, half the strengths", measure=margins(work.half), warm=True),
        Job(name="ours, margins, placebos", measure=margins(work.placebos), warm=True),
        Job(name="ours, decoding step", measure=decode, warm=True),
    ]


def _floor_jobs(bench: Bench) -> list[Job]:
    subject, work = bench.subject, bench.work
    new = work.size.new_tokens
    one_pass = floor.one_pass(subject, work.prompts)

    def decode(_round: int) -> float:
        return Steps().watch(subject.plain, floor.generation(subject, work.prompts, len(bench.decoded), new))

    return [
        Job(name="floor, one pass", measure=lambda _round: seconds(one_pass)),
        Job(name="floor, texts", measure=lambda _round: seconds(floor.generation(subject, work.prompts, len(work.cells), new))),
        Job(name="floor, decoding step", measure=decode, warm=True),
    ]


def _reading_jobs(bench: Bench) -> list[Job]:
    subject, work = bench.subject, bench.work
    hidden_states = floor.hidden_states(subject, work.prompts)

    def memory(way: Way) -> Callable[[int], float]:
        dtype = str(subject.ours.dtype).removeprefix("torch.")
        return lambda _round: extra_bytes(way, subject.folder, dtype, work.size, bench.device_map) / 1e6

    return [
        Job(name="ours, all layers", measure=lambda _round: seconds(lambda: read_residuals(subject.ours, work.prompts)), warm=True),
        Job(name="output_hidden_states", measure=lambda _round: seconds(hidden_states), warm=True),
        Job(name="ours, all layers, extra memory", measure=memory("ours"), unit="MB"),
        Job(name="output_hidden_states, extra memory", measure=memory("hidden-states"), unit="MB"),
    ]
