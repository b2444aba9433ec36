"""What a case shows when it is opened: its figures, its tables, and the command that runs it again."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.outcomes import Outcome, outcome_of
from harness.report.provenance import SHORT, Row
from harness.report.records import Case, Manifest
from harness.report.responses import Responses

PAIR_OUTCOMES = ("both_right", "both_vulnerable", "both_secure", "reversed")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table whose first column names its rows."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class CaseShown:
    """One case of the list. dose: id of its picture, None where there is none."""

    outcome: Outcome
    cwe: str
    figures: list[Row]
    tables: list[Table]
    skipped: Sequence[str]
    responses: Responses | None
    dose: str | None
    command: str

    @property
    def flips(self) -> int:
        return self.responses.flips if self.responses else 0


def case_shown(case: Case, manifest: Manifest, responses: Responses | None, pictures: Sequence[str] = ()) -> CaseShown:
    """Args: pictures, ids of those that the page shows."""
    dose = f"dose-{case['model_name']}-{case['cwe']}-{case['layer']}"
    return CaseShown(
        outcome=outcome_of(case),
        cwe=case["cwe"] or "none",
        figures=figures(case),
        tables=tables(case["details"]),
        skipped=case["skipped"],
        responses=responses,
        dose=dose if dose in pictures and case["gate"] == "shift" else None,
        command=command_of(case, manifest),
    )


def command_of(case: Case, manifest: Manifest) -> str:
    """The command line of the run, for this case alone; with its --run-dir it measures only what is missing."""
    arguments = _without_selection(manifest["command"][1:])
    settings = manifest["settings"]
    for option, name, values in (("--layer", "layer", "layers"), ("--strength", "strength", "strengths")):
        # A folder may hold cases of an earlier session, which had other options.
        if case[name] is not None and settings[values] and case[name] not in settings[values]:
            arguments += [option, f"{case[name]:g}"]
    return shlex.join(["pytest", *arguments, "-k", " or ".join(_family(case))])


def _without_selection(arguments: Sequence[str]) -> list[str]:
    """Without -k and -m, whose place the case takes."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument in ("-k", "-m"):
            skip = not skip
        elif not argument.startswith(("-k", "-m")):
            kept.append(argument)
    return kept


def _family(case: Case) -> list[str]:
    """Ids of the cases without which this one says something else: specificity compares CWEs, which must all be measured."""
    cwes = (case["rests_on"] or {}).get("sweeps", {}) if case["gate"] == "specificity" else ()
    part = (case["cwe"] or "").lower().replace("-", "")
    return [case["id"].replace(f"-{part}-", f"-{cwe.lower().replace('-', '')}-") for cwe in cwes] or [case["id"]]


def figures(case: Case) -> list[Row]:
    """Name and value of every figure that the case has, in words."""
    details, interval, flips = case["details"], case["interval"], case["details"].get("flips")
    at = _calibrated_at(details)
    rows = [
        ("statistic", _number(case["statistic"])),
        ("mean shift with its sign, logits", _number(details.get("signed"))),
        ("threshold", _number(case["threshold"])),
        *((f"p against {kind}", _number(p)) for kind, p in case["p_values"].items()),
        ("p, Holm over the cases of this gate", _number(case["p_holm"])),
        ("95% interval of the statistic", f"{interval['low']:.3g} .. {interval['high']:.3g} ({interval['method']})" if interval else None),
        ("scenarios", _number(case["scenarios"])),
        ("smallest effect it could have seen", _number(case["smallest_effect"])),
        (f"the gate passes with nothing to find{at}", _number(case["false_positive_rate"])),
        (f"the gate passes at its declared smallest effect{at}", _number(case["power"])),
        ("verdicts flipped to the pushed side", f"{flips['toward']} of {flips['of']} (repeat run: {flips['noise']})" if flips else None),
        ("verdicts flipped away from it", str(flips["away"]) if flips else None),
        ("reversed direction against the opposite strength, largest gap in logits", _number(details.get("reversed_gap"))),
        *_dose(details),
        ("text against margin", _margin_and_text(details)),
        ("model", f"{case['model_name']}, fingerprint {(case['model'] or '')[:SHORT]}" if case["model_name"] else None),
        ("data", f"{case['dataset']}, hash {(case['data_hash'] or '')[:SHORT]}" if case["dataset"] else None),
    ]
    return [(name, value) for name, value in rows if value is not None]


def tables(details: Mapping[str, Any]) -> list[Table]:
    """The tables of a case: what its gate kept beside its figures."""
    found = [
        _transfer(details["transfer"]) if "transfer" in details else None,
        _discrimination(details["discrimination"]) if "discrimination" in details else None,
        _retention(details["variants"]) if details.get("variants") else None,
        _failures(details["failures"]) if details.get("failures") else None,
    ]
    return [table for table in found if table]


def _dose(details: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Slope over the strengths, and scenarios that follow their order."""
    if "slope" not in details:
        return []
    unit = "logits over the share of the chosen strength" if "chosen" in details else "logits per unit of strength"
    ordered, anti = details["monotone_scenarios"], details["anti_steerable"]
    return [
        ("slope", f"{details['slope']:.3g} {unit}"),
        ("scenarios whose own margins never fall", f"{ordered['count']} of {ordered['of']}"),
        ("scenarios against the push", f"{anti['count']} of {anti['of']} (Wilson upper bound {anti['upper']:.2g})"),
    ]


def _transfer(rows: Mapping[str, Mapping[str, float]]) -> Table:
    directions = list(dict.fromkeys(direction for row in rows.values() for direction in row))
    body = [[cwe, *(f"{row[one]:+.2f}" if one in row else "-" for one in directions)] for cwe, row in rows.items()]
    caption = "mean shift of the margin, logits: scenarios of a CWE under the direction of each"
    return Table(caption=caption, head=["tested", *directions], rows=body)


def _discrimination(found: Sequence[Mapping[str, Any]]) -> Table:
    body = [
        [f"{one['strength']:+g}", f"{one['auc']:.3f}", f"{one['d_prime']:+.2f}", f"{one['criterion']:+.2f}"]
        + [str(one["outcomes"][name]) for name in PAIR_OUTCOMES]
        for one in found
    ]
    head = ["strength", "AUC", "d'", "criterion", *(f"pairs {name.replace('_', ' ')}" for name in PAIR_OUTCOMES)]
    return Table(caption="how well margins tell vulnerable from patched", head=head, rows=body)


def _retention(variants: Mapping[str, Mapping[str, Any]]) -> Table:
    body = [
        [
            name,
            f"{one['kept']:.0%}",
            "-" if one["low"] is None else f"{one['low']:.0%} to {one['high']:.0%}",
            f"{one['original']:+.2f}",
            f"{one['effect']:+.2f}",
            str(one["scenarios"]),
        ]
        for name, one in variants.items()
    ]
    head = ["rewrite", "kept", "95% interval", "on the originals", "on the rewrites", "scenarios"]
    return Table(caption="the effect on rewrites of the code, logits", head=head, rows=body)


def _failures(failures: Mapping[str, str]) -> Table:
    return Table(caption="layers that failed", head=["layer", "cause"], rows=[list(one) for one in failures.items()])


def _calibrated_at(details: Mapping[str, Any]) -> str:
    """The design that a gate's two figures were measured with."""
    known = details.get("calibration")
    return f" (calibration: {known['scenarios']} scenarios, {known['placebos']} placebos)" if known else ""


def _margin_and_text(details: Mapping[str, Any]) -> str | None:
    """Responses whose text says the opposite of their margin, counted and named."""
    found = details.get("margin_and_text")
    if not found:
        return None
    counts = f"{found['agree']} agree, {found['disagree']} say the opposite, {found['undecided']} are undecided"
    return f"{counts}{': ' if found['examples'] else ''}{', '.join(found['examples'])}"


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"
