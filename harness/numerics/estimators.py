"""Estimators of a direction: mean difference, first principal component of the differences, logistic probe.

All see the same thing, the scenario means of both halves, so that every scenario counts once. The sign of each is fixed by its definition.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from harness.errors import DirectionError
from harness.numerics.directions import SMALLEST_SHARE, Estimate, normalise
from harness.numerics.pairs import Float64Array, ScenarioMeans, scenario_means
from harness.records import Estimator

PROBE_C = 100.0
"""Inverse strength of the probe's L2 penalty, for residuals in units of their typical norm.

With C = 1 the probe is the mean difference again: on the embedded model their cosine is .99 to 1.00 (four CWEs, two layers). With C = 100
it is .60 to .99, so the probe is another estimator.
"""
PROBE_TOLERANCE = 1e-10
PROBE_STEPS = 200


def estimate(estimator: Estimator, vulnerable: ArrayLike, patched: ArrayLike, scenarios: Sequence[str]) -> Estimate:
    """A direction from patched toward vulnerable in which every scenario counts once, however many variants it has.

    Args: estimator; vulnerable and patched, (n_pairs, d_model), for the mean difference also (n_pairs, layers, d_model); arrays or CPU
        tensors; scenarios, the scenario of each pair.
    Returns: unit vector, and the component of the mean difference along it.
    Raises: DirectionError for residuals that are not finite, shapes that differ, a wrong number of scenarios, or a component of zero.
    """
    return fit(estimator, scenario_means(vulnerable, patched, scenarios))


def fit(estimator: Estimator, means: ScenarioMeans) -> Estimate:
    """A direction from scenario means; see `estimate`, `principal_axis` and `Probe`."""
    mean = means.differences.mean(axis=0)
    straight = normalise(mean, means.typical_norm)  # where this is zero, no estimator has a direction
    if estimator == "mean-difference":
        return straight
    if mean.ndim != 1:
        raise DirectionError(
            f"residuals have shape {means.vulnerable.shape}; the {estimator} is fitted at one layer, (n_scenarios, d_model)"
        )
    if estimator == "principal-component":
        axis = principal_axis(means.differences)
        return _along(axis if axis @ mean >= 0 else -axis, mean, means.typical_norm, estimator)
    if estimator == "logistic-probe":
        weights = Probe(means).axis(np.ones(len(means.scenarios)))
        return _along(weights, mean, means.typical_norm, estimator)
    raise DirectionError(f"estimator {estimator!r} is not known; choose mean-difference, principal-component or logistic-probe")


def _along(axis: Float64Array, mean: Float64Array, typical: float, estimator: Estimator) -> Estimate:
    component = float(axis @ mean)
    if abs(component) <= SMALLEST_SHARE * typical:
        raise DirectionError(
            f"the mean difference has component {component:.3g} along the {estimator} beside residuals of norm {typical:.3g}: the axis "
            "tells nothing about the label and its sign is not determined; use the mean difference, or check the pairs"
        )
    return Estimate(vector=axis, norm=np.asarray(component))


def principal_axis(differences: Float64Array) -> Float64Array:
    """First right singular vector of the scenario differences, up to sign.

    Not centred: it is the axis of the largest second moment, because the mean is the signal. Changing the sign of a row does not change it.

    Args: differences (n, d_model). Returns: (d_model,), unit norm.
    Raises: DirectionError where two axes are equally long up to rounding, so that the first is not determined.
    Source: Representation Engineering, arXiv:2310.01405, section 3.1, without its centring.
    """
    _, sizes, axes = np.linalg.svd(differences, full_matrices=False)
    if len(sizes) > 1 and sizes[0] - sizes[1] <= SMALLEST_SHARE * sizes[0]:
        raise DirectionError(
            f"the two largest axes of {len(differences)} differences have the same singular value {sizes[0]:.6g}: the principal component "
            "is not determined; add scenarios or use the mean difference"
        )
    return np.asarray(axes[0])


class Probe:
    """L2 logistic regression that tells vulnerable from patched residuals of scenario means, for any relabelling of the pairs.

    Residuals are centred on the mean of the fit and divided by their typical norm; C = PROBE_C, the intercept is free. Exchanging the
    halves of a pair changes neither, so the rows are rotated into their own span once: the penalty sees lengths only, hence the weights
    are those of the regression in all of d_model.
    """

    def __init__(self, means: ScenarioMeans) -> None:
        rows = np.vstack([means.vulnerable, means.patched])  # (2 n, d_model)
        left, sizes, self._span = np.linalg.svd((rows - rows.mean(axis=0)) / means.typical_norm, full_matrices=False)
        self._scores = left * sizes  # (2 n, rank), rank <= d_model
        self._differences = means.differences
        self._smallest = SMALLEST_SHARE * means.typical_norm

    def axis(self, signs: NDArray[np.number]) -> Float64Array:
        """Unit weights toward the class "vulnerable", pairs with sign -1 having their labels exchanged. The sign is never turned.

        The mean difference of these labels always has a positive component along it: the loss falls from zero weights to the optimum and
        is convex, and its slope at zero weights is minus the mean difference.

        Args: signs (n,). Returns: (d_model,), unit norm; zeros where the mean difference of these labels is zero up to rounding.
        Raises: DirectionError where the regression does not converge.
        """
        if np.linalg.norm(signs @ self._differences) / len(signs) <= self._smallest:
            return np.zeros(self._span.shape[1])
        exchanged = np.asarray(signs) < 0
        labels = np.concatenate([~exchanged, exchanged])  # True: vulnerable
        # newton-cholesky: few columns in the span, and weights to rounding instead of lbfgs's four digits
        regression = LogisticRegression(C=PROBE_C, solver="newton-cholesky", tol=PROBE_TOLERANCE, max_iter=PROBE_STEPS)
        regression.fit(self._scores, labels)
        if regression.n_iter_[0] >= PROBE_STEPS:
            raise DirectionError(
                f"the logistic probe did not converge in {PROBE_STEPS} steps; use the mean difference, or check the residuals"
            )
        weights = regression.coef_[0] @ self._span
        return np.asarray(weights / np.linalg.norm(weights))


def relabelled(estimator: Estimator, means: ScenarioMeans, signs: ArrayLike) -> Float64Array:
    """The estimate under each relabelling, times its own norm: the component of the relabelled mean difference along it.

    The axis of the principal component does not change when signs flip; only its length does. So it is a placebo by its length alone, and
    would be the treatment itself if it were brought back to unit norm.

    Args: means (n, d_model); signs (k, n), +1 or -1. Returns: (k, d_model), residual units; zeros where a relabelling leaves nothing.
    """
    flips, differences = np.asarray(signs, dtype=np.float64), means.differences
    flipped_means = flips @ differences / len(differences)  # (k, d_model)
    if estimator == "mean-difference":
        return np.asarray(flipped_means)
    if estimator == "principal-component":
        axis = principal_axis(differences)
        return np.outer(flipped_means @ axis, axis)
    probe = Probe(means)
    axes = np.array([probe.axis(row) for row in flips]).reshape(len(flips), differences.shape[1])
    return np.asarray(axes * (axes * flipped_means).sum(axis=1, keepdims=True))
