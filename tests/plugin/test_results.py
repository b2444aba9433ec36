"""What becomes of a gate's result on its way to summary.json."""

import json
import math
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from harness.numerics.gates.result import GateResult
from harness.plans import ModelRequest, SweepPlan
from harness.plugin.planning import Case
from harness.plugin.results import CaseResult, Results
from harness.records import GateStatus

NANO = ModelRequest(name="nano", revision=None, dtype="float32", device_map=None)
CASE = Case(model=NANO, dataset="verified", cwe="CWE-787", layer=None, strength=None)
PLAN = SweepPlan(
    model=NANO, dataset="verified", data_hash="d", cwe="CWE-787", pairs=(), fitting_pairs=(), question="vulnerable", positions="generated",
    layers=(), shift_cells=(), text_cells=(), placebos=19, max_new_tokens=4, seed=0,
)  # fmt: skip


def case_result(test: str = "test_identity[nano]", **figures: Any) -> CaseResult:
    given: dict[str, Any] = {"statistic": 0.5, "threshold": 0.1, **figures}
    result = GateResult(gate="identity", status=GateStatus.FAIL, reason="why", **given)
    return CaseResult.of(result, test=test, case=CASE, model="m", plan=PLAN, skipped=[])


def test_figures_that_are_no_numbers_become_none_and_the_rest_is_kept() -> None:
    details = {"a": math.nan, "b": [1.0, math.inf], "c": {"d": -math.inf, "e": 2}}
    found = asdict(case_result(statistic=math.nan, details=details))
    assert found["statistic"] is None
    assert found["threshold"] == 0.1
    assert found["details"] == {"a": None, "b": [1.0, None], "c": {"d": None, "e": 2}}
    json.dumps(found, allow_nan=False)


def test_results_lie_over_earlier_ones_of_the_same_case_and_beside_others() -> None:
    results = Results()
    results._by_id["test_identity[nano]"] = case_result()
    earlier = [{"id": "test_identity[nano]", "status": "PASS"}, {"id": "test_shift[nano]", "status": "PASS"}]
    found = results.over(earlier)
    assert [(one["id"], one["status"]) for one in found] == [("test_identity[nano]", "FAIL"), ("test_shift[nano]", "PASS")]


def test_the_two_figures_of_the_calibration_go_with_the_result() -> None:
    found = case_result(false_positive_rate=0.01, power=0.85)
    assert (found.false_positive_rate, found.power) == (0.01, 0.85)
    assert (case_result().false_positive_rate, case_result().power) == (None, None)


def test_p_is_adjusted_once_over_the_cases_of_a_gate_also_where_the_gate_has_adjusted_it() -> None:
    """Two of a family of two: by Holm the smaller is doubled, the larger stays as it is."""
    results = Results()
    for test, raw, adjusted in (("test_identity[a]", 0.01, 0.02), ("test_identity[b]", 0.03, 0.03)):
        results._by_id[test] = case_result(test, p_values={"sign flips": raw, "Holm": adjusted})
    results.adjust()
    assert {one.id: (one.p_value, one.p_holm) for one in results} == {"test_identity[a]": (0.02, 0.02), "test_identity[b]": (0.03, 0.03)}


def test_a_refusal_in_a_worker_is_told_by_its_reason_and_not_by_the_worker() -> None:
    report = pytest.TestReport(
        "evals/test_shift.py::test_shift[nano]", ("", 0, ""), {}, "failed", "ModelError: no weights; save them", "setup"
    )
    workerinfo = {"id": "gw0", "sysplatform": "linux", "version_info": (3, 12, 0), "executable": "python"}
    report.node = SimpleNamespace(workerinfo=workerinfo)  # type: ignore[attr-defined]  # as xdist does
    assert "gw0" in report.longreprtext
    results = Results()
    results.collect(report)
    assert [(one.status, one.reason) for one in results] == [("ERROR", "ModelError: no weights; save them")]
