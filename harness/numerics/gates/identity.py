"""Whether what should change nothing changes nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import EffectError
from harness.numerics.gates.result import GateResult
from harness.records import GateStatus


@dataclass(frozen=True, kw_only=True)
class IdentityCheck:
    """One comparison that should come out the same.

    name: what was compared, such as "strength 0 against no steering". largest_difference: of logits. tolerance: 0 asks for bit-equality.
    token_gaps: for each greedy token that differs, the gap between the two best logits at that place.
    """

    name: str
    largest_difference: float
    tolerance: float
    token_gaps: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise EffectError(f"tolerance {self.tolerance} of {self.name!r} is not 0 or more; state a finite one")
        if self.largest_difference < 0:
            raise EffectError(f"largest difference {self.largest_difference} of {self.name!r} is below 0; give its absolute value")


def identity_gate(checks: Sequence[IdentityCheck]) -> GateResult:
    """Whether what should change nothing changes nothing. Raises: EffectError for no check.

    statistic and threshold are those of the check that fails worst, or else comes nearest to its tolerance.
    """
    if not checks:
        raise EffectError("0 identity checks show nothing; compare at least strength 0 with no steering")
    failed = [(check, cause) for check in checks if (cause := _identity_failure(check))]
    worst = max(checks, key=_excess)
    causes = "; ".join(f"{check.name}: {cause}" for check, cause in failed)
    held = "; ".join(f"{check.name}: largest difference {check.largest_difference:g}, tolerance {check.tolerance:g}" for check in checks)
    return GateResult(
        gate="identity",
        status=GateStatus.FAIL if failed else GateStatus.PASS,
        reason=causes or held,
        statistic=worst.largest_difference,
        threshold=worst.tolerance,
        details={check.name: {"largest_difference": check.largest_difference, "tolerance": check.tolerance} for check in checks},
    )


def _excess(check: IdentityCheck) -> float:
    # not `x > y` alone: a difference that is not a number is worse than any
    difference = math.inf if math.isnan(check.largest_difference) else check.largest_difference
    return difference - check.tolerance


def _identity_failure(check: IdentityCheck) -> str:
    if math.isnan(check.largest_difference):
        return "the largest difference is not a number"
    if check.largest_difference > check.tolerance:
        limit = "they must be bit-equal" if check.tolerance == 0 else f"the tolerance is {check.tolerance:g}"
        return f"logits differ by {check.largest_difference:g}, {limit}"
    wide = [gap for gap in check.token_gaps if not gap < check.tolerance]
    if wide:
        return f"{len(wide)} greedy token(s) differ although the logit gap {max(wide):g} is not below {check.tolerance:g}"
    return ""
