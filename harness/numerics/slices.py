"""Cuts the slice of one layer and strength out of a run's measurements, and reduces it to an Effect.

Pure: the same stored measurements give the same effect, without a model.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from harness.errors import EffectError
from harness.numerics.effects import Effect, PairMargins, SteeredVerdict, measure_effect
from harness.plans import PLACEBO_ARMS, Cell
from harness.records import Measurement, Verdict

Pair = tuple[str, str]


def effect_of(measurements: Iterable[Measurement], cell: Cell, rng: np.random.Generator) -> Effect:
    """The effect at one layer and strength, from the measurements of one model, dataset and CWE.

    Args: measurements, of any cells; cell, the declared layer and strength; rng, for the bootstrap.
    Raises: EffectError where a row of the slice is missing.
    """
    here = [one for one in measurements if one.layer in (None, cell.layer)]
    margins = [one for one in here if one.endpoint == "margin"]
    baseline = [one for one in margins if one.arm == "baseline"]
    placebos = {}
    for arm in PLACEBO_ARMS:
        by_index: defaultdict[int, list[Measurement]] = defaultdict(list)
        for one in margins:
            if one.arm == arm and abs(one.strength) == cell.strength:
                by_index[one.index].append(one)
        placebos[arm] = [pair_margins(by_index[index]) for index in sorted(by_index)]
    steered = [one for one in margins if one.arm == "treatment" and abs(one.strength) in (cell.strength, cell.strength / 2)]
    return measure_effect(
        pair_margins([*baseline, *steered]),
        placebos,
        strength=cell.strength,
        rng=rng,
        verdicts=steered_verdicts([one for one in here if one.endpoint == "text"], cell),
    )


def responses_of(measurements: Iterable[Measurement], cell: Cell) -> list[Measurement]:
    """The generated responses of a cell: unsteered, and at minus and plus its strength; sorted by file and strength."""
    texts = (one for one in measurements if one.endpoint == "text" and one.arm in ("baseline", "treatment"))
    here = [one for one in texts if one.layer is None or (one.layer == cell.layer and abs(one.strength) == cell.strength)]
    return sorted(here, key=lambda one: (one.path, one.strength))


def pair_margins(measurements: Sequence[Measurement]) -> list[PairMargins]:
    """Margins by pair and strength. Raises: EffectError for a pair of which only one half was measured."""
    halves: defaultdict[Pair, dict[str, dict[float, float]]] = defaultdict(lambda: {"vulnerable": {}, "patched": {}})
    for one in measurements:
        halves[one.scenario, one.variant][one.label][one.strength] = one.margin
    return [PairMargins(scenario=scenario, variant=variant, **half) for (scenario, variant), half in sorted(halves.items())]


def steered_verdicts(texts: Sequence[Measurement], cell: Cell) -> list[SteeredVerdict] | None:
    """Verdicts of the responses at minus and plus the declared strength; None where no text was generated."""
    unsteered = {(one.arm, one.path): _verdict(one) for one in texts if one.arm in ("baseline", "repeat")}
    steered = [one for one in texts if one.arm == "treatment" and abs(one.strength) == cell.strength]
    if not steered:
        return None
    return [
        SteeredVerdict(
            scenario=one.scenario,
            variant=one.variant,
            label=one.label,
            strength=one.strength,
            baseline=unsteered["baseline", one.path],
            repeat=unsteered["repeat", one.path],
            steered=_verdict(one),
        )
        for one in sorted(steered, key=lambda one: (one.path, one.strength))
    ]


def _verdict(one: Measurement) -> Verdict:
    if one.verdict is None:
        raise EffectError(f"the response to {one.path} was stored without a verdict; delete the run folder and measure again")
    return one.verdict
