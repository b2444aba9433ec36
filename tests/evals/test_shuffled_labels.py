"""The shift gate passes on the true labels of the embedded corpus and not on labels shuffled at the source."""

import shutil
from pathlib import Path

import pytest

from harness.storage.paths import data_folder
from tests.evals.runs import cases_in, cases_of_run, run_evals

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


def test_the_main_job_passes_with_true_labels_and_ends_with_0(tmp_path: Path) -> None:
    done = run_evals(tmp_path / "true", "-k", "cwe787 and not speed", "--strength", "10")
    cases = cases_in(tmp_path / "true")
    claimed = {gate: case["status"] for gate, case in cases.items() if case["claimed"]}
    assert claimed == dict.fromkeys(("extraction", "identity", "generation", "pinned_text", "shift"), "PASS")
    assert cases.keys() - claimed.keys() == {"informative", "sensitivity", "specificity", "harm", "retention", "prompt"}
    assert cases["shift"]["scenarios"] == SCENARIOS
    assert " failed" not in done.stdout.splitlines()[-1]
    assert done.returncode == 0, done.stdout


def test_the_main_job_does_not_pass_with_shuffled_labels(shuffled: Path, tmp_path: Path) -> None:
    shift = cases_of_run(tmp_path / "shuffled", *MAIN_JOB, "--dataset-dir", str(shuffled))["shift"]
    assert (shift["status"], shift["scenarios"]) == ("FAIL", SCENARIOS), shift["reason"]
