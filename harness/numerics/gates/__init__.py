"""Gates: from figures to PASS, FAIL or INCONCLUSIVE, with the reason in words. Pure functions; thresholds are data.

INCONCLUSIVE means that no result of this size could have passed: too few scenarios or placebos, or an arm that was not measured.
"""

from harness.numerics.gates.extraction import ExtractionThresholds, extraction_gate
from harness.numerics.gates.generation import GenerationThresholds, generation_gate
from harness.numerics.gates.identity import IdentityCheck, identity_gate
from harness.numerics.gates.result import GateResult, too_few_scenarios
from harness.numerics.gates.shift import ShiftThresholds, shift_gate

__all__ = [
    "ExtractionThresholds",
    "GateResult",
    "GenerationThresholds",
    "IdentityCheck",
    "ShiftThresholds",
    "extraction_gate",
    "generation_gate",
    "identity_gate",
    "shift_gate",
    "too_few_scenarios",
]
