"""The figures of a case as the properties of its element in JUnit XML, one a figure, readable by any program."""

from collections.abc import Iterator

from harness.plugin.results import PROPERTY, CaseResult

PLAIN = (
    *("gate", "status", "claimed", "statistic", "threshold", "p_value", "scenarios", "smallest_effect", "false_positive_rate", "power"),
    *("reason", "model", "model_name", "dataset", "data_hash", "cwe", "layer", "strength"),
)


def properties_of(result: CaseResult) -> list[tuple[str, object]]:
    """Name and value of every figure that the case has. A figure it has not is left out, since nothing is not zero."""
    return [(f"{PROPERTY}.{name}", _shown(value)) for name, value in _figures(result) if value is not None]


def _figures(result: CaseResult) -> Iterator[tuple[str, object]]:
    for name in PLAIN:
        yield name, getattr(result, name)
    for arm, p in result.p_values.items():
        yield f"p.{arm}", p
    for name, value in (result.interval or {}).items():
        yield f"interval.{name}", value


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
