"""examples/reviews, run as a user of the installed package runs it: from another root, by the plugin's entry point."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example that has been run once, with the command of its README."""
    folder = tmp_path_factory.mktemp("projects") / "reviews"
    shutil.copytree(ROOT / "examples" / "reviews", folder, ignore=shutil.ignore_patterns("reports", "__pycache__"))
    (line,) = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("$ ") and "--model" not in line]
    command = [sys.executable, "-m", *line.removeprefix("$ ").split(), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def run(project: Path) -> Path:
    (found,) = (project / "reports").iterdir()
    return found


@pytest.fixture(scope="module")
def cases(run: Path) -> dict[str, dict[str, Any]]:
    return {case["gate"]: case for case in json.loads((run / "summary.json").read_text())}


def test_its_gates_say_what_its_page_says(cases: dict[str, dict[str, Any]]) -> None:
    assert {gate: case["status"] for gate, case in cases.items()} == {"shift": "FAIL", "sensitivity": "FAIL", "prompt": "FAIL"}
    assert cases["shift"]["statistic"] == pytest.approx(0.34, abs=0.005)


def test_its_concept_stands_where_a_cwe_stands(cases: dict[str, dict[str, Any]]) -> None:
    for case in cases.values():
        assert (case["dataset"], case["cwe"], case["scenarios"]) == ("reviews", "favourable", 16)
        assert case["id"] == f"test_{case['gate']}[nano-reviews-favourable-l4-s10]"
    assert "the push toward favourable" in cases["prompt"]["reason"]


def test_its_page_is_written_below_its_own_folder(run: Path) -> None:
    page = (run / "report.html").read_text()
    assert "favourable" in page


def test_its_gates_are_decided_again_from_the_records_alone(run: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "harness.judge", str(run)], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 gates judged again, 0 changed"), done.stdout + done.stderr
