"""What the informative gate says of planted and of empty labels, and how its figures come about."""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from scipy import stats

from harness.errors import DirectionError, EffectError
from harness.numerics.accuracy import pair_accuracy
from harness.numerics.gates.informative import InformativeThresholds, informative_gate
from harness.numerics.informative import Informative, LayerAccuracy, measure_informative
from harness.numerics.intervals import IntervalEstimate
from harness.numerics.pairs import scenario_means
from harness.records import Estimator, GateStatus, Interval

SHIFTS = (0.0, 6.0, 6.0)
LAYERS = (1, 4, 5)


def residuals(n: int, shifts: tuple[float, ...] = SHIFTS, *, width: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Residuals of n scenarios at len(shifts) layers, whose halves lie `shift` apart on the first axis of each layer."""
    rng = np.random.default_rng(seed)
    base = 3 * rng.normal(size=(n, len(shifts), width))
    vulnerable, patched = base + rng.normal(size=base.shape), base + rng.normal(size=base.shape)
    vulnerable[:, :, 0] += shifts
    return vulnerable, patched, [f"s{row:02}" for row in range(n)]


def measure(n: int, shifts: tuple[float, ...] = SHIFTS, *, seed: int = 0, flips: int = 199, **options: object) -> Informative:
    given = {"surface": 0.5, **options}
    rng = np.random.default_rng(9)
    return measure_informative(*residuals(n, shifts, seed=seed), LAYERS[: len(shifts)], flips=flips, rng=rng, **given)


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_a_planted_direction_passes_and_the_empty_layer_does_not_count(estimator: Estimator) -> None:
    found = measure(10, flips=39, estimator=estimator)
    result = informative_gate(found)
    assert result.status is GateStatus.PASS, result.reason
    assert result.p_values == {"label-flip": 1 / 40}
    assert result.details["share_of_layers"] == 2 / 3
    assert [layer["carries"] for layer in result.details["layers"]] == [False, True, True]
    assert "2 of 3 layers alone beat 95% of the relabellings and length and words" in result.reason
    json.dumps(dict(result.details), allow_nan=False)


def test_layers_and_statistic_are_the_pair_accuracies_of_each_layer_and_their_mean() -> None:
    vulnerable, patched, names = residuals(10)
    expected = [pair_accuracy(scenario_means(vulnerable[:, column], patched[:, column], names)) for column in range(3)]
    found = measure(10)
    assert [one.accuracy for one in found.layers] == expected
    assert [one.layer for one in found.layers] == list(LAYERS)
    assert found.statistic == pytest.approx(np.mean(expected), abs=1e-12)
    assert np.mean(list(found.scenarios.values())) == pytest.approx(found.statistic, abs=1e-12)


def test_one_set_of_signs_relabels_all_layers() -> None:
    """Two layers that hold the same residuals are right and wrong together: their mean has the null of one of them."""
    vulnerable, patched, names = residuals(6, (2.0,))
    twice = [np.repeat(half, 2, axis=1) for half in (vulnerable, patched)]
    one = measure_informative(vulnerable, patched, names, (4,), flips=31, rng=np.random.default_rng(3))
    two = measure_informative(*twice, names, (4, 5), flips=31, rng=np.random.default_rng(3))
    assert two.null == one.null
    assert len(one.null) == 31
    assert (one.statistic, one.p) == (two.statistic, two.p)


def test_p_is_the_share_of_labellings_that_tell_as_many_pairs_the_true_one_among_them() -> None:
    found = measure(7, (0.7,), flips=63)
    reached = sum(value >= found.statistic for value in found.null)
    assert 0 < reached < 63  # ties and more: the rank is not the smallest one
    assert found.p == (1 + reached) / 64
    (layer,) = found.layers
    assert layer.p == found.p
    assert layer.beaten == sum(value < layer.accuracy for value in found.null) / 63


def test_labels_without_meaning_pass_no_more_often_than_the_level() -> None:
    passed = sum(informative_gate(measure(8, (0.0, 0.0), seed=seed, flips=39)).status is GateStatus.PASS for seed in range(300))
    assert passed <= stats.binom.ppf(0.99, 300, 0.05)


def test_residuals_that_carry_nothing_fail_with_their_p_value() -> None:
    result = informative_gate(measure(10, (0.0, 0.0), seed=1))
    assert result.status is GateStatus.FAIL
    assert "is above .05" in result.reason
    assert f"of {len(result.details['relabellings'])} relabellings tell at least as many pairs" in result.reason


def made(**changes: object) -> Informative:
    """Ten scenarios, one layer, nine pairs told: it passes but for what is changed."""
    good = Informative(
        estimator="mean-difference",
        scenarios={f"s{row}": float(row > 0) for row in range(10)},
        layers=(LayerAccuracy(layer=4, accuracy=0.9, p=0.025, beaten=1.0),),
        statistic=0.9,
        null=tuple(np.linspace(0.1, 0.8, 39).tolist()),
        p=0.025,
        interval=IntervalEstimate(interval=Interval(low=0.6, high=1.0), method="BCa", reason=""),
        surface=0.6,
    )
    return replace(good, **changes)


def test_the_reason_of_a_pass_gives_accuracy_p_surface_and_share() -> None:
    assert informative_gate(made()).reason == (
        "directions fitted on the others tell 0.9 of the pairs of 10 scenarios (p = .025 among 39 relabellings), length and words 0.6; "
        "1 of 1 layer alone beat 95% of the relabellings and length and words"
    )


@pytest.mark.parametrize(("surface", "status"), [(0.89, "PASS"), (0.9, "FAIL"), (0.95, "FAIL")])
def test_residuals_must_tell_more_than_length_and_words(surface: float, status: str) -> None:
    result = informative_gate(made(surface=surface))
    assert result.status == status
    assert result.details["share_of_layers"] == (1.0 if status == "PASS" else 0.0)
    if status == "FAIL":
        assert result.reason == f"length and words alone tell {surface:.3g} of the pairs, the residuals 0.9: no more"


def test_one_layer_of_many_does_not_carry_the_gate() -> None:
    """A layer at .9 beside four at .5: the mean must beat the .6 of length and words, not the best layer."""
    poor = tuple(LayerAccuracy(layer=layer, accuracy=0.5, p=0.6, beaten=0.4) for layer in range(4))
    result = informative_gate(made(layers=(*poor, *made().layers), statistic=0.58))
    assert result.status is GateStatus.FAIL
    assert result.details["share_of_layers"] == 0.2


@pytest.mark.parametrize(("beaten", "carries"), [(0.95, True), (0.94, False)])
def test_a_layer_carries_the_label_from_95_per_cent_of_relabellings_on(beaten: float, carries: bool) -> None:
    layer = LayerAccuracy(layer=4, accuracy=0.9, p=0.05, beaten=beaten)
    assert made(layers=(layer,)).carrying(0.95) == ((4,) if carries else ())


@pytest.mark.parametrize(("n", "least"), [(3, ".25"), (4, ".125"), (5, ".062")])
def test_five_scenarios_are_too_few_however_well_they_are_told(n: int, least: str) -> None:
    result = informative_gate(measure(n, (50.0,)))
    assert result.statistic == 1.0
    assert result.status is GateStatus.INCONCLUSIVE
    assert result.reason == f"{n} scenarios give p >= {least}, above .05; 6 scenarios are needed"
    assert result.threshold is None


def test_six_scenarios_are_enough() -> None:
    assert informative_gate(measure(6, (50.0,))).status is GateStatus.PASS


def test_too_few_relabellings_of_many_scenarios_are_inconclusive_and_say_how_many_are_needed() -> None:
    result = informative_gate(measure(10, (50.0,), flips=18))
    assert result.status is GateStatus.INCONCLUSIVE
    assert result.reason == "18 relabellings give p >= .053, above .05; 19 are needed"
    assert informative_gate(measure(10, (50.0,), flips=19)).status is GateStatus.PASS


def test_a_probe_that_was_not_measured_or_tells_every_pair_is_inconclusive() -> None:
    unmeasured = informative_gate(made(surface=None))
    assert (unmeasured.status, unmeasured.reason) == (GateStatus.INCONCLUSIVE, "the probe of length and words was not measured")
    unbeatable = informative_gate(made(surface=1.0, statistic=1.0))
    assert unbeatable.status is GateStatus.INCONCLUSIVE
    assert "length and words alone tell every pair" in unbeatable.reason


@pytest.mark.parametrize(("surface", "expected"), [(0.1, np.linspace(0.1, 0.8, 39)[-2]), (0.85, 0.85)])
def test_the_threshold_is_the_second_best_of_39_relabellings_or_the_probe(surface: float, expected: float) -> None:
    """At level .05 one of 39 may reach the statistic: (1 + 1) / 40."""
    assert informative_gate(made(surface=surface)).threshold == expected


def test_the_smallest_accuracy_it_could_have_seen_exceeds_the_threshold_with_power_eighty() -> None:
    result = informative_gate(made(surface=0.6, null=(0.5,) * 39))
    # more than 6 of 10 are needed: 7 or more
    assert stats.binom.sf(6, 10, result.smallest_effect) == pytest.approx(0.8, abs=1e-9)
    hopeless = informative_gate(made(null=(1.0,) * 39, p=1.0))
    assert hopeless.smallest_effect is None
    assert hopeless.details["smallest_reason"] == "an accuracy of 1 can't be exceeded"


def test_thresholds_are_data_and_checked() -> None:
    assert informative_gate(made(p=0.1), InformativeThresholds(p=0.1)).status is GateStatus.PASS
    assert informative_gate(made(), InformativeThresholds(p=0.02)).status is GateStatus.INCONCLUSIVE
    with pytest.raises(EffectError, match=r"outside 0\.\.1"):
        InformativeThresholds(flips=1.2)


def test_residuals_that_do_not_fit_the_layers_are_refused() -> None:
    vulnerable, patched, names = residuals(6)
    with pytest.raises(EffectError, match="do not fit 2 layers"):
        measure_informative(vulnerable, patched, names, (1, 2), flips=19, rng=np.random.default_rng(0))
    with pytest.raises(DirectionError, match="leaves none to fit on"):
        measure_informative(vulnerable[:1], patched[:1], names[:1], LAYERS, flips=19, rng=np.random.default_rng(0))


def test_variants_are_no_new_scenarios() -> None:
    vulnerable, patched, names = residuals(5, (50.0,))
    copies = [row for row in range(5) for _ in range(4)]
    found = measure_informative(
        vulnerable[copies], patched[copies], [names[row] for row in copies], (4,), flips=199, rng=np.random.default_rng(0), surface=0.5
    )
    assert informative_gate(found).status is GateStatus.INCONCLUSIVE
    assert len(found.scenarios) == 5
