"""From margins and verdicts of held-out pairs to an effect, with what chance would have given beside it.

Everything is a pure function of small records, so an effect can be recomputed from stored measurements alone. The scenario is the unit:
variants are averaged within it first, because a rewritten copy is no new evidence.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import roc_auc_score

from harness.errors import EffectError
from harness.records import Arm, Interval, Label, Verdict

Float64Array = NDArray[np.float64]

LEVEL = 0.05
POWER = 0.8
RESAMPLES = 9_999


@dataclass(frozen=True, kw_only=True)
class PairMargins:
    """Margins of one held-out pair under one vector: strength -> margin in logits, 0.0 being the unsteered one."""

    scenario: str
    variant: str
    vulnerable: Mapping[float, float]
    patched: Mapping[float, float]

    def __post_init__(self) -> None:
        if self.vulnerable.keys() != self.patched.keys():
            raise EffectError(
                f"scenario {self.scenario} ({self.variant}) has margins at {_strengths(self.vulnerable)} for its vulnerable file "
                f"but at {_strengths(self.patched)} for its patched one; measure both at the same strengths"
            )
        for strength, margin in (*self.vulnerable.items(), *self.patched.items()):
            if not (np.isfinite(strength) and np.isfinite(margin)):
                raise EffectError(
                    f"margin {margin} of scenario {self.scenario} ({self.variant}) at strength {strength} is not finite; measure it again"
                )


@dataclass(frozen=True, kw_only=True)
class SteeredVerdict:
    """What one held-out example was said to be: unsteered, unsteered once more, and steered at one signed strength."""

    scenario: str
    variant: str
    label: Label
    strength: float
    baseline: Verdict
    repeat: Verdict
    steered: Verdict

    @property
    def pushed(self) -> Verdict:
        """The side this strength pushes to."""
        return Verdict.VULNERABLE if self.strength > 0 else Verdict.SECURE


@dataclass(frozen=True, kw_only=True)
class ScenarioEffect:
    """What steering does to one scenario, in logits at the declared strength.

    bias: mean shift of both files; sensitivity: shift of the vulnerable file minus shift of the patched one.
    """

    scenario: str
    variants: int
    bias: float
    sensitivity: float


@dataclass(frozen=True, kw_only=True)
class DosePoint:
    """Mean margin of all held-out scenarios at one strength."""

    strength: float
    margin: float


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of how many, with the interval of the share."""

    count: int
    of: int
    interval: Interval

    @property
    def value(self) -> float:
        return self.count / self.of


@dataclass(frozen=True, kw_only=True)
class IntervalEstimate:
    """An interval, how it was made, and why not by BCa where it was not. `interval` is None where there is none."""

    interval: Interval | None
    method: Literal["BCa", "percentile", "undefined"]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Flips:
    """Responses whose verdict went to the pushed side, and how many did so in a repeat run without steering.

    toward and noise count over the same `of` responses; away went to the other side.
    """

    toward: int
    away: int
    noise: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What steering did to the margins and verdicts of held-out scenarios, beside the placebos.

    statistic: T = abs(mean bias). signed: mean bias, logits at the declared strength; below 0 the steering pushes the wrong way.
    smallest: the effect the gate would see with power .8, None with a reason where it can't be told.
    """

    strength: float
    scenarios: tuple[ScenarioEffect, ...]
    statistic: float
    signed: float
    sensitivity: float
    interval: IntervalEstimate
    placebos: Mapping[Arm, tuple[float, ...]]
    p_values: Mapping[Arm, float]
    dose: tuple[DosePoint, ...]
    anti_steerable: Share
    flips: Flips | None
    smallest: float | None
    smallest_reason: str
    auc: float

    @property
    def monotone(self) -> bool:
        """Whether the mean margin never falls along the ladder; tolerance 0."""
        margins = [point.margin for point in self.dose]
        return all(later >= earlier for earlier, later in pairwise(margins))


def measure_effect(
    treatment: Sequence[PairMargins],
    placebos: Mapping[Arm, Sequence[Sequence[PairMargins]]],
    *,
    strength: float,
    rng: np.random.Generator,
    verdicts: Sequence[SteeredVerdict] | None = None,
) -> Effect:
    """The effect of one direction at one layer and strength.

    Args: treatment, held-out pairs with margins at 0 and at least -strength and +strength; placebos, kind -> placebos, each the same pairs
        with margins at -strength and +strength; strength, declared, above 0; rng, for the bootstrap; verdicts, where texts were read.
    Returns: Effect, in logits at the declared strength. Raises: EffectError for missing strengths, or placebos measured on other scenarios.
    """
    if not (np.isfinite(strength) and strength > 0):
        raise EffectError(f"strength {strength} is not above 0; an effect is measured between -strength and +strength")
    scenarios = scenario_effects(treatment, strength)
    biases = np.array([scenario.bias for scenario in scenarios])
    signed = float(biases.mean())
    ranked = {
        kind: tuple(abs(float(np.mean([one.bias for one in effects]))) for effects in placebo_effects(treatment, arm, strength, kind))
        for kind, arm in placebos.items()
    }
    smallest, why_not = smallest_effect(biases, ranked)
    return Effect(
        strength=strength,
        scenarios=scenarios,
        statistic=abs(signed),
        signed=signed,
        sensitivity=float(np.mean([scenario.sensitivity for scenario in scenarios])),
        interval=mean_interval(biases, rng),
        placebos=ranked,
        p_values={kind: rank_p(abs(signed), values) for kind, values in ranked.items() if values},
        dose=dose_response(treatment),
        anti_steerable=share(int((biases <= 0).sum()), len(biases)),
        flips=None if verdicts is None else count_flips(verdicts),
        smallest=smallest,
        smallest_reason=why_not,
        auc=unsteered_auc(treatment),
    )


def scenario_effects(pairs: Sequence[PairMargins], strength: float) -> tuple[ScenarioEffect, ...]:
    """Bias and sensitivity of each scenario, variants averaged; sorted by scenario. Raises: EffectError for no pair or a missing strength.

    With s = (margin(+S) - margin(-S)) / 2, the central-difference slope over strength times S: bias (s_vulnerable + s_patched) / 2,
    sensitivity s_vulnerable - s_patched.
    """
    shifts: dict[str, list[tuple[float, float]]] = {}
    for pair in distinct_pairs(pairs):
        shifts.setdefault(pair.scenario, []).append((_shift(pair, pair.vulnerable, strength), _shift(pair, pair.patched, strength)))
    effects = []
    for scenario, values in sorted(shifts.items()):
        vulnerable, patched = np.mean(values, axis=0)
        bias, sensitivity = float(vulnerable + patched) / 2, float(vulnerable - patched)
        effects.append(ScenarioEffect(scenario=scenario, variants=len(values), bias=bias, sensitivity=sensitivity))
    return tuple(effects)


def placebo_effects(
    treatment: Sequence[PairMargins], arm: Sequence[Sequence[PairMargins]], strength: float, kind: Arm
) -> Iterator[tuple[ScenarioEffect, ...]]:
    """What each placebo of an arm does to the scenarios. Raises: EffectError where it was measured on other pairs than the treatment."""
    expected = {(pair.scenario, pair.variant) for pair in treatment}
    for index, pairs in enumerate(arm):
        if {(pair.scenario, pair.variant) for pair in pairs} != expected:
            raise EffectError(
                f"{kind} placebo {index} was measured on other pairs than the treatment; measure both on the same held-out pairs"
            )
        yield scenario_effects(pairs, strength)


def rank_p(statistic: float, placebos: Sequence[float]) -> float:
    """Share of the statistic and its placebos that are at least as large: (1 + #{T_k >= T}) / (K + 1). Raises: EffectError for no placebo.

    Source: Phipson and Smyth 2010, "Permutation p-values should never be zero".
    """
    if not placebos:
        raise EffectError("0 placebos give no p-value; measure at least 19 for a level of .05")
    return (1 + sum(value >= statistic for value in placebos)) / (len(placebos) + 1)


def mean_interval(values: Float64Array, rng: np.random.Generator, *, level: float = 0.95) -> IntervalEstimate:
    """Bootstrap interval of a mean over scenarios: BCa, else percentile, else none with the reason.

    Sorted before resampling, so that neither order nor names of scenarios move it. Raises: EffectError for no value.
    """
    if len(values) == 0:
        raise EffectError("0 scenarios have no mean; measure at least one")
    return bootstrap_interval(np.sort(values), np.mean, rng, level=level)


def bootstrap_interval(
    values: Float64Array,
    statistic: Callable[..., Any],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    spread: float | None = None,
) -> IntervalEstimate:
    """Bootstrap interval of any statistic of values, one a scenario: BCa, else percentile, else none with the reason.

    Args: values (n,); statistic, of (..., n) values along `axis`; spread, of what is resampled, where the values themselves don't tell:
        0 means that there is none.
    """
    if len(values) < 2:
        return IntervalEstimate(interval=None, method="undefined", reason="1 scenario has no spread; an interval needs 2 or more")
    if (np.ptp(values) if spread is None else spread) == 0:
        return IntervalEstimate(
            interval=None, method="undefined", reason="all scenarios have the same effect; resampling them shows no spread"
        )

    def found(method: str) -> Any:
        # values whose leave-one-out statistics are all alike divide by zero in BCa; said in the result instead
        with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)
            return stats.bootstrap(
                (values,), statistic, confidence_level=level, n_resamples=RESAMPLES, method=method, rng=rng, vectorized=True
            ).confidence_interval

    bca = found("BCa")
    if np.isfinite(bca.low) and np.isfinite(bca.high):
        return IntervalEstimate(interval=Interval(low=float(bca.low), high=float(bca.high), level=level), method="BCa", reason="")
    percentile = found("percentile")
    interval = Interval(low=float(percentile.low), high=float(percentile.high), level=level)
    return IntervalEstimate(interval=interval, method="percentile", reason="BCa is undefined on these values; percentile bootstrap instead")


def dose_response(pairs: Sequence[PairMargins]) -> tuple[DosePoint, ...]:
    """Mean margin over scenarios at every strength of the ladder, ascending. Raises: EffectError where pairs differ in strengths."""
    chosen = distinct_pairs(pairs)
    ladder = sorted(chosen[0].vulnerable)
    for pair in chosen:
        if sorted(pair.vulnerable) != ladder:
            raise EffectError(
                f"scenario {pair.scenario} has margins at {_strengths(pair.vulnerable)}, others at {ladder}; measure all alike"
            )
    points = []
    for strength in ladder:
        by_scenario: dict[str, list[float]] = {}
        for pair in chosen:
            by_scenario.setdefault(pair.scenario, []).append((pair.vulnerable[strength] + pair.patched[strength]) / 2)
        means = [float(np.mean(values)) for values in by_scenario.values()]
        points.append(DosePoint(strength=strength, margin=float(np.mean(means))))
    return tuple(points)


def share(count: int, of: int, *, level: float = 0.95) -> Share:
    """A share with its Wilson interval. Raises: EffectError for a share of nothing."""
    if of < 1:
        raise EffectError("a share of 0 scenarios is undefined; measure at least one")
    found = stats.binomtest(count, of).proportion_ci(level, method="wilson")
    # rounding may leave the bound of an empty share a hair off 0
    interval = Interval(low=max(0.0, float(found.low)), high=min(1.0, float(found.high)), level=level)
    return Share(count=count, of=of, interval=interval)


def scenarios_needed(bound: float) -> int | float:
    """How many scenarios there must be so that the Wilson upper bound of 0 among them is at most `bound`."""
    if bound <= 0:
        return math.inf
    count = 1
    while share(0, count).interval.high > bound:
        count += 1
    return count


def count_flips(verdicts: Sequence[SteeredVerdict]) -> Flips:
    """Verdicts that went to the pushed side, and the noise floor: repeats without steering that did the same.

    A flip toward the pushed side ends there and did not start there; undecided is a start or an end like any other.
    Raises: EffectError where nothing was read, or a strength is 0.
    """
    if not verdicts:
        raise EffectError("0 verdicts hold no flips; read at least one response, or pass none at all")
    unpushed = [verdict for verdict in verdicts if not np.isfinite(verdict.strength) or verdict.strength == 0]
    if unpushed:
        raise EffectError(f"a steered verdict of {unpushed[0].scenario} has strength {unpushed[0].strength}; it pushes to neither side")
    opposite = {Verdict.VULNERABLE: Verdict.SECURE, Verdict.SECURE: Verdict.VULNERABLE}
    return Flips(
        toward=sum(verdict.baseline != verdict.pushed == verdict.steered for verdict in verdicts),
        away=sum(verdict.baseline != opposite[verdict.pushed] == verdict.steered for verdict in verdicts),
        noise=sum(verdict.baseline != verdict.pushed == verdict.repeat for verdict in verdicts),
        of=len(verdicts),
    )


def allowed_exceedances(k: int, level: float = LEVEL) -> int:
    """How many of k placebos may reach the statistic with p <= level; -1 where even none is too many."""
    return sum((1 + count) / (k + 1) <= level for count in range(k + 1)) - 1


def smallest_effect(
    biases: Float64Array, placebos: Mapping[Arm, Sequence[float]], *, level: float = LEVEL, power: float = POWER
) -> tuple[float | None, str]:
    """The smallest true mean bias that the placebo ranks would call significant with this power, and why there is none.

    The mean bias must exceed the placebo statistic that p = level turns on, in every arm; its own error is the spread of scenarios over
    sqrt(n). So: largest critical value + t(power, n - 1) * sd / sqrt(n). An approximation: normal errors, placebos as drawn.
    """
    if len(biases) < 2:
        return None, f"{len(biases)} scenario has no spread; two or more are needed"
    if not placebos:
        return None, "no placebos were measured"
    critical = []
    for kind, values in placebos.items():
        allowed = allowed_exceedances(len(values), level)
        if allowed < 0:
            return None, f"{len(values)} {kind} placebos can't reach p <= {level:g}"
        critical.append(sorted(values, reverse=True)[allowed])
    error = float(np.std(biases, ddof=1)) / np.sqrt(len(biases))
    return float(max(critical) + stats.t.ppf(power, len(biases) - 1) * error), ""


def unsteered_auc(pairs: Sequence[PairMargins]) -> float:
    """How well unsteered margins tell vulnerable from patched files, over all examples, each scenario weighing the same."""
    chosen = distinct_pairs(pairs)
    variants = {scenario: sum(pair.scenario == scenario for pair in chosen) for scenario in {pair.scenario for pair in chosen}}
    labels, margins, weights = [], [], []
    for pair in chosen:
        for label, half in ((1, pair.vulnerable), (0, pair.patched)):
            labels.append(label)
            margins.append(margin_at(pair, half, 0.0))
            weights.append(1 / variants[pair.scenario])
    return float(roc_auc_score(labels, margins, sample_weight=weights))


def distinct_pairs(pairs: Sequence[PairMargins]) -> Sequence[PairMargins]:
    """The pairs, sorted. Raises: EffectError for no pair, or one that was given twice."""
    if not pairs:
        raise EffectError("0 held-out pairs were measured; an effect needs at least one")
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        if (pair.scenario, pair.variant) in seen:
            raise EffectError(f"scenario {pair.scenario} ({pair.variant}) was given twice; a pair counts once")
        seen.add((pair.scenario, pair.variant))
    return sorted(pairs, key=lambda pair: (pair.scenario, pair.variant))  # the order of records must not move the last bit


def _shift(pair: PairMargins, margins: Mapping[float, float], strength: float) -> float:
    return (margin_at(pair, margins, strength) - margin_at(pair, margins, -strength)) / 2


def margin_at(pair: PairMargins, margins: Mapping[float, float], strength: float) -> float:
    """The margin of one half at a strength. Raises: EffectError where it was not measured."""
    if strength not in margins:
        raise EffectError(
            f"scenario {pair.scenario} ({pair.variant}) has no margin at strength {strength:g}, only at {_strengths(margins)}; measure it"
        )
    return margins[strength]


def _strengths(margins: Mapping[float, float]) -> str:
    return ", ".join(f"{strength:g}" for strength in sorted(margins)) or "no strength"
