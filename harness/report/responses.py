"""What a model said of the files of a pair, unsteered and steered, with what was measured of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.judge.claims import Claim, responses_for
from harness.records import Measurement
from harness.report.marking import Line, Piece, lines_of, side_by_side
from harness.report.records import Case, RunRecords, own_sweep

Reasons = Mapping[str, Mapping[str, Any]]
"""key of a response -> how its reason compares with the rationale of the file."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A response. facts: verdict, margin, ending, in words. phrase: what the verdict rests on, where the text does not hold it as it is."""

    pieces: list[Piece]
    facts: str
    phrase: str | None


@dataclass(frozen=True, kw_only=True)
class Push:
    """One file at one strength beside the same file unsteered. added: the steering measured in the residual, in words."""

    strength: float
    before: Said
    after: Said
    added: str
    flip: str | None


@dataclass(frozen=True, kw_only=True)
class FileShown:
    """One file of a pair under every push."""

    path: str
    label: str
    pushes: list[Push]


@dataclass(frozen=True, kw_only=True)
class PairShown:
    """The two files of a scenario and variant. code: both as one list of lines, empty where the run did not keep them."""

    scenario: str
    variant: str
    files: list[FileShown]
    code: list[Line]

    @property
    def flips(self) -> int:
        return sum(push.flip is not None for file in self.files for push in file.pushes)


@dataclass(frozen=True, kw_only=True)
class Responses:
    """The pairs that some cases have in common, shown once. id: of the part of the page."""

    id: str
    title: str
    pairs: list[PairShown]

    @property
    def flips(self) -> int:
        return sum(pair.flips for pair in self.pairs)


def responses_by_case(run: RunRecords) -> dict[str, Responses]:
    """id of a case -> the responses it shows. Cases that rest on the same responses share one object."""
    shared: dict[tuple[str, ...], Responses] = {}
    found: dict[str, Responses] = {}
    for case in run.cases:
        shown = measurements_of(case, run)
        if shown:
            keys = tuple(one.key for one in shown)
            if keys not in shared:
                shared[keys] = Responses(id=f"responses-{len(shared) + 1}", title=_title(case), pairs=_pairs(shown, run))
            found[case["id"]] = shared[keys]
    return found


def measurements_of(case: Case, run: RunRecords) -> list[Measurement]:
    """The responses that a case rests on, unsteered and steered; none where it rests on none."""
    sweep = own_sweep(case)
    return responses_for(Claim.from_dict(case["rests_on"]), run.shown(sweep)) if sweep else []


def _title(case: Case) -> str:
    where = "" if case["layer"] is None else f", layer {case['layer']}, strength {case['strength']:g}"
    return f"{case['model_name']}, {case['cwe']}{where}"


def _pairs(measurements: Iterable[Measurement], run: RunRecords) -> list[PairShown]:
    pairs: defaultdict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for one in measurements:
        pairs[one.scenario, one.variant].append(one)
    return [
        PairShown(scenario=scenario, variant=variant, files=_files(members, run.reasons), code=_code(members, run.code))
        for (scenario, variant), members in sorted(pairs.items())
    ]


def _code(members: Iterable[Measurement], code: Mapping[str, str]) -> list[Line]:
    halves = {one.label: code[one.example] for one in members if one.example in code}
    return lines_of(halves["vulnerable"], halves["patched"]) if len(halves) == 2 else []


def _files(members: Iterable[Measurement], reasons: Reasons) -> list[FileShown]:
    files: defaultdict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for one in members:
        files[one.label, one.path].append(one)
    # The vulnerable half first, as the contrast pair has it.
    return [FileShown(path=path, label=label, pushes=_pushes(said, reasons)) for (label, path), said in sorted(files.items(), reverse=True)]


def _pushes(said: Sequence[Measurement], reasons: Reasons) -> list[Push]:
    unsteered = next((one for one in said if one.arm == "baseline"), None)
    steered = sorted((one for one in said if one.arm == "treatment"), key=lambda one: one.strength)
    return [] if unsteered is None else [_push(unsteered, one, reasons) for one in steered]


def _push(before: Measurement, after: Measurement, reasons: Reasons) -> Push:
    texts = side_by_side(before.text or "", after.text or "", (before.evidence, after.evidence))
    return Push(
        strength=after.strength,
        before=_said(before, texts[0], reasons),
        after=_said(after, texts[1], reasons),
        added=_added(after),
        flip=None if before.verdict == after.verdict else f"{before.verdict} → {after.verdict}",
    )


def _said(one: Measurement, pieces: list[Piece], reasons: Reasons) -> Said:
    ending = "ended by itself" if one.finish == "end-of-text" else f"cut at {one.tokens} tokens"
    marked = any(piece.evidence for piece in pieces)
    facts = f"{one.verdict}, margin {one.margin:+.2f}, {ending}{_reason(reasons.get(one.key))}"
    return Said(pieces=pieces, facts=facts, phrase=one.evidence if one.evidence and not marked else None)


def _reason(found: Mapping[str, Any] | None) -> str:
    """What the reason shares with the rationale of the file."""
    if found is None:
        return ""
    named = [*(["the weakness"] if found["names_cwe"] else []), *found["variables"], *(f"line {line}" for line in found["lines"] or ())]
    told = ", ".join(named) or "neither weakness nor variable nor line"
    return f"; ROUGE-1 with the rationale {found['rouge1_precision']:.2f}; names {told}"


def _added(one: Measurement) -> str:
    measured = "not measured" if one.added_norm is None else f"{one.added_norm:.4g}"
    return f"residual changed by {measured} of {abs(one.strength):g} planned, {one.residual_share:.0%} of its median norm"
