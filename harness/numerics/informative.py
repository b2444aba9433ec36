"""The informative gate: whether residuals carry the label of held-out pairs, by more than relabelled pairs or the code's surface do."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from harness.errors import EffectError
from harness.numerics.accuracy import Points, relabelled_points
from harness.numerics.effects import IntervalEstimate, mean_interval, rank_p
from harness.numerics.gates import GateResult
from harness.numerics.pairs import scenario_means
from harness.numerics.placebos import label_flip_signs
from harness.numerics.wording import count, p_text, within
from harness.plans import distinct_flips
from harness.records import Estimator, GateStatus

POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class InformativeThresholds:
    """`p`: largest permutation p-value. `flips`: share of relabellings that a layer must beat to count as one that carries the label."""

    p: float = 0.05
    flips: float = 0.95

    def __post_init__(self) -> None:
        within("p", self.p, low=0.0, high=1.0)
        within("share of relabellings", self.flips, low=0.0, high=1.0)


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


def informative_gate(result: Informative, thresholds: InformativeThresholds | None = None) -> GateResult:
    """Whether the residuals carry the label.

    Source: the informative gate of the measurement contract. It passes where the mean pair accuracy over the declared layers has a
    permutation p <= thresholds.p and is above that of the surface probe; the share of layers that do both by themselves is reported.
    """
    limits = thresholds or InformativeThresholds()
    hopeless = _could_not_pass(result, limits)
    failed = [] if hopeless else _failures(result, limits)
    critical = _critical(result, limits)
    smallest, why_not = _smallest(critical, len(result.scenarios))
    return GateResult(
        gate="informative",
        status=GateStatus.INCONCLUSIVE if hopeless else GateStatus.FAIL if failed else GateStatus.PASS,
        reason="; ".join(hopeless or failed or [_success(result, limits)]),
        statistic=result.statistic,
        threshold=critical,
        scenarios=len(result.scenarios),
        p_values={"label-flip": result.p},
        interval=result.interval.interval,
        interval_method=result.interval.method,
        smallest_effect=smallest,
        details=_details(result, limits) | {"smallest_reason": why_not},
    )


def _could_not_pass(result: Informative, limits: InformativeThresholds) -> list[str]:
    """Why no accuracy on these scenarios could have passed; empty where one could."""
    reasons, n, k = [], len(result.scenarios), len(result.null)
    least = 1 / (k + 1)
    if least > limits.p:
        exhausted = k >= distinct_flips(n)
        of = f"{count(n, 'scenario')} give" if exhausted else f"{count(k, 'relabelling')} give"
        remedy = f"{_scenarios_needed(limits.p)} scenarios are needed" if exhausted else f"{_flips_needed(limits.p)} are needed"
        reasons.append(f"{of} p >= {p_text(least)}, above {p_text(limits.p)}; {remedy}")
    if result.surface is None:
        reasons.append("the probe of length and words was not measured")
    elif result.surface >= 1:
        reasons.append(
            "length and words alone tell every pair, so residuals can tell no more; pairs that differ less on the surface are needed"
        )
    return reasons


def _failures(result: Informative, limits: InformativeThresholds) -> list[str]:
    failures = []
    if result.p > limits.p:
        reached = sum(value >= result.statistic for value in result.null)
        failures.append(
            f"p = {p_text(result.p)} is above {p_text(limits.p)}: {reached} of {len(result.null)} relabellings tell at least as many pairs "
            f"({result.statistic:.3g})"
        )
    if result.surface is not None and result.statistic <= result.surface:
        failures.append(f"length and words alone tell {result.surface:.3g} of the pairs, the residuals {result.statistic:.3g}: no more")
    return failures


def _success(result: Informative, limits: InformativeThresholds) -> str:
    carrying = result.carrying(limits.flips)
    return (
        f"directions fitted on the others tell {result.statistic:.3g} of the pairs of {count(len(result.scenarios), 'scenario')} "
        f"(p = {p_text(result.p)} among {count(len(result.null), 'relabelling')}), length and words {result.surface:.3g}; "
        f"{len(carrying)} of {count(len(result.layers), 'layer')} alone beat {limits.flips:.0%} of the relabellings and length and words"
    )


def _critical(result: Informative, limits: InformativeThresholds) -> float | None:
    """What the mean accuracy must exceed; None where nothing could pass."""
    may_reach = math.floor(limits.p * (len(result.null) + 1) + 1e-9) - 1  # relabellings that may tell as many pairs
    if may_reach < 0 or result.surface is None:
        return None
    by_rank = sorted(result.null, reverse=True)[may_reach] if may_reach < len(result.null) else 0.0
    return max(by_rank, result.surface)


def _smallest(critical: float | None, n: int) -> tuple[float | None, str]:
    """The accuracy at which so many of n scenarios come out right with power .8 that the critical accuracy is exceeded.

    Scenarios count as independent and the layers as one. Source: the binomial tail as a beta integral (Clopper and Pearson 1934).
    """
    if critical is None:
        return None, "no accuracy could have passed"
    needed = math.floor(critical * n + 1e-9) + 1
    if needed > n:
        return None, f"an accuracy of {critical:.3g} can't be exceeded"
    return float(stats.beta.ppf(POWER, needed, n - needed + 1)), ""


def _scenarios_needed(p: float) -> int | float:
    return math.inf if p <= 0 else math.ceil(math.log2(1 / p) - 1e-9) + 1  # n scenarios have 2^(n-1) labellings


def _flips_needed(p: float) -> int | float:
    return math.inf if p <= 0 else math.ceil(1 / p - 1e-9) - 1


def _details(result: Informative, limits: InformativeThresholds) -> dict[str, Any]:
    carrying = result.carrying(limits.flips)
    return {
        "estimator": result.estimator,
        "share_of_layers": len(carrying) / len(result.layers),
        "layers": [
            {"layer": one.layer, "accuracy": one.accuracy, "p": one.p, "beaten": one.beaten, "carries": one.layer in carrying}
            for one in result.layers
        ],
        "surface": result.surface,
        "relabellings": list(result.null),
        "interval_reason": result.interval.reason,
        "scenarios": dict(result.scenarios),
    }
