"""The vectors each held-out scenario meets: a direction that has not seen it, and placebos made of the same pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import DirectionError
from harness.numerics.directions import (
    Float64Array,
    Fold,
    check_sign,
    columns_of,
    normalise,
    paired_residuals,
    scenario_differences,
    typical_norm,
)
from harness.numerics.placebos import (
    PlaceboKind,
    check_placebos,
    label_flip_placebos,
    label_flip_signs,
    nuisance_weights,
    random_placebos,
    weighted_nuisance,
)


@dataclass(frozen=True, kw_only=True)
class FoldVectors:
    """What the held-out scenario of a fold is steered with, at one layer.

    treatment: (d_model,), unit norm. norm: its length before normalising, residual units. placebos: kind -> (k, d_model); row k is the same
    placebo in every fold. Times strength is what is added, for label flips too: they are in units of the treatment and mostly shorter.
    """

    fold: Fold
    treatment: Float64Array
    norm: float
    placebos: Mapping[PlaceboKind, Float64Array]


def cross_fit(
    vulnerable: ArrayLike,
    patched: ArrayLike,
    scenarios: Sequence[str],
    folds: Sequence[Fold],
    *,
    placebos: int,
    rng: np.random.Generator,
    kinds: Sequence[PlaceboKind] = get_args(PlaceboKind),
) -> tuple[FoldVectors, ...]:
    """Treatment and checked placebos for every fold at one layer.

    The draws are made once: label flips over all scenarios, nuisance over all pairs in their order. A fold uses the part it fits on.

    Args: vulnerable and patched, (n_pairs, d_model), one layer; scenarios, of each pair; folds, from `leave_one_scenario_out`;
        placebos, how many of each kind (label flips may be fewer, where fewer exist); rng, the one source of chance.
    Returns: one FoldVectors a fold, in the order of folds. Raises: DirectionError.
    """
    left, right = paired_residuals(vulnerable, patched)
    if left.ndim != 2:
        raise DirectionError(f"residuals have shape {left.shape}; cross-fitting takes one layer, (n_pairs, d_model)")
    differences = scenario_differences(left, right, scenarios)
    shared = rng.spawn(3)  # one stream a kind: leaving a kind out doesn't change the others
    isotropic = random_placebos(placebos, left.shape[1], shared[0])
    weights = nuisance_weights(placebos, len(left), shared[1])
    signs = label_flip_signs(len(differences.scenarios), placebos, shared[2])
    fitted = []
    for fold in folds:
        columns = columns_of(fold.fitting, differences.scenarios)
        rows = np.flatnonzero(np.isin(np.asarray(scenarios, dtype=str), fold.fitting))
        values = differences.values[columns]  # (n_fitting, d_model)
        treatment = normalise(values.mean(axis=0), typical_norm(left[rows], right[rows]))
        check_sign(treatment.vector, values.mean(axis=0), fold.held_out)
        arms: dict[PlaceboKind, Float64Array] = {}
        for kind in kinds:
            if kind == "random":
                arms[kind] = isotropic
            elif kind == "nuisance":
                arms[kind] = weighted_nuisance(weights[:, :, rows], left[rows], right[rows])
            else:
                arms[kind] = label_flip_placebos(values, signs[:, columns], float(treatment.norm))
            check_placebos(treatment.vector, arms[kind], kind, differences=values, signs=signs[:, columns])
        fitted.append(FoldVectors(fold=fold, treatment=treatment.vector, norm=float(treatment.norm), placebos=arms))
    return tuple(fitted)
