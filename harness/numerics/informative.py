"""What residuals tell of the labels of held-out pairs, beside relabelled pairs and the surface of the code."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import EffectError
from harness.numerics.accuracy import Points, relabelled_points
from harness.numerics.effects import rank_p
from harness.numerics.intervals import IntervalEstimate, mean_interval
from harness.numerics.pairs import scenario_means
from harness.numerics.placebos import label_flip_signs
from harness.records import Estimator


@dataclass(frozen=True, kw_only=True)
class LayerAccuracy:
    """Pair accuracy at one layer, its p-value among the relabellings, and the share of these whose accuracy is below it."""

    layer: int
    accuracy: float
    p: float
    beaten: float


@dataclass(frozen=True, kw_only=True)
class Informative:
    """What the residuals of the declared layers tell about held-out pairs.

    statistic: mean pair accuracy over the layers, so that no layer is chosen after the fact; null: the same under each relabelling, one
    set of signs for all layers; p: rank of the statistic. scenarios: mean over the layers by scenario, 1 where it was always told right.
    surface: pair accuracy of the probe of length and words, None where it was not measured.
    """

    estimator: Estimator
    scenarios: Mapping[str, float]
    layers: tuple[LayerAccuracy, ...]
    statistic: float
    null: tuple[float, ...]
    p: float
    interval: IntervalEstimate
    surface: float | None

    def carrying(self, share: float) -> tuple[int, ...]:
        """Layers that beat this share of the relabellings, and the surface probe where there is one."""
        least = -math.inf if self.surface is None else self.surface
        return tuple(one.layer for one in self.layers if one.beaten >= share and one.accuracy > least)


def measure_informative(
    vulnerable: ArrayLike,
    patched: ArrayLike,
    scenarios: Sequence[str],
    layers: Sequence[int],
    *,
    flips: int,
    rng: np.random.Generator,
    surface: float | None = None,
    estimator: Estimator = "mean-difference",
) -> Informative:
    """Leave-one-scenario-out pair accuracy at every layer, under the true labels and under relabellings within pairs.

    Args: vulnerable and patched, (n_pairs, layers, d_model); scenarios, of each pair; layers, the numbers of the columns; flips, how many
        relabellings (fewer where fewer exist); rng, for relabellings and interval; surface, from `surface_accuracy` on the same pairs.
    Raises: DirectionError as `relabelled_points`; EffectError for no layer or numbers that do not fit the residuals.
    """
    means = scenario_means(vulnerable, patched, scenarios)
    if not layers or means.vulnerable.ndim != 3 or means.vulnerable.shape[1] != len(layers):
        raise EffectError(f"residuals {means.vulnerable.shape} do not fit {len(layers)} layers; (n_pairs, layers, d_model) is needed")
    n = len(means.scenarios)
    signs = np.vstack([np.ones((1, n)), label_flip_signs(n, flips, rng) if n > 1 else np.empty((0, n))])  # the true labels come first
    points = np.stack([relabelled_points(means.at(column), signs, estimator) for column in range(len(layers))])  # (layers, 1 + k, n)
    right = points[:, 0].mean(axis=0) / 2  # (n,)
    overall = points.sum(axis=(0, 2))  # (1 + k,), whole numbers: ties are exact
    most = 2 * n * len(layers)
    return Informative(
        estimator=estimator,
        scenarios={name: float(value) for name, value in zip(means.scenarios, right, strict=True)},
        layers=tuple(_layer(layer, points[column].sum(axis=1), n) for column, layer in enumerate(layers)),
        statistic=float(overall[0] / most),
        null=tuple((overall[1:] / most).tolist()),
        p=rank_p(float(overall[0]), overall[1:].tolist()),
        interval=mean_interval(right, rng),
        surface=surface,
    )


def _layer(layer: int, points: Points, n: int) -> LayerAccuracy:
    """Figures of a layer from the half points of the true labels and of each relabelling, (1 + k,)."""
    true, flipped = float(points[0]), points[1:]
    return LayerAccuracy(layer=layer, accuracy=true / (2 * n), p=rank_p(true, flipped.tolist()), beaten=float((flipped < true).mean()))
