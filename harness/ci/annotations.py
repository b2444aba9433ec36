"""Annotations at the tests of cases that failed, as workflow commands of GitHub."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.ci import ORDER, Case


def annotations(cases: Sequence[Case], evals: Path) -> Iterator[str]:
    """An error for every claimed gate that failed and every case that broke, a warning for a claimed one that could not say."""
    for case in sorted(cases, key=lambda one: (ORDER.index(one["status"]), one["id"])):
        if case["status"] == "ERROR" or (case["status"] == "FAIL" and case["claimed"]):
            yield annotation("error", f"{case['status']} {case['id']}", case["reason"], place_of(case["id"], evals))
        elif case["status"] == "INCONCLUSIVE" and case["claimed"]:
            yield annotation("warning", f"INCONCLUSIVE {case['id']}", case["reason"], place_of(case["id"], evals))


def annotation(level: str, title: str, message: str, place: tuple[Path, int] | None = None) -> str:
    """A workflow command of GitHub. Source: its documentation of workflow commands, which says what must be escaped."""
    at = {"file": place[0].as_posix(), "line": str(place[1])} if place else {}
    fields = ",".join(f"{name}={_escape(value, property_=True)}" for name, value in {**at, "title": title}.items())
    return f"::{level} {fields}::{_escape(message)}"


def place_of(test: str, evals: Path) -> tuple[Path, int] | None:
    """File and line of a case's test; None where no file of the folder defines it."""
    defined = re.compile(rf"^\s*(?:async )?def {re.escape(test.split('[')[0])}\(")
    for path in sorted(evals.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if defined.match(line):
                return path, number
    return None


def _escape(text: str, *, property_: bool = False) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if property_ else escaped
