"""The code a session ends with says what kind of trouble there was."""

import re
import shutil
from pathlib import Path

import pytest

from harness.plugin.exits import Exit, ExitStatus
from harness.plugin.results import CaseResult, Results
from tests.plugin.conftest import ROOT, TINY_RUN, Evals

QUICK = (*TINY_RUN, "-k", "extraction")


def ended(*cases: tuple[str, str, str]) -> int | None:
    """The code after reports of (status of the case, outcome, when)."""
    results = Results()
    status = ExitStatus(results)
    for place, (case, outcome, when) in enumerate(cases):
        test = f"test_shift[case{place}]"
        results._by_id[test] = CaseResult.without_gate(test, case, "why")
        status.pytest_runtest_logreport(
            pytest.TestReport(f"evals/test_shift.py::{test}", ("", 0, ""), {}, outcome, None, when)  # type: ignore[arg-type]
        )
    return status.code


PASSED, SKIPPED, XFAILED = ("PASS", "passed", "call"), ("INCONCLUSIVE", "skipped", "call"), ("FAIL", "skipped", "call")
FAILED, STRICT, BROKEN = ("FAIL", "failed", "call"), ("INCONCLUSIVE", "failed", "call"), ("ERROR", "failed", "call")
NO_MODEL, UNTIDY = ("ERROR", "failed", "setup"), ("PASS", "failed", "teardown")
ENDS = {
    "passed, inconclusive and failed without a claim": ((PASSED, SKIPPED, XFAILED), None),
    "a gate failed": ((PASSED, FAILED), 1),
    "a gate could not say": ((PASSED, STRICT), 6),
    "a case broke": ((PASSED, BROKEN), 7),
    "a model was not to be had": ((NO_MODEL,), 7),
    "something broke after the verdict": ((UNTIDY,), 7),
    "a failed gate is told before all else": ((STRICT, BROKEN, FAILED), 1),
    "a broken case is told before one that could not say": ((STRICT, BROKEN), 7),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_gravest_trouble_gives_the_code(name: str) -> None:
    cases, code = ENDS[name]
    assert ended(*cases) == code


def test_the_page_on_ci_lists_the_codes_there_are() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    listed = {int(code) for code in re.findall(r"^\| (\d) \|", page, re.MULTILINE)}
    assert listed == {0, *Exit, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR}


def test_a_model_whose_weights_are_cut_is_an_error_and_no_failed_gate(evals: Evals, tiny_model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    run = evals(tmp_path / "run", *QUICK, "--model", str(broken))
    assert {case["id"]: case["status"] for case in run.summary} == {
        "test_extraction[tiny-verified-cwe787]": "PASS",
        "test_extraction[broken-verified-cwe787]": "ERROR",
    }
    assert run.code == 7
    assert "exit code 7: no gate failed, but a case ended before it could measure" in run.output


def test_a_run_in_which_every_gate_passes_ends_with_0(evals: Evals, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", *QUICK)
    assert [case["status"] for case in run.summary] == ["PASS"]
    assert (run.code, "exit code" in run.output) == (0, False)
