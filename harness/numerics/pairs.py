"""Residuals of contrast pairs, checked, and what is left of them where every scenario counts once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DirectionError

Float64Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ScenarioMeans:
    """Residuals of both halves, averaged over the variants of each scenario.

    scenarios: sorted names. vulnerable and patched: (n_scenarios, d_model) or (n_scenarios, layers, d_model), residual units.
    """

    scenarios: tuple[str, ...]
    vulnerable: Float64Array
    patched: Float64Array

    @property
    def differences(self) -> Float64Array:
        """Vulnerable minus patched, of the shape of each half."""
        return self.vulnerable - self.patched

    @property
    def typical_norm(self) -> float:
        """Median norm of the residuals of both halves."""
        return float(np.median(np.linalg.norm(np.stack([self.vulnerable, self.patched]), axis=-1)))

    def of(self, scenarios: Collection[str]) -> "ScenarioMeans":
        """Those of some scenarios, in this record's order. Raises: DirectionError for a scenario that has no pair."""
        rows = columns_of(scenarios, self.scenarios)
        return ScenarioMeans(
            scenarios=tuple(self.scenarios[row] for row in rows), vulnerable=self.vulnerable[rows], patched=self.patched[rows]
        )

    def at(self, column: int) -> "ScenarioMeans":
        """Those of one layer, (n_scenarios, d_model) each, from residuals of several."""
        return ScenarioMeans(scenarios=self.scenarios, vulnerable=self.vulnerable[:, column], patched=self.patched[:, column])


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


def scenario_means(vulnerable: ArrayLike, patched: ArrayLike, scenarios: Sequence[str]) -> ScenarioMeans:
    """Residuals averaged over the variants of each scenario; scenarios come out sorted, so the order of pairs has no say.

    Args: vulnerable and patched as in `paired_residuals`; scenarios, the scenario of each pair. Raises: DirectionError.
    """
    left, right = paired_residuals(vulnerable, patched)
    if len(scenarios) != len(left):
        raise DirectionError(f"{len(scenarios)} scenarios name {len(left)} pairs; give one scenario for each pair")
    names, rows = np.unique(np.asarray(scenarios, dtype=str), return_inverse=True)
    means = [np.stack([half[rows == row].mean(axis=0) for row in range(len(names))]) for half in (left, right)]
    return ScenarioMeans(scenarios=tuple(map(str, names)), vulnerable=means[0], patched=means[1])


def columns_of(scenarios: Collection[str], known: Sequence[str]) -> NDArray[np.intp]:
    """Positions of some scenarios within the known ones, ascending. Raises: DirectionError for a scenario that is not known."""
    missing = sorted(set(scenarios) - set(known))
    if missing:
        raise DirectionError(f"scenario {missing[0]!r} has no residuals; read its pairs before fitting, or leave it out of the folds")
    return np.flatnonzero(np.isin(np.asarray(known, dtype=str), list(scenarios)))
