"""Where results go when a session ends: the run's files, its page, the terminal, and the list that pytest-html makes."""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from harness.errors import HarnessError, StoreError
from harness.plugin.exits import ExitStatus
from harness.plugin.properties import properties_of
from harness.plugin.results import BROKE, PROPERTY, CaseResult, Results, eval_name
from harness.plugin.session import RUN_KEY, EvalRun
from harness.report.anchors import anchor_of
from harness.storage.runs import MANIFEST, REPORT, SUMMARY, RunStore

BROKEN_OFF = (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
"""Exit codes of a session that did not come to its end."""
PACKAGES = ("secsteer", "torch", "transformers", "nnsight", "numpy", "scipy", "tokenizers", "pytest")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if (run := config.stash.get(RUN_KEY, None)) and not hasattr(config, "workerinput"):
        writer = ResultWriter(config, run)
        config.pluginmanager.register(writer, "secsteer-writer")
        config.pluginmanager.register(ExitStatus(writer.results), "secsteer-exit")
        if config.pluginmanager.has_plugin("html"):
            config.pluginmanager.register(CasesPage(writer), "secsteer-page")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if call.excinfo and isinstance(call.excinfo.value, HarnessError):
        # A refusal is a paragraph for the person who asked, not a traceback for the person who wrote the harness.
        report.longrepr = f"{type(call.excinfo.value).__name__}: {call.excinfo.value}"
    if call.excinfo and not isinstance(call.excinfo.value, (AssertionError, pytest.fail.Exception, pytest.skip.Exception)):
        setattr(report, BROKE, True)
    return report  # type: ignore[return-value]


class ResultWriter:
    """Collects on the controller, and writes when the session ends, also after Ctrl-C."""

    def __init__(self, config: pytest.Config, run: EvalRun) -> None:
        self.config = config
        self.run = run
        self.results = Results()
        self.trouble = ""
        self._begun = False
        self._without_page: str | None = None
        self._models: dict[str, str] = {}

    def pytest_runtest_logstart(self) -> None:
        """The manifest stands before the first measurement, so that a run which is killed can be told, and resumed as it was."""
        if self._begun:
            return
        try:
            store = RunStore(self.run.folder)
            self._models = (store.read_json(MANIFEST) or {}).get("models", {})
            store.write_json(MANIFEST, self.manifest(finished=False))
        except StoreError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
        self._begun = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Before pytest's own JUnit writer, which shall find figures instead of what a worker packed."""
        self.results.collect(report)
        if result := self.results.get(eval_name(report.nodeid)):
            others = [one for one in report.user_properties if one[0] != PROPERTY]
            report.user_properties = [*others, *properties_of(result)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if not len(self.results):
            return
        self.results.adjust()
        try:
            self._write(finished=exitstatus not in BROKEN_OFF)
        except StoreError as error:
            self.trouble = str(error)
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    def _write(self, *, finished: bool) -> None:
        store = RunStore(self.run.folder)
        # Two runs on one folder: what one adds to the summary must not be lost on the other.
        with FileLock(self.run.folder / "summary.lock"):
            store.export()
            # A folder that is used again for other cases keeps what it said of the first.
            store.write_json(SUMMARY, self.results.over(store.read_json(SUMMARY) or []))
            store.write_json(MANIFEST, self.manifest(finished=finished))
            self._write_page()

    def _write_page(self) -> None:
        # Not at the head of the file: it needs SciPy and matplotlib, and whoever asks for --help does not.
        from harness.report.page import write_report

        try:
            write_report(self.run.folder)
        except (HarnessError, OSError) as error:
            # What was measured is kept and the gates have spoken: a page that can be made later must not change how the session ends.
            self._without_page = f"no report was written ({error}); make it with python -m harness.report {self.run.folder}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        if self.trouble:
            terminalreporter.write_line(f"ERROR: {self.trouble}", red=True)
        if self._begun and exitstatus in BROKEN_OFF:
            terminalreporter.write_line(f"broken off: {self._kept()}; start again with --run-dir {self.run.folder}", yellow=True)
        if len(self.results):
            terminalreporter.section("steering")
            for line in summary_lines(self.results):
                terminalreporter.write_line(line)
            terminalreporter.write_line(self._without_page or f"report: {self.run.folder / REPORT}")

    def _kept(self) -> str:
        try:
            return f"{RunStore(self.run.folder).count()} measurements are kept"
        except StoreError as error:
            return str(error)

    def manifest(self, *, finished: bool) -> dict[str, Any]:
        """What anyone needs to know to run this again. finished: whether the session came to its end."""
        return {
            "finished": finished,
            "command": ["pytest", *map(str, self.config.invocation_params.args)],
            "settings": asdict(self.run.settings),
            "models": {**self._models, **{result.model_name: result.model for result in self.results if result.model}},
            "data_hash": self.run.planner.data_hash,
            "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
            "platform": f"{sys.platform} {platform.machine()}",
        }


class CasesPage:
    """The hooks of pytest-html: its list of all tests, with their logs and durations, where each case leads to its place in the report."""

    def __init__(self, writer: ResultWriter) -> None:
        self._writer = writer

    @property
    def _report(self) -> str:
        """From the page of pytest-html, which may lie elsewhere (--html), to the report."""
        return escape(os.path.relpath(self._writer.run.folder / REPORT, Path(self._writer.config.option.htmlpath).resolve().parent))

    def pytest_html_report_title(self, report: Any) -> None:
        report.title = (
            f"secsteer: {', '.join(model.name for model in self._writer.run.settings.models)} on {self._writer.run.settings.dataset}"
        )

    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        prefix.append(f'<p><a href="{self._report}">The report</a>: what was run, what came out, where to look, and every case.</p>')

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells.insert(2, "<th>Gate</th>")

    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        result = self._writer.results.get(eval_name(report.nodeid))
        told = f'<a href="{self._report}#{anchor_of(result.id)}">{escape(f"{result.gate} {result.status}")}</a>' if result else ""
        cells.insert(2, f"<td>{told}</td>")


HEADER = ("case", "gate", "outcome", "statistic", "p", "95% interval", "scenarios")


def summary_lines(results: Results) -> list[str]:
    """The table of the terminal, then the reason of every case."""
    rows = [HEADER, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    reasons = [f"{result.status}{'' if result.claimed else ' (not claimed)'} {result.id}: {result.reason}" for result in results]
    skipped = sorted({line for result in results for line in result.skipped})
    return [*table, "", *reasons, *([f"skipped, too long: {line}" for line in skipped])]


def _cells(result: CaseResult) -> tuple[str, ...]:
    interval = f"{result.interval['low']:.3g} .. {result.interval['high']:.3g}" if result.interval else "-"
    scenarios = "-" if result.scenarios is None else str(result.scenarios)
    # T has no sign: a push the wrong way must show at a glance.
    wrong_way = " (wrong way)" if (result.details.get("signed") or 0) < 0 else ""
    statistic = f"{_number(result.statistic)}{wrong_way}"
    return result.case, result.gate, result.status, statistic, _number(result.p_value), interval, scenarios


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
