"""Which gates fail a run, by which thresholds, and what a protocol declared."""

import hashlib
import json
from pathlib import Path

from tests.plugin.conftest import TINY_RUN, Evals, Run

FEW = ("--placebos", "19", "-k", "shift or generation")


def statuses(run: Run) -> dict[str, tuple[str, bool]]:
    return {case["gate"]: (case["status"], case["claimed"]) for case in run.summary}


def test_a_failing_gate_that_is_not_claimed_is_told_and_fails_nothing(evals: Evals, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", *TINY_RUN, *FEW, "--claims", "extraction,identity")
    assert statuses(run) == {"shift": ("FAIL", False), "generation": ("FAIL", False), "pinned_text": ("INCONCLUSIVE", False)}
    assert "2 xfailed" in run.output
    assert "FAIL (not claimed) test_shift[tiny-verified-cwe787-l2-s10]: " in run.output
    assert run.code == 0


def test_an_inconclusive_gate_that_is_claimed_fails_under_strict_gates(evals: Evals, finished: Run, tmp_path: Path) -> None:
    (before,) = [case["status"] for case in finished.summary if case["gate"] == "shift"]
    run = evals(tmp_path / "run", *TINY_RUN, "-k", "shift", "--strict-gates")
    assert before == "INCONCLUSIVE"
    assert statuses(run) == {"shift": ("INCONCLUSIVE", True)}
    assert run.code == 6
    assert "INCONCLUSIVE under --strict-gates" in run.output
    assert "exit code 6: no gate failed, but one that is claimed is INCONCLUSIVE" in run.output


def test_a_changed_threshold_decides_and_is_told(evals: Evals, tmp_path: Path) -> None:
    lenient = ("--gate", "shift.p=1", "--gate", "shift.anti_steerable=1")
    run = evals(tmp_path / "run", *TINY_RUN, *FEW, "--gate", "generation.share=0", *lenient)
    assert statuses(run)["generation"] == ("PASS", True)
    (shift,) = [case for case in run.summary if case["gate"] == "shift"]
    assert "above" not in shift["reason"].split("verdicts flipped")[0]
    assert "threshold generation.share = 0 (declared: 0.9)" in run.output
    assert "shift.p = 1 (declared: 0.05)" in (run.folder / "report.html").read_text()


def test_a_protocol_declares_the_run_and_what_options_change_is_listed(evals: Evals, tmp_path: Path) -> None:
    protocol = tmp_path / "mine.toml"
    protocol.write_text('strength = 5\nplacebos = 7\nclaims = ["extraction"]\n\n[gates]\nshift.p = 0.2\n')
    run = evals(tmp_path / "run", "-k", "shift", "--max-new-tokens", "4", "--protocol", str(protocol), "--strength", "10")
    (shift,) = run.summary
    assert (shift["strength"], shift["claimed"], len(shift["details"]["placebos"]["random"])) == (10.0, False, 7)
    assert shift["rests_on"]["limits"] == {"shift.p": 0.2}
    settings = json.loads((run.folder / "run.json").read_text())["settings"]
    assert settings["protocol"]["sha256"] == hashlib.sha256(protocol.read_bytes()).hexdigest()
    assert settings["deviations"] == ["--strength 10 instead of 5"]
    page = (run.folder / "report.html").read_text()
    assert settings["protocol"]["sha256"] in page
    assert "--strength 10 instead of 5" in page
