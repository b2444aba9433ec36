"""From margins and verdicts of held-out pairs to an effect, with what chance would have given beside it.

Everything is a pure function of small records, so an effect can be recomputed from stored measurements alone. The scenario is the unit:
variants are averaged within it first, because a rewritten copy is no new evidence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

from harness.errors import EffectError
from harness.numerics.flips import Flips, SteeredVerdict, count_flips
from harness.numerics.intervals import IntervalEstimate, Share, mean_interval, share
from harness.numerics.pairs import Float64Array
from harness.records import Arm

LEVEL = 0.05
POWER = 0.8


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
    """Mean margin at one strength, over the scenarios in question."""

    strength: float
    margin: float


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What steering did to the margins and verdicts of held-out scenarios, beside the placebos.

    statistic: T = abs(mean bias). signed: mean bias, logits at the declared strength; below 0 the steering pushes the wrong way.
    slope: mean over scenarios of the least-squares slope of the mean margin of a pair over the ladder of strengths, logits per unit of
    strength, as the ladder counts it. monotone_scenarios: scenarios whose own ladder never falls.
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
    slope: float
    monotone_scenarios: Share
    anti_steerable: Share
    flips: Flips | None
    smallest: float | None
    smallest_reason: str
    auc: float

    @property
    def monotone(self) -> bool:
        """Whether the mean margin never falls along the ladder; tolerance 0."""
        return never_falls(self.dose)


def measure_effect(
    treatment: Sequence[PairMargins],
    placebos: Mapping[Arm, Sequence[Sequence[PairMargins]]],
    *,
    strength: float,
    rng: np.random.Generator,
    verdicts: Sequence[SteeredVerdict] | None = None,
    level: float = LEVEL,
) -> Effect:
    """The effect of one direction at one layer and strength.

    Args: treatment, held-out pairs with margins at 0 and at least -strength and +strength; placebos, kind -> placebos, each the same pairs
        with margins at -strength and +strength; strength, declared, above 0; rng, for the bootstrap; verdicts, where texts were read;
        level, the p-value at which the smallest effect is taken.
    Returns: Effect, in logits at the declared strength. Raises: EffectError for missing strengths, or placebos measured on other scenarios.
    """
    if not (np.isfinite(strength) and strength > 0):
        raise EffectError(f"strength {strength} is not above 0; an effect is measured between -strength and +strength")
    scenarios = scenario_effects(treatment, strength)
    biases = np.array([scenario.bias for scenario in scenarios])
    ladders = scenario_ladders(treatment)
    signed = float(biases.mean())
    ranked = {
        kind: tuple(abs(float(np.mean([one.bias for one in effects]))) for effects in placebo_effects(treatment, arm, strength, kind))
        for kind, arm in placebos.items()
    }
    smallest, why_not = smallest_effect(biases, ranked, level=level)
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
        slope=float(np.mean([ladder_slope(ladder) for ladder in ladders.values()])),
        monotone_scenarios=share(sum(map(never_falls, ladders.values())), len(ladders)),
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


def dose_response(pairs: Sequence[PairMargins]) -> tuple[DosePoint, ...]:
    """Mean margin over scenarios at every strength of the ladder, ascending. Raises: EffectError as `scenario_ladders`."""
    ladders = scenario_ladders(pairs).values()
    rungs = zip(*ladders, strict=True)
    return tuple(DosePoint(strength=rung[0].strength, margin=float(np.mean([point.margin for point in rung]))) for rung in rungs)


def scenario_ladders(pairs: Sequence[PairMargins]) -> dict[str, tuple[DosePoint, ...]]:
    """scenario -> its mean margin over both files and all variants at every strength, ascending.

    Raises: EffectError for no pair, or pairs that differ in strengths.
    """
    chosen = distinct_pairs(pairs)
    ladder = sorted(chosen[0].vulnerable)
    for pair in chosen:
        if sorted(pair.vulnerable) != ladder:
            raise EffectError(
                f"scenario {pair.scenario} has margins at {_strengths(pair.vulnerable)}, others at {ladder}; measure all alike"
            )
    by_scenario: dict[str, list[list[float]]] = {}
    for pair in chosen:
        by_scenario.setdefault(pair.scenario, []).append([(pair.vulnerable[at] + pair.patched[at]) / 2 for at in ladder])
    return {
        scenario: tuple(DosePoint(strength=at, margin=float(mean)) for at, mean in zip(ladder, np.mean(margins, axis=0), strict=True))
        for scenario, margins in by_scenario.items()
    }


def ladder_slope(ladder: Sequence[DosePoint]) -> float:
    """Least-squares slope of margin over strength, logits per unit of strength. Raises: EffectError for fewer than two strengths."""
    if len(ladder) < 2:
        raise EffectError(f"a ladder of {len(ladder)} strength has no slope; measure at two or more")
    strengths, margins = (np.array([getattr(point, name) for point in ladder]) for name in ("strength", "margin"))
    apart = strengths - strengths.mean()
    return float(apart @ margins / (apart @ apart))


def never_falls(ladder: Sequence[DosePoint]) -> bool:
    """Whether no margin is below that of the next lower strength; tolerance 0."""
    return all(later.margin >= earlier.margin for earlier, later in pairwise(ladder))


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
        if allowed < len(values):  # at a level of 1 all of them may
            critical.append(sorted(values, reverse=True)[allowed])
    error = float(np.std(biases, ddof=1)) / np.sqrt(len(biases))
    return float(max(critical, default=0.0) + stats.t.ppf(power, len(biases) - 1) * error), ""


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
