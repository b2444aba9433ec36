"""Placebos: vectors at the treatment's layer that should do no more than chance.

A placebo is one vector drawn for a whole CWE, not for a fold. Leave-one-out treatments of one CWE point nearly the same way; placebos drawn
anew in each fold would cancel when their effects are averaged over scenarios, and the treatment would win against nothing.
So every draw here is over all pairs or scenarios, and a fold takes the columns it fits on: see harness/numerics/crossfit.py.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DirectionError
from harness.numerics.estimators import relabelled
from harness.numerics.pairs import Float64Array, ScenarioMeans, paired_residuals
from harness.plans import distinct_flips
from harness.records import Estimator

Signs = NDArray[np.int8]
PlaceboKind = Literal["random", "nuisance", "label-flip"]

ENUMERATE_UP_TO = 16
"""With more pairs than this, colliding draws of flips are so rare that drawing again is cheaper than counting all of them."""
SAME_DIRECTION = 1e-6


def random_placebos(k: int, d_model: int, rng: np.random.Generator) -> Float64Array:
    """Isotropic directions, the easiest null. Returns: (k, d_model), unit norm."""
    _at_least_one(k)
    return _unit_rows(rng.standard_normal((k, d_model)))


def nuisance_weights(k: int, n_pairs: int, rng: np.random.Generator) -> Float64Array:
    """Standard normal weights of the nuisance placebos: (k, 2, n_pairs), one for each vulnerable and each patched residual."""
    _at_least_one(k)
    return rng.standard_normal((k, 2, n_pairs))


def weighted_nuisance(weights: Float64Array, vulnerable: ArrayLike, patched: ArrayLike) -> Float64Array:
    """Directions with the within-label covariance of some residuals, from given weights.

    A normal weight on every centred residual has covariance X'X without the (d_model, d_model) matrix.

    Args: weights (k, 2, n_pairs); vulnerable and patched, (n_pairs, d_model). Returns: (k, d_model), unit norm.
    Raises: DirectionError for fewer than two pairs or residuals that do not vary within a label.
    """
    left, right = paired_residuals(vulnerable, patched)
    if left.ndim != 2 or weights.shape[1:] != (2, len(left)):
        raise DirectionError(
            f"weights {weights.shape} do not fit residuals {left.shape}; (k, 2, n_pairs) and (n_pairs, d_model) are needed"
        )
    if len(left) < 2:
        raise DirectionError("1 pair has no spread within a label; nuisance placebos need at least 2 fitting pairs")
    centred = np.stack([left - left.mean(axis=0), right - right.mean(axis=0)])  # (2, n_pairs, d_model)
    if np.linalg.norm(centred) <= 1e-9 * np.linalg.norm(np.stack([left, right])):
        raise DirectionError("residuals do not vary within a label; nuisance placebos need fitting pairs that differ")
    return _unit_rows(np.einsum("klp,lpd->kd", weights, centred))


def nuisance_placebos(k: int, vulnerable: ArrayLike, patched: ArrayLike, rng: np.random.Generator) -> Float64Array:
    """Gaussian directions with the within-label covariance of one set of fitting residuals.

    Each label's mean is removed first: what is left is variation that is not the label. For cross-fitting draw `nuisance_weights` once
    and give each fold its columns.

    Args: k, how many; vulnerable and patched, (n_pairs, d_model). Returns: (k, d_model), unit norm.
    """
    left, right = paired_residuals(vulnerable, patched)
    return weighted_nuisance(nuisance_weights(k, len(left), rng), left, right)


def label_flip_signs(n_scenarios: int, k: int, rng: np.random.Generator) -> Signs:
    """Relabellings, distinct up to the sign of all and never the true labels: all of them when no more than k exist.

    Relabellings that flip one scenario only stay in, though in the fold that holds this scenario out they equal the treatment. Without
    them the rank test is no permutation test any more: of 6 scenarios it rejected 6.4% instead of 5% at level .05 (sim).

    Args: n_scenarios, of the whole CWE (or pool), before any fold; k, how many are wanted.
    Returns: (min(k, 2^(n-1) - 1), n_scenarios), int8, +1 or -1 with at most half of a row flipped; (0, n) for one scenario.
    """
    _at_least_one(k)
    available = distinct_flips(n_scenarios)
    if available <= k:
        patterns = np.array([_bits(code, n_scenarios) for code in range(1, available + 1)], dtype=bool).reshape(available, n_scenarios)
    elif n_scenarios <= ENUMERATE_UP_TO:
        codes = rng.choice(available, size=k, replace=False) + 1
        patterns = np.array([_bits(int(code), n_scenarios) for code in codes], dtype=bool)
    else:
        patterns = _draw_distinct(k, n_scenarios, rng)
    # minority flipped: a placebo then points with most of its pairs, not against them
    majority = patterns.sum(axis=1) * 2 > n_scenarios
    patterns = patterns ^ majority[:, None]
    return np.where(patterns, -1, 1).astype(np.int8)


def label_flip_placebos(differences: ArrayLike, signs: ArrayLike, treatment_norm: float) -> Float64Array:
    """The mean difference refitted under each relabelling, in units of the treatment's mean difference.

    Not renormalised: where the pairs agree on a direction, a relabelling cancels and the placebo is short. Times strength is what is added.

    Args: differences (n, d_model), of the fitting scenarios; signs (k, n); treatment_norm, norm of their mean difference.
    Returns: (k, d_model), norm mostly below 1.
    """
    values, flips = np.asarray(differences, dtype=np.float64), np.asarray(signs, dtype=np.float64)
    _relabelling_fits(values, flips, treatment_norm)
    return np.asarray(flips @ values / (len(values) * treatment_norm))  # (k, d_model)


def refitted_flips(estimator: Estimator, means: ScenarioMeans, signs: ArrayLike, treatment_norm: float) -> Float64Array:
    """The same for any estimator: refitted under each relabelling, times the refit's own norm, in units of the treatment's norm.

    Not renormalised either. The first principal component does not change when signs flip, only its length does: all these placebos lie
    on the treatment's axis, and brought back to unit norm each would be the treatment itself.

    Args: means (n, d_model), of the fitting scenarios; signs (k, n); treatment_norm, component of their mean difference along the
        treatment.
    Returns: (k, d_model), norm mostly below 1.
    """
    flips = np.asarray(signs, dtype=np.float64)
    _relabelling_fits(means.differences, flips, treatment_norm)
    return relabelled(estimator, means, flips) / treatment_norm


def _relabelling_fits(values: Float64Array, flips: Float64Array, treatment_norm: float) -> None:
    if values.ndim != 2 or flips.ndim != 2 or flips.shape[1] != values.shape[0]:
        raise DirectionError(f"signs {flips.shape} do not fit differences {values.shape}; (k, n) and (n, d_model) are needed")
    if not (np.isfinite(treatment_norm) and treatment_norm > 0):
        raise DirectionError(f"treatment norm {treatment_norm} is not a positive number; fit the treatment before its placebos")
    if not np.isin(flips, (-1.0, 1.0)).all():
        raise DirectionError("a relabelling sign is neither +1 nor -1; draw them with label_flip_signs")


def check_placebos(
    treatment: ArrayLike,
    placebos: ArrayLike,
    kind: PlaceboKind,
    *,
    differences: ArrayLike | None = None,
    signs: ArrayLike | None = None,
    estimator: Estimator = "mean-difference",
) -> None:
    """Self-check of an arm: every placebo is finite, has the norm it should and is not the treatment.

    What is true of a label flip depends on the estimator. No refit is longer than all differences laid end to end, over the treatment's
    norm. A refit of the mean difference or of the probe equals the treatment where no label is flipped against the rest, and nowhere
    else. A refit of the principal component lies on the treatment's axis always, with the length its signs give it.

    Args: treatment (d_model,), unit norm; placebos (k, d_model); kind; for label-flip also the fitting scenarios' differences (n, d_model)
        and the signs (k, n), from which follows how long a placebo can be and where it must equal the treatment; and the estimator.
    Raises: DirectionError naming kind and index of the first placebo that fails.
    """
    unit, vectors = np.asarray(treatment, dtype=np.float64), np.asarray(placebos, dtype=np.float64)
    if kind not in get_args(PlaceboKind):
        raise DirectionError(f"placebo kind {kind!r} is none of {', '.join(get_args(PlaceboKind))}")
    if vectors.ndim != 2 or unit.shape != vectors.shape[1:]:
        raise DirectionError(f"{kind} placebos have shape {vectors.shape} beside a treatment of {unit.shape}; (k, d_model) is needed")
    _refuse(np.asarray(~np.isfinite(vectors).all(axis=1)), kind, "is not finite", "draw the placebos again")
    if kind == "label-flip":
        _check_flips(unit, vectors, differences, signs, estimator)
    else:
        check_apart(unit, vectors, kind)


def check_apart(unit: Float64Array, vectors: Float64Array, kind: str) -> None:
    """Refuse vectors that have not the norm of the treatment, or are the treatment itself: random and nuisance, and other CWEs' directions.

    Args: unit (d_model,), the treatment; vectors (k, d_model). Raises: DirectionError naming kind and index of the first that fails.
    """
    norms = np.linalg.norm(vectors, axis=1)
    _refuse(np.abs(norms - 1) > 1e-6, kind, "has not norm 1 as the treatment has", "normalise it", norms)
    cosines = np.abs(vectors @ unit)
    _refuse(cosines >= 1 - SAME_DIRECTION, kind, "is the treatment itself, up to sign", "a placebo must be drawn apart from it", cosines)


def _check_flips(
    unit: Float64Array, vectors: Float64Array, differences: ArrayLike | None, signs: ArrayLike | None, estimator: Estimator
) -> None:
    kind = "label-flip"
    if differences is None or signs is None:
        raise DirectionError("label-flip placebos are checked against the differences and signs they came from; give both")
    values, flips = np.asarray(differences, dtype=np.float64), np.asarray(signs)
    if flips.shape != (len(vectors), len(values)):
        raise DirectionError(
            f"signs {flips.shape} do not fit {len(vectors)} placebos of {len(values)} scenarios; give the fold's own columns"
        )
    norms = np.linalg.norm(vectors, axis=1)
    # triangle inequality: no relabelled mean is longer than this, and no component of it either
    longest = np.linalg.norm(values, axis=1).mean() / (unit @ values.mean(axis=0))
    _refuse(
        np.asarray(norms > longest * (1 + 1e-6)),
        kind,
        f"is longer than any relabelling can be ({longest:.6g})",
        "check the treatment norm",
        norms,
    )
    if estimator == "principal-component":
        _check_along_axis(unit, vectors, values, flips)
    else:
        _check_refits(unit, vectors, flips)


def _check_along_axis(unit: Float64Array, vectors: Float64Array, values: Float64Array, flips: NDArray[np.number]) -> None:
    kind = "label-flip"
    along, projections = vectors @ unit, values @ unit  # (k,), (n,)
    off = np.linalg.norm(vectors - np.outer(along, unit), axis=1)
    _refuse(np.asarray(off > SAME_DIRECTION), kind, "leaves the treatment's axis, as no relabelling does", "refit it with its signs", off)
    expected = flips @ projections / projections.sum()
    wrong = np.asarray(np.abs(along - expected) > SAME_DIRECTION * np.maximum(1, np.abs(expected)))
    _refuse(wrong, kind, "has another length along the treatment's axis than its signs give", "check norm and signs", along)


def _check_refits(unit: Float64Array, vectors: Float64Array, flips: NDArray[np.number]) -> None:
    kind = "label-flip"
    unflipped = np.asarray(np.abs(flips.sum(axis=1)) == flips.shape[1], dtype=bool)  # nothing the fold fits on is flipped against the rest
    distance = np.minimum(np.linalg.norm(vectors - unit, axis=1), np.linalg.norm(vectors + unit, axis=1))
    is_treatment = np.asarray(distance <= SAME_DIRECTION)
    _refuse(is_treatment & ~unflipped, kind, "is the treatment itself though labels were flipped", "refit it with its signs", distance)
    _refuse(unflipped & ~is_treatment, kind, "differs from the treatment though no label was flipped", "check norm and signs", distance)


def _refuse(bad: NDArray[np.bool_], kind: str, what: str, remedy: str, values: Float64Array | None = None) -> None:
    if bad.any():
        index = int(np.argmax(bad))
        value = "" if values is None else f" (measured {values[index]:.9g})"
        raise DirectionError(f"{kind} placebo {index} of {len(bad)} {what}{value}; {remedy}")


def _at_least_one(k: int) -> None:
    if k < 1:
        raise DirectionError(f"{k} placebos were asked for; at least 1 is needed, 19 for a level of .05")


def _unit_rows(vectors: Float64Array) -> Float64Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _bits(code: int, width: int) -> list[bool]:
    return [bool(code >> position & 1) for position in range(width)]


def _draw_distinct(k: int, n_scenarios: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    # the last scenario is never flipped: that picks one of each relabelling and its reverse
    seen: dict[bytes, NDArray[np.bool_]] = {}
    while len(seen) < k:
        pattern = np.append(rng.integers(0, 2, size=n_scenarios - 1).astype(bool), False)
        if pattern.any():
            seen.setdefault(pattern.tobytes(), pattern)
    return np.stack(list(seen.values()))
