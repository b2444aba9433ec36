"""The shift gate passes on the true labels of the embedded corpus and not on labels shuffled at the source."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.storage.paths import data_folder

ROOT = Path(__file__).parents[2]


def shift_case(folder: Path, *args: str) -> dict[str, Any]:
    """The shift case of the main job on the embedded model, run as a user runs it."""
    command = (sys.executable, "-m", "pytest", "evals", "-p", "no:cacheprovider", "-k", "cwe787 and shift", "--strength", "10")
    done = subprocess.run(
        (*command, "--run-dir", str(folder), *args), cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=600
    )
    cases = json.loads((folder / "summary.json").read_text()) if (folder / "summary.json").exists() else []
    assert len(cases) == 1, done.stdout + done.stderr
    found: dict[str, Any] = cases[0]
    return found


@pytest.fixture
def shuffled(tmp_path: Path) -> Path:
    """The corpus with the files of every other scenario exchanged: half of the labels are wrong."""
    root = tmp_path / "corpus"
    shutil.copytree(data_folder() / "verified", root)
    for scenario in sorted(folder for folder in (root / "cwe787").iterdir() if folder.is_dir())[::2]:
        vulnerable, patched, aside = scenario / "vulnerable.c", scenario / "patched.c", scenario / "aside"
        vulnerable.rename(aside)
        patched.rename(vulnerable)
        aside.rename(patched)
    return root


def test_the_main_job_passes_with_true_labels_and_not_with_shuffled_ones(shuffled: Path, tmp_path: Path) -> None:
    true = shift_case(tmp_path / "true")
    assert (true["status"], true["scenarios"]) == ("PASS", 8), true["reason"]
    wrong = shift_case(tmp_path / "wrong", "--dataset-dir", str(shuffled))
    assert wrong["status"] == "FAIL", wrong["reason"]
    assert wrong["data_hash"] != true["data_hash"]
