"""What is timed for one model, and how the times compare: jobs by name, and targets that divide one by another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Literal, TypeVar

import torch

from benchmarks.clock import CLOCKS, Clock
from benchmarks.decoding import Steps
from benchmarks.memory import Way, extra_bytes
from benchmarks.methods import floor, ours
from benchmarks.methods.kinds import Method
from benchmarks.models import Subject
from benchmarks.work import Cell, Work
from harness.model.residual import read_residuals
from harness.records import Positions, Prompt

Unit = Literal["s", "MB"]
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something that is measured once a round. measure: given the round's number, gives seconds, or megabytes for `unit` "MB"; those of all
    the work where only a part of it is run, which `part` then tells. warm: whether it is run once untimed, because no check ran it before
    and it is short. once: whether the first round stands for all, because they would not differ."""

    name: str
    measure: Callable[[int], float]
    unit: Unit = "s"
    part: str | None = None
    warm: bool = False
    once: bool = False


@dataclass(frozen=True, kw_only=True)
class Sample:
    """How much of the work is run in a round where all of it costs as many times more; None for all. cells: of methods that run the prompt
    for each. prompts: of those whose work for each prompt is its own."""

    cells: int | None = None
    prompts: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Everything about one model, ready to be run."""

    subject: Subject
    work: Work
    methods: tuple[Method, ...]
    sample: Sample = Sample()
    device_map: str | None = None
    clock: Clock = CLOCKS["wall"]

    @property
    def decoded(self) -> tuple[Cell, ...]:
        """Cells of the decoding step: half the strengths of one layer."""
        return tuple(cell for cell in self.work.half if cell.layer == self.work.half[0].layer)


def seconds(run: Callable[[], object], clock: Clock) -> float:
    """How long a call takes, an accelerator's work included."""
    start = clock()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start


def some_of(items: Sequence[Item], sample: int | None, round_: int) -> list[Item]:
    """Those that are run in one round; after some rounds each has had its turn.

    They are taken from all over the list, so that a few cells differ in layer and strength.
    """
    if sample is None or sample >= len(items):
        return list(items)
    step = next(step for step in range(len(items) // 3 + 1, len(items) + 2) if gcd(step, len(items)) == 1)
    return [items[(round_ * sample + number) * step % len(items)] for number in range(sample)]


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
    def run(prompts: Sequence[Prompt], cells: Sequence[Cell]) -> object:
        return method.margins(bench.subject, prompts, cells, positions)

    return _sampled_job(bench, f"{method.name}, margins, {positions}", sample_of(bench, method, positions), run)


def _text_job(bench: Bench, method: Method, positions: Positions) -> Job:
    def run(prompts: Sequence[Prompt], cells: Sequence[Cell]) -> object:
        return method.texts(bench.subject, prompts, cells, positions, bench.work.size.new_tokens)

    # One that runs the prompt again for every token as well: a single row tells what all would cost.
    sample = sample_of(bench, method, positions) if method.batched else Sample(cells=1, prompts=1)
    return _sampled_job(bench, f"{method.name}, texts, {positions}", sample, run)


def sample_of(bench: Bench, method: Method, positions: Positions) -> Sample:
    """What of the work a method is timed on."""
    own = not method.batched or (not method.recomputes and positions != "generated")
    return Sample(cells=bench.sample.cells if method.recomputes else None, prompts=bench.sample.prompts if own else None)


def _sampled_job(bench: Bench, name: str, sample: Sample, run: Callable[[Sequence[Prompt], Sequence[Cell]], object]) -> Job:
    """A job over the work, or over a sample of it, in turns, whose time is told for all."""
    prompts, cells = bench.work.prompts, bench.work.cells

    def measure(round_: int) -> float:
        some, few = some_of(prompts, sample.prompts, round_), some_of(cells, sample.cells, round_)
        return seconds(lambda: run(some, few), bench.clock) * (len(prompts) * len(cells)) / (len(some) * len(few))

    counts = [
        (len(some_of(prompts, sample.prompts, 0)), len(prompts), "prompts"),
        (len(some_of(cells, sample.cells, 0)), len(cells), "cells"),
    ]
    told = [f"{some} of {all_} {what}" for some, all_, what in counts if some < all_]
    return Job(name=name, measure=measure, part=f"{', '.join(told)} a round, in turns" if told else None)


def _own_jobs(bench: Bench) -> list[Job]:
    subject, work = bench.subject, bench.work

    def margins(cells: Sequence[Cell]) -> Callable[[int], float]:
        return lambda _round: seconds(lambda: ours.margins(subject, work.prompts, cells, "generated"), bench.clock)

    def decode(_round: int) -> float:
        new = work.size.new_tokens
        return Steps(bench.clock).watch(subject.ours.module, lambda: ours.texts(subject, work.prompts, bench.decoded, "generated", new))

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
        return Steps(bench.clock).watch(subject.plain, floor.generation(subject, work.prompts, len(bench.decoded), new))

    def generate(prompts: Sequence[Prompt], cells: Sequence[Cell]) -> None:
        floor.generation(subject, prompts, len(cells), new)()

    return [
        Job(name="floor, one pass", measure=lambda _round: seconds(one_pass, bench.clock)),
        _sampled_job(bench, "floor, texts", Sample(prompts=bench.sample.prompts), generate),
        Job(name="floor, decoding step", measure=decode, warm=True),
    ]


def _reading_jobs(bench: Bench) -> list[Job]:
    subject, work = bench.subject, bench.work
    hidden_states = floor.hidden_states(subject, work.prompts)

    def read() -> object:
        return read_residuals(subject.ours, work.prompts)

    def memory(way: Way) -> Callable[[int], float]:
        dtype = str(subject.ours.dtype).removeprefix("torch.")
        return lambda _round: extra_bytes(way, subject.folder, dtype, work.size, bench.device_map) / 1e6

    return [
        Job(name="ours, all layers", measure=lambda _round: seconds(read, bench.clock), warm=True),
        Job(name="output_hidden_states", measure=lambda _round: seconds(hidden_states, bench.clock), warm=True),
        Job(name="ours, all layers, extra memory", measure=memory("ours"), unit="MB", part="all of it, once", once=True),
        Job(name="output_hidden_states, extra memory", measure=memory("hidden-states"), unit="MB", part="all of it, once", once=True),
    ]
