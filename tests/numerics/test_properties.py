"""What must not matter to effects and gates: order, names, a constant on all margins. And that loops give the same figures.

Margins are sums of eighths and a scenario has one, two or four variants, so that sums and means are exact and ties stay ties.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from harness.numerics.choice import choose_cells
from harness.numerics.discrimination import AucGain, Discrimination, PairOutcomes, auc_gain, discrimination
from harness.numerics.effects import Effect, PairMargins, measure_effect
from harness.numerics.flips import SteeredVerdict
from harness.numerics.gates.result import GateResult
from harness.numerics.gates.sensitivity import SensitivityThresholds, sensitivity_gate
from harness.numerics.gates.shift import ShiftThresholds, shift_gate
from harness.numerics.harm import MeanChange, undecided_change
from harness.numerics.retention import Retained, retained
from harness.numerics.sensitivity import Sensitivity, measure_sensitivity
from harness.numerics.specificity import Transfer
from harness.plans import Cell
from harness.records import Label, Verdict

STRENGTH = 2.0
LADDER = (-2.0, -1.0, 0.0, 1.0, 2.0)
PLACEBOS = 3
EASY_SHIFT = ShiftThresholds(p=0.5, anti_steerable=0.9)
EASY_SENSITIVITY = SensitivityThresholds(p=0.5, gain=-0.2)
"""So few scenarios and placebos can pass these, and fail them."""
HALVES: tuple[Label, Label] = ("vulnerable", "patched")
NEW_NAMES = ("zeta", "b", "y", "a", "x", "m", "c")
"""What scenarios are called instead, in any order."""
CLOSE = 1e-9
"""For figures that go through logarithms, squares or thirds; what is exact is compared without it."""

eighths = st.integers(-40, 40).map(lambda number: number / 8)
few = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts below hold for any number of resamples; 99 are quick, and more flips than these are drawn, not enumerated."""
    for module in ("intervals", "paired"):
        monkeypatch.setattr(f"harness.numerics.{module}.RESAMPLES", 99)


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that was measured of some scenarios. new_names: of the scenarios in order, for `names_of`."""

    treatment: list[PairMargins]
    placebos: dict[Any, list[list[PairMargins]]]
    verdicts: list[SteeredVerdict]
    new_names: tuple[str, ...] = NEW_NAMES

    def each(self, change: Callable[[PairMargins], PairMargins]) -> "World":
        """The same world with every pair changed, placebos' too."""
        placebos = {kind: [list(map(change, pairs)) for pairs in arm] for kind, arm in self.placebos.items()}
        return replace(self, treatment=list(map(change, self.treatment)), placebos=placebos)

    def shuffled(self, random: Any) -> "World":
        """The same records in another order; strengths too."""

        def mixed(values: Sequence[Any]) -> list[Any]:
            return random.sample(list(values), len(values))

        def ladder(half: Mapping[float, float]) -> dict[float, float]:
            return dict(mixed(list(half.items())))

        def one(pair: PairMargins) -> PairMargins:
            return replace(pair, vulnerable=ladder(pair.vulnerable), patched=ladder(pair.patched))

        turned = self.each(one)
        return replace(
            turned,
            treatment=mixed(turned.treatment),
            placebos={kind: [mixed(pairs) for pairs in arm] for kind, arm in turned.placebos.items()},
            verdicts=mixed(self.verdicts),
        )

    def renamed(self, names: Mapping[str, str]) -> "World":
        """The same world, its scenarios called otherwise."""
        turned = self.each(lambda pair: replace(pair, scenario=names[pair.scenario]))
        return replace(turned, verdicts=[replace(one, scenario=names[one.scenario]) for one in self.verdicts])

    def lifted(self, constant: float) -> "World":
        """The same world with a constant added to all margins."""

        def up(half: Mapping[float, float]) -> dict[float, float]:
            return {strength: margin + constant for strength, margin in half.items()}

        return self.each(lambda pair: replace(pair, vulnerable=up(pair.vulnerable), patched=up(pair.patched)))

    @property
    def scenarios(self) -> list[str]:
        return sorted({pair.scenario for pair in self.treatment})


@st.composite
def worlds(draw: st.DrawFn) -> World:
    variants = draw(st.lists(st.sampled_from([1, 1, 2, 4]), min_size=2, max_size=len(NEW_NAMES)))
    pairs = [(f"s{row}", f"v{copy}") for row, copies in enumerate(variants) for copy in range(copies)]
    numbers = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(numbers)  # thousands of margins: hypothesis draws what they are made of, and shrinks that
    height, push = draw(st.sampled_from([1, 8, 40])), draw(st.sampled_from([0, 1, 8]))

    def half(strengths: Sequence[float]) -> dict[float, float]:
        return {at: float(rng.integers(-height, height + 1) + push * at) / 8 for at in strengths}

    def measured(strengths: Sequence[float]) -> list[PairMargins]:
        return [PairMargins(scenario=name, variant=copy, vulnerable=half(strengths), patched=half(strengths)) for name, copy in pairs]

    def said() -> Verdict:
        return list(Verdict)[int(rng.integers(3))]

    return World(
        new_names=tuple(draw(st.permutations(NEW_NAMES))),
        treatment=measured(LADDER),
        placebos={kind: [measured((-STRENGTH, STRENGTH)) for _ in range(PLACEBOS)] for kind in ("nuisance", "label-flip")},
        verdicts=[
            SteeredVerdict(scenario=name, variant=copy, label=label, strength=at, baseline=said(), repeat=said(), steered=said())
            for name, copy in pairs
            for label in HALVES
            for at in (-STRENGTH, STRENGTH)
        ],
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def names_of(world: World) -> dict[str, str]:
    return dict(zip(world.scenarios, world.new_names, strict=False))


def effect(world: World) -> Effect:
    return measure_effect(world.treatment, world.placebos, strength=STRENGTH, rng=rng(), verdicts=world.verdicts)


def sensitivity(world: World) -> Sensitivity:
    return measure_sensitivity(world.treatment, world.placebos, strength=STRENGTH, rng=rng())


def judged(world: World) -> tuple[GateResult, GateResult]:
    return shift_gate(effect(world), EASY_SHIFT), sensitivity_gate(sensitivity(world), EASY_SENSITIVITY)


def decision(result: GateResult) -> tuple[Any, ...]:
    """What a gate decides, but for its words."""
    return result.status, result.statistic, dict(result.p_values), result.interval, result.interval_method, result.threshold


# --- order


@few
@given(world=worlds(), random=st.randoms(use_true_random=False))
def test_the_order_of_records_moves_no_bit_of_an_effect_or_of_a_gate(world: World, random: Any) -> None:
    other = world.shuffled(random)
    assert effect(other) == effect(world)
    assert sensitivity(other) == sensitivity(world)
    assert judged(other) == judged(world)
    assert auc_gain(other.treatment, STRENGTH, rng()) == auc_gain(world.treatment, STRENGTH, rng())


# --- names


@few
@given(world=worlds())
def test_the_names_of_scenarios_move_neither_effect_nor_shift_gate(world: World) -> None:
    first, other = effect(world), effect(world.renamed(names_of(world)))
    assert decision(shift_gate(other, EASY_SHIFT)) == decision(shift_gate(first, EASY_SHIFT))
    assert {names_of(world)[one.scenario]: (one.bias, one.sensitivity, one.variants) for one in first.scenarios} == {
        one.scenario: (one.bias, one.sensitivity, one.variants) for one in other.scenarios
    }
    same = ("statistic", "signed", "sensitivity", "interval", "placebos", "p_values", "anti_steerable", "flips", "monotone_scenarios")
    assert {name: getattr(other, name) for name in same} == {name: getattr(first, name) for name in same}
    assert [point.margin for point in other.dose] == [point.margin for point in first.dose]
    assert other.slope == pytest.approx(first.slope, abs=CLOSE)
    assert other.auc == pytest.approx(first.auc, abs=CLOSE)


@few
@given(world=worlds())
def test_the_names_of_scenarios_move_neither_sensitivity_nor_its_gate(world: World) -> None:
    first, other = sensitivity(world), sensitivity(world.renamed(names_of(world)))
    assert decision(sensitivity_gate(other, EASY_SENSITIVITY)) == decision(sensitivity_gate(first, EASY_SENSITIVITY))
    assert other.gain == first.gain
    assert other.at == first.at
    assert {names_of(world)[scenario]: value for scenario, value in first.sensitivities.items()} == other.sensitivities


def cells_of(world: World) -> dict[Cell, dict[str, float]]:
    """Scenario effects in cells: those of the treatment and of the placebos stand for so many cells."""
    arms = [world.treatment, *(pairs for arm in world.placebos.values() for pairs in arm)]
    return {Cell(layer=row, strength=STRENGTH): by_hand(pairs)[0] for row, pairs in enumerate(arms)}


def under(names: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    return {names[scenario]: values[scenario] for scenario in reversed(values)}  # another order, too


@few
@given(world=worlds())
def test_the_names_and_order_of_scenarios_move_no_chosen_cell(world: World) -> None:
    assume(len(world.scenarios) >= 3)
    cells, names = cells_of(world), names_of(world)
    turned = {cell: under(names, values) for cell, values in reversed(cells.items())}
    assert choose_cells(turned) == under(names, choose_cells(cells))


def test_of_cells_with_the_same_values_the_first_is_chosen_whichever_scenario_has_which() -> None:
    """The values of the others are the same in both cells, but their sums in another order differ in the last bit."""
    values = [0.1, 0.7, 0.2, 0.3, 0.6, 0.4, 0.9]
    first, second = Cell(layer=0, strength=1.0), Cell(layer=1, strength=1.0)
    for order in itertools.islice(itertools.permutations(values), 0, None, 40):
        named = [dict(zip("abcdefg", others, strict=True)) for others in (values, order)]
        cells = {cell: {"tested": 0.5, **others} for cell, others in zip((first, second), named, strict=True)}
        assert choose_cells(cells)["tested"] == first


def transfer(world: World, names: Mapping[str, str] | None = None) -> Transfer:
    known = names or {scenario: scenario for scenario in world.scenarios}
    rivals = [by_hand(pairs)[0] for pairs in world.placebos["nuisance"][:2]]
    return Transfer(
        cwe="CWE-787",
        own=under(known, by_hand(world.treatment)[0]),
        others={cwe: under(known, values) for cwe, values in zip(("CWE-22", "CWE-416"), rivals, strict=True)},
    )


@few
@given(world=worlds())
def test_the_names_of_scenarios_and_of_the_other_cwes_move_no_specificity(world: World) -> None:
    first, other = transfer(world).difference(rng()), transfer(world, names_of(world)).difference(rng())
    assert (other.mean, other.p, other.interval, other.smallest_p) == (first.mean, first.p, first.interval, first.smallest_p)
    own = transfer(world)
    turned = replace(own, others={"CWE-89": own.others["CWE-416"], "CWE-190": own.others["CWE-22"]})
    assert turned.difference(rng()) == own.difference(rng())


def retention(world: World, names: Mapping[str, str]) -> Retained:
    originals, rewritten = by_hand(world.treatment)[0], by_hand(world.placebos["nuisance"][0])[0]
    return retained("renamed", under(names, originals), under(names, rewritten), rng())


@few
@given(world=worlds())
def test_the_names_of_scenarios_move_nothing_of_what_a_variant_keeps(world: World) -> None:
    assume(sum(by_hand(world.treatment)[0].values()) != 0)
    own_names = {scenario: scenario for scenario in world.scenarios}
    assert retention(world, names_of(world)) == retention(world, own_names)


def harm(world: World) -> MeanChange:
    return undecided_change([one for one in world.verdicts if one.strength > 0], rng())


@few
@given(world=worlds(), random=st.randoms(use_true_random=False))
def test_order_and_names_move_no_change_of_undecided_verdicts(world: World, random: Any) -> None:
    first, shuffled, renamed = harm(world), harm(world.shuffled(random)), harm(world.renamed(names_of(world)))
    assert shuffled == first
    assert under(names_of(world), first.by_scenario) == renamed.by_scenario
    assert replace(renamed, by_scenario=first.by_scenario) == first


# --- a constant on all margins


@few
@given(world=worlds(), constant=eighths)
def test_a_constant_on_all_margins_moves_neither_bias_nor_sensitivity_nor_auc(world: World, constant: float) -> None:
    lifted = world.lifted(constant)
    first, other = effect(world), effect(lifted)
    moved = tuple(replace(point, margin=point.margin + constant) for point in first.dose)
    assert [point.margin for point in other.dose] == pytest.approx([point.margin for point in moved], abs=CLOSE)
    assert other.slope == pytest.approx(first.slope, abs=CLOSE)
    # the level of the ladder is all that moves
    assert replace(other, dose=first.dose, slope=first.slope) == first
    assert decision(shift_gate(other, EASY_SHIFT)) == decision(shift_gate(first, EASY_SHIFT))
    felt, felt_lifted = sensitivity(world), sensitivity(lifted)
    assert replace(felt_lifted, at=felt.at) == felt
    assert [one.auc for one in felt_lifted.at] == [one.auc for one in felt.at]
    assert decision(sensitivity_gate(felt_lifted, EASY_SENSITIVITY)) == decision(sensitivity_gate(felt, EASY_SENSITIVITY))


def test_a_constant_moves_what_calls_files_vulnerable() -> None:
    """d', criterion, outcomes and, where verdicts follow margins, flips rest on the sign of a margin: they may change, and do here."""
    pairs = [
        PairMargins(scenario=f"s{row}", variant="original", vulnerable={0.0: 1.0 + row}, patched={0.0: -1.0 - row}) for row in range(3)
    ]
    world = World(treatment=pairs, placebos={}, verdicts=[])
    before, after = (discrimination(one.treatment, 0.0) for one in (world, world.lifted(8.0)))
    assert before.outcomes == PairOutcomes(both_right=3, both_vulnerable=0, both_secure=0, reversed=0)
    assert after.outcomes == PairOutcomes(both_right=0, both_vulnerable=3, both_secure=0, reversed=0)
    assert before.auc == after.auc == 1.0
    assert before.d_prime > 0 == after.d_prime
    assert before.criterion == pytest.approx(0.0) != after.criterion


# --- loops


def by_hand(pairs: Sequence[PairMargins], strength: float = STRENGTH) -> tuple[dict[str, float], dict[str, float]]:
    """B and D of each scenario, with loops."""
    biases, sensitivities = {}, {}
    for scenario in sorted({pair.scenario for pair in pairs}):
        moved = {"vulnerable": 0.0, "patched": 0.0}
        copies = 0
        for pair in pairs:
            if pair.scenario == scenario:
                copies += 1
                for half in HALVES:
                    margins = getattr(pair, half)
                    moved[half] += (margins[strength] - margins[-strength]) / (2 * strength) * strength
        biases[scenario] = (moved["vulnerable"] / copies + moved["patched"] / copies) / 2
        sensitivities[scenario] = moved["vulnerable"] / copies - moved["patched"] / copies
    return biases, sensitivities


def mean(values: Any) -> float:
    total, count = 0.0, 0
    for value in values:
        total, count = total + value, count + 1
    return total / count


def p_by_hand(statistic: float, placebos: Sequence[float]) -> float:
    as_large = 1
    for placebo in placebos:
        if placebo >= statistic:
            as_large += 1
    return as_large / (len(placebos) + 1)


def auc_by_hand(pairs: Sequence[PairMargins], strength: float) -> float:
    """Every scenario's vulnerable files against every scenario's patched ones; a scenario weighs 1 however many files it has."""
    copies: dict[str, int] = {}
    for pair in pairs:
        copies[pair.scenario] = copies.get(pair.scenario, 0) + 1
    won = total = 0.0
    for one in pairs:
        for other in pairs:
            weight = 1 / copies[one.scenario] / copies[other.scenario]
            difference = one.vulnerable[strength] - other.patched[strength]
            won += weight * (1.0 if difference > 0 else 0.5 if difference == 0 else 0.0)
            total += weight
    return won / total


def slope_by_hand(world: World) -> float:
    """The normal equations of a straight line, scenario by scenario."""
    slopes = []
    for scenario in world.scenarios:
        points = []
        for pair in world.treatment:
            if pair.scenario == scenario:
                points += [(at, margin) for half in HALVES for at, margin in getattr(pair, half).items()]
        n, x, y = len(points), sum(at for at, _ in points), sum(margin for _, margin in points)
        xy, xx = sum(at * margin for at, margin in points), sum(at * at for at, _ in points)
        slopes.append((n * xy - x * y) / (n * xx - x * x))
    return mean(slopes)


def falls_by_hand(world: World, scenario: str) -> bool:
    before = -math.inf
    for at in LADDER:
        margins = [getattr(pair, half)[at] for pair in world.treatment if pair.scenario == scenario for half in HALVES]
        if mean(margins) < before:
            return True
        before = mean(margins)
    return False


@few
@given(world=worlds())
def test_bias_statistic_ranks_slope_and_shares_are_those_of_loops(world: World) -> None:
    found = effect(world)
    biases, sensitivities = by_hand(world.treatment)
    assert {one.scenario: one.bias for one in found.scenarios} == pytest.approx(biases, abs=CLOSE)
    assert {one.scenario: one.sensitivity for one in found.scenarios} == pytest.approx(sensitivities, abs=CLOSE)
    assert found.signed == pytest.approx(mean(biases.values()), abs=CLOSE)
    assert found.statistic == pytest.approx(abs(mean(biases.values())), abs=CLOSE)
    assert found.sensitivity == pytest.approx(mean(sensitivities.values()), abs=CLOSE)
    for kind, arm in world.placebos.items():
        rivals = [abs(mean(by_hand(pairs)[0].values())) for pairs in arm]
        assert found.placebos[kind] == pytest.approx(rivals, abs=CLOSE)
        assert found.p_values[kind] == p_by_hand(abs(mean(biases.values())), rivals)
    assert found.slope == pytest.approx(slope_by_hand(world), abs=CLOSE)
    assert found.anti_steerable.count == sum(bias <= 0 for bias in biases.values())
    assert found.monotone_scenarios.count == sum(not falls_by_hand(world, scenario) for scenario in world.scenarios)
    assert found.anti_steerable.of == found.monotone_scenarios.of == len(biases)
    assert found.auc == pytest.approx(auc_by_hand(world.treatment, 0.0), abs=CLOSE)


@few
@given(world=worlds())
def test_sensitivity_ranks_and_gain_are_those_of_loops(world: World) -> None:
    found = sensitivity(world)
    expected = by_hand(world.treatment)[1]
    assert found.sensitivities == pytest.approx(expected, abs=CLOSE)
    assert found.mean == pytest.approx(mean(expected.values()), abs=CLOSE)
    for kind, arm in world.placebos.items():
        rivals = [mean(by_hand(pairs)[1].values()) for pairs in arm]
        assert found.placebos[kind] == pytest.approx(rivals, abs=CLOSE)
        assert found.p_values[kind] == p_by_hand(mean(expected.values()), rivals)
    before, after = auc_by_hand(world.treatment, 0.0), auc_by_hand(world.treatment, STRENGTH)
    assert gain_of(found.gain) == pytest.approx((before, after, after - before), abs=CLOSE)
    assert gain_of(auc_gain(world.treatment, STRENGTH, rng())) == pytest.approx((before, after, after - before), abs=CLOSE)


def gain_of(gain: AucGain) -> tuple[float, float, float]:
    return gain.before, gain.after, gain.gain


@few
@given(world=worlds())
def test_discrimination_is_that_of_loops(world: World) -> None:
    for found in sensitivity(world).at:
        counts = {"both_right": 0, "both_vulnerable": 0, "both_secure": 0, "reversed": 0}
        for pair in world.treatment:
            said = pair.vulnerable[found.strength] > 0, pair.patched[found.strength] > 0
            named = {(True, False): "both_right", (True, True): "both_vulnerable", (False, False): "both_secure", (False, True): "reversed"}
            counts[named[said]] += 1
        assert found.outcomes == PairOutcomes(**counts)
        assert found.auc == pytest.approx(auc_by_hand(world.treatment, found.strength), abs=CLOSE)
        assert (found.d_prime, found.criterion) == pytest.approx(detection_by_hand(world, found), abs=CLOSE)


def detection_by_hand(world: World, at: Discrimination) -> tuple[float, float]:
    """d' and criterion from the corrected shares of calls, each scenario weighing 1. Source: Hautus 1995, (hits + .5) / (n + 1)."""
    z = {}
    for half in HALVES:
        calls = 0.0
        for scenario in world.scenarios:
            calls += mean([getattr(pair, half)[at.strength] > 0 for pair in world.treatment if pair.scenario == scenario])
        z[half] = NormalDist().inv_cdf((calls + 0.5) / (len(world.scenarios) + 1))
    return z["vulnerable"] - z["patched"], -(z["vulnerable"] + z["patched"]) / 2


@few
@given(world=worlds())
def test_own_minus_others_and_what_is_kept_are_those_of_loops(world: World) -> None:
    own, *others = [by_hand(pairs)[0] for pairs in (world.treatment, *world.placebos["nuisance"][:2])]
    expected = {scenario: own[scenario] - (others[0][scenario] + others[1][scenario]) / 2 for scenario in own}
    found = transfer(world).difference(rng())
    assert found.differences == pytest.approx(expected, abs=CLOSE)
    assert found.mean == pytest.approx(mean(expected.values()), abs=CLOSE)
    assert transfer(world).row == pytest.approx(
        {"CWE-22": mean(others[0].values()), "CWE-416": mean(others[1].values()), "CWE-787": mean(own.values())}, abs=CLOSE
    )
    if mean(own.values()) != 0:
        kept = retained("v", own, others[0], rng())
        assert kept.kept == pytest.approx(mean(others[0].values()) / mean(own.values()))


@few
@given(world=worlds())
def test_the_change_of_undecided_verdicts_is_that_of_loops(world: World) -> None:
    changes = []
    for scenario in world.scenarios:
        here = [one for one in world.verdicts if one.scenario == scenario and one.strength > 0]
        changes.append(mean([(one.steered == "undecided") - (one.baseline == "undecided") for one in here]))
    assert harm(world).change == pytest.approx(mean(changes), abs=CLOSE)
