"""Measures models and starting up, and gives what the page, the comparison and the JSON file are made of."""

from collections.abc import Sequence
from typing import Any

from benchmarks import startup
from benchmarks.agreement import TOLERANCE, check_agreement
from benchmarks.clock import CLOCKS, Clock
from benchmarks.jobs import Bench, Job, Sample, all_jobs
from benchmarks.machine import describe
from benchmarks.methods.kinds import Method
from benchmarks.models import subject
from benchmarks.page import Section
from benchmarks.ratios import Target, compare
from benchmarks.rounds import Tell, run_rounds
from benchmarks.targets import STARTUP
from benchmarks.work import Size, make_work

STARTUP_NAME = "start-up"
CLOCK_WORDS = {"wall": "on the wall", "cpu": "processor time, for a machine that others use too"}


def measure_model(
    name: str,
    targets: Sequence[Target],
    methods: Sequence[Method],
    size: Size,
    rounds: int,
    tell: Tell,
    *,
    sample: Sample,
    device_map: str | None,
    clock: str,
) -> Section:
    """All targets of one model.

    Raises: BenchmarkError if the methods do not agree; nothing is timed then.
    """
    tell(f"loading {name}")
    with subject(name, device_map) as loaded:
        work = make_work(loaded.ours, size)
        bench = Bench(subject=loaded, work=work, methods=tuple(methods), sample=sample, device_map=device_map, clock=CLOCKS[clock])
        wanted = {job for target in targets for job in (target.over, target.under)}
        jobs = [job for job in all_jobs(bench) if job.name in wanted]
        agreements = check_agreement(bench, wanted, tell)
        times = run_rounds(jobs, rounds, tell)
        layers = sorted({cell.layer for cell in work.cells})
        dtype = str(loaded.ours.dtype).removeprefix("torch.")
        told = (
            f"{loaded.parameters / 1e6:.3g}M parameters, {loaded.ours.info.layers} layers of width {loaded.ours.info.d_model}, {dtype}",
            f"prompts of {min(work.lengths)} to {max(work.lengths)} tokens; layers {', '.join(map(str, layers))}",
            f"margins may differ by {TOLERANCE[loaded.ours.dtype]:g} between methods, in nats",
        )
    return _section(name, loaded.text, targets, jobs, times, described(rounds, clock), agreements=tuple(agreements), told=told)


def measure_startup(targets: Sequence[Target], rounds: int, tell: Tell, clock: str) -> Section:
    """How long pytest takes to collect the evals, beside the imports it can't do without, and what asking for help imports."""
    commands = {
        STARTUP[0].over: startup.COLLECT,
        STARTUP[1].over: startup.HELP["pytest evals --help"],
        STARTUP[0].under: startup.IMPORTS,
    }
    wanted = {job for target in targets for job in (target.over, target.under)}
    jobs = [_process_job(name, arguments, CLOCKS[clock]) for name, arguments in commands.items() if name in wanted]
    told = [_help_line(name, startup.heavy_imports(arguments)) for name, arguments in startup.HELP.items()]
    times = run_rounds(jobs, rounds, tell)
    return _section(STARTUP_NAME, "Processes of their own.", targets, jobs, times, described(rounds, clock), told=tuple(told))


def described(rounds: int, clock: str) -> dict[str, str]:
    """The machine, and how it was measured on."""
    return {**describe(), "rounds": str(rounds), "clock": CLOCK_WORDS[clock]}


def _process_job(name: str, arguments: Sequence[str], clock: Clock) -> Job:
    # Warm: the first run reads the packages from disk.
    return Job(name=name, measure=lambda _round: startup.seconds(arguments, clock), warm=True)


def _help_line(name: str, heavy: Sequence[str]) -> str:
    if heavy:
        return f"`{name}` imports {', '.join(heavy)}: **missed**, it should import none of {', '.join(startup.HEAVY)}"
    return f"`{name}` imports none of {', '.join(startup.HEAVY)}: met"


def _section(
    name: str,
    text: str,
    targets: Sequence[Target],
    jobs: Sequence[Job],
    times: dict[str, list[float]],
    machine: dict[str, str],
    **more: Any,
) -> Section:
    return Section(
        name=name,
        text=text,
        machine=machine,
        found=tuple(compare(target, times) for target in targets),
        times=times,
        units={job.name: job.unit for job in jobs},
        parts={job.name: job.part for job in jobs if job.part is not None},
        **more,
    )
