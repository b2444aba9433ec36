"""How often a gate passes when it should not, and when it should: measured by `python -m harness.calibration`, read by the gates."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from scipy import stats

from harness.errors import EffectError
from harness.numerics.gates.result import GateResult
from harness.numerics.intervals import Share
from harness.records import Interval

FIGURES = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The two figures of a gate, for one number of scenarios and placebos.

    false_positives: passes under the null. power: passes at the declared smallest effect; statistic is that effect's mean statistic, in
    the gate's own unit. Intervals are exact binomial ones.
    """

    scenarios: int
    placebos: int
    false_positives: Share
    power: Share
    statistic: float

    def as_details(self) -> dict[str, Any]:
        """Plain values, as the file and a gate's details hold them."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Calibration":
        """The reverse of `as_details`."""
        shares = {name: _share(values[name]) for name in ("false_positives", "power")}
        return cls(scenarios=values["scenarios"], placebos=values["placebos"], statistic=values["statistic"], **shares)


def exact_share(count: int, of: int, *, level: float = 0.95) -> Share:
    """A share with its exact (Clopper-Pearson) interval. Raises: EffectError for a share of nothing."""
    if of < 1:
        raise EffectError("a rate over 0 replicates is undefined; run at least one")
    found = stats.binomtest(count, of).proportion_ci(level, method="exact")
    return Share(count=count, of=of, interval=Interval(low=float(found.low), high=float(found.high), level=level))


def calibration_of(gate: str, scenarios: int | None) -> Calibration | None:
    """What is known of a gate at this number of scenarios: the calibration with the most scenarios that are no more than these.

    None where the gate was not calibrated, or only with more scenarios: more of them have more power, and would promise too much.
    """
    fitting = [one for one in _calibrations().get(gate, ()) if scenarios is not None and one.scenarios <= scenarios]
    return max(fitting, key=lambda one: one.scenarios, default=None)


def with_calibration(result: GateResult) -> GateResult:
    """The result with the two figures of its gate, where it was calibrated at no more scenarios than these; else as it is."""
    known = calibration_of(result.gate, result.scenarios)
    if known is None:
        return result
    details = {**result.details, "calibration": known.as_details()}
    return replace(result, false_positive_rate=known.false_positives.value, power=known.power.value, details=details)


@lru_cache(maxsize=1)
def _calibrations() -> dict[str, tuple[Calibration, ...]]:
    return read_calibrations(FIGURES)


def read_calibrations(path: Path) -> dict[str, tuple[Calibration, ...]]:
    """The figures of every gate in a file. Raises: EffectError for a file that is missing or holds something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {gate: tuple(map(Calibration.of, figures)) for gate, figures in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise EffectError(
            f"{path.name} holds no calibration ({type(trouble).__name__}: {trouble}); make it again with `make calibrate`"
        ) from None


def write_calibrations(path: Path, calibrations: Mapping[str, tuple[Calibration, ...]]) -> None:
    """Write the figures of every gate."""
    plain = {gate: [one.as_details() for one in figures] for gate, figures in sorted(calibrations.items())}
    path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def _share(values: Mapping[str, Any]) -> Share:
    return Share(count=values["count"], of=values["of"], interval=Interval(**values["interval"]))
