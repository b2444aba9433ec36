"""With which code a session ends: a gate that failed, a gate that could not say, and a case that could not run are three things to CI."""

from collections.abc import Iterator
from enum import IntEnum

import pytest

from harness.plugin.results import CaseResult, Results, eval_name


class Exit(IntEnum):
    """Exit codes beside pytest's own (0 to 5), the graver before the lighter: docs/ci.md."""

    GATE_FAILED = 1
    SETUP_ERROR = 7
    INCONCLUSIVE = 6


MEANING = {
    Exit.SETUP_ERROR: "no gate failed, but a case ended before it could measure",
    Exit.INCONCLUSIVE: "no gate failed, but one that is claimed is INCONCLUSIVE under --strict-gates",
}


def code_of(report: pytest.TestReport, result: CaseResult | None) -> Exit | None:
    """What a report adds to the session's code; None where it did not fail."""
    if not report.failed:
        return None
    if report.when != "call" or (result and result.status == "ERROR"):
        return Exit.SETUP_ERROR
    return Exit.INCONCLUSIVE if result and result.status == "INCONCLUSIVE" else Exit.GATE_FAILED


class ExitStatus:
    """Turns pytest's "tests failed" into the code that says what failed. Lives on the controller."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._seen: set[Exit] = set()

    @property
    def code(self) -> Exit | None:
        """The gravest that was seen; None where nothing failed."""
        return next((code for code in Exit if code in self._seen), None)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        code = code_of(report, self._results.get(eval_name(report.nodeid)))
        self._seen |= {code} if code else set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        yield
        if session.exitstatus == pytest.ExitCode.TESTS_FAILED and self.code:
            session.exitstatus = self.code

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        if exitstatus in (pytest.ExitCode.TESTS_FAILED, self.code) and self.code in MEANING:
            terminalreporter.write_line(f"exit code {self.code.value}: {MEANING[self.code]}")
