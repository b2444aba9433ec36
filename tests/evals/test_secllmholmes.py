"""The main job runs on the public data, whatever its verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.evals.conftest import ROOT


def test_the_main_job_runs_on_secllmholmes(secllmholmes: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    what = ("-k", "cwe787 and (shift or extraction or identity)", "--strength", "10", "--placebos", "19")
    data = ("--dataset", "secllmholmes", "--dataset-dir", str(secllmholmes), "--split", "hand-crafted")
    command = (sys.executable, "-m", "pytest", "evals", "-p", "no:cacheprovider", *what, *data, "--run-dir", str(folder))
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=600)
    cases = {case["gate"]: case for case in json.loads((folder / "summary.json").read_text())}
    assert cases.keys() == {"extraction", "identity", "shift"}, done.stdout + done.stderr
    assert cases["extraction"]["status"] == cases["identity"]["status"] == "PASS"
    # Three scenarios allow three relabellings, so no result could have passed.
    assert cases["shift"]["status"] == "INCONCLUSIVE"
    assert "3 label-flip placebos give p >= .25" in cases["shift"]["reason"]
