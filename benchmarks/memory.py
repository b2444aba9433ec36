"""Extra memory of reading all layers, each way in a process of its own: `python -m benchmarks.memory WAY FOLDER ...` prints bytes.

The peak of the resident set is what counts on a CPU, since torch's own allocations do not show in Python's; on an accelerator it is torch's
own peak. A plain pass over the same prompts comes first, and only what the reading adds to its peak is told.
"""

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from benchmarks.errors import BenchmarkError
from benchmarks.work import Size

Way = Literal["ours", "hidden-states"]
RESET = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")
RESOLUTION = 1_000_000
"""Bytes below which a difference of peaks says nothing; less is told as this much."""

AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536"}
"""Makes the C library of Linux give freed tensors back at once: what it held back of the plain pass would hide what comes after it."""


def extra_bytes(way: Way, folder: Path, dtype: str, size: Size, device_map: str | None) -> float:
    """Peak bytes that one way takes beyond those of a plain pass.

    Raises: BenchmarkError if the process fails.
    """
    given = [way, str(folder), "--dtype", dtype, "--prompts", str(size.prompts), "--length", str(size.length)]
    placed = [] if device_map is None else ["--device-map", device_map]
    command = [sys.executable, "-m", "benchmarks.memory", *given, *placed]
    done = subprocess.run(command, env={**os.environ, **AT_ONCE}, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        raise BenchmarkError(f"the memory of {way} could not be measured: its process ended with {done.returncode} ({last})")
    return float(done.stdout.split()[-1])


def measure(way: Way, folder: Path, dtype: str, size: Size, device_map: str | None) -> int:
    """As extra_bytes, in this process, which must not have run a larger pass before."""
    from benchmarks.methods import floor
    from benchmarks.models import ready
    from benchmarks.work import nearest_prompts
    from harness.model.residual import read_residuals

    subject = ready("memory", folder, dtype, device_map=device_map)
    prompts, _ = nearest_prompts(subject.ours, size)

    def reading(some: int) -> Callable[[], object]:
        if way == "hidden-states":
            return floor.hidden_states(subject, prompts[:some])
        return lambda: read_residuals(subject.ours, prompts[:some])

    # What a first call sets up once does not count; a single prompt stays far below the peak of the pass.
    reading(1)()
    plain = floor.one_pass(subject, prompts)
    plain()
    device = subject.ours.device.type
    without = peak_of(plain, device)
    return max(peak_of(reading(len(prompts)), device) - without, RESOLUTION)


def peak_of(run: Callable[[], object], device: str) -> int:
    """Bytes at the highest while something runs."""
    if device == "cuda":
        import torch

        torch.cuda.reset_peak_memory_stats()
        run()
        return torch.cuda.max_memory_allocated()
    if RESET.exists():
        # Linux forgets the peak so far. Not getrusage, which begins with the peak of the process that started this one.
        RESET.write_text("5", encoding="ascii")
        run()
        peak = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
    # Elsewhere the peak so far stands, and only what exceeds it shows. Bytes on macOS.
    run()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("way", choices=get_args(Way))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--prompts", type=int, default=Size.prompts)
    parser.add_argument("--length", type=int, default=Size.length)
    parser.add_argument("--device-map")
    given = parser.parse_args()
    print(measure(given.way, given.folder, given.dtype, Size(prompts=given.prompts, length=given.length), given.device_map))


if __name__ == "__main__":
    main()
