"""Pair accuracy: how often a direction fitted on the other scenarios tells the vulnerable half of a pair, under any labels.

Outcomes are counted in half points (2 right, 1 undecided, 0 wrong), so that ties between relabellings are exact.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DirectionError
from harness.numerics.directions import SMALLEST_SHARE
from harness.numerics.estimators import Probe, principal_axis
from harness.numerics.pairs import Float64Array, ScenarioMeans
from harness.records import Estimator

Points = NDArray[np.int64]

ROUNDING = 1e-12
"""A projection below this share of the terms it is the sum of is zero up to rounding."""


def pair_accuracy(means: ScenarioMeans, estimator: Estimator = "mean-difference") -> float:
    """Share of scenarios whose difference has a positive projection on the direction fitted on the others; zero counts half.

    Args: means, one layer, (n, d_model) each. Returns: 0 to 1. Raises: DirectionError as `relabelled_points`.
    """
    return float(relabelled_points(means, np.ones((1, len(means.scenarios))), estimator).mean() / 2)


def relabelled_points(means: ScenarioMeans, signs: ArrayLike, estimator: Estimator = "mean-difference") -> Points:
    """Half points of each scenario under each relabelling, leaving it out of the fit: 2 where its projection is positive, 1 where it is 0.

    Args: means, one layer, (n, d_model) each; signs (k, n), +1 or -1, by which both the fit and the held-out pair are relabelled.
    Returns: (k, n), 0, 1 or 2. Raises: DirectionError for fewer than two scenarios or halves that are alike.
    """
    flips, differences = np.asarray(signs, dtype=np.float64), means.differences
    if len(differences) < 2:
        raise DirectionError(f"{len(differences)} scenario leaves none to fit on; leaving one out needs at least two")
    if np.linalg.norm(differences, axis=1).max() <= SMALLEST_SHARE * means.typical_norm:
        raise DirectionError(
            "vulnerable and patched residuals are alike in every scenario; check the pairs and the position they are read at"
        )
    if estimator == "mean-difference":
        return _of_mean_difference(differences, flips)
    if estimator == "principal-component":
        return _of_principal_component(differences, flips)
    return _of_probe(means, flips)


def _of_mean_difference(differences: Float64Array, flips: Float64Array) -> Points:
    # projection of j on the others' mean, times their number: s_j * sum of s_i G_ij over i != j
    gram = differences @ differences.T
    np.fill_diagonal(gram, 0.0)
    return half_points(flips * (flips @ gram), np.abs(gram).sum(axis=0))


def _of_principal_component(differences: Float64Array, flips: Float64Array) -> Points:
    # relabelling leaves the axis of the others where it is and turns its sign only
    points = []
    for held_out in range(len(differences)):
        others = np.arange(len(differences)) != held_out
        along = differences @ principal_axis(differences[others])  # (n,)
        votes = flips[:, others] @ along[others]  # (k,)
        scale = np.linalg.norm(differences[held_out]) * np.abs(along[others]).sum()
        points.append(half_points(flips[:, held_out] * along[held_out] * votes, scale))
    return np.stack(points, axis=1)


def _of_probe(means: ScenarioMeans, flips: Float64Array) -> Points:
    points = []
    for held_out, name in enumerate(means.scenarios):
        difference = means.differences[held_out]
        probe = Probe(means.of(set(means.scenarios) - {name}))
        others = np.delete(flips, held_out, axis=1)
        projections = np.array([probe.axis(row) @ difference for row in others])  # (k,)
        points.append(half_points(flips[:, held_out] * projections, np.linalg.norm(difference)))
    return np.stack(points, axis=1)


def half_points(projections: Float64Array, scale: Float64Array | np.floating) -> Points:
    """2 where positive, 0 where negative, 1 where zero up to rounding of terms of size `scale`."""
    return np.where(np.abs(projections) <= ROUNDING * scale, 1, np.where(projections > 0, 2, 0))
