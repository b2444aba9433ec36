"""Runs jobs in rounds: each round runs every job once, so that what slows the machine down meets them all alike."""

import time
from collections.abc import Callable, Sequence

from benchmarks.jobs import Job

Tell = Callable[[str], None]


def run_rounds(jobs: Sequence[Job], rounds: int, tell: Tell) -> dict[str, list[float]]:
    """What each job took in each round, by its name. Every second round goes backwards, so that no job always follows the same one."""
    for job in jobs:
        if job.warm:
            tell(f"warming up: {job.name}")
            job.measure(0)
    taken: dict[str, list[float]] = {job.name: [] for job in jobs}
    start = time.perf_counter()
    for round_ in range(rounds):
        for job in jobs if round_ % 2 == 0 else reversed(jobs):
            if job.once and round_:
                taken[job.name].append(taken[job.name][0])
                continue
            taken[job.name].append(job.measure(round_))
            passed = time.perf_counter() - start
            tell(f"round {round_ + 1} of {rounds}, {passed:.0f} s: {job.name} {taken[job.name][-1]:.4g} {job.unit}")
    return taken
