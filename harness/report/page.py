"""One self-contained page: no file beside it, no network, and no script but its own.

Everything that comes from data or a model goes through the template's escaping; only what is written here is markup.
"""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.report.cases import case_shown
from harness.report.outcomes import SIGNS, by_gate, counts, findings
from harness.report.pictures import Picture
from harness.report.pictures.coverage import coverage
from harness.report.pictures.dose import dose_responses
from harness.report.pictures.heat import layers_and_strengths, transfers
from harness.report.pictures.margins import margins
from harness.report.pictures.retention import retentions
from harness.report.pictures.signal import references, signals
from harness.report.provenance import provenance
from harness.report.records import RunRecords
from harness.report.responses import responses_by_case
from harness.scoring.published import COMMIT, SIZES, SOURCE, reference_rows
from harness.storage.runs import CASES, REPORT


def write_report(folder: Path, target: Path | None = None) -> Path:
    """Writes the page of a run, over an earlier one. Returns: the file.

    Args: target, `report.html` in the run's folder where none is given. Raises: StoreError for a folder without the records of a run.
    """
    return write_page("report.html.jinja", target or folder / REPORT, **_content(RunRecords(folder)))


def write_page(template: str, target: Path, **content: Any) -> Path:
    """Writes one page, whole or not at all."""
    page = _environment().get_template(template).render(**content)
    partial = target.with_suffix(".partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(target)
    return target


def _content(run: RunRecords) -> dict[str, Any]:
    pictures = list(_pictures(run))
    drawn = [one.id for one in pictures]
    responses = responses_by_case(run)
    cases = [case_shown(case, run.manifest, responses.get(case["id"]), drawn) for case in run.cases]
    settings = run.manifest["settings"]
    return {
        "title": f"secsteer: {', '.join(model['name'] for model in settings['models'])} on {settings['dataset']}",
        "provenance": provenance(run),
        "counts": counts(run.cases),
        "gates": by_gate(run.cases),
        "findings": findings(run.cases),
        "pictures": pictures,
        "published": published(settings["dataset"]),
        "cases": cases,
        "responses": list({one.id: one for one in responses.values()}.values()),
        "tests": CASES if (run.folder / CASES).exists() else None,
    }


def _pictures(run: RunRecords) -> Iterator[Picture]:
    """Those for which the run holds figures."""
    yield from dose_responses(run.cases)
    yield from layers_and_strengths(run.cases)
    yield from margins(run)
    yield from signals(run.cases)
    yield from transfers(run.cases)
    yield from retentions(run.cases)
    yield from coverage(run.cases)


def published(dataset: str) -> dict[str, Any] | None:
    """What the benchmark's authors published, as a reference: right verdict with right reason, and d' and criterion where known."""
    if not references(dataset):
        return None
    rows = [
        (
            row.model,
            str(row.folded.hand_crafted),
            f"{row.signal.d_prime:.2f}" if row.signal else "-",
            f"{row.signal.criterion:+.2f}" if row.signal else "-",
        )
        for row in reference_rows()
    ]
    head = ("model", f"hand-crafted, right of {SIZES.hand_crafted}", "d'", "criterion")
    return {"caption": f"{SOURCE}, commit {COMMIT[:12]}", "head": head, "rows": rows}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    script, style = (files("harness.report").joinpath(name).read_text(encoding="utf-8") for name in ("page.js", "style.css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    # The browser runs the script of this hash and no other, should markup ever come through.
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'"
    environment.globals.update(script=Markup(script), style=Markup(style), policy=policy, signs=SIGNS)
    return environment
