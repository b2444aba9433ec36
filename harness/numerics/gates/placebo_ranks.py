"""What the gates that rank against placebos have in common: can so many placebos reach the level, and what must be exceeded."""

import math
from collections.abc import Mapping, Sequence

from harness.numerics.effects import allowed_exceedances
from harness.numerics.wording import probability
from harness.plans import distinct_flips
from harness.records import Arm

PRIMARY_ARMS: tuple[Arm, ...] = ("nuisance", "label-flip")


def too_few_placebos(placebos: Mapping[Arm, Sequence[float]], scenarios: int, level: float) -> list[str]:
    """Why no statistic could reach the level against these placebos, an arm a reason; empty where one could."""
    reasons = []
    for kind in dict.fromkeys((*PRIMARY_ARMS, *placebos)):
        k = len(placebos.get(kind, ()))
        if kind not in placebos:
            reasons.append(f"no {kind} placebos were measured")
        elif 1 / (k + 1) > level:
            needed = math.ceil(1 / level - 1e-9) - 1 if level > 0 else math.inf
            exhausted = kind == "label-flip" and k >= distinct_flips(scenarios)
            remedy = "more scenarios, or --fit pooled, give more relabellings" if exhausted else f"raise --placebos to {needed}"
            reasons.append(
                f"{k} {kind} placebos give p >= {probability(1 / (k + 1))}, above {probability(level)}; {needed} are needed: {remedy}"
            )
    return reasons


def critical_value(placebos: Mapping[Arm, Sequence[float]], level: float) -> float | None:
    """What a statistic must exceed so that its p is at most the level against every arm; None where none could."""
    largest = []
    for values in placebos.values():
        allowed = allowed_exceedances(len(values), level)
        if allowed < 0:
            return None
        if allowed < len(values):
            largest.append(sorted(values, reverse=True)[allowed])
    return max(largest, default=None)


def not_above(
    statistic: float, placebos: Mapping[Arm, Sequence[float]], p_values: Mapping[Arm, float], level: float, did: str = "moved the margin"
) -> list[str]:
    """Against which arms the p-value is above the level, and how many placebos did as much; a reason an arm."""
    reasons = []
    for kind, p in p_values.items():
        if p > level:
            count = sum(value >= statistic for value in placebos[kind])
            rivals = f"{count} of {len(placebos[kind])} placebos {did} at least as much ({statistic:.3g} logits)"
            reasons.append(f"p = {probability(p)} against {kind} is above {probability(level)}: {rivals}")
    return reasons
