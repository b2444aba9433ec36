"""Runs of the evals as a user starts them: in a process of their own, on a tiny random model."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.storage.paths import data_folder
from tests.model import tiny

ROOT = Path(__file__).parents[2]
TINY_RUN = ("-k", "cwe787 and not speed", "--strength", "10", "--placebos", "3", "--max-new-tokens", "4")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run of the evals."""

    code: int
    output: str
    folder: Path

    @property
    def summary(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.folder / "summary.json").read_text())
        return found

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "measurements.sqlite")) as connection:
            return connection.execute(
                'SELECT rowid, "key", arm, layer, strength, endpoint, margin, text FROM measurements ORDER BY "key"'
            ).fetchall()


Evals = Callable[..., Run]
SCENARIOS = ("config_reader", "dns_name", "heating_schedule", "job_queue", "log_line", "pixel_loader", "tile_blit", "xml_escape")
"""What the tests run on: a part of the embedded corpus that does not grow with it."""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of eight scenarios of CWE-787."""
    root = tmp_path_factory.mktemp("corpus")
    for name in SCENARIOS:
        shutil.copytree(data_folder() / "verified" / "cwe787" / name, root / "cwe787" / name)
    return root


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random GPTBigCode that holds the prompts of the embedded corpus."""
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny", "gpt_bigcode", n_positions=2560)


@pytest.fixture(scope="session")
def command(tiny_model: Path, corpus: Path) -> Callable[..., list[str]]:
    """The command line of a run into a folder; later arguments win."""

    def build(folder: Path, *args: str) -> list[str]:
        run = ("--model", str(tiny_model), "--dataset-dir", str(corpus), "--run-dir", str(folder))
        return [sys.executable, "-m", "pytest", "evals", "-p", "no:cacheprovider", *run, *args]

    return build


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """That of these tests; nothing of it makes runs more alike than a user's are."""
    return os.environ | {"HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="session")
def evals(command: Callable[..., list[str]], environment: dict[str, str]) -> Evals:
    """Runs `pytest evals` with more arguments and waits for its end."""

    def run(folder: Path, *args: str) -> Run:
        done = subprocess.run(command(folder, *args), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        return Run(code=done.returncode, output=done.stdout + done.stderr, folder=folder)

    return run


@pytest.fixture(scope="session")
def finished(evals: Evals, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run that went through; tests that change its folder copy it first."""
    return evals(tmp_path_factory.mktemp("runs") / "finished", *TINY_RUN)


@pytest.fixture
def resumable(finished: Run, tmp_path: Path) -> Run:
    """A copy of the finished run to tamper with."""
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    return Run(code=finished.code, output=finished.output, folder=folder)


def wait_for_rows(folder: Path, process: subprocess.Popen[Any]) -> int:
    """Waits until a run has stored its first measurements. Returns: how many."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "measurements.sqlite").exists():
            with closing(sqlite3.connect(folder / "measurements.sqlite")) as connection:
                known = connection.execute("SELECT name FROM sqlite_master").fetchall()
                count: int = connection.execute("SELECT count(*) FROM measurements").fetchone()[0] if known else 0
            if count:
                return count
        time.sleep(0.02)
    raise AssertionError("the run stored nothing before it ended")
