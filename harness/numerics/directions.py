"""The mean difference of contrast pairs as a unit direction. Other estimators: harness/numerics/estimators.py."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import DirectionError
from harness.numerics.pairs import Float64Array, paired_residuals

SMALLEST_SHARE = 1e-9
"""A mean difference below this share of the residuals' own size is rounding, not a direction."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A fitted direction, and how much of the mean difference lies along it.

    vector: (d_model,) or (layers, d_model), float64, unit norm. norm: () or (layers,), residual units: the component of the mean
    difference along the vector, which for the mean difference itself is its length.
    """

    vector: Float64Array
    norm: Float64Array


def normalise(difference: Float64Array, residual_norm: float) -> Estimate:
    """Split a mean difference into unit vector and length.

    Args: difference (d_model,) or (layers, d_model); residual_norm, typical size of the residuals it came from.
    Raises: DirectionError where the difference is zero up to rounding.
    """
    norm = np.asarray(np.linalg.norm(difference, axis=-1))  # () or (layers,)
    too_short = np.atleast_1d(norm <= SMALLEST_SHARE * residual_norm)
    if too_short.any():
        where = f" at layer row {int(np.argmax(too_short))}" if difference.ndim == 2 else ""
        length = float(np.atleast_1d(norm)[too_short][0])
        raise DirectionError(
            f"the mean difference{where} has norm {length:.3g} beside residuals of norm {residual_norm:.3g}: vulnerable and patched "
            "residuals are alike, there is no direction; check that the pairs differ and that the position sees the code"
        )
    return Estimate(vector=difference / norm[..., None], norm=norm)


def mean_difference(vulnerable: ArrayLike, patched: ArrayLike) -> Float64Array:
    """Unit direction from patched toward vulnerable: the normalised mean of the pair differences.

    Every row counts once; `estimators.estimate` averages the variants of a scenario first and also gives the norm.

    Args: vulnerable and patched, (n_pairs, d_model) or (n_pairs, layers, d_model), row j of both is pair j; arrays or CPU tensors.
    Returns: (d_model,) or (layers, d_model), float64, unit norm at each layer.
    Raises: DirectionError for residuals that are not finite, shapes that differ, no pair, or a mean difference of zero.
    Source: Contrastive Activation Addition, arXiv:2312.06681, section 3.
    """
    left, right = paired_residuals(vulnerable, patched)
    typical = float(np.median(np.linalg.norm(np.stack([left, right]), axis=-1)))
    return normalise((left - right).mean(axis=0), typical).vector
