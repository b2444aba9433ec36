"""How long the tool takes before it does anything, and what asking for help imports."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clock import CLOCKS, Clock
from benchmarks.errors import BenchmarkError

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "nnsight", "scipy", "sklearn")
COLLECT = ("-m", "pytest", "evals", "--collect-only", "-q", "-p", "no:hypothesispytest")
"""Without the plugin of Hypothesis, which only developers have installed: it imports all of Hypothesis at the end of any run."""
IMPORTS = ("-c", "import torch, transformers, nnsight")
HELP = {"pytest evals --help": ("-m", "pytest", "evals", "--help"), "python -m benchmarks --help": ("-m", "benchmarks", "--help")}


def seconds(arguments: Sequence[str], clock: Clock = CLOCKS["wall"]) -> float:
    """How long a Python process at the root of the checkout takes.

    Raises: BenchmarkError if it fails.
    """
    start = clock()
    run(arguments)
    return clock() - start


def heavy_imports(arguments: Sequence[str]) -> list[str]:
    """The heavy packages that a Python process imports, by what the interpreter itself tells of its imports.

    Raises: BenchmarkError if it fails.
    """
    told = run(["-X", "importtime", *arguments]).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines() if line.startswith("import time:")}
    return [name for name in HEAVY if name in imported]


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    # Options of the pytest that may be running this do not concern the one that is started.
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        environment.pop(name, None)
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "nothing was said").splitlines()[-1]
        raise BenchmarkError(f"python {' '.join(arguments)} ended with {done.returncode} ({last})")
    return done
