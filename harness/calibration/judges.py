"""The gates that make random decisions: what decides on a replicate, what replicates it is tried on, and what is asked of it.

A new gate is one entry in GATES. Prompt, comparison and retention stay out: they compare two treatments of the same scenarios by sign
flips, exact by construction, or bound a share. So does harm: no direction is judged there, only a bootstrap bound, whose error was
simulated for itself (`harness.numerics.gates.harm.FEWEST`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.calibration.codes import contrast_pair
from harness.calibration.planted import CWE
from harness.calibration.replicates import Design, Replicate
from harness.calibration.transfers import TransferDesign, TransferReplicate
from harness.numerics.effects import LEVEL, measure_effect
from harness.numerics.gates.differences import DifferenceThresholds, Family, Wording, difference_gate
from harness.numerics.gates.informative import informative_gate
from harness.numerics.gates.result import GateResult
from harness.numerics.gates.sensitivity import SensitivityThresholds, sensitivity_gate
from harness.numerics.gates.shift import ShiftThresholds, shift_gate
from harness.numerics.informative import measure_informative
from harness.numerics.sensitivity import measure_sensitivity
from harness.numerics.specificity import holm
from harness.numerics.surface import surface_accuracy
from harness.records import GateStatus

AnyDesign = Design | TransferDesign
Judge = Callable[[Any], GateResult]
"""From a replicate of the gate's designs to its result."""
Parts = Callable[[GateResult], Mapping[str, bool]]
FEW_AXES = 3
SIZES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Sizes of the planted component along the power curve."""


@dataclass(frozen=True, kw_only=True)
class CalibratedGate:
    """A gate, and the parts of which its PASS is made: name -> whether that part alone would have let the replicate through.

    nulls: designs with nothing to find, by what is added to their name; the one without a name gives the gate's figure. power: the design
    whose size is varied over sizes. declared: number of scenarios -> smallest size at which the gate must have its power. control_passes:
    whether the positive control, which moves every margin alike, must pass or must not; None where the gate does not look at margins.
    copies: whether to show what copies do that are counted as scenarios.
    """

    judge: Judge
    parts: Parts
    nulls: Mapping[str, AnyDesign]
    power: AnyDesign
    declared: Mapping[int, float]
    sizes: tuple[float, ...] = SIZES
    control_passes: bool | None = None
    copies: bool = False


def passed(result: GateResult) -> bool:
    return result.status is GateStatus.PASS


def judge_shift(replicate: Replicate) -> GateResult:
    """The product's shift gate on a replicate."""
    rng = np.random.default_rng(replicate.seed)
    return shift_gate(
        measure_effect(replicate.treatment, replicate.placebos, strength=replicate.strength, rng=rng, verdicts=replicate.verdicts)
    )


def shift_parts(result: GateResult) -> dict[str, bool]:
    """The conditions of the shift gate one by one, at its default thresholds."""
    details, level = result.details, ShiftThresholds().p
    flips = details["flips"]
    return {
        **{f"p against {kind}": p <= level for kind, p in result.p_values.items()},
        "pushes the right way": details["signed"] >= 0,
        "monotone": details["monotone"],
        "anti-steerable": details["anti_steerable"]["upper"] <= details["anti_steerable"]["threshold"],
        "flips above noise": flips["toward"] > flips["noise"],
    }


def judge_sensitivity(replicate: Replicate) -> GateResult:
    """The product's sensitivity gate on a replicate, at its own number of resamples."""
    rng = np.random.default_rng(replicate.seed)
    return sensitivity_gate(measure_sensitivity(replicate.treatment, replicate.placebos, strength=replicate.strength, rng=rng))


def sensitivity_parts(result: GateResult) -> dict[str, bool]:
    """The conditions of the sensitivity gate one by one, at its default thresholds."""
    limits, statistic = SensitivityThresholds(), _number(result)
    return {
        **{f"p {'by' if kind == 'sign flips' else 'against'} {kind}": p <= limits.p for kind, p in result.p_values.items()},
        "mean D above 0": statistic > 0,
        "gain in AUC": result.details["auc_gain"]["lower"] > limits.gain,
    }


def judge_informative(replicate: Replicate) -> GateResult:
    """The product's informative gate on the residuals of the steered layer, with as many relabellings as there are placebos, as in a run.

    The surface probe is shown every flaw as if mended: what is planted stands for what length and words do not tell.
    """
    names = [pair.scenario for pair in replicate.pairs]
    found = measure_informative(
        replicate.vulnerable[:, None],
        replicate.patched[:, None],
        names,
        [replicate.layer],
        flips=max(map(len, replicate.placebos.values())),
        rng=np.random.default_rng(replicate.seed),
        surface=surface_accuracy([contrast_pair(pair, CWE, flawless=True) for pair in replicate.pairs]),
    )
    return informative_gate(found)


def informative_parts(result: GateResult) -> dict[str, bool]:
    """The conditions of the informative gate one by one, at its default thresholds."""
    return {
        "p against relabellings": result.p_values["label-flip"] <= LEVEL,
        "above length and words": _number(result) > result.details["surface"],
    }


def judge_specificity(replicate: TransferReplicate) -> GateResult:
    """The product's specificity gate for the first CWE, p adjusted by Holm over all of them. details: `family`, CWE -> adjusted p."""
    rng = np.random.default_rng(replicate.seed)
    differences = {cwe: transfer.difference(rng) for cwe, transfer in replicate.transfers.items()}
    raw = {cwe: difference.p for cwe, difference in differences.items()}
    first, adjusted = next(iter(raw)), holm(raw)
    return difference_gate(
        "specificity",
        differences[first],
        Wording(first=f"its own direction moves the margin of {first}", second="the directions of other CWEs do"),
        family=Family(name=first, raw=raw, adjusted=adjusted),
        details={"family": adjusted},
    )


def specificity_parts(result: GateResult) -> dict[str, bool]:
    """p before and after Holm's adjustment, and whether the gate passes for any CWE of the family."""
    level = DifferenceThresholds().p
    return {
        "p by sign flips": result.p_values["sign flips"] <= level,
        "p by Holm": result.p_values["Holm"] <= level,
        "passes for any CWE": min(result.details["family"].values()) <= level,
    }


def _number(result: GateResult) -> float:
    assert result.statistic is not None, f"{result.gate} always has a statistic here"
    return result.statistic


_NULLS: dict[str, AnyDesign] = {"": Design(), f", letters of {FEW_AXES} axes": Design(axes=FEW_AXES)}

GATES: Mapping[str, CalibratedGate] = {
    "informative": CalibratedGate(
        judge=judge_informative,
        parts=informative_parts,
        nulls=_NULLS,
        power=Design(),
        declared={8: 4.0, 24: 2.0},
        sizes=(1.0, 2.0, 4.0),
        copies=True,
    ),
    "shift": CalibratedGate(
        judge=judge_shift, parts=shift_parts, nulls=_NULLS, power=Design(), declared={8: 8.0, 24: 4.0}, control_passes=True, copies=True
    ),
    "sensitivity": CalibratedGate(
        judge=judge_sensitivity,
        parts=sensitivity_parts,
        nulls=_NULLS | {", read in a bowl": Design(reads="bowl")},
        power=Design(reads="bowl"),
        declared={8: 4.0, 24: 1.0},
        sizes=(0.5, 1.0, 2.0, 4.0),
        control_passes=False,
        copies=True,
    ),
    "specificity": CalibratedGate(
        judge=judge_specificity,
        parts=specificity_parts,
        nulls={
            "": TransferDesign(one_axis=True, size=4.0),
            ", nothing planted": TransferDesign(),
        },
        power=TransferDesign(reads="bowl"),
        declared={8: 8.0, 24: 8.0},
        sizes=(2.0, 4.0, 8.0),
    ),
}
