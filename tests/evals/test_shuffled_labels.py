"""The shift gate passes on the true labels of the embedded corpus and not on labels shuffled at the source."""

import shutil
from pathlib import Path

import pytest

from harness.storage.paths import data_folder
from tests.evals.runs import cases_of_run

MAIN_JOB = ("-k", "cwe787 and shift", "--strength", "10")


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
    true = cases_of_run(tmp_path / "true", *MAIN_JOB)["shift"]
    assert (true["status"], true["scenarios"]) == ("PASS", 8), true["reason"]
    wrong = cases_of_run(tmp_path / "wrong", *MAIN_JOB, "--dataset-dir", str(shuffled))["shift"]
    assert wrong["status"] == "FAIL", wrong["reason"]
    assert wrong["data_hash"] != true["data_hash"]
