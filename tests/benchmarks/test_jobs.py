"""Every target finds its jobs; samples take their turns; steps and memory are told from what really happened."""

import time
from collections import Counter
from dataclasses import replace
from itertools import count

import pytest
import torch

from benchmarks import startup
from benchmarks.clock import CLOCKS
from benchmarks.decoding import Steps
from benchmarks.errors import BenchmarkError
from benchmarks.jobs import Bench, Job, Sample, all_jobs, some_of
from benchmarks.memory import peak_of
from benchmarks.methods import floor, ours
from benchmarks.methods.hook import HOOK
from benchmarks.methods.naive import NAIVE
from benchmarks.methods.ours import OURS
from benchmarks.methods.repeng_ import REPENG
from benchmarks.methods.steering_vectors_ import STEERING_VECTORS
from benchmarks.models import Subject
from benchmarks.rounds import run_rounds
from benchmarks.targets import chosen, targets_of
from benchmarks.work import Cell, Size, spread_layers
from tests.benchmarks.test_agreement import work
from tests.model import tiny

METHODS = (OURS, HOOK, NAIVE, STEERING_VECTORS, REPENG)


def bench(subject: Subject, cells: tuple[Cell, ...], sample: Sample | None = None) -> Bench:
    return Bench(subject=subject, work=work(cells), methods=METHODS, sample=sample or Sample())


def test_every_target_has_both_its_jobs(subject: Subject, cells: tuple[Cell, ...]) -> None:
    names = [job.name for job in all_jobs(bench(subject, cells))]
    assert len(names) == len(set(names))
    targets = targets_of(Size(), [method.name for method in METHODS])
    assert {job for target in targets for job in (target.over, target.under)} == set(names)
    assert len({target.id for target in targets}) == len(targets)


def test_the_targets_are_those_that_were_set() -> None:
    limits = {target.id: (target.kind, target.limit) for target in targets_of(Size(), []) if target.limit is not None}
    assert limits == {
        "margins-generated-vs-hook": ("at least", 16),
        "margins-generated-vs-naive": ("at least", 20),
        "margins-generated-vs-floor": ("at most", 1.4),
        "placebos-vs-floor": ("at most", 2.5),
        "margins-all-vs-hook": ("at least", 1.6),
        "texts-vs-hook": ("at least", 4),
        "decoding-step": ("at most", 1.1),
        "reading-time": ("at most", 1.05),
        "reading-memory": ("at most", 0.2),
        "doubled-strengths": ("at most", 1.15),
    }


def test_packages_that_are_missing_have_no_targets() -> None:
    assert not any("repeng" in target.id for target in targets_of(Size(), ["hook", "steering-vectors"]))


def test_targets_are_chosen_by_words_of_their_ids() -> None:
    targets = targets_of(Size(), [])
    assert [target.id for target in chosen(targets, ["reading", "doubled"])] == ["reading-time", "reading-memory", "doubled-strengths"]
    assert chosen(targets, []) == targets
    with pytest.raises(BenchmarkError, match="--only speed fits none of margins-generated-vs-hook"):
        chosen(targets, ["speed"])


def test_after_some_rounds_every_cell_had_its_turn(cells: tuple[Cell, ...]) -> None:
    turns = Counter(id(cell) for round_ in range(3) for cell in some_of(cells, 4, round_))
    assert sorted(turns.values()) == [2] * len(cells)
    assert some_of(cells, None, 5) == list(cells)


def test_the_time_of_a_sample_is_told_for_all_rows(subject: Subject, cells: tuple[Cell, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    # As if each row of margins took a second.
    monkeypatch.setattr("benchmarks.jobs.seconds", lambda run, _clock: run().size)
    jobs = {job.name: job for job in all_jobs(bench(subject, cells, Sample(cells=2, prompts=1)))}
    rows = len(tiny.PROMPTS) * len(cells)
    parts = {
        "hook, margins, generated": "2 of 6 cells a round, in turns",
        "naive, margins, all": "1 of 4 prompts, 2 of 6 cells a round, in turns",
        "ours, margins, generated": None,
        "ours, margins, all": "1 of 4 prompts a round, in turns",
    }
    for name, part in parts.items():
        assert (jobs[name].measure(0), jobs[name].part) == (rows, part), name
    assert jobs["naive, texts, generated"].part == "1 of 4 prompts, 1 of 6 cells a round, in turns"
    assert jobs["floor, texts"].part == "1 of 4 prompts a round, in turns"
    sampled = [job.name for job in all_jobs(bench(subject, cells)) if job.part and not job.once]
    assert sampled == ["naive, texts, generated"]


def test_a_second_is_one_of_the_chosen_clock(subject: Subject, cells: tuple[Cell, ...]) -> None:
    # One that moves on by 5 with each look, whatever is measured between two.
    chosen_clock = replace(bench(subject, cells), clock=count(0.0, 5.0).__next__)
    jobs = {job.name: job for job in all_jobs(chosen_clock)}
    assert jobs["floor, one pass"].measure(0) == jobs["ours, all layers"].measure(0) == jobs["hook, margins, all"].measure(0) == 5
    assert startup.seconds(["-c", ""], count(0.0, 5.0).__next__) == 5


def test_processor_time_counts_processes_that_were_waited_for() -> None:
    before = CLOCKS["cpu"]()
    startup.run(["-c", "import time\nwhile time.process_time() < 0.2: pass"])
    assert CLOCKS["cpu"]() - before > 0.2


def test_rounds_run_every_job_and_turn_back_every_second_time() -> None:
    order: list[str] = []

    def job(name: str, *, warm: bool = False, once: bool = False) -> Job:
        return Job(name=name, measure=lambda round_: order.append(f"{name}{round_}") or float(round_ + 1), warm=warm, once=once)

    jobs = [job("a", warm=True), job("b"), job("c", once=True)]
    assert run_rounds(jobs, 3, lambda _line: None) == {"a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 1, 1]}
    assert order == ["a0", "a0", "b0", "c0", "b1", "a1", "a2", "b2"]


@pytest.mark.parametrize("own", [False, True])
def test_steps_are_counted_once_for_each_row_and_token_but_the_first(own: bool, subject: Subject, cells: tuple[Cell, ...]) -> None:
    steps, new = Steps(), 5
    module = subject.ours.module if own else subject.plain
    # No answer of these ends early, else there would be fewer steps.
    start = time.perf_counter()
    if own:
        texts = ours.texts(subject, tiny.PROMPTS, cells[1:2], "generated", new)
        assert all(len(text) == new for (text,) in texts)
        each = steps.watch(module, lambda: ours.texts(subject, tiny.PROMPTS, cells[1:2], "generated", new))
        rows = len(tiny.PROMPTS)
    else:
        each = steps.watch(module, floor.generation(subject, tiny.PROMPTS, 2, new))
        rows = 2 * len(tiny.PROMPTS)
    assert steps.row_steps == rows * (new - 1)
    assert 0 < each * steps.row_steps < time.perf_counter() - start


def test_passes_without_a_cache_are_no_steps(subject: Subject) -> None:
    with pytest.raises(BenchmarkError, match="no decoding step"):
        Steps().watch(subject.plain, floor.one_pass(subject, tiny.PROMPTS))


def test_the_peak_of_a_tensor_is_seen_though_a_larger_one_was_there_before() -> None:
    if not torch.cuda.is_available():
        torch.ones(50_000_000)
    small = peak_of(lambda: torch.ones(1000), "cpu")
    large = peak_of(lambda: torch.ones(20_000_000), "cpu")
    assert 75e6 < large - small < 90e6


def test_layers_are_spread_over_the_depth() -> None:
    assert spread_layers(24, 3) == (4, 12, 20)
    assert spread_layers(6, 3) == (1, 3, 5)
    assert spread_layers(3, 3) == (0, 1, 2)
    with pytest.raises(BenchmarkError, match="4 layers were asked for, the model has 3"):
        spread_layers(3, 4)
