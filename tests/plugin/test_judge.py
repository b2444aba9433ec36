"""Gates are decided again from the records alone, in the same words."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.plugin.conftest import ROOT, TINY_RUN, Evals, Run

HIDE_MODELS = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "nnsight"):
            raise ModuleNotFoundError(f"{name} is hidden")

sys.meta_path.insert(0, Hidden())
"""


def judge(folder: Path) -> subprocess.CompletedProcess[str]:
    """`python -m harness.judge` where no library that runs a model can be imported."""
    code = f"{HIDE_MODELS}from harness.judge.__main__ import main; sys.exit(main([{str(folder)!r}]))"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_every_gate_says_the_same_without_a_model(finished: Run) -> None:
    done = judge(finished.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    gates = [case for case in finished.summary if case["rests_on"]]
    assert {case["gate"] for case in gates} == {
        "extraction", "identity", "generation", "informative", "shift", "sensitivity", "specificity", "harm", "retention", "prompt",
    }  # fmt: skip
    for case in gates:
        assert f"{case['status']} {case['id']}: {case['reason']}\n" in done.stdout
    assert f"{len(gates)} gates judged again, 0 changed" in done.stdout


def test_a_record_that_was_changed_afterwards_is_noticed(resumable: Run) -> None:
    with closing(sqlite3.connect(resumable.folder / "measurements.sqlite")) as connection, connection:
        connection.execute("UPDATE measurements SET margin = margin + 3 WHERE arm = 'treatment' AND strength = 10")
    done = judge(resumable.folder)
    assert done.returncode == 1
    assert "CHANGED since the run: " in done.stdout


def test_a_run_that_lost_records_cannot_be_judged(resumable: Run) -> None:
    with closing(sqlite3.connect(resumable.folder / "measurements.sqlite")) as connection, connection:
        connection.execute("DELETE FROM measurements WHERE arm = 'nuisance'")
    done = judge(resumable.folder)
    assert done.returncode == 2
    assert "run the evals again with this --run-dir" in done.stderr


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    done = judge(tmp_path)
    assert done.returncode == 2
    assert "is no folder of a run" in done.stderr


def test_layer_and_strength_chosen_inside_the_permutation(evals: Evals, tmp_path: Path) -> None:
    args = ("--placebos", "19", "-k", "shift", "--choose", "--layer", "0", "--layer", "2", "--strength", "20")
    run = evals(tmp_path / "run", *TINY_RUN, *args)
    (shift,) = run.summary
    assert shift["id"] == "test_shift[tiny-verified-cwe787-chosen]"
    assert len(shift["rests_on"]["cells"]) == 4
    assert "chosen among 4 cells by the other scenarios, for placebos too" in shift["reason"]
    assert set(shift["details"]["chosen"]) == set(json.loads(json.dumps(shift["details"]["biases"])))
    assert judge(run.folder).returncode == 0


def test_two_models_are_compared_on_the_same_scenarios(evals: Evals, tiny_model: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    twin.mkdir()
    for file in tiny_model.iterdir():
        (twin / file.name).write_bytes(file.read_bytes())
    run = evals(tmp_path / "run", *TINY_RUN, "-k", "comparison", "--model", str(tiny_model), "--model", str(twin))
    (comparison,) = run.summary
    assert comparison["id"] == "test_comparison[tiny.vs.twin-verified-cwe787-l2-s10]"
    assert comparison["scenarios"] == 8
    assert comparison["statistic"] == 0.0  # the same weights
    assert comparison["status"] == "FAIL"
    assert run.code == 0  # not claimed
    assert judge(run.folder).returncode == 0
