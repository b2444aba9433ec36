"""What a case claims and what its verdict rests on, and the pure step from there to a gate's result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from harness.errors import PlanError, StoreError
from harness.numerics.agreement import margin_and_text
from harness.numerics.calibrated import with_calibration
from harness.numerics.choice import FEWEST_TO_CHOOSE
from harness.numerics.gates.baseline import BaselineEffect, baseline_gate
from harness.numerics.gates.differences import Wording, difference_gate
from harness.numerics.gates.extraction import extraction_gate
from harness.numerics.gates.generation import generation_gate
from harness.numerics.gates.harm import harm_gate
from harness.numerics.gates.identity import IdentityCheck, identity_gate
from harness.numerics.gates.informative import informative_gate
from harness.numerics.gates.limits import thresholds_of
from harness.numerics.gates.pinned import PinComparison, pinned_text_gate
from harness.numerics.gates.result import GateResult, inconclusive
from harness.numerics.gates.retention import retention_gate
from harness.numerics.gates.sensitivity import sensitivity_gate
from harness.numerics.gates.shift import shift_gate
from harness.numerics.gates.specificity import specificity_gate
from harness.numerics.harm import Harm, perplexity_ratio, repetition_change, undecided_change
from harness.numerics.informative import measure_informative
from harness.numerics.paired import paired_difference
from harness.numerics.slices import (
    biases,
    pushes,
    repetitions,
    residual_share,
    responses_in,
    responses_of,
    retained_of,
    slice_of,
    transfer_of,
)
from harness.numerics.wording import counted
from harness.plans import Cell
from harness.records import ORIGINAL, Estimator, FloatArray, GateStatus, Measurement, is_cwe
from harness.scoring.repetition import repetition_rate
from harness.scoring.sentences import count_sentences
from harness.storage.runs import Part


class Records(Protocol):
    """Where stored records come from: `harness.storage.runs.RunStore`."""

    def recall(self, sweep: str, part: Part = "tested") -> list[Measurement]: ...

    def observation(self, key: str) -> Any: ...

    def residuals(self, key: str) -> FloatArray | None: ...


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a case asks a gate, by the ids of the records that answer it.

    cells: layer and strength; several where the scenarios choose among them. seed: of intervals and flips. sweeps: role -> sweep, "own"
    being that of the case; of specificity the CWEs of the family, of comparison "first" and "second". observation: what was seen beside the
    measurements. limits: thresholds that differ from the declared ones. estimator: how directions were fitted.
    """

    gate: str
    cwe: str
    cells: tuple[Cell, ...] = ()
    seed: int = 0
    sweeps: Mapping[str, str] = field(default_factory=dict)
    observation: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    estimator: Estimator = "mean-difference"

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    @property
    def cell(self) -> Cell:
        """The one declared cell. Raises: PlanError where there is a choice."""
        if len(self.cells) != 1:
            raise PlanError(f"gate {self.gate} is judged in one declared cell, {len(self.cells)} were given; leave --choose out for it")
        return self.cells[0]

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Claim":
        """A claim as it stands in summary.json."""
        return cls(**{**stored, "cells": tuple(Cell(**cell) for cell in stored["cells"])})


def decide(claim: Claim, records: Records) -> GateResult:
    """What the gate says. A pure function of the claim and the records. Raises: PlanError for a gate that is unknown."""
    if claim.gate not in GATES:
        raise PlanError(f"gate {claim.gate!r} is unknown; choose one of {', '.join(GATES)}")
    result = GATES[claim.gate](claim, records)
    return with_calibration(result) if _as_calibrated(claim, result) else result


def _as_calibrated(claim: Claim, result: GateResult) -> bool:
    """Whether the gate was judged as it was calibrated: declared thresholds and cell, mean difference, a result that could be either."""
    declared = not claim.limits and len(claim.cells) < 2 and claim.estimator == "mean-difference"
    return declared and result.status is not GateStatus.INCONCLUSIVE


def _limits(claim: Claim) -> Any:
    return thresholds_of(claim.gate, claim.limits)


def _own(claim: Claim, records: Records) -> list[Measurement]:
    return records.recall(claim.sweeps["own"])


def _extraction(claim: Claim, records: Records) -> GateResult:
    seen = records.observation(_observed(claim))
    failures = {int(layer): cause for layer, cause in seen["failures"].items()}
    return extraction_gate(seen["layers"] - len(failures), seen["layers"], failures, _limits(claim), final_norm=seen["final_norm"])


def _identity(claim: Claim, records: Records) -> GateResult:
    checks = records.observation(_observed(claim))
    return identity_gate([IdentityCheck(**{**check, "token_gaps": tuple(check["token_gaps"])}) for check in checks])


def _generation(claim: Claim, records: Records) -> GateResult:
    responses = responses_of(_own(claim, records), claim.cell)
    complete = sum(one.finish == "end-of-text" and count_sentences(one.text or "") >= 2 for one in responses)
    return generation_gate(complete, len(responses), margin_and_text(responses), _limits(claim))


def _pinned_text(claim: Claim, records: Records) -> GateResult:
    return pinned_text_gate(PinComparison.from_dict(records.observation(_observed(claim))))


def _informative(claim: Claim, records: Records) -> GateResult:
    seen = records.observation(_observed(claim))
    residuals = records.residuals(seen["residuals"])
    if residuals is None:
        raise StoreError(f"the residuals {seen['residuals'][:12]} are not in the run folder; run the evals again with this --run-dir")
    pairs = len(seen["scenarios"])
    found = measure_informative(
        residuals[:pairs],
        residuals[pairs:],
        seen["scenarios"],
        seen["layers"],
        flips=seen["flips"],
        rng=claim.rng,
        surface=seen["surface"],
        estimator=seen["estimator"],
    )
    return informative_gate(found, _limits(claim))


def _shift(claim: Claim, records: Records) -> GateResult:
    measurements, limits = _own(claim, records), _limits(claim)
    if hopeless := _cannot_choose(claim, measurements):
        return hopeless
    found = slice_of(measurements, claim.cells)
    result = shift_gate(found.effect(claim.rng, limits.p), limits, at=_strengths(claim))
    return _with_cells(replace(result, details={**result.details, "reversed_gap": found.reversed_gap}), found.cells, claim)


def _sensitivity(claim: Claim, records: Records) -> GateResult:
    measurements, limits = _own(claim, records), _limits(claim)
    if hopeless := _cannot_choose(claim, measurements):
        return hopeless
    found = slice_of(measurements, claim.cells)
    return _with_cells(sensitivity_gate(found.sensitivity(claim.rng, limits.p), limits, at=_strengths(claim)), found.cells, claim)


def _cannot_choose(claim: Claim, measurements: Sequence[Measurement]) -> GateResult | None:
    """With --fit pooled a CWE may have fewer scenarios of its own than can choose for one another."""
    scenarios = len({one.scenario for one in measurements})
    if len(claim.cells) == 1 or scenarios >= FEWEST_TO_CHOOSE:
        return None
    reason = f"{counted(scenarios, 'scenario')} can't choose layer and strength for one another; {FEWEST_TO_CHOOSE} are needed"
    return inconclusive(claim.gate, f"{reason}, or leave --choose out", scenarios)


def _strengths(claim: Claim) -> str | None:
    return None if len(claim.cells) == 1 else "the chosen strengths"


def _with_cells(result: GateResult, cells: Mapping[str, Cell], claim: Claim) -> GateResult:
    """Says in which cells a chosen effect was tested."""
    if len(claim.cells) == 1:
        return result
    counts: dict[Cell, int] = {}
    for cell in cells.values():
        counts[cell] = counts.get(cell, 0) + 1
    words = ", ".join(f"layer {cell.layer} strength {cell.strength:g} for {count}" for cell, count in sorted(counts.items()))
    chosen = {scenario: {"layer": cell.layer, "strength": cell.strength} for scenario, cell in sorted(cells.items())}
    return replace(
        result,
        reason=f"{result.reason}; chosen among {len(claim.cells)} cells by the other scenarios, for placebos too: {words}",
        details={**result.details, "chosen": chosen},
    )


def _specificity(claim: Claim, records: Records) -> GateResult:
    if records.observation(_observed(claim))["fit"] == "pooled":
        return inconclusive("specificity", "directions were pooled over CWEs, so none is that of one CWE; leave --fit pooled out")
    transfers = {cwe: transfer_of(records.recall(sweep), cwe, claim.cell, claim.sweeps) for cwe, sweep in claim.sweeps.items()}
    return specificity_gate(transfers, claim.cwe, claim.rng, _limits(claim))


def _harm(claim: Claim, records: Records) -> GateResult:
    measurements, seen = _own(claim, records), records.observation(_observed(claim))
    rng, cell = claim.rng, claim.cell
    read, responses = slice_of(measurements, (cell,)).verdicts or (), responses_of(measurements, cell)
    ends = []
    for strength in (-cell.strength, cell.strength):
        losses = seen["steered"].get(f"{strength:g}")
        verdicts = [one for one in read if one.strength == strength]
        repeated = repetitions(responses, strength, repetition_rate)
        ends.append(
            Harm(
                strength=strength,
                perplexity=perplexity_ratio(seen["unsteered"], losses, rng) if losses else None,
                undecided=undecided_change(verdicts, rng) if verdicts else None,
                repetition=repetition_change(repeated, rng) if repeated else None,
            )
        )
    return harm_gate(ends, _limits(claim))


def _retention(claim: Claim, records: Records) -> GateResult:
    tested = _own(claim, records)
    originals = [one for one in tested if one.variant == ORIGINAL]
    if not originals:
        return inconclusive("retention", "only rewrites were tested; choose a split that holds the originals too")
    # A split may hold rewrites of its own, which are tested like the originals.
    rewritten = [*(one for one in tested if one.variant != ORIGINAL), *records.recall(claim.sweeps["own"], "variants")]
    kept = retained_of(originals, rewritten, claim.cell, claim.rng)
    return retention_gate(biases(originals, claim.cell), kept, claim.rng, _limits(claim))


def _prompt(claim: Claim, records: Records) -> GateResult:
    measurements = _own(claim, records)
    steered, prompted = pushes(measurements, arm="treatment", cell=claim.cell), pushes(measurements, arm="prompt")
    return difference_gate(
        "prompt",
        paired_difference(steered, prompted, claim.rng),
        _pushed(claim.cwe),
        thresholds=_limits(claim),
        details={"steered": float(np.mean(list(steered.values()))), "prompted": float(np.mean(list(prompted.values())))},
    )


def _pushed(cwe: str) -> Wording:
    if is_cwe(cwe):
        return Wording(first="the push toward vulnerable moves the margin", second="an instruction that asks for caution does")
    return Wording(first=f"the push toward {cwe} moves the margin", second="the instruction of its data does")


def _comparison(claim: Claim, records: Records) -> GateResult:
    measured = [(records.recall(claim.sweeps[role]), cell) for role, cell in zip(("first", "second"), claim.cells, strict=True)]
    sides = [biases(measurements, cell) for measurements, cell in measured]
    # The same strength is more to a model of small residuals: without the shares a difference may be one of scale alone.
    shares = [residual_share(measurements, cell) for measurements, cell in measured]
    shared = sides[0].keys() & sides[1].keys()  # what did not fit the context of one model is left out of both
    first, second = ({scenario: side[scenario] for scenario in sorted(shared)} for side in sides)
    return difference_gate(
        "comparison",
        paired_difference(first, second, claim.rng, alternative="two-sided"),
        Wording(
            first=f"steering at {shares[0]:.0%} of the residual norm moves the first model's margin",
            second=f"steering at {shares[1]:.0%} moves the second model's",
        ),
        thresholds=_limits(claim),
        details={
            "first": float(np.mean(list(first.values()))),
            "second": float(np.mean(list(second.values()))),
            "residual_shares": shares,
        },
    )


def _baseline(claim: Claim, records: Records) -> GateResult:
    seen = records.observation(_observed(claim))
    before = BaselineEffect(**{**seen, "remarks": tuple(seen["remarks"])})
    return baseline_gate(biases(_own(claim, records), claim.cell), before, claim.rng, _limits(claim))


def _observed(claim: Claim) -> str:
    if claim.observation is None:
        raise PlanError(f"gate {claim.gate} rests on an observation, and the claim names none; run its eval again")
    return claim.observation


GATES: dict[str, Callable[[Claim, Records], GateResult]] = {
    "extraction": _extraction,
    "identity": _identity,
    "generation": _generation,
    "pinned_text": _pinned_text,
    "informative": _informative,
    "shift": _shift,
    "sensitivity": _sensitivity,
    "specificity": _specificity,
    "harm": _harm,
    "retention": _retention,
    "prompt": _prompt,
    "comparison": _comparison,
    "baseline": _baseline,
}


def responses_for(claim: Claim, measurements: Sequence[Measurement]) -> list[Measurement]:
    """The responses that a case shows: those of the cells its scenarios are tested in."""
    if not any(one.endpoint == "text" for one in measurements) or not claim.cells:
        return []
    if len(claim.cells) == 1:
        return responses_of(measurements, claim.cell)
    if _cannot_choose(claim, measurements):
        return []
    return responses_in(measurements, slice_of(measurements, claim.cells).cells)
