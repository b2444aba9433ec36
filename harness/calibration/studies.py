"""The studies: which designs are replicated, how often, and what a gate says to them."""

import gc
import math
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from harness.calibration.judges import GATES, AnyDesign, CalibratedGate, passed
from harness.calibration.replicates import Design, Replicate, replicates
from harness.calibration.transfers import TransferReplicate, transfer_replicates
from harness.errors import PlanError
from harness.numerics.calibrated import exact_share
from harness.numerics.intervals import Share

Kind = Literal["null", "power", "control", "copies"]
SCENARIOS = (8, 24)
"""Numbers of scenarios that every gate is calibrated at."""
COPIES = 4
CHUNK = 10

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Study:
    """One design, replicated `replicates` times. baseline: the null that gives a gate its figure."""

    kind: Kind
    name: str
    design: AnyDesign
    replicates: int
    baseline: bool = False

    def __post_init__(self) -> None:
        if self.replicates < 1:
            raise PlanError(f"{self.replicates} replicates give no rate; ask for 1 or more, 400 for the committed table")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one gate said to one replicate. share: how far apart the halves lay along the planted axis, of the residual norm."""

    passed: bool
    parts: Mapping[str, bool]
    statistic: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one gate said to all replicates of a study.

    passed: with its exact interval. parts: the same for each condition of the gate alone. statistic, share: means over the replicates.
    """

    study: Study
    gate: str
    passed: Share
    parts: Mapping[str, Share]
    statistic: float
    share: float


def all_studies(count: int, *, gates: Sequence[str], scenarios: Sequence[int], placebos: int) -> dict[Study, list[str]]:
    """The studies of some gates, and which of these each is for: gates that want the same replicates share them.

    Nulls, power curve and positive control for each number of scenarios, and copies for the smallest one.

    Args: count, replicates of a null; the others have half as many, and copies, whose replicates take longest, a quarter.
    Raises: PlanError for a number of scenarios without a declared smallest effect.
    """
    unknown = [n for n in scenarios if n not in SCENARIOS]
    if unknown:
        declared = ", ".join(map(str, SCENARIOS))
        raise PlanError(f"no smallest effect is declared for {unknown[0]} scenarios; choose among {declared}, or declare one in GATES")
    found: dict[Study, list[str]] = {}
    for name in gates:
        gate = GATES[name]
        for study in (
            *(study for n in scenarios for study in _studies(gate, count, n, placebos)),
            *(_copies(count, min(scenarios), placebos) if gate.copies else ()),
        ):
            found.setdefault(study, []).append(name)
    return found


def _studies(gate: CalibratedGate, count: int, n: int, placebos: int) -> Iterator[Study]:
    half = math.ceil(count / 2)
    for added, null in gate.nulls.items():
        design = _sized(null, n, placebos)
        yield Study(kind="null", name=f"{n} scenarios{added}", design=design, replicates=count, baseline=not added)
    for size in gate.sizes:
        design = replace(_sized(gate.power, n, placebos), size=size)
        yield Study(kind="power", name=f"{n} scenarios, size {size:g}", design=design, replicates=half)
    if gate.control_passes is not None:
        design = Design(scenarios=n, placebos=placebos, control=True)
        yield Study(kind="control", name=f"{n} scenarios", design=design, replicates=half)


def _copies(count: int, n: int, placebos: int) -> Iterator[Study]:
    for counted in (False, True):
        design = Design(scenarios=n, placebos=placebos, copies=COPIES, copies_as_scenarios=counted)
        name = f"{n} scenarios of {COPIES} copies, " + ("each counted as a scenario" if counted else "averaged within the scenario")
        yield Study(kind="copies", name=name, design=design, replicates=math.ceil(count / 4))


def _sized(design: AnyDesign, scenarios: int, placebos: int) -> AnyDesign:
    if isinstance(design, Design):
        return replace(design, scenarios=scenarios, placebos=placebos)
    return replace(design, scenarios=scenarios)


def draw(design: AnyDesign, numbers: Iterable[int], seed: int) -> Iterator[Replicate] | Iterator[TransferReplicate]:
    """The replicates of any design."""
    return replicates(design, numbers, seed) if isinstance(design, Design) else transfer_replicates(design, numbers, seed)


def run_study(
    study: Study, gates: Sequence[str], seed: int, *, workers: Executor | None = None, progress: Progress = print
) -> list[Outcome]:
    """Every gate on the same replicates of a study. The outcome does not depend on the workers."""
    chunks = [range(start, min(start + CHUNK, study.replicates)) for start in range(0, study.replicates, CHUNK)]
    arguments = ([study.design] * len(chunks), chunks, [seed] * len(chunks), [tuple(gates)] * len(chunks))
    found: list[dict[str, Judged]] = []
    for judged in workers.map(judge_some, *arguments) if workers else map(judge_some, *arguments):
        found += judged
        progress(f"{study.kind}: {study.name}: {len(found)} of {study.replicates}")
    return [_outcome(study, gate, [one[gate] for one in found]) for gate in gates]


def judge_some(design: AnyDesign, numbers: range, seed: int, gates: Sequence[str]) -> list[dict[str, Judged]]:
    """Some replicates, judged by some gates; what a worker does."""
    judged = []
    for replicate in draw(design, numbers, seed):
        results = {gate: GATES[gate].judge(replicate) for gate in gates}
        judged.append(
            {
                gate: Judged(
                    passed=passed(result),
                    parts=GATES[gate].parts(result),
                    statistic=np.nan if result.statistic is None else result.statistic,
                    share=replicate.share,
                )
                for gate, result in results.items()
            }
        )
    return judged


def _outcome(study: Study, gate: str, judged: Sequence[Judged]) -> Outcome:
    return Outcome(
        study=study,
        gate=gate,
        passed=exact_share(sum(one.passed for one in judged), len(judged)),
        parts={part: exact_share(sum(one.parts[part] for one in judged), len(judged)) for part in judged[0].parts},
        statistic=float(np.mean([one.statistic for one in judged])),
        share=float(np.mean([one.share for one in judged])),
    )


@contextmanager
def some_workers(jobs: int) -> Iterator[Executor | None]:
    """Processes with one thread each, or none for one job. Raises: PlanError for fewer than one."""
    if jobs < 1:
        raise PlanError(f"{jobs} jobs do no work; give 1 or more")
    if jobs == 1:
        single_thread()
        yield None
        return
    # spawned, not forked: torch has started threads of its own by now
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=single_thread) as workers:
        yield workers


def single_thread() -> None:
    """Tiny tensors: threads would spend their time waiting for each other. And the libraries are no garbage."""
    torch.set_num_threads(1)
    gc.freeze()  # statsmodels collects garbage in each Holm adjustment, for .2 s among all that torch holds
