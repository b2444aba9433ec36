"""How gates put numbers into words, and refuse thresholds that are none."""

from harness.errors import EffectError


def count(number: int, noun: str) -> str:
    """Such as `1 scenario`, `3 scenarios`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def p_text(value: float) -> str:
    """Three decimals without the leading zero, as probabilities are written here; more where three would show 0 or 1."""
    if not 0.001 <= value < 0.9995:
        return f"{value:.2g}"
    return f"{value:.3f}".rstrip("0").removeprefix("0")


def within(name: str, value: float, *, low: float, high: float) -> None:
    """Raises: EffectError for a threshold outside its range."""
    if not low <= value <= high:
        raise EffectError(f"threshold {value} for the {name} is outside {low:g}..{high:g}; give one within")
