"""How figures are written in the reasons of gates."""


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def probability(value: float) -> str:
    """Three decimals without the leading zero, as probabilities are written here; more where three would show 0 or 1."""
    if not 0.001 <= value < 0.9995:
        return f"{value:.2g}"
    return f"{value:.3f}".rstrip("0").removeprefix("0")
