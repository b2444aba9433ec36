"""What came of the cases: from a gate's result to the terminal table, summary.json and run.json.

A worker attaches its results to the test's report; the controller collects and writes them, so the files do not depend on
the number of workers.
"""

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.numerics.gates import GateResult
from harness.plans import SweepPlan
from harness.plugin.planning import Case
from harness.plugin.session import RUN_KEY, EvalRun
from harness.storage.runs import MANIFEST, REPORT, SUMMARY, RunStore

PROPERTY = "secsteer"
"""Name of the user property that carries a result from a worker to the controller."""
EXTRAS_KEY = pytest.StashKey[list[dict[str, Any]]]()
PACKAGES = ("secsteer", "torch", "transformers", "nnsight", "numpy", "scipy", "tokenizers", "pytest")


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """One case as it stands in summary.json. `model` is the fingerprint; `statistic`, `p_value` and the like are None where there is none."""

    id: str
    gate: str
    status: str
    statistic: float | None
    threshold: float | None
    p_value: float | None
    p_values: dict[str, float]
    interval: dict[str, Any] | None
    scenarios: int | None
    smallest_effect: float | None
    reason: str
    model: str | None
    model_name: str | None
    dataset: str | None
    data_hash: str | None
    cwe: str | None
    layer: int | None
    strength: float | None
    skipped: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, result: GateResult, *, test: str, case: Case, model: str, plan: SweepPlan, skipped: list[str]) -> "CaseResult":
        """A gate's result with the case it belongs to."""
        interval = asdict(result.interval) | {"method": result.interval_method} if result.interval else None
        return cls(
            id=test,
            gate=result.gate,
            status=result.status.value,
            statistic=result.statistic,
            threshold=result.threshold,
            p_value=result.largest_p,
            p_values=dict(result.p_values),
            interval=interval,
            scenarios=result.scenarios,
            smallest_effect=result.smallest_effect,
            reason=result.reason,
            model=model,
            model_name=case.model.name,
            dataset=case.dataset,
            data_hash=plan.data_hash,
            cwe=case.cwe,
            layer=case.layer,
            strength=case.strength,
            skipped=skipped,
            details=dict(result.details),
        )

    @classmethod
    def without_gate(cls, test: str, status: str, reason: str) -> "CaseResult":
        """A case that ended before its gate could say anything, or that has none."""
        missing = dict.fromkeys(("statistic", "threshold", "p_value", "interval", "scenarios", "smallest_effect", "model", "model_name"))
        nowhere = dict.fromkeys(("dataset", "data_hash", "cwe", "layer", "strength"))
        gate = test.removeprefix("test_").split("[")[0]
        return cls(id=test, gate=gate, status=status, reason=reason, p_values={}, **missing, **nowhere)  # type: ignore[arg-type]


class Results:
    """The controller's collection of results, in the order of their ids."""

    def __init__(self) -> None:
        self._by_id: dict[str, CaseResult] = {}

    def __iter__(self) -> Iterator[CaseResult]:
        return iter(sorted(self._by_id.values(), key=lambda result: result.id))

    def __len__(self) -> int:
        return len(self._by_id)

    def collect(self, report: pytest.TestReport) -> None:
        """Take the results a report carries; a report that failed without one becomes an ERROR."""
        carried = [CaseResult(**json.loads(str(value))) for name, value in report.user_properties if name == PROPERTY]
        for result in carried:
            self._by_id[result.id] = result
        test = test_name(report.nodeid)
        if report.failed and not carried:
            status = "FAIL" if report.when == "call" else "ERROR"
            self._by_id[test] = CaseResult.without_gate(test, status, _message(report))


def test_name(nodeid: str) -> str:
    """`test_shift[nano-verified-cwe787-l4-s10]` out of a node id, without the group that xdist appends."""
    name = nodeid.split("::", 1)[-1]
    return name[: name.rindex("]") + 1] if "]" in name else name


test_name.__test__ = False  # type: ignore[attr-defined]


def _message(report: pytest.TestReport) -> str:
    """What went wrong, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else report.longreprtext
    return next((line.strip() for line in text.splitlines() if line.strip()), "failed without a message")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def manifest(run: EvalRun, results: Results, config: pytest.Config) -> dict[str, Any]:
    """What anyone needs to know to run this again."""
    return {
        "command": ["pytest", *map(str, config.invocation_params.args)],
        "settings": asdict(run.settings),
        "models": {result.model_name: result.model for result in results if result.model},
        "dataset": run.settings.dataset,
        "data_hash": run.planner.data_hash,
        "seed": run.settings.seed,
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "platform": f"{sys.platform} {platform.machine()}",
    }


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if (run := config.stash.get(RUN_KEY, None)) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(ResultWriter(config, run), "secsteer-results")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment, misc]
    if call.excinfo and isinstance(call.excinfo.value, HarnessError):
        # A refusal is a paragraph for the person who asked, not a traceback for the person who wrote the harness.
        report.longrepr = f"{type(call.excinfo.value).__name__}: {call.excinfo.value}"
    if report.when == "call":
        report.extras = [*getattr(report, "extras", []), *item.stash.get(EXTRAS_KEY, [])]  # type: ignore[attr-defined]
    return report  # type: ignore[return-value]


class ResultWriter:
    """Collects on the controller, and writes when the session ends, also after Ctrl-C."""

    def __init__(self, config: pytest.Config, run: EvalRun) -> None:
        self.config = config
        self.run = run
        self.results = Results()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.results.collect(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        if len(self.results):
            store = RunStore(self.run.folder)
            store.export()
            store.write_json(SUMMARY, [asdict(result) for result in self.results])
            store.write_json(MANIFEST, manifest(self.run, self.results, self.config))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if len(self.results):
            terminalreporter.section("steering")
            for line in summary_lines(self.results):
                terminalreporter.write_line(line)
            terminalreporter.write_line(f"report: {self.run.folder / REPORT}")


HEADER = ("case", "gate", "outcome", "statistic", "p", "95% interval", "scenarios")


def summary_lines(results: Results) -> list[str]:
    """The table of the terminal, then the reason of every case."""
    rows = [HEADER, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    reasons = [f"{result.status} {result.id}: {result.reason}" for result in results]
    skipped = sorted({line for result in results for line in result.skipped})
    return [*table, "", *reasons, *([f"skipped, too long: {line}" for line in skipped])]


def _cells(result: CaseResult) -> tuple[str, ...]:
    interval = f"{result.interval['low']:.3g} .. {result.interval['high']:.3g}" if result.interval else "-"
    return (
        result.id.partition("[")[2].removesuffix("]") or result.id,
        result.gate,
        result.status,
        _number(result.statistic),
        _number(result.p_value),
        interval,
        "-" if result.scenarios is None else str(result.scenarios),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
