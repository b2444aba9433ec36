"""How well margins tell vulnerable from patched files: signal detection over held-out pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness.numerics.effects import PairMargins, distinct_pairs, margin_at
from harness.numerics.intervals import IntervalEstimate, bootstrap_interval
from harness.numerics.pairs import Float64Array

VULNERABLE, PATCHED = 0, 1
"""Places of the two halves in an array of margins."""


@dataclass(frozen=True, kw_only=True)
class PairOutcomes:
    """What the signs of a pair's two margins say, counted over pairs. A margin of exactly 0 calls nothing vulnerable.

    reversed: the patched file called vulnerable, the vulnerable one secure.
    """

    both_right: int
    both_vulnerable: int
    both_secure: int
    reversed: int


@dataclass(frozen=True, kw_only=True)
class Discrimination:
    """Unsteered or at one strength; every scenario weighs the same, however many variants it has.

    auc: share of vulnerable-patched comparisons in order, ties half. d_prime, criterion: from the shares of files called vulnerable;
    a criterion above 0 leans to "secure".
    """

    strength: float
    auc: float
    d_prime: float
    criterion: float
    outcomes: PairOutcomes


@dataclass(frozen=True, kw_only=True)
class AucGain:
    """AUC at the declared strength minus the unsteered one, and its interval from resampling scenarios."""

    before: float
    after: float
    gain: float
    interval: IntervalEstimate


def discrimination(pairs: Sequence[PairMargins], strength: float) -> Discrimination:
    """How well the margins at one strength tell the labels apart.

    d' = z(hits) - z(false alarms), criterion = -(z(hits) + z(false alarms)) / 2, where a share of n
    scenarios is taken as (n * share + .5) / (n + 1).

    Raises: EffectError for no pair or a strength that was not measured.
    Source: the log-linear correction, Hautus 1995, doi:10.3758/BF03203619.
    """
    margins = [scenario[:, :, 0] for scenario in _margins(pairs, (strength,))]
    z_hits, z_alarms = (float(stats.norm.ppf(_called(margins, half))) for half in (VULNERABLE, PATCHED))
    return Discrimination(
        strength=strength,
        auc=float(_order_matrix(margins).mean()),
        d_prime=z_hits - z_alarms,
        criterion=-(z_hits + z_alarms) / 2,
        outcomes=_outcomes(np.concatenate(margins) > 0),
    )


def auc_gain(pairs: Sequence[PairMargins], strength: float, rng: np.random.Generator) -> AucGain:
    """What steering at `strength` adds to the AUC. Raises: EffectError as `discrimination`.

    The interval resamples scenarios, and with them both files of all their pairs (BCa, see `bootstrap_interval`).
    """
    margins = _margins(pairs, (0.0, strength))
    before, after = (_order_matrix([scenario[:, :, at] for scenario in margins]) for at in (0, 1))
    change = after - before

    def gain(rows: Float64Array, axis: int = -1) -> Float64Array:
        chosen = np.moveaxis(rows, axis, -1).astype(np.intp)
        return np.asarray(change[chosen[..., :, None], chosen[..., None, :]].mean(axis=(-1, -2)))

    rows = np.arange(len(change), dtype=np.float64)
    interval = bootstrap_interval(rows, gain, rng, spread=float(np.ptp(change)))
    return AucGain(before=float(before.mean()), after=float(after.mean()), gain=float(change.mean()), interval=interval)


def _margins(pairs: Sequence[PairMargins], strengths: Sequence[float]) -> list[Float64Array]:
    """The margins of each scenario, (variants, 2 labels, strengths); ordered by value, so that names don't move a resampling."""
    found: dict[str, list[list[list[float]]]] = {}
    for pair in distinct_pairs(pairs):
        halves = [[margin_at(pair, half, strength) for strength in strengths] for half in (pair.vulnerable, pair.patched)]
        found.setdefault(pair.scenario, []).append(halves)
    return [np.array(values) for values in sorted(map(sorted, found.values()))]


def _order_matrix(margins: Sequence[Float64Array]) -> Float64Array:
    """(n, n): share of comparisons in order between the vulnerable files of the row's scenario and the patched files of the column's."""
    matrix = np.empty((len(margins), len(margins)))
    for row, first in enumerate(margins):
        for column, second in enumerate(margins):
            matrix[row, column] = ((np.sign(first[:, None, VULNERABLE] - second[None, :, PATCHED]) + 1) / 2).mean()  # ties half
    return matrix


def _called(margins: Sequence[Float64Array], half: int) -> float:
    """The corrected share of files of one label that are called vulnerable."""
    shares = [float((scenario[:, half] > 0).mean()) for scenario in margins]
    return (sum(shares) + 0.5) / (len(shares) + 1)


def _outcomes(called: NDArray[np.bool_]) -> PairOutcomes:
    """Counts over pairs, from which of their halves were called vulnerable: (pairs, 2)."""
    vulnerable, patched = called[:, VULNERABLE], called[:, PATCHED]
    return PairOutcomes(
        both_right=int((vulnerable & ~patched).sum()),
        both_vulnerable=int((vulnerable & patched).sum()),
        both_secure=int((~vulnerable & ~patched).sum()),
        reversed=int((~vulnerable & patched).sum()),
    )
