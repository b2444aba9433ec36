"""What time is told by: the wall clock, or the processor time of this process and of those it has waited for."""

import resource
import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since some moment."""


def processor_time() -> float:
    """Seconds that the processor spent on this process, all its threads, and on processes that it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": processor_time}
