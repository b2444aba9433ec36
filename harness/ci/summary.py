"""A run in Markdown, as GitHub shows it on the page of a job."""

import html
import re
from collections.abc import Sequence
from typing import Any

from harness.ci import ORDER, Case

SIGNS = {"PASS": "✅", "FAIL": "❌", "INCONCLUSIVE": "❔", "ERROR": "⚠️"}
COLUMNS = ("outcome", "gate", "case", "statistic", "interval", "p", "scenarios")


def markdown(cases: Sequence[Case], manifest: dict[str, Any]) -> str:
    """What came out, a row a case, the troubled ones first; then their reasons, and what was run."""
    ordered = sorted(cases, key=lambda case: (ORDER.index(case["status"]), case["id"]))
    lines = [f"## secsteer: {_counts(cases)}", "", _row(COLUMNS), _row(["---"] * len(COLUMNS))]
    lines += [_row(_cells(case)) for case in ordered]
    if troubled := [case for case in ordered if case["status"] != "PASS"]:
        lines += ["", "<details><summary>Reasons</summary>", ""]
        lines += [f"- **{case['status']}**{_unclaimed(case)} {_code(case['id'])}: {_text(case['reason'])}" for case in troubled]
        lines += ["", "</details>"]
    return "\n".join([*lines, "", *_provenance(manifest)]) + "\n"


def _counts(cases: Sequence[Case]) -> str:
    counts = {status: sum(case["status"] == status for case in cases) for status in ORDER}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "no case"


def _cells(case: Case) -> list[str]:
    interval = case["interval"]
    return [
        f"{SIGNS[case['status']]} {case['status']}{_unclaimed(case)}",
        _text(case["gate"]),
        _code(case["id"]),
        _number(case["statistic"]),
        f"{_number(interval['low'])} to {_number(interval['high'])}" if interval else "",
        _number(case["p_value"]),
        _number(case["scenarios"]),
    ]


def _provenance(manifest: dict[str, Any]) -> list[str]:
    settings = manifest["settings"]
    protocol = settings["protocol"]
    lines = [f"- model {_code(name)}, fingerprint `{fingerprint[:12]}`" for name, fingerprint in manifest["models"].items()]
    lines.append(f"- dataset {_code(settings['dataset'])}, hash `{manifest['data_hash'][:12]}`; seed {settings['seed']}")
    if protocol:
        lines.append(f"- protocol {_code(protocol['name'])}, SHA-256 `{protocol['sha256'][:12]}`")
    lines += [f"- deviation: {_text(one)}" for one in settings["deviations"]]
    lines += [f"- threshold {_code(name)} = {value:g}, which is not the declared one" for name, value in settings["limits"].items()]
    return lines


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _unclaimed(case: Case) -> str:
    return "" if case["claimed"] else " (not claimed)"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _text(text: str) -> str:
    """Text that is shown as it stands: reasons quote file names and errors, which may hold anything."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", escaped)


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"
