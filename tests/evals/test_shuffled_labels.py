"""The shift gate passes on the true labels of the embedded corpus and not on labels shuffled at the source."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.storage.paths import data_folder
from tests.evals.runs import cases_of_run

SCENARIOS = len(list((data_folder() / "verified" / "cwe787").glob("*/scenario.toml")))
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


@pytest.fixture(scope="module")
def true_labels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The shift case of the main job, as it is."""
    return cases_of_run(tmp_path_factory.mktemp("runs") / "true", *MAIN_JOB)["shift"]


def test_the_main_job_comes_to_a_verdict_on_all_scenarios(true_labels: dict[str, Any]) -> None:
    assert true_labels["status"] in ("PASS", "FAIL"), true_labels["reason"]
    assert true_labels["scenarios"] == SCENARIOS


def test_the_main_job_passes_with_true_labels(true_labels: dict[str, Any]) -> None:
    assert true_labels["status"] == "PASS", true_labels["reason"]


def test_the_main_job_does_not_pass_with_shuffled_labels(shuffled: Path, tmp_path: Path) -> None:
    shift = cases_of_run(tmp_path / "shuffled", *MAIN_JOB, "--dataset-dir", str(shuffled))["shift"]
    assert (shift["status"], shift["scenarios"]) == ("FAIL", SCENARIOS), shift["reason"]
