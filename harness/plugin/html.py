"""What a case shows in the HTML report. Model output and data are text, never markup: the data holds scripts on purpose."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from harness.plugin.pictures import describe_dose, dose_response
from harness.plugin.results import CaseResult
from harness.plugin.settings import changed_limits
from harness.records import Measurement
from harness.scoring.published import COMMIT, SIZES, SOURCE, reference_rows

if TYPE_CHECKING:
    from harness.scoring.rationale import RationaleScore

COLOURS = {"PASS": "#0b6e4f", "FAIL": "#b3261e", "INCONCLUSIVE": "#8a6100", "ERROR": "#b3261e"}
CELL = "color:#222;border:1px solid #bbb;padding:4px 8px;vertical-align:top;text-align:left"
RESPONSE = f"{CELL};white-space:pre-wrap;max-width:26em;overflow-wrap:anywhere"


def case_section(result: CaseResult, responses: Sequence[Measurement] = (), reasons: "Mapping[str, RationaleScore] | None" = None) -> str:
    """The HTML of one case: outcome, figures, dose-response picture, responses side by side, with how their reasons hold (by key)."""
    colour = COLOURS[result.status]
    parts = [
        f'<p><strong style="color:{colour}">{escape(result.status)}</strong> {escape(result.gate)}: {escape(result.reason)}</p>',
        _figures(result),
    ]
    if "dose" in result.details:
        picture, words = dose_response(result.details), escape(describe_dose(result.details), quote=True)
        parts.append(f'<figure><img src="data:image/png;base64,{picture}" alt="{words}" style="max-width:100%"></figure>')
    if "transfer" in result.details:
        parts.append(_transfer(result.details["transfer"]))
    if "discrimination" in result.details:
        parts.append(_discrimination(result.details["discrimination"]))
    if result.skipped:
        parts.append(f"<p>Skipped, too long: {escape('; '.join(result.skipped))}</p>")
    if responses:
        parts.append(_responses(responses, reasons or {}))
    return f'<div style="font-family:sans-serif;white-space:normal">{"".join(parts)}</div>'


def overview(results: Sequence[CaseResult], manifest: Mapping[str, Any]) -> str:
    """The head of the page: what was run, and one line a case."""
    head = "".join(f'<th style="{CELL}">{escape(name)}</th>' for name in ("case", "gate", "outcome", "claimed", "why"))
    rows = "".join(
        f'<tr><td style="{CELL}">{escape(result.case)}</td><td style="{CELL}">{escape(result.gate)}</td>'
        f'<td style="{CELL}"><strong style="color:{COLOURS[result.status]}">{escape(result.status)}</strong></td>'
        f'<td style="{CELL}">{"yes" if result.claimed else "no"}</td>'
        f'<td style="{CELL}">{escape(result.reason)}</td></tr>'
        for result in results
    )
    models = ", ".join(f"{name} ({fingerprint[:12]})" for name, fingerprint in manifest["models"].items())
    run = [
        ("command", " ".join(manifest["command"])),
        ("model", models),
        ("data", f"{manifest['settings']['dataset']} ({manifest['data_hash'][:12]})"),
        *_declared(manifest["settings"]),
        ("seed", manifest["settings"]["seed"]),
        ("versions", ", ".join(f"{name} {number}" for name, number in manifest["versions"].items())),
    ]
    table = f'<table style="border-collapse:collapse"><tr>{head}</tr>{rows}</table>'
    if manifest["settings"]["dataset"] == "secllmholmes":
        table += f"<h2>Published models on the same files</h2>{_published()}"
    return f'<div style="font-family:sans-serif"><h2>What was run</h2>{_table(run)}<h2>What came out</h2>{table}</div>'


def _published() -> str:
    """What the benchmark's authors published, as a reference: right verdict with right reason, and d' and criterion where known."""
    head = "".join(
        f'<th style="{CELL}">{name}</th>' for name in ("model", f"hand-crafted, right of {SIZES.hand_crafted}", "d'", "criterion")
    )
    rows = "".join(
        f'<tr><td style="{CELL}">{escape(row.model)}</td><td style="{CELL}">{row.folded.hand_crafted}</td>'
        f'<td style="{CELL}">{f"{row.signal.d_prime:.2f}" if row.signal else "-"}</td>'
        f'<td style="{CELL}">{f"{row.signal.criterion:+.2f}" if row.signal else "-"}</td></tr>'
        for row in reference_rows()
    )
    return f'<table style="border-collapse:collapse"><tr>{head}</tr>{rows}</table><p>{escape(f"{SOURCE}, commit {COMMIT[:12]}")}</p>'


def _declared(settings: Mapping[str, Any]) -> list[tuple[str, object]]:
    """What was declared before the run, and what was not kept of it."""
    protocol = settings["protocol"]
    rows: list[tuple[str, object]] = [("gates that it claims", ", ".join(settings["claims"]))]
    if protocol:
        rows.append(("protocol", f"{protocol['name']} (SHA-256 {protocol['sha256']})"))
        rows.append(("deviations from the protocol", "; ".join(settings["deviations"]) or "none"))
    changed = changed_limits(settings["limits"])
    rows.append(("thresholds that differ from the declared ones", "; ".join(changed) or "none"))
    chosen = "chosen by the other scenarios, for placebos too (--choose)" if settings["choose"] else "declared beforehand"
    rows.append(("layer and strength", chosen))
    rows += [
        (name.replace("_", " "), settings[name]) for name in ("estimator", "fit", "positions", "question", "placebos", "max_new_tokens")
    ]
    rows.append(("weights in", ", ".join(sorted({model["dtype"] for model in settings["models"]}))))
    if settings["split"]:
        rows.append(("split", settings["split"]))
    return rows


def _figures(result: CaseResult) -> str:
    interval = result.interval
    flips = result.details.get("flips")
    rows: list[tuple[str, object]] = [
        ("statistic", _number(result.statistic)),
        ("mean shift with its sign, logits", _number(result.details.get("signed"))),
        ("threshold", _number(result.threshold)),
        *((f"p against {kind}", _number(p)) for kind, p in result.p_values.items()),
        ("p, Holm over the cases of this gate", _number(result.p_holm)),
        ("95% interval", f"{interval['low']:.3g} .. {interval['high']:.3g} ({interval['method']})" if interval else None),
        ("scenarios", result.scenarios),
        ("smallest effect it could have seen", _number(result.smallest_effect)),
        (f"the gate passes with nothing to find{_calibrated_at(result)}", _number(result.false_positive_rate)),
        (f"the gate passes at its declared smallest effect{_calibrated_at(result)}", _number(result.power)),
        ("verdicts flipped to the pushed side", f"{flips['toward']} of {flips['of']} (repeat run: {flips['noise']})" if flips else None),
        ("reversed direction against the opposite strength, largest gap in logits", _number(result.details.get("reversed_gap"))),
        *_dose(result.details),
        *_margin_and_text(result),
        ("model", f"{result.model_name} ({(result.model or '')[:12]})"),
        ("data", f"{result.dataset} ({(result.data_hash or '')[:12]})"),
    ]
    return _table([(name, value) for name, value in rows if value is not None])


def _dose(details: Mapping[str, Any]) -> list[tuple[str, object]]:
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


def _transfer(rows: Mapping[str, Mapping[str, float]]) -> str:
    """What the direction of each CWE does to the scenarios of each: mean shift of the margin."""
    directions = list(dict.fromkeys(direction for row in rows.values() for direction in row))
    body = [[cwe, *(f"{row[one]:+.2f}" if one in row else "-" for one in directions)] for cwe, row in rows.items()]
    return _grid("mean shift of the margin, logits: scenarios of a CWE under the direction of each", ["tested", *directions], body)


def _discrimination(found: Sequence[Mapping[str, Any]]) -> str:
    """How well margins tell the labels apart, unsteered and at both ends."""
    outcomes = ("both_right", "both_vulnerable", "both_secure", "reversed")
    head = ["strength", "AUC", "d'", "criterion", *(f"pairs {name.replace('_', ' ')}" for name in outcomes)]
    body = [
        [f"{one['strength']:+g}", f"{one['auc']:.3f}", f"{one['d_prime']:+.2f}", f"{one['criterion']:+.2f}"]
        + [str(one["outcomes"][name]) for name in outcomes]
        for one in found
    ]
    return _grid("how well margins tell vulnerable from patched", head, body)


def _grid(caption: str, head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col" style="{CELL}">{escape(name)}</th>' for name in head)
    rows = "".join(
        f'<tr><th scope="row" style="{CELL}">{escape(first)}</th>'
        + "".join(f'<td style="{CELL}">{escape(one)}</td>' for one in rest)
        + "</tr>"
        for first, *rest in body
    )
    return f'<table style="border-collapse:collapse"><caption>{escape(caption)}</caption><tr>{top}</tr>{rows}</table>'


def _calibrated_at(result: CaseResult) -> str:
    """The design that a gate's two figures were measured with."""
    known = result.details.get("calibration")
    return f" (calibration: {known['scenarios']} scenarios, {known['placebos']} placebos)" if known else ""


def _margin_and_text(result: CaseResult) -> list[tuple[str, object]]:
    """Responses whose text says the opposite of their margin, counted and named."""
    found = result.details.get("margin_and_text")
    if not found:
        return []
    counts = f"{found['agree']} agree, {found['disagree']} say the opposite, {found['undecided']} are undecided"
    return [("text against margin", f"{counts}{': ' if found['examples'] else ''}{', '.join(found['examples'])}")]


def _responses(responses: Sequence[Measurement], reasons: "Mapping[str, RationaleScore]") -> str:
    """One row an example: unsteered, pushed toward secure, pushed toward vulnerable."""
    by_example: dict[str, dict[float, Measurement]] = {}
    for one in responses:
        if one.arm in ("baseline", "treatment"):
            by_example.setdefault(one.path, {})[one.strength] = one
    strengths = sorted({one.strength for one in responses if one.arm in ("baseline", "treatment")}, key=lambda s: (s != 0, s))
    head = ["example", *("unsteered" if strength == 0 else f"strength {strength:+g}" for strength in strengths)]
    rows = "".join(
        f'<tr><td style="{CELL}">{escape(path)}</td>{"".join(_response(found.get(strength), reasons) for strength in strengths)}</tr>'
        for path, found in sorted(by_example.items())
    )
    header = "".join(f'<th style="{CELL}">{escape(name)}</th>' for name in head)
    return f'<details open><summary>responses</summary><table style="border-collapse:collapse"><tr>{header}</tr>{rows}</table></details>'


def _response(one: Measurement | None, reasons: "Mapping[str, RationaleScore]") -> str:
    if one is None:
        return f'<td style="{CELL}">not measured</td>'
    ending = "ended by itself" if one.finish == "end-of-text" else f"cut at {one.tokens} tokens"
    facts = f"{one.verdict}, margin {one.margin:+.2f}, {ending}{_reason(reasons.get(one.key))}"
    return f'<td style="{RESPONSE}"><em>{escape(facts)}</em>\n{escape((one.text or "").strip())}</td>'


def _reason(score: "RationaleScore | None") -> str:
    """What the reason shares with the rationale of the file."""
    if score is None:
        return ""
    named = [*(["the weakness"] if score.names_cwe else []), *score.variables, *(f"line {line}" for line in score.lines or ())]
    return (
        f"; ROUGE-1 with the rationale {score.rouge1_precision:.2f}; names {', '.join(named) or 'neither weakness nor variable nor line'}"
    )


def _table(rows: Iterable[tuple[str, object]]) -> str:
    body = "".join(
        f'<tr><th scope="row" style="{CELL}">{escape(name)}</th><td style="{CELL}">{escape(str(value))}</td></tr>' for name, value in rows
    )
    return f'<table style="border-collapse:collapse">{body}</table>'


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.4g}"


def as_extra(html: str) -> Mapping[str, Any]:
    """An extra as pytest-html takes it."""
    from pytest_html import extras

    extra: Mapping[str, Any] = extras.html(html)
    return extra
