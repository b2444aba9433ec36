import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.errors import EffectError
from harness.numerics.effects import (
    DosePoint,
    PairMargins,
    allowed_exceedances,
    dose_response,
    ladder_slope,
    measure_effect,
    rank_p,
    scenario_effects,
    smallest_effect,
    unsteered_auc,
)
from harness.numerics.flips import SteeredVerdict, count_flips
from harness.numerics.intervals import mean_interval, share
from harness.records import Verdict

LADDER = (-10.0, -5.0, 0.0, 5.0, 10.0)
ENDS = (-10.0, 10.0)


def pair(
    scenario: str,
    slope: float,
    *,
    patched_slope: float | None = None,
    base: float = 0.0,
    gap: float = 1.0,
    variant: str = "original",
    strengths: tuple[float, ...] = LADDER,
) -> PairMargins:
    """A pair whose margins are linear in strength: slope in logits a unit, base + gap and base unsteered."""
    other = slope if patched_slope is None else patched_slope
    return PairMargins(
        scenario=scenario,
        variant=variant,
        vulnerable={strength: base + gap + slope * strength for strength in strengths},
        patched={strength: base + other * strength for strength in strengths},
    )


def placebo_arm(slopes: list[float], scenarios: list[str]) -> list[list[PairMargins]]:
    return [[pair(scenario, slope, strengths=ENDS) for scenario in scenarios] for slope in slopes]


def effect_of(pairs: list[PairMargins], slopes: list[float]):
    scenarios = sorted({one.scenario for one in pairs})
    return measure_effect(pairs, {"nuisance": placebo_arm(slopes, scenarios)}, strength=10.0, rng=np.random.default_rng(0))


def test_bias_and_sensitivity_of_one_pair_are_those_computed_by_hand() -> None:
    one = PairMargins(
        scenario="a",
        variant="original",
        vulnerable={-10.0: -1.0, 10.0: 5.0},  # s = (5 - -1) / 2 = 3
        patched={-10.0: 2.0, 10.0: 4.0},  # s = 1
    )
    (effect,) = scenario_effects([one], 10.0)
    assert (effect.bias, effect.sensitivity) == (2.0, 2.0)


def test_variants_are_averaged_before_scenarios_are() -> None:
    pairs = [pair("a", 0.1), pair("a", 0.3, variant="renamed"), pair("b", 0.8)]
    effect = measure_effect(pairs, {}, strength=10.0, rng=np.random.default_rng(0))
    assert [scenario.bias for scenario in effect.scenarios] == pytest.approx([2.0, 8.0])
    assert effect.statistic == pytest.approx(5.0)
    assert [scenario.variants for scenario in effect.scenarios] == [2, 1]


def test_a_negative_mean_keeps_its_sign_beside_the_statistic() -> None:
    effect = effect_of([pair("a", -0.2), pair("b", -0.4)], [0.0] * 19)
    assert effect.signed == pytest.approx(-3.0)
    assert effect.statistic == pytest.approx(3.0)
    assert (effect.anti_steerable.count, effect.anti_steerable.of) == (2, 2)
    assert not effect.monotone


def test_a_placebo_that_moves_margins_the_other_way_counts_by_its_size() -> None:
    effect = effect_of([pair("a", 0.2), pair("b", 0.2)], [-0.5] * 3 + [0.1] * 16)
    assert effect.p_values == {"nuisance": pytest.approx(4 / 20)}


@pytest.mark.parametrize(("statistic", "expected"), [(5.0, 1 / 5), (4.0, 2 / 5), (2.5, 3 / 5), (0.0, 1.0)])
def test_the_rank_counts_the_statistic_itself_and_ties(statistic: float, expected: float) -> None:
    assert rank_p(statistic, [1.0, 2.0, 3.0, 4.0]) == expected


def test_exchangeable_placebos_reject_five_per_cent() -> None:
    rng = np.random.default_rng(9)
    draws = rng.normal(size=(4000, 40))
    rejected = sum(rank_p(abs(row[0]), np.abs(row[1:]).tolist()) <= 0.05 for row in draws)
    interval = stats.binomtest(int(rejected), 4000).proportion_ci(0.99, method="exact")
    assert interval.low <= 0.05 <= interval.high


def test_the_rank_is_that_of_an_exact_permutation_test() -> None:
    values = np.array([0.9, 1.4, 0.3, 2.0, -0.2, 1.1])
    flipped = [abs(np.mean(values * np.array(signs))) for signs in itertools.product((1, -1), repeat=6) if signs[0] == 1 and min(signs) < 0]
    exact = stats.permutation_test((values,), lambda x: abs(np.mean(x)), permutation_type="samples", alternative="greater", n_resamples=64)
    assert rank_p(abs(values.mean()), flipped) == pytest.approx(exact.pvalue)


def test_dose_response_is_the_mean_of_scenario_means_at_each_strength() -> None:
    pairs = [pair("a", 0.1, base=1.0), pair("a", 0.1, base=3.0, variant="renamed"), pair("b", 0.3, base=-4.0)]
    # unsteered: scenario a (1 + 3) / 2 + half the gap of 1, scenario b -4 + .5; slope (.1 + .3) / 2
    assert [(point.strength, pytest.approx(point.margin)) for point in dose_response(pairs)] == [(s, -0.5 + 0.2 * s) for s in LADDER]


def test_the_slope_of_linear_margins_is_the_mean_slope_of_scenarios() -> None:
    pairs = [pair("a", 0.1, patched_slope=0.3), pair("a", 0.4, variant="renamed"), pair("b", 0.7, base=-3.0)]
    effect = measure_effect(pairs, {}, strength=10.0, rng=np.random.default_rng(0))
    assert effect.slope == pytest.approx(((0.2 + 0.4) / 2 + 0.7) / 2)
    assert (effect.monotone_scenarios.count, effect.monotone_scenarios.of) == (2, 2)


def test_the_slope_of_a_bent_ladder_is_the_least_squares_line() -> None:
    vulnerable, patched = [0.0, 3.0, 1.0, 2.5, 6.0], [1.0, 0.0, 0.5, 2.0, 1.0]
    halves = [dict(zip(LADDER, half, strict=True)) for half in (vulnerable, patched)]
    one = PairMargins(scenario="a", variant="original", vulnerable=halves[0], patched=halves[1])
    effect = measure_effect([one], {}, strength=10.0, rng=np.random.default_rng(0))
    assert effect.slope == pytest.approx(np.polynomial.Polynomial.fit(LADDER, np.add(vulnerable, patched) / 2, 1).convert().coef[1])


def test_uneven_strengths_weigh_by_their_distance() -> None:
    points = [DosePoint(strength=s, margin=m) for s, m in ((-1.0, 0.0), (0.0, 1.0), (4.0, 2.0))]
    # means 1 and 1: (-2 * -1 + -1 * 0 + 3 * 1) / (4 + 1 + 9)
    assert ladder_slope(points) == pytest.approx(5 / 14)


def test_a_scenario_whose_own_ladder_falls_is_counted_though_the_mean_rises() -> None:
    falling = PairMargins(
        scenario="b", variant="original", vulnerable=dict(zip(LADDER, [0, 1, 2, 1.9, 3], strict=True)), patched=dict.fromkeys(LADDER, 0.0)
    )
    effect = measure_effect([pair("a", 0.5), falling, pair("c", 0.5)], {}, strength=10.0, rng=np.random.default_rng(0))
    assert effect.monotone
    assert (effect.monotone_scenarios.count, effect.monotone_scenarios.of) == (2, 3)


def test_one_step_down_the_ladder_is_not_monotone() -> None:
    one = PairMargins(
        scenario="a", variant="original", vulnerable=dict(zip(LADDER, [0, 1, 2, 1.999, 4], strict=True)), patched=dict.fromkeys(LADDER, 0.0)
    )
    assert not effect_of([one], [0.0] * 19).monotone
    level = PairMargins(scenario="a", variant="original", vulnerable=dict.fromkeys(LADDER, 1.0), patched=dict.fromkeys(LADDER, 0.0))
    assert effect_of([level], [0.0] * 19).monotone


@pytest.mark.parametrize(("count", "of"), [(0, 8), (3, 8), (8, 8), (1, 30)])
def test_the_interval_of_a_share_is_wilsons_formula(count: int, of: int) -> None:
    z = stats.norm.ppf(0.975)
    centre = (count + z**2 / 2) / (of + z**2)
    half = z / (of + z**2) * math.sqrt(count * (of - count) / of + z**2 / 4)
    found = share(count, of)
    assert found.value == count / of
    assert (found.interval.low, found.interval.high) == (pytest.approx(centre - half, abs=1e-12), pytest.approx(centre + half, abs=1e-12))


def bootstrap_bca_by_hand(values: np.ndarray, draws: int) -> tuple[float, float]:
    """Efron 1987, with loops: bias correction from the resamples, acceleration from the jackknife."""
    rng = np.random.default_rng(123)
    means = np.array([values[rng.integers(0, len(values), len(values))].mean() for _ in range(draws)])
    correction = stats.norm.ppf(np.mean(means < values.mean()) + np.mean(means == values.mean()) / 2)
    left_out = np.array([np.delete(values, row).mean() for row in range(len(values))])
    spread = left_out.mean() - left_out
    acceleration = (spread**3).sum() / (6 * (spread**2).sum() ** 1.5)
    bounds = []
    for tail in (0.025, 0.975):
        shifted = correction + stats.norm.ppf(tail)
        bounds.append(np.quantile(means, stats.norm.cdf(correction + shifted / (1 - acceleration * shifted))))
    return bounds[0], bounds[1]


def test_the_interval_of_a_mean_is_bca() -> None:
    values = np.array([0.2, 0.5, 0.9, 1.1, 1.2, 1.9, 4.0, 0.7])
    found = mean_interval(values, np.random.default_rng(0))
    low, high = bootstrap_bca_by_hand(values, 20_000)
    assert found.method == "BCa"
    assert found.interval is not None
    assert found.interval.low == pytest.approx(low, abs=0.05)
    assert found.interval.high == pytest.approx(high, abs=0.1)


def test_values_without_spread_have_no_interval_and_say_why() -> None:
    for values, reason in ((np.array([1.0]), "1 scenario has no spread"), (np.full(5, 2.0), "same effect")):
        found = mean_interval(values, np.random.default_rng(0))
        assert (found.interval, found.method) == (None, "undefined")
        assert reason in found.reason


def test_the_interval_says_when_it_is_not_bca(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = stats.bootstrap

    def degenerate(*arguments, method: str, **options):
        found = genuine(*arguments, method="percentile", **options)
        if method == "BCa":
            found.confidence_interval = stats._common.ConfidenceInterval(np.nan, np.nan)
        return found

    monkeypatch.setattr(stats, "bootstrap", degenerate)
    found = mean_interval(np.array([1.0, 2.0, 4.0]), np.random.default_rng(0))
    assert found.method == "percentile"
    assert "BCa is undefined" in found.reason


def test_auc_is_the_share_of_pairs_of_files_in_the_right_order() -> None:
    margins = [(2.0, 1.0), (0.5, 1.0), (3.0, -1.0)]
    pairs = [
        PairMargins(scenario=str(row), variant="original", vulnerable={0.0: one}, patched={0.0: other})
        for row, (one, other) in enumerate(margins)
    ]
    wins = [(one > other) + (one == other) / 2 for one, _ in margins for _, other in margins]
    assert unsteered_auc(pairs) == pytest.approx(np.mean(wins))


def test_auc_counts_a_scenario_with_many_variants_once() -> None:
    single = [pair("a", 0.0, gap=2.0), pair("b", 0.0, base=1.5, gap=-1.0)]
    copies = [pair("b", 0.0, base=1.5, gap=-1.0, variant=f"copy {row}") for row in range(9)]
    assert unsteered_auc([*single, *copies]) == pytest.approx(unsteered_auc(single))


def verdict(strength: float, baseline: str, steered: str, repeat: str | None = None) -> SteeredVerdict:
    return SteeredVerdict(
        scenario="a",
        variant="original",
        label="patched",
        strength=strength,
        baseline=Verdict(baseline),
        repeat=Verdict(repeat or baseline),
        steered=Verdict(steered),
    )


def test_flips_are_counted_toward_the_side_of_the_push() -> None:
    flips = count_flips(
        [
            verdict(5.0, "secure", "vulnerable"),  # toward
            verdict(5.0, "undecided", "vulnerable"),  # toward
            verdict(5.0, "vulnerable", "vulnerable"),
            verdict(5.0, "secure", "undecided"),
            verdict(5.0, "vulnerable", "secure"),  # away
            verdict(-5.0, "vulnerable", "secure"),  # toward
            verdict(-5.0, "secure", "vulnerable"),  # away
            verdict(-5.0, "vulnerable", "vulnerable", repeat="secure"),  # noise
            verdict(5.0, "vulnerable", "vulnerable", repeat="secure"),  # a repeat that went away from the push is no flip toward it
        ]
    )
    assert (flips.toward, flips.away, flips.noise, flips.of) == (3, 2, 1, 9)


@pytest.mark.parametrize(("k", "allowed"), [(18, -1), (19, 0), (38, 0), (39, 1), (59, 2), (99, 4), (0, -1)])
def test_so_many_placebos_may_reach_the_statistic_at_level_five_per_cent(k: int, allowed: int) -> None:
    assert allowed_exceedances(k) == allowed


def test_an_effect_of_the_smallest_detectable_size_is_seen_four_times_in_five() -> None:
    rng = np.random.default_rng(17)
    placebos = {"nuisance": tuple(np.abs(rng.normal(size=39)).tolist())}
    critical = sorted(placebos["nuisance"])[-2]
    scenarios, spread = 60, 1.5
    sizes, seen = [], 0
    for _ in range(400):
        smallest, why_not = smallest_effect(rng.normal(0, spread, scenarios), placebos)
        assert why_not == ""
        sizes.append(smallest)
    truth = float(np.mean(sizes))
    for _ in range(2000):
        seen += abs(np.mean(rng.normal(truth, spread, scenarios))) > critical
    assert seen / 2000 == pytest.approx(0.8, abs=0.04)


def test_where_no_effect_could_be_seen_none_is_given_and_why() -> None:
    biases = np.array([1.0, 2.0, 3.0])
    assert smallest_effect(biases, {"label-flip": (1.0,) * 7}) == (None, "7 label-flip placebos can't reach p <= 0.05")
    assert smallest_effect(biases[:1], {"nuisance": (1.0,) * 39})[0] is None
    assert smallest_effect(biases, {}) == (None, "no placebos were measured")


def test_the_smallest_effect_is_that_of_the_level_which_is_asked() -> None:
    """Of 199 placebos 1 to 199 at most 9 may reach the statistic for p <= .05, 1 for .01, all for 1."""
    biases, ladder = np.array([5.0, 6.0, 7.0]), {"nuisance": tuple(map(float, range(1, 200)))}
    at = {level: smallest_effect(biases, ladder, level=level)[0] or 0.0 for level in (0.05, 0.01, 1.0)}
    assert at[0.01] - at[0.05] == pytest.approx(198 - 190)
    assert at[0.05] - at[1.0] == pytest.approx(190)


# eighths: adding a whole number is exact, so ties stay ties
margins = st.integers(-160, 160).map(lambda eighths: eighths / 8)


@st.composite
def held_out(draw: st.DrawFn) -> list[PairMargins]:
    names = draw(st.lists(st.sampled_from("abcde"), min_size=2, max_size=8))
    return [
        PairMargins(
            scenario=name,
            variant=f"v{row}",
            vulnerable={strength: draw(margins) for strength in LADDER},
            patched={strength: draw(margins) for strength in LADDER},
        )
        for row, name in enumerate(names)
    ]


def changed(one: PairMargins, scenario: str, added: float) -> PairMargins:
    return PairMargins(
        scenario=scenario,
        variant=one.variant,
        vulnerable={strength: margin + added for strength, margin in one.vulnerable.items()},
        patched={strength: margin + added for strength, margin in one.patched.items()},
    )


def slow_statistic(pairs: list[PairMargins], strength: float) -> float:
    totals = []
    for scenario in {one.scenario for one in pairs}:
        shifts = []
        for one in pairs:
            if one.scenario == scenario:
                for half in (one.vulnerable, one.patched):
                    shifts.append((half[strength] - half[-strength]) / (2 * strength) * strength)
        totals.append(sum(shifts) / len(shifts))
    return abs(sum(totals) / len(totals))


@settings(max_examples=30, deadline=None)
@given(pairs=held_out(), seed=st.integers(0, 1000))
def test_an_effect_does_not_depend_on_order_or_names_of_scenarios_nor_on_a_constant(pairs: list[PairMargins], seed: int) -> None:
    def measure(some: list[PairMargins]):
        arm = [[changed(one, one.scenario, 0.0) for one in some]] * 2
        return measure_effect(some, {"random": arm}, strength=10.0, rng=np.random.default_rng(0))

    first = measure(pairs)
    assert first.statistic == pytest.approx(slow_statistic(pairs, 10.0), abs=1e-9)
    order = np.random.default_rng(seed).permutation(len(pairs))
    assert measure([pairs[row] for row in order]) == first
    relabelled = measure([changed(one, {"a": "q", "b": "p", "c": "z", "d": "y", "e": "x"}[one.scenario], 0.0) for one in pairs])
    lifted = measure([changed(one, one.scenario, 7.0) for one in pairs])
    for other in (relabelled, lifted):
        assert other.statistic == pytest.approx(first.statistic, abs=1e-9)
        assert other.sensitivity == pytest.approx(first.sensitivity, abs=1e-9)
        assert other.auc == pytest.approx(first.auc, abs=1e-9)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: effect_of([], [0.0]), "0 held-out pairs"),
        (lambda: rank_p(1.0, []), "0 placebos give no p-value"),
        (lambda: mean_interval(np.array([]), np.random.default_rng(0)), "0 scenarios have no mean"),
        (lambda: share(0, 0), "share of 0 scenarios"),
        (lambda: count_flips([]), "0 verdicts"),
        (lambda: count_flips([verdict(0.0, "secure", "secure")]), "pushes to neither side"),
        (lambda: effect_of([pair("a", 1.0), pair("a", 2.0)], [0.0]), "given twice"),
        (lambda: scenario_effects([pair("a", 1.0)], 7.0), "no margin at strength 7, only at -10, -5, 0, 5, 10"),
        (lambda: pair("a", math.nan), "not finite"),
        (lambda: PairMargins(scenario="a", variant="o", vulnerable={1.0: 0.0}, patched={2.0: 0.0}), "the same strengths"),
        (lambda: dose_response([pair("a", 1.0), pair("b", 1.0, strengths=ENDS)]), "measure all alike"),
        (lambda: ladder_slope(dose_response([pair("a", 1.0, strengths=(5.0,))])), "a ladder of 1 strength has no slope"),
        (
            lambda: measure_effect([pair("a", 1.0)], {"nuisance": placebo_arm([0.1], ["b"])}, strength=10.0, rng=np.random.default_rng(0)),
            "nuisance placebo 0 was measured on other pairs",
        ),
        (lambda: measure_effect([pair("a", 1.0)], {}, strength=0.0, rng=np.random.default_rng(0)), "strength 0.0 is not above 0"),
    ],
)
def test_missing_measurements_are_refused(broken, message: str) -> None:
    with pytest.raises(EffectError, match=message):
        broken()
