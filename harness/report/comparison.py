"""Two runs beside each other: what was run otherwise, which gates and verdicts changed, and by how much the effects differ."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.numerics.paired import PairedDifference, paired_difference
from harness.numerics.wording import counted, probability
from harness.records import Measurement
from harness.report.outcomes import Outcome, outcome_of
from harness.report.page import write_page
from harness.report.provenance import differences
from harness.report.records import Case, RunRecords
from harness.report.responses import measurements_of

COMPARISON = "comparison.html"
PAIRED = {"shift": "biases", "sensitivity": "sensitivities"}
"""gate -> the figure of its details that every scenario has."""
SEED = 0
"""Of the intervals: two comparisons of the same runs say the same."""


@dataclass(frozen=True, kw_only=True)
class Both:
    """A case as it stands in both runs."""

    first: Outcome
    second: Outcome

    @property
    def changed(self) -> bool:
        return self.first.status != self.second.status


@dataclass(frozen=True, kw_only=True)
class Turned:
    """A file whose verdict is another one in the second run."""

    path: str
    where: str
    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Second minus first over the scenarios of both. found: logits; out: scenarios that only one run has."""

    where: str
    gate: str
    found: PairedDifference
    out: int

    @property
    def words(self) -> str:
        bound = self.found.interval.interval
        interval = f" ({bound.low:+.2g} to {bound.high:+.2g})" if bound else f" (no interval: {self.found.interval.reason})"
        left_out = f"; {counted(self.out, 'scenario')} of one run alone left out" if self.out else ""
        scenarios = counted(self.found.scenarios, "scenario")
        return f"{self.found.mean:+.3g} logits{interval} over {scenarios}, sign-flip p = {probability(self.found.p)}{left_out}"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the page of two runs shows. alone: ids of cases that only one run has, first and second."""

    settings: list[tuple[str, str, str]]
    cases: list[Both]
    alone: tuple[list[str], list[str]]
    turned: list[Turned]
    compared: int
    differences: list[Difference]

    @property
    def changed(self) -> list[Both]:
        return [one for one in self.cases if one.changed]


def compare(first: RunRecords, second: RunRecords) -> Comparison:
    """Cases are the same where gate, data, CWE, layer and strength are, and the model's name, unless the runs share none."""
    key = _key(first, second)
    sides = {key(case): case for case in first.cases}, {key(case): case for case in second.cases}
    pairs = [(case, sides[1][name]) for name, case in sides[0].items() if name in sides[1]]
    verdicts = {one: both for pair in pairs for one, both in _verdicts(*pair, first, second)}
    return Comparison(
        settings=differences(first.manifest, second.manifest),
        cases=[Both(first=outcome_of(one), second=outcome_of(other)) for one, other in pairs],
        alone=(
            [case["id"] for name, case in sides[0].items() if name not in sides[1]],
            [case["id"] for name, case in sides[1].items() if name not in sides[0]],
        ),
        turned=[Turned(path=path, where=where, first=a, second=b) for (path, where), (a, b) in sorted(verdicts.items()) if a != b],
        compared=len(verdicts),
        differences=[one for pair in pairs for one in _differences(*pair)],
    )


def write_comparison(first: Path, second: Path, target: Path | None = None) -> tuple[Path, Comparison]:
    """Writes the page of two runs, `comparison.html` in the first one's folder where no target is given."""
    found = compare(RunRecords(first), RunRecords(second))
    title = f"secsteer: {first.resolve().name} against {second.resolve().name}"
    return write_page("comparison.html.jinja", target or first / COMPARISON, title=title, found=found), found


def _key(first: RunRecords, second: RunRecords) -> Callable[[Case], tuple[Any, ...]]:
    shared = first.manifest["models"].keys() & second.manifest["models"].keys()
    names = ["gate", "dataset", "cwe", "layer", "strength", *(["model_name"] if shared else [])]

    def key(case: Case) -> tuple[Any, ...]:
        # What broke or has no gate names no CWE: its id tells it apart.
        return tuple(case[name] for name in names) if case["cwe"] else (case["id"],)

    return key


def _verdicts(one: Case, other: Case, first: RunRecords, second: RunRecords) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """(file, where) -> the verdicts of both runs."""
    sides = [_said(measurements_of(case, run)) for case, run in ((one, first), (other, second))]
    for path, arm, strength in sides[0].keys() & sides[1].keys():
        where = f"{one['cwe']}, layer {one['layer']}, strength {strength:+g}" if arm == "treatment" else f"{one['cwe']}, unsteered"
        yield (path, where), (sides[0][path, arm, strength], sides[1][path, arm, strength])


def _said(measurements: list[Measurement]) -> dict[tuple[str, str, float], str]:
    return {(one.path, one.arm, one.strength): str(one.verdict) for one in measurements}


def _differences(one: Case, other: Case) -> Iterator[Difference]:
    name = PAIRED.get(one["gate"], "")
    sides: list[Mapping[str, float]] = [case["details"].get(name) or {} for case in (one, other)]
    shared = sorted(sides[0].keys() & sides[1].keys())
    if shared:
        second, first = ({scenario: side[scenario] for scenario in shared} for side in reversed(sides))
        found = paired_difference(second, first, np.random.default_rng(SEED), alternative="two-sided")
        yield Difference(where=outcome_of(one).where, gate=one["gate"], found=found, out=len(sides[0].keys() ^ sides[1].keys()))
