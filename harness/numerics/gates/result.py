"""What every gate gives: PASS, FAIL or INCONCLUSIVE, with the reason in words and the figures it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.errors import EffectError
from harness.records import GateStatus, Interval


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """What a gate says, and on what figures.

    statistic and threshold are None where the gate could not compute one. p_values: by placebo kind. smallest_effect: the one the gate
    could have seen with power .8. false_positive_rate and power: from calibration, None until the gate was calibrated.
    details: plain values for the report.
    """

    gate: str
    status: GateStatus
    reason: str
    statistic: float | None
    threshold: float | None
    scenarios: int | None = None
    p_values: Mapping[str, float] = field(default_factory=dict)
    interval: Interval | None = None
    interval_method: str = "undefined"
    smallest_effect: float | None = None
    false_positive_rate: float | None = None
    power: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def largest_p(self) -> float | None:
        """The p-value that decides: the largest over the arms."""
        return max(self.p_values.values(), default=None)


def status_of(hopeless: Sequence[str], failed: Sequence[str]) -> GateStatus:
    """INCONCLUSIVE where nothing could have passed, FAIL where something else did not hold."""
    return GateStatus.INCONCLUSIVE if hopeless else GateStatus.FAIL if failed else GateStatus.PASS


def inconclusive(gate: str, reason: str, scenarios: int | None = None) -> GateResult:
    """What a gate says where there is nothing to compute it from, such as too few scenarios for a direction to be cross-fitted."""
    return GateResult(gate=gate, status=GateStatus.INCONCLUSIVE, reason=reason, statistic=None, threshold=None, scenarios=scenarios)


def check_within(name: str, value: float, *, low: float, high: float) -> None:
    """Raises: EffectError for a threshold outside its range."""
    if not low <= value <= high:
        raise EffectError(f"threshold {value} for the {name} is outside {low:g}..{high:g}; give one within")
