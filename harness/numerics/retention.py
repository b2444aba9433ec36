"""How much of an effect is left on rewrites of the files it was found on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.errors import EffectError
from harness.numerics.intervals import IntervalEstimate, bootstrap_interval
from harness.numerics.pairs import Float64Array


@dataclass(frozen=True, kw_only=True)
class Retained:
    """The effect on one variant, over the scenarios that have it.

    kept: mean bias on the variant over mean bias on the same scenarios' originals. interval: of `kept`, resampling scenarios; a draw whose
    originals don't go the way they all do together has nothing to keep, and keeps 0.
    """

    variant: str
    scenarios: int
    original: float
    effect: float
    kept: float
    interval: IntervalEstimate


def retained(variant: str, originals: Mapping[str, float], rewritten: Mapping[str, float], rng: np.random.Generator) -> Retained:
    """Args: originals, scenario -> bias on the file as it stands; rewritten, the same on its variant, for the scenarios that have it.

    Raises: EffectError for a variant of no known scenario, or originals whose mean effect is zero.
    """
    shared = sorted(rewritten.keys() & originals.keys())
    if not shared:
        raise EffectError(f"variant {variant!r} belongs to no scenario that was tested; measure both on the same scenarios")
    values = np.array(sorted((originals[scenario], rewritten[scenario]) for scenario in shared))  # (n, 2)
    before, after = values.mean(axis=0)
    if before == 0:
        raise EffectError(f"the effect on the originals of variant {variant!r} is 0; there is nothing that could be kept")

    def ratio(rows: Float64Array, axis: int = -1) -> Float64Array:
        chosen = values[np.moveaxis(rows, axis, -1).astype(np.intp)]  # (..., n, 2)
        top, bottom = chosen[..., 1].mean(axis=-1), chosen[..., 0].mean(axis=-1)
        return np.asarray(np.divide(top, bottom, out=np.zeros(np.shape(top)), where=bottom * before > 0))

    interval = bootstrap_interval(
        np.arange(len(values), dtype=np.float64), ratio, rng, spread=float(np.ptp(values[:, 1] - values[:, 0] * after / before))
    )
    return Retained(
        variant=variant, scenarios=len(shared), original=float(before), effect=float(after), kept=float(after / before), interval=interval
    )
