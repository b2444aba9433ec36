"""The figures of the harm gate, by hand and by other formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.errors import EffectError
from harness.numerics.flips import SteeredVerdict
from harness.numerics.harm import MeanChange, SteeredRepetition, perplexity_ratio, repetition_change, undecided_change
from harness.records import Label, Verdict

Z2 = float(stats.norm.ppf(0.975)) ** 2


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def wilson_of_none(n: int) -> float:
    """The upper bound of a Wilson interval of 0 of n, solved for by hand."""
    return Z2 / (n + Z2)


def verdict(
    scenario: str, before: Verdict, after: Verdict, *, variant: str = "original", label: Label = "vulnerable", strength: float = 10.0
):
    return SteeredVerdict(scenario=scenario, variant=variant, label=label, strength=strength, baseline=before, repeat=before, steered=after)


def changed(count: int, of: int) -> MeanChange:
    """The change of a corpus in which `count` of `of` scenarios, one response each, became undecided."""
    return undecided_change(
        [verdict(f"s{n}", Verdict.SECURE, Verdict.UNDECIDED if n < count else Verdict.SECURE) for n in range(of)], rng()
    )


def test_the_ratio_is_the_geometric_mean_of_the_files() -> None:
    unsteered = {"a.c": 2.0, "b.c": 1.0, "c.py": 3.0}
    steered = {"a.c": 2.0 + math.log(1.1), "b.c": 1.0, "c.py": 3.0 + math.log(1.3)}
    found = perplexity_ratio(unsteered, steered, rng())
    assert found.ratio == pytest.approx((1.1 * 1.3) ** (1 / 3))
    assert found.by_file == pytest.approx({"a.c": 1.1, "b.c": 1.0, "c.py": 1.3})
    assert found.files == 3


def test_the_interval_is_near_that_of_normal_theory_where_there_are_many_files() -> None:
    drawn = np.random.default_rng(4).normal(0.02, 0.03, size=60)
    unsteered = {f"{n:02}.c": 2.0 for n in range(60)}
    steered = {f"{n:02}.c": 2.0 + change for n, change in enumerate(drawn)}
    found = perplexity_ratio(unsteered, steered, rng()).interval
    assert found.method == "BCa"
    assert found.interval is not None
    low, high = stats.t.interval(0.95, 59, loc=drawn.mean(), scale=drawn.std(ddof=1) / math.sqrt(60))
    assert (math.log(found.interval.low), math.log(found.interval.high)) == pytest.approx((low, high), abs=0.001)


def test_the_order_of_files_moves_nothing() -> None:
    drawn = np.random.default_rng(5).normal(size=12)
    steered = {f"{n:02}.c": 2.0 + change for n, change in enumerate(drawn)}
    names = list(steered)
    straight = perplexity_ratio(dict.fromkeys(names, 2.0), steered, rng())
    backward = perplexity_ratio(dict.fromkeys(names[::-1], 2.0), {name: steered[name] for name in names[::-1]}, rng())
    assert straight == backward


def test_the_same_change_on_every_file_has_no_interval() -> None:
    found = perplexity_ratio({"a": 1.0, "b": 1.5}, {"a": 1.0, "b": 1.5}, rng())
    assert (found.ratio, found.interval.interval, found.interval.method) == (1.0, None, "undefined")
    assert found.interval.reason == "2 file(s) with one and the same change show no spread"


def test_losses_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(EffectError, match="0 neutral files"):
        perplexity_ratio({}, {}, rng())
    with pytest.raises(EffectError, match=r"b\.c, c\.c has a loss with or without"):
        perplexity_ratio({"a.c": 1.0, "b.c": 1.0}, {"a.c": 1.0, "c.c": 1.0}, rng())
    with pytest.raises(EffectError, match=r"loss nan on a\.c is not finite"):
        perplexity_ratio({"a.c": 1.0}, {"a.c": math.nan}, rng())


def test_variants_of_a_scenario_weigh_no_more_than_one_file_of_another() -> None:
    lost = [verdict("many", Verdict.SECURE, Verdict.UNDECIDED, variant=str(n)) for n in range(9)]
    kept = [verdict("one", Verdict.VULNERABLE, Verdict.SECURE)]
    found = undecided_change([*lost, *kept], rng())
    assert found.by_scenario == {"many": 1.0, "one": 0.0}
    assert found.change == 0.5


def test_verdicts_that_become_decided_count_against_those_that_become_undecided() -> None:
    found = undecided_change(
        [
            verdict("a", Verdict.UNDECIDED, Verdict.SECURE),
            verdict("a", Verdict.UNDECIDED, Verdict.UNDECIDED, label="patched"),
            verdict("b", Verdict.SECURE, Verdict.UNDECIDED),
            verdict("b", Verdict.SECURE, Verdict.VULNERABLE, label="patched"),
            verdict("c", Verdict.SECURE, Verdict.UNDECIDED),
        ],
        rng(),
    )
    assert found.by_scenario == {"a": -0.5, "b": 0.5, "c": 1.0}
    assert found.change == pytest.approx(1 / 3)
    assert found.unsteered == pytest.approx(1 / 3)
    assert found.scenarios == 3


@pytest.mark.parametrize(("scenarios", "in_points"), [(8, 32.4), (72, 5.07), (73, 4.999), (81, 4.53)])
def test_none_that_changed_leaves_a_bound_that_falls_with_their_number(scenarios: int, in_points: float) -> None:
    found = changed(0, scenarios)
    assert found.interval.interval is None
    assert found.change == 0.0
    assert found.upper == pytest.approx(wilson_of_none(scenarios))
    assert 100 * found.upper == pytest.approx(in_points, abs=0.05)
    assert found.lower == pytest.approx(-wilson_of_none(scenarios))


def test_all_that_changed_alike_are_bounded_by_what_the_unseen_ones_may_do() -> None:
    all_lost = changed(12, 12)
    assert all_lost.interval.interval is None
    assert all_lost.upper == pytest.approx(1.0)
    assert all_lost.lower == pytest.approx(1 - 2 * wilson_of_none(12))
    regained = undecided_change([verdict(f"s{n}", Verdict.UNDECIDED, Verdict.SECURE) for n in range(12)], rng())
    assert regained.upper == pytest.approx(wilson_of_none(12))
    assert regained.lower == pytest.approx(-1.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=2, max_size=12))
def test_no_outcome_is_given_a_lower_bound_than_its_mean_or_than_scenarios_that_did_not_change(changes: list[float]) -> None:
    states = {-1.0: (2, 0), -0.5: (1, 0), 0.0: (0, 0), 0.5: (0, 1), 1.0: (0, 2)}
    verdicts = [
        verdict(
            f"s{n}",
            Verdict.UNDECIDED if half < states[change][0] else Verdict.SECURE,
            Verdict.UNDECIDED if half < states[change][1] else Verdict.SECURE,
            label="patched" if half else "vulnerable",
        )
        for n, change in enumerate(changes)
        for half in range(2)
    ]
    found = undecided_change(verdicts, rng())
    assert found.change == pytest.approx(np.mean(changes))
    assert found.lower - 1e-12 <= found.change <= found.upper + 1e-12
    assert found.upper >= wilson_of_none(len(changes)) - 1e-12


@pytest.mark.parametrize("share", [0.05, 0.06, 0.08, 0.1])
def test_the_bound_lies_below_the_truth_in_no_more_than_a_twentieth_of_samples(share: float) -> None:
    """Each of 81 scenarios becomes undecided with this probability. Exact but for the bootstrap: every count, with how often it occurs."""
    counts = range(20)
    missed = sum(float(stats.binom.pmf(count, 81, share)) for count in counts if changed(count, 81).upper < share)
    assert missed <= 0.05


def test_verdicts_that_do_not_belong_together_are_refused() -> None:
    one = verdict("a", Verdict.SECURE, Verdict.SECURE)
    with pytest.raises(EffectError, match="0 verdicts"):
        undecided_change([], rng())
    with pytest.raises(EffectError, match="strengths -10, 10 were given together"):
        undecided_change([one, verdict("a", Verdict.SECURE, Verdict.SECURE, strength=-10.0)], rng())
    with pytest.raises(EffectError, match=r"vulnerable file of scenario a \(original\) was given twice"):
        undecided_change([one, one], rng())


def test_responses_too_short_to_repeat_themselves_are_counted_and_not_taken_for_0() -> None:
    found = repetition_change(
        [
            SteeredRepetition(scenario="a", unsteered=0.1, steered=0.3),
            SteeredRepetition(scenario="a", unsteered=0.1, steered=None),
            SteeredRepetition(scenario="b", unsteered=None, steered=0.9),
            SteeredRepetition(scenario="c", unsteered=0.0, steered=0.1),
            SteeredRepetition(scenario="c", unsteered=0.0, steered=0.5),
        ],
        rng(),
    )
    assert found.change is not None
    assert found.change.by_scenario == pytest.approx({"a": 0.2, "c": 0.3})
    assert found.change.change == pytest.approx(0.25)
    assert found.change.unsteered == pytest.approx(0.05)
    assert (found.responses, found.measured, found.lost) == (5, 3, 1)


def test_responses_none_of_which_has_a_rate_have_no_change() -> None:
    found = repetition_change([SteeredRepetition(scenario="a", unsteered=None, steered=None)], rng())
    assert (found.change, found.responses, found.measured, found.lost) == (None, 1, 0, 0)
    with pytest.raises(EffectError, match="0 responses"):
        repetition_change([], rng())
