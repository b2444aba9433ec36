"""The figures of the model card, against other ways to the same number."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from harness.numerics.effects import PairMargins, measure_effect
from harness.numerics.gates.shift import shift_gate
from harness.prompts import WEAKNESSES
from harness.records import GateStatus
from harness.storage.datasets import contrast_pairs, load_dataset
from training.figures.picture import draw_margins
from training.figures.samples import HELD_OUT_FAMILIES, HELD_OUT_TWINS, KNOWN, Sample, generated, verified
from training.figures.shifting import _all_but_text, _share_of_flips, planner_of, plans, shuffled
from training.figures.telling import auc, balanced_accuracy, calibration_error, criterion, d_prime, figures, telling_apart
from training.programs import CWES, HELD_OUT
from training.train import NANO

SCORES = np.array([2.0, 1.0, -0.5, 0.3, -1.0, -2.0, 0.5, -3.0])
EXAMPLE = load_dataset("verified")[0]
LABELS = np.array([True, True, True, True, False, False, False, False])


def test_auc_is_the_one_of_scikit_learn_with_ties() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores, labels = rng.integers(0, 6, 30).astype(np.float64), rng.random(30) < 0.4
        assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_balanced_accuracy_counts_sides_of_zero() -> None:
    assert balanced_accuracy(SCORES, LABELS) == pytest.approx((3 / 4 + 3 / 4) / 2)


def test_d_prime_and_criterion_are_those_of_the_counts() -> None:
    hits, alarms = 3.5 / 5, 1.5 / 5  # 3 of 4 and 1 of 4, half a count more in each cell
    assert d_prime(SCORES, LABELS) == pytest.approx(norm.ppf(hits) - norm.ppf(alarms))
    assert criterion(SCORES, LABELS) == pytest.approx(0.0, abs=1e-12)
    assert criterion(SCORES + 10, LABELS) < 0  # everything is called vulnerable


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    logit = math.log(0.25 / 0.75)
    assert calibration_error(np.full(8, logit), np.array([True, False, False, False] * 2)) == pytest.approx(0.0)
    assert calibration_error(np.full(8, logit), np.array([True] * 8)) == pytest.approx(0.75)


def test_intervals_hold_the_value_and_shrink_with_more_units() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for units in (20, 500):
        labels = np.tile([True, False], units)
        scores = labels + rng.normal(size=2 * units)
        found = figures([_sample(f"unit {at // 2}", label) for at, label in enumerate(labels.tolist())], scores)["auc"]
        assert found["low"] <= found["value"] <= found["high"]
        widths.append(found["high"] - found["low"])
    assert widths[1] < widths[0] / 3


def test_copies_of_a_scenario_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(2)
    labels = np.tile([True, False], 15)
    scores = labels + rng.normal(size=30)
    samples = [_sample(f"unit {at // 2}", label) for at, label in enumerate(labels.tolist())]
    once, often = figures(samples, scores)["auc"], figures(samples * 6, np.tile(scores, 6))["auc"]
    assert often["high"] - often["low"] == pytest.approx(once["high"] - once["low"], rel=0.05)


def test_a_program_without_a_score_is_left_out_and_counted() -> None:
    samples = [_sample(f"unit {at // 2}", at % 2 == 0) for at in range(8)]
    scores = np.array([1.0, -1.0, 2.0, -2.0, 1.5, -1.5, np.nan, np.nan])
    pooled = telling_apart(samples, scores)[0]
    assert (pooled["programs"], pooled["too_long"], pooled["auc"]["value"]) == (6, 2, 1.0)


def test_samples_are_of_every_weakness_and_decidable() -> None:
    samples = generated(3, seed="test")
    assert {(one.source, one.cwe) for one in samples} == {
        (kind, cwe) for kind in (KNOWN, HELD_OUT_FAMILIES, HELD_OUT_TWINS) for cwe in CWES
    }
    assert all(getattr(one.program, "hardness", "clear") != "ambiguous" for one in samples)
    for one in samples:
        if one.source == HELD_OUT_FAMILIES:
            assert one.program.family in HELD_OUT[one.cwe]  # type: ignore[union-attr]


def test_rewrites_of_a_scenario_are_one_unit() -> None:
    samples = verified()
    assert len({one.unit for one in samples}) == len({(one.cwe, one.scenario) for one in load_dataset("verified")})
    assert {one.source for one in samples} >= {"verified", "verified, renamed", "verified, reformatted"}


def test_shuffling_exchanges_labels_by_scenario_and_nothing_else() -> None:
    found = shuffled(next(plan for plan in plans(planner_of(NANO), texts=False) if plan.cwe == "CWE-89"), 3)
    pairs = contrast_pairs(one for one in load_dataset("verified", split="variants") if one.cwe == "CWE-89").pairs
    turned = {new.scenario: new.vulnerable.code == old.patched.code for old, new in zip(pairs, found.fitting_pairs, strict=True)}
    for old, new in zip(pairs, found.fitting_pairs, strict=True):
        assert {half.code for half in new.examples} == {half.code for half in old.examples}
        assert (new.vulnerable.code == old.patched.code) == turned[new.scenario]
    assert 0 < sum(turned.values()) < len(turned)


def test_the_plans_are_those_of_the_harness_for_every_weakness() -> None:
    planner = planner_of(NANO)
    with_texts, margins = plans(planner, texts=True), plans(planner, texts=False)
    assert [plan.cwe for plan in with_texts] == [plan.cwe for plan in margins] == list(WEAKNESSES)
    for plan, margin in zip(with_texts, margins, strict=True):
        assert [cell.strength for cell in plan.shift_cells] == [10.0, 20.0]
        assert [cell.strength for cell in plan.text_cells] == [cell.strength for cell in margin.shift_cells] == [10.0]
        assert margin.text_cells == ()
        assert plan.placebos == 39


def test_flips_are_counted_toward_the_pushed_side_and_a_placebo_gets_the_side_it_moves_to() -> None:
    unsteered = {"secure": -1.0, "vulnerable": 1.0}
    rows = [_Row("secure", 20.0, 0.5), _Row("secure", -20.0, -2.5), _Row("vulnerable", 20.0, 2.5), _Row("vulnerable", -20.0, 0.5)]
    assert _share_of_flips(unsteered, rows, turn=False) == 1 / 4  # the secure one comes over under +20; the other resists
    turned = [replace(row, strength=-row.strength) for row in rows]
    assert _share_of_flips(unsteered, turned, turn=False) == 0
    assert _share_of_flips(unsteered, turned, turn=True) == 1 / 4


def test_a_null_run_passes_where_all_but_the_texts_would() -> None:
    effect = measure_effect(
        [_pair(at, 1.0 + at / 100) for at in range(12)],
        {kind: [[_pair(at, 0.1) for at in range(12)]] * 39 for kind in ("random", "nuisance", "label-flip")},
        strength=10.0,
        rng=np.random.default_rng(0),
    )
    assert shift_gate(effect).status is GateStatus.INCONCLUSIVE  # no text was generated
    assert _all_but_text(effect)
    assert not _all_but_text(replace(effect, signed=-effect.signed))


def _pair(at: int, slope: float) -> PairMargins:
    margins = {strength: slope * strength / 10 for strength in (-10.0, -5.0, 0.0, 5.0, 10.0)}
    return PairMargins(scenario=f"scenario {at}", variant="original", vulnerable=margins, patched=margins)


@dataclass(frozen=True)
class _Row:
    path: str
    strength: float
    margin: float


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    samples = [replace(_sample(f"unit {at // 2}", at % 2 == 0), source=source) for source in (KNOWN, "verified") for at in range(8)]
    draw_margins(tmp_path / "margins.png", samples, np.linspace(-2, 2, len(samples)))
    assert (tmp_path / "margins.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def _sample(unit: str, vulnerable: bool) -> Sample:
    return Sample(source=KNOWN, cwe="CWE-787", unit=unit, vulnerable=vulnerable, program=EXAMPLE)
