"""Runs of the evals on the embedded model, as a user starts them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run_evals(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """`pytest evals` with more arguments, in a process of its own."""
    command = (sys.executable, "-m", "pytest", "evals", "-p", "no:cacheprovider", "--run-dir", str(folder), *args)
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=900)


def cases_of_run(folder: Path, *args: str) -> dict[str, dict[str, Any]]:
    """The cases of a run into `folder`, by gate; with its output as the message if it left none."""
    done = run_evals(folder, *args)
    assert (folder / "summary.json").exists(), done.stdout + done.stderr
    return cases_in(folder)


def cases_in(folder: Path) -> dict[str, dict[str, Any]]:
    """The cases that a run left in `folder`, by gate."""
    return {case["gate"]: case for case in json.loads((folder / "summary.json").read_text())}
