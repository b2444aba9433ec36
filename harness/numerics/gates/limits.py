"""The thresholds of all gates by name, such as `shift.p`, and what may be said about them in a file or on the command line."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from harness.errors import EffectError, PlanError
from harness.numerics.gates.baseline import BaselineThresholds
from harness.numerics.gates.differences import DifferenceThresholds
from harness.numerics.gates.extraction import ExtractionThresholds
from harness.numerics.gates.generation import GenerationThresholds
from harness.numerics.gates.harm import HarmThresholds
from harness.numerics.gates.informative import InformativeThresholds
from harness.numerics.gates.retention import RetentionThresholds
from harness.numerics.gates.sensitivity import SensitivityThresholds
from harness.numerics.gates.shift import ShiftThresholds
from harness.numerics.gates.specificity import SpecificityThresholds

THRESHOLDS: dict[str, type[Any]] = {
    "extraction": ExtractionThresholds,
    "generation": GenerationThresholds,
    "informative": InformativeThresholds,
    "shift": ShiftThresholds,
    "sensitivity": SensitivityThresholds,
    "specificity": SpecificityThresholds,
    "harm": HarmThresholds,
    "retention": RetentionThresholds,
    "prompt": DifferenceThresholds,
    "comparison": DifferenceThresholds,
    "baseline": BaselineThresholds,
}
"""gate -> its thresholds; identity has none of its own, its tolerances go with the number type."""


def declared_limits() -> dict[str, float]:
    """Every threshold by name, as the measurement contract declares it."""
    return {f"{gate}.{name}": value for gate, kind in THRESHOLDS.items() for name, value in asdict(kind()).items()}


def changed_limits(limits: Mapping[str, float]) -> tuple[str, ...]:
    """Every threshold that differs from the declared one, such as "shift.p = 0.01 (declared: 0.05)"."""
    declared = declared_limits()
    return tuple(f"{name} = {value:g} (declared: {declared[name]:g})" for name, value in sorted(limits.items()))


def check_limits(limits: Mapping[str, object], source: str) -> dict[str, float]:
    """The limits as numbers, `{"shift": {"p": 0.01}}` meaning what `{"shift.p": 0.01}` does.

    Raises: PlanError, naming `source`, for a name that no gate has, what is no number, or a value outside its range.
    """
    known = declared_limits()
    checked: dict[str, float] = {}
    for name, value in _flat(limits).items():
        if name not in known:
            raise PlanError(f"threshold {name!r} of {source} is unknown; choose one of {', '.join(known)}")
        try:
            checked[name] = _number(value)
        except (TypeError, ValueError):
            raise PlanError(f"threshold {name} = {value!r} of {source} is no number; give one such as {known[name]:g}") from None
    for gate in dict.fromkeys(name.partition(".")[0] for name in checked):
        try:
            thresholds_of(gate, checked)
        except EffectError as error:
            raise PlanError(f"{source}, gate {gate}: {error}") from error
    return checked


def _flat(limits: Mapping[str, object]) -> dict[str, object]:
    """A table in a table, as TOML reads shift.p = 0.05 without quotes, under its full names."""
    flat: dict[str, object] = {}
    for name, value in limits.items():
        flat |= {f"{name}.{part}": inner for part, inner in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def _number(value: object) -> float:
    if isinstance(value, bool):  # float(True) is 1.0, a threshold that lets everything through
        raise TypeError
    return float(value)  # type: ignore[arg-type]


def thresholds_of(gate: str, limits: Mapping[str, float]) -> Any:
    """The thresholds of one gate: as declared, but for those that `limits` names."""
    own = {name.partition(".")[2]: value for name, value in limits.items() if name.partition(".")[0] == gate}
    return THRESHOLDS[gate](**own)
