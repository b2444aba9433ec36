"""What came out: a line a case with its effect and interval, gathered by gate, and what a reviewer should look at first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from harness.numerics.wording import counted
from harness.report.anchors import anchor_of
from harness.report.records import Case

EFFECTS = {
    "extraction": ("layers that came out", ".0%", ""),
    "identity": ("largest difference of logits", ".2g", ""),
    "generation": ("complete responses", ".0%", ""),
    "informative": ("pair accuracy", ".0%", ""),
    "shift": ("mean shift", "+.2f", " logits"),
    "sensitivity": ("widening of the difference", "+.2f", " logits"),
    "specificity": ("least advantage over another CWE", "+.2f", " logits"),
    "harm": ("perplexity ratio", ".3f", ""),
    "retention": ("least share kept", ".0%", ""),
    "prompt": ("more than an instruction", "+.2f", " logits"),
    "comparison": ("paired difference", "+.2f", " logits"),
    "pinned_text": ("largest gap where a text parts from its pin", ".2g", " logits"),
    "baseline": ("change since the baseline", "+.2f", " logits"),
}
"""gate -> what its effect is called, how it is written, and its unit."""
SIGNS = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "ERROR": "!"}
"""An outcome is told by a word and a sign, never by colour alone."""
SAID = ("agree", "disagree", "undecided")
"""How a response can stand to its margin."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One case in one line. anchor: fragment of its place in the page. effect, interval: in words; empty where the case has none."""

    id: str
    anchor: str
    gate: str
    status: str
    sign: str
    claimed: bool
    where: str
    effect: str
    interval: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class GateOutcomes:
    """The cases of one gate."""

    gate: str
    counts: str
    outcomes: list[Outcome]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something to look at, and the case where it is."""

    anchor: str
    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class FindingGroup:
    """Findings of one kind."""

    title: str
    findings: list[Finding]


def outcome_of(case: Case) -> Outcome:
    what, form, unit = EFFECTS.get(case["gate"], ("statistic", ".3g", ""))
    wrong_way = case["gate"] == "shift" and (case["details"].get("signed") or 0) < 0
    statistic, interval = case["statistic"], case["interval"]
    # T has no sign; the mean shift has, and so has its interval.
    turned = -1 if wrong_way else 1
    bounds = sorted(turned * interval[end] for end in ("low", "high")) if interval else []
    return Outcome(
        id=case["id"],
        anchor=anchor_of(case["id"]),
        gate=case["gate"],
        status=case["status"],
        sign=SIGNS[case["status"]],
        claimed=case["claimed"],
        where=_where(case),
        effect="" if statistic is None else f"{what} {turned * statistic:{form}}{unit}{' (wrong way)' if wrong_way else ''}",
        interval=f"{bounds[0]:{form}} to {bounds[1]:{form}}" if bounds else "",
        reason=case["reason"],
    )


def by_gate(cases: Sequence[Case]) -> list[GateOutcomes]:
    """The cases in their order, gathered."""
    return [_gate(name, list(members)) for name, members in groupby(cases, key=lambda case: str(case["gate"]))]


def _gate(name: str, cases: list[Case]) -> GateOutcomes:
    return GateOutcomes(gate=name, counts=counts(cases), outcomes=[outcome_of(case) for case in cases])


def counts(cases: Sequence[Case]) -> str:
    """Such as "2 PASS, 1 FAIL"."""
    statuses = [case["status"] for case in cases]
    return ", ".join(f"{statuses.count(status)} {status}" for status in SIGNS if status in statuses) or "no case"


def _where(case: Case) -> str:
    parts = [case["model_name"], case["cwe"], _in(case, "layer"), _in(case, "strength")]
    return ", ".join(part for part in parts if part) or case["id"]


def _in(case: Case, name: str) -> str | None:
    return None if case[name] is None else f"{name} {case[name]:g}"


def findings(cases: Sequence[Case]) -> list[FindingGroup]:
    """What breaks the run's claims, then what surprises, then what else did not pass; a kind without findings is left out."""
    troubled = ("FAIL", "ERROR", "INCONCLUSIVE")
    groups = {
        "Claimed, and not shown": [one for status in troubled for one in _with_status(cases, status, claimed=True)],
        "Surprising": [
            Finding(anchor=anchor_of(case["id"]), what=_headline(case), why=why) for case in cases for why in _surprises(case, cases)
        ],
        "Not claimed, and not shown": [one for status in troubled for one in _with_status(cases, status, claimed=False)],
    }
    return [FindingGroup(title=title, findings=found) for title, found in groups.items() if found]


def _with_status(cases: Sequence[Case], status: str, *, claimed: bool) -> Iterator[Finding]:
    for case in cases:
        if case["status"] == status and case["claimed"] is claimed:
            yield Finding(anchor=anchor_of(case["id"]), what=f"{status}: {_headline(case)}", why=case["reason"])


def _headline(case: Case) -> str:
    return f"{case['gate']}, {_where(case)}"


def _surprises(case: Case, cases: Sequence[Case]) -> Iterator[str]:
    """What a PASS or FAIL alone does not tell."""
    details = case["details"]
    if case["gate"] == "shift" and case["status"] == "PASS" and any(_same_cell(case, one) and one["status"] == "FAIL" for one in cases):
        yield "passes, while harm fails in the same cell: the model says other things, and is worse at plain code"
    if case["gate"] == "generation" and (found := details.get("margin_and_text")) and found["disagree"]:
        yield f"of {counted(sum(found[name] for name in SAID), 'response')} {found['disagree']} say the opposite of their margin"
    if case["gate"] == "shift" and (flips := details.get("flips")) and flips["away"]:
        yield f"{counted(flips['away'], 'verdict')} flipped away from the push"
    if case["skipped"]:
        yield f"{counted(len(case['skipped']), 'file')} did not fit the context and were left out"


def _same_cell(case: Case, other: Case) -> bool:
    return other["gate"] == "harm" and all(case[name] == other[name] for name in ("model", "dataset", "cwe", "layer", "strength"))
