"""Directions from residuals of contrast pairs, and which scenario may meet which fit."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DirectionError

Float64Array = NDArray[np.float64]

SMALLEST_SHARE = 1e-9
"""A mean difference below this share of the residuals' own size is rounding, not a direction."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A fitted direction and the length it had before it was normalised.

    vector: (d_model,) or (layers, d_model), float64, unit norm. norm: () or (layers,), residual units.
    """

    vector: Float64Array
    norm: Float64Array


@dataclass(frozen=True, kw_only=True)
class ScenarioDifferences:
    """Vulnerable minus patched, averaged over the variants of each scenario.

    scenarios: sorted names. values: (n_scenarios, d_model) or (n_scenarios, layers, d_model), residual units.
    """

    scenarios: tuple[str, ...]
    values: Float64Array

    def of(self, scenarios: Collection[str]) -> Float64Array:
        """The rows of some scenarios, in this record's order. Raises: DirectionError for a scenario that has no pair."""
        return self.values[columns_of(scenarios, self.scenarios)]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One held-out scenario and the scenarios its direction is fitted on."""

    held_out: str
    fitting: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.held_out in self.fitting:
            raise DirectionError(f"scenario {self.held_out!r} is both held out and fitted on; a fold tests what its fit has not seen")
        if not self.fitting:
            raise DirectionError(
                f"scenario {self.held_out!r} leaves no scenario to fit on; two are needed at least, add scenarios or fit pooled"
            )


def paired_residuals(vulnerable: ArrayLike, patched: ArrayLike) -> tuple[Float64Array, Float64Array]:
    """Both halves as float64 arrays, checked: the same shape, at least one pair, finite.

    Args: vulnerable and patched, (n_pairs, d_model) or (n_pairs, layers, d_model); arrays or CPU tensors. Raises: DirectionError.
    """
    # float64: the difference of two residuals of norm 1e3 may be a thousand times shorter
    left, right = _float64(vulnerable), _float64(patched)
    if left.shape != right.shape:
        raise DirectionError(f"vulnerable residuals have shape {left.shape}, patched {right.shape}; both must hold the same pairs in order")
    if left.ndim not in (2, 3):
        raise DirectionError(f"residuals have shape {left.shape}; (n_pairs, d_model) or (n_pairs, layers, d_model) is needed")
    if left.shape[0] < 1:
        raise DirectionError("0 contrast pairs were given; at least 1 is needed to fit a direction")
    for name, half in (("vulnerable", left), ("patched", right)):
        finite = np.isfinite(half).reshape(len(half), -1).all(axis=1)  # (n_pairs,)
        if not finite.all():
            raise DirectionError(f"the {name} residual of pair {int(np.argmin(finite))} is not finite; leave the pair out or read it again")
    return left, right


def _float64(values: ArrayLike) -> Float64Array:
    if hasattr(values, "detach"):
        values = values.detach().double().cpu().numpy()  # a tensor: NumPy knows no bfloat16
    return np.asarray(values, dtype=np.float64)


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

    Every row counts once; `fit_direction` averages the variants of a scenario first and also gives the norm.

    Args: vulnerable and patched, (n_pairs, d_model) or (n_pairs, layers, d_model), row j of both is pair j; arrays or CPU tensors.
    Returns: (d_model,) or (layers, d_model), float64, unit norm at each layer.
    Raises: DirectionError for residuals that are not finite, shapes that differ, no pair, or a mean difference of zero.
    Source: Contrastive Activation Addition, arXiv:2312.06681, section 3.
    """
    left, right = paired_residuals(vulnerable, patched)
    return normalise((left - right).mean(axis=0), typical_norm(left, right)).vector


def fit_direction(vulnerable: ArrayLike, patched: ArrayLike, scenarios: Sequence[str]) -> Estimate:
    """The mean difference in which every scenario counts once, however many variants it has.

    Args: vulnerable and patched as in `mean_difference`; scenarios, the scenario of each pair.
    Returns: unit vector(s) and the norm before normalising.
    Raises: DirectionError as `mean_difference`, or for a wrong number of scenarios.
    """
    left, right = paired_residuals(vulnerable, patched)
    differences = scenario_differences(left, right, scenarios)
    return normalise(differences.values.mean(axis=0), typical_norm(left, right))


def scenario_differences(vulnerable: ArrayLike, patched: ArrayLike, scenarios: Sequence[str]) -> ScenarioDifferences:
    """Pair differences averaged over the variants of each scenario; scenarios come out sorted, so the order of pairs has no say."""
    left, right = paired_residuals(vulnerable, patched)
    if len(scenarios) != len(left):
        raise DirectionError(f"{len(scenarios)} scenarios name {len(left)} pairs; give one scenario for each pair")
    names, rows = np.unique(np.asarray(scenarios, dtype=str), return_inverse=True)
    pair_differences = left - right
    values = np.stack([pair_differences[rows == row].mean(axis=0) for row in range(len(names))])
    return ScenarioDifferences(scenarios=tuple(map(str, names)), values=values)


def typical_norm(vulnerable: Float64Array, patched: Float64Array) -> float:
    """Median norm of the residuals of both halves."""
    return float(np.median(np.linalg.norm(np.stack([vulnerable, patched]), axis=-1)))


def leave_one_scenario_out(scenarios: Iterable[str], *, pooled: Iterable[str] | None = None) -> tuple[Fold, ...]:
    """One fold for each tested scenario, sorted: fitted on all the others.

    Args: scenarios, the tested ones (repeats are variants and count once); pooled, the scenarios of all CWEs, where the fit
        takes all of them but the tested one. Raises: DirectionError where nothing is left to fit on.
    """
    tested = set(scenarios)
    if not tested:
        raise DirectionError("no scenario was given; leaving one out needs at least two")
    pool = tested if pooled is None else tested | set(pooled)
    return tuple(Fold(held_out=held_out, fitting=tuple(sorted(pool - {held_out}))) for held_out in sorted(tested))


def check_sign(vector: Float64Array, difference: Float64Array, held_out: str) -> None:
    """Refuse a direction that points from vulnerable to patched.

    Args: vector (d_model,), unit norm; difference (d_model,), mean of the fitting scenarios' differences; held_out, of the fold.
    Raises: DirectionError naming the fold.
    """
    along = float(vector @ difference)
    if not along > 0:
        raise DirectionError(
            f"the direction of the fold that holds out {held_out!r} points away from its own mean difference ({along:.3g} along it): "
            "a sign was turned; the sign is fixed by its definition, fit it again"
        )


def columns_of(scenarios: Collection[str], known: Sequence[str]) -> NDArray[np.intp]:
    """Positions of some scenarios within the known ones, ascending."""
    missing = sorted(set(scenarios) - set(known))
    if missing:
        raise DirectionError(f"scenario {missing[0]!r} has no residuals; read its pairs before fitting, or leave it out of the folds")
    return np.flatnonzero(np.isin(np.asarray(known, dtype=str), list(scenarios)))


def assert_disjoint(fitted: Mapping[str, str], tested: Mapping[str, str]) -> None:
    """Refuse a test whose files were in the fit.

    Args: fitted and tested, SHA-256 of the file -> its path. Raises: DirectionError naming the files on both sides.
    """
    shared = sorted(fitted.keys() & tested.keys())
    if shared:
        first = shared[0]
        raise DirectionError(
            f"{len(shared)} tested file(s) were fitted on: {tested[first]} (SHA-256 {first[:12]}) is {fitted[first]} of the fit; "
            "the direction has seen what it is tested on, put identical files into one scenario or drop one of them"
        )
