"""The gates that make random decisions, each as a function from a replicate to its result. A new gate is one line in GATES."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from harness.calibration.replicates import Replicate
from harness.numerics.effects import measure_effect
from harness.numerics.gates.result import GateResult
from harness.numerics.gates.shift import ShiftThresholds, shift_gate
from harness.records import GateStatus

Judge = Callable[[Replicate], GateResult]
Parts = Callable[[GateResult], Mapping[str, bool]]


@dataclass(frozen=True, kw_only=True)
class CalibratedGate:
    """A gate, and the parts of which its PASS is made: name -> whether that part alone would have let the replicate through.

    control_passes: whether the positive control must pass (it moves every margin alike) or must not.
    """

    judge: Judge
    parts: Parts
    control_passes: bool


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


GATES: Mapping[str, CalibratedGate] = {
    "shift": CalibratedGate(judge=judge_shift, parts=shift_parts, control_passes=True),
}
