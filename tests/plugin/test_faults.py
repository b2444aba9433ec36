"""Runs that are killed, starved, or run twice at once: what they stored stays, they say what happened, and the next run goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import StoreError
from harness.plugin import session
from harness.plugin.session import check_writable, run_folder
from tests.plugin.conftest import ROOT, TINY_RUN, Evals, Run, wait_for_rows

STARVED = """
import resource, runpy
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # a file that grows beyond it meets the error of a full disk
runpy.run_module("pytest", run_name="__main__")
"""
SMALL = (*TINY_RUN, "-k", "cwe787 and (generation or shift) and not speed and not pinned")
ROWS = 16 * (1 + 4 + 1 + 2 * 9 + 4)
"""Of that run: of each file a baseline, the ladder, the reversed direction, nine placebos at both ends, and four responses."""
Command = Callable[..., list[str]]


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return found


def children(pid: int) -> list[int]:
    """Processes that a process started, on Linux."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def test_a_killed_run_is_unfinished_refuses_another_seed_and_is_gone_on_with(
    command: Command, environment: dict[str, str], evals: Evals, tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    with subprocess.Popen(
        command(folder, *SMALL), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_for_rows(folder, process)
        process.send_signal(signal.SIGKILL)
    rows = Run(code=-signal.SIGKILL, output="", folder=folder).rows
    assert manifest(folder)["finished"] is False
    other = evals(folder, *SMALL, "--seed", "7")
    assert other.code == 4
    assert "holds a run of other settings (seed 0, not 7)" in other.output
    resumed = evals(folder, *SMALL)
    assert f"the run folder holds {len(rows)} measurements, none of which is measured again" in resumed.output
    assert set(rows) <= set(resumed.rows)
    assert len(resumed.rows) == ROWS
    assert manifest(folder)["finished"] is True


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="workers are found through /proc")
def test_another_worker_takes_over_for_one_that_was_killed(command: Command, environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen(
        command(folder, *SMALL, "-n", "1"), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        wait_for_rows(folder, process)
        (worker,) = children(process.pid)
        before = Run(code=0, output="", folder=folder).rows
        os.kill(worker, signal.SIGKILL)
        output, _ = process.communicate(timeout=300)
    killed = Run(code=process.returncode, output=output, folder=folder)
    assert "crashed while running" in output
    assert "replacing crashed worker" in output
    # The worker that takes over runs the case again, and the rest.
    assert {case["gate"]: case["status"] for case in killed.summary} == {"generation": "FAIL", "shift": "INCONCLUSIVE"}, output
    assert killed.code == 1
    assert set(before) <= set(killed.rows)
    assert len(killed.rows) == ROWS


def heed_ctrl_c() -> None:
    """A shell lets what it runs in the background ignore Ctrl-C, and that is inherited: here it is a terminal's."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_with_2_and_says_what_is_kept_and_how_to_go_on(command: Command, environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen(
        command(folder, *SMALL),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_ctrl_c,
    ) as process:
        wait_for_rows(folder, process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    rows = Run(code=2, output=output, folder=folder).rows
    assert process.returncode == 2, output
    assert f"broken off: {len(rows)} measurements are kept; start again with --run-dir {folder}" in output
    assert manifest(folder)["finished"] is False


def test_a_disk_that_fills_is_told_and_the_same_folder_takes_the_rest(
    command: Command, environment: dict[str, str], evals: Evals, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    starved = [sys.executable, "-c", STARVED]
    done = subprocess.run([*starved, *command(folder, *SMALL)[3:]], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "could not be written to" in output, output
    assert "start again with the same --run-dir" in " ".join(output.split())
    assert "Traceback" not in output, output
    rows = Run(code=done.returncode, output=output, folder=folder).rows
    assert rows
    resumed = evals(folder, *SMALL)
    assert set(rows) <= set(resumed.rows)
    assert len(resumed.rows) == ROWS


def test_two_runs_on_one_folder_share_the_work(command: Command, environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    both = [
        subprocess.Popen(command(folder, *SMALL), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=500)[0] for process in both]
    assert [process.returncode for process in both] == [1, 1], outputs  # a random model answers in no sentences
    run = Run(code=both[0].returncode, output="", folder=folder)
    assert len(run.rows) == ROWS
    assert {case["gate"]: case["status"] for case in run.summary} == {"generation": "FAIL", "shift": "INCONCLUSIVE"}


def test_a_folder_below_a_file_is_refused_before_any_work(evals: Evals, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = evals(tmp_path / "file" / "run", *SMALL)
    assert run.code == 4, run.output
    assert f"{tmp_path / 'file'} is no folder that can be written; give another with --run-dir" in run.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="is no folder that can be written"):
        check_writable(tmp_path / "run")


def test_a_folder_that_is_yet_to_be_made_is_not_refused_and_not_made(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()


def test_a_clock_that_is_put_back_names_no_folder_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "datetime", SimpleNamespace(now=lambda: datetime(2026, 1, 1, 12)))
    config: Any = SimpleNamespace(rootpath=tmp_path, getoption=lambda _name: None)
    names = []
    for _ in range(3):
        folder = run_folder(config)
        folder.mkdir(parents=True)
        names.append(folder.name)
    assert names == ["20260101-120000", "20260101-120000-2", "20260101-120000-3"]
