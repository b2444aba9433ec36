"""From stored measurements to an effect: the right rows, by an arithmetic done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.effects import Effect
from harness.numerics.slices import biases, pushes, repetitions, responses_in, responses_of, retained_of, slice_of, transfer_of
from harness.plans import Cell, cwe_number
from harness.records import Label, Measurement, Verdict
from tests.measured import measurement

CELL = Cell(layer=4, strength=10.0)
SLOPES = {"a": (0.30, 0.10), "b": (0.20, 0.40)}
"""Logits per unit of strength, of the vulnerable and the patched file; the mean bias at strength 10 is 2.5."""


def rows(slopes: dict[str, tuple[float, float]], layer: int = 4) -> list[Measurement]:
    """Margins that are linear in strength, for baseline, ladder and two placebos an arm that do a tenth and a fifth as much."""
    found = []
    labels: tuple[Label, Label] = ("vulnerable", "patched")
    for scenario, both in slopes.items():
        for label, slope in zip(labels, both, strict=True):
            one = measurement(scenario=scenario, label=label, path=f"{scenario}/{label}.c", margin=1.0)
            found.append(one)
            steered = replace(one, layer=layer, arm="treatment")
            found += [replace(steered, strength=s, margin=1.0 + slope * s) for s in (-10.0, -5.0, 5.0, 10.0)]
            for arm in ("random", "nuisance", "label-flip"):
                for index, share in enumerate((0.1, 0.2)):
                    placebo = replace(one, layer=layer, arm=arm, index=index)
                    found += [replace(placebo, strength=s, margin=1.0 + share * slope * s) for s in (-10.0, 10.0)]
    return found


def effect_of(measurements: list[Measurement]) -> Effect:
    """The effect in the one declared cell."""
    return slice_of(measurements, (CELL,)).effect(np.random.default_rng(0))


def said(one: Measurement, verdict: Verdict, **changes: object) -> Measurement:
    return replace(one, endpoint="text", text="...", tokens=3, finish="end-of-text", verdict=verdict, evidence="Yes", **changes)  # type: ignore[arg-type]


def test_the_effect_of_linear_margins_is_their_mean_slope_times_the_strength() -> None:
    effect = effect_of(rows(SLOPES))
    assert effect.signed == pytest.approx(2.5)
    assert {scenario.scenario: scenario.bias for scenario in effect.scenarios} == pytest.approx({"a": 2.0, "b": 3.0})
    assert dict(effect.placebos) == {kind: pytest.approx((0.25, 0.5)) for kind in ("random", "nuisance", "label-flip")}
    assert [point.margin for point in effect.dose] == pytest.approx([-1.5, -0.25, 1.0, 2.25, 3.5])


def test_rows_of_another_layer_or_strength_do_not_enter() -> None:
    strangers = [*rows(dict.fromkeys(SLOPES, (9.0, 9.0)), layer=5)]
    strangers += [replace(one, strength=one.strength * 3, margin=99.0) for one in rows(SLOPES) if one.arm != "baseline"]
    alone = effect_of(rows(SLOPES))
    assert effect_of([*strangers, *rows(SLOPES)]) == alone


def test_the_order_of_the_records_does_not_matter() -> None:
    measured = rows(SLOPES)
    assert effect_of(measured[::-1]) == effect_of(measured)


def test_a_lost_row_is_named_not_filled_in() -> None:
    measured = [one for one in rows(SLOPES) if not (one.arm == "treatment" and one.strength == 10.0 and one.path == "a/patched.c")]
    with pytest.raises(EffectError, match="scenario a"):
        effect_of(measured)


def test_flips_toward_the_pushed_side_are_counted_from_the_texts() -> None:
    texts = []
    for one in (measurement(scenario=name, path=f"{name}/vulnerable.c") for name in SLOPES):
        texts += [said(one, Verdict.SECURE), said(one, Verdict.SECURE, arm="repeat")]
        texts += [said(one, Verdict.VULNERABLE, arm="treatment", layer=4, strength=10.0)]
        texts += [said(one, Verdict.SECURE, arm="treatment", layer=4, strength=-10.0)]
    effect = effect_of([*rows(SLOPES), *texts])
    assert effect.flips is not None
    assert (effect.flips.toward, effect.flips.noise, effect.flips.of) == (2, 0, 4)


def test_verdicts_of_another_layer_or_strength_do_not_enter() -> None:
    one = measurement(scenario="a", path="a/vulnerable.c")
    texts = [said(one, Verdict.SECURE), said(one, Verdict.SECURE, arm="repeat")]
    here = [said(one, Verdict.VULNERABLE, arm="treatment", layer=4, strength=s) for s in (-10.0, 10.0)]
    elsewhere = [said(one, Verdict.UNDECIDED, arm="treatment", layer=layer, strength=s) for layer, s in ((3, 10.0), (3, -10.0), (4, 5.0))]
    found = slice_of([*rows(SLOPES), *texts, *elsewhere, *here], (CELL,)).verdicts
    assert found is not None
    assert [(verdict.strength, verdict.steered) for verdict in found] == [(-10.0, Verdict.VULNERABLE), (10.0, Verdict.VULNERABLE)]


def test_responses_of_a_cell_are_the_unsteered_and_the_two_steered() -> None:
    one = measurement()
    texts = [
        said(one, Verdict.SECURE),
        said(one, Verdict.SECURE, arm="repeat"),
        *(said(one, Verdict.SECURE, arm="treatment", layer=layer, strength=s) for layer in (3, 4) for s in (-10.0, 5.0, 10.0)),
    ]
    assert [(found.layer, found.strength) for found in responses_of(texts, CELL)] == [(4, -10.0), (None, 0.0), (4, 10.0)]


LAYERS = (Cell(layer=4, strength=10.0), Cell(layer=5, strength=10.0))
STEADY = {"a": (0.30, 0.30), "b": (0.31, 0.31), "c": (0.29, 0.29), "d": (0.30, 0.30)}
UNSTEADY = {"a": (0.9, 0.9), "b": (-0.2, -0.2), "c": (0.8, 0.8), "d": (0.1, 0.1)}


def two_layers() -> list[Measurement]:
    """Treatment and placebos are steady at layer 4; of the placebos the second is made steadier at layer 5."""
    found = [*rows(STEADY), *(one for one in rows(UNSTEADY, layer=5) if one.arm != "baseline")]
    return [replace(one, margin=1.0 + 0.4 * one.strength) if (one.layer, one.index) == (5, 1) else one for one in found]


def test_among_several_cells_treatment_and_every_placebo_are_measured_in_the_cells_they_choose() -> None:
    found = slice_of(two_layers(), LAYERS)
    assert found.cells == dict.fromkeys("abcd", LAYERS[0])
    assert found.strength == 1.0
    effect = found.effect(np.random.default_rng(0))
    assert {one.scenario: one.bias for one in effect.scenarios} == pytest.approx({name: 10 * both[0] for name, both in STEADY.items()})
    # the first placebo does a tenth of the treatment at layer 4; the second chose layer 5, where it does .4 a unit
    assert effect.placebos["nuisance"] == pytest.approx((0.1 * 3.0, 4.0))
    assert [point.strength for point in effect.dose] == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert effect.slope == pytest.approx(3.0)  # logits over the share of the strength


def test_cells_of_other_strengths_are_put_on_the_scale_of_their_own() -> None:
    weaker = Cell(layer=5, strength=4.0)
    measured = [*rows(UNSTEADY), *(replace(one, strength=one.strength * 0.4) for one in rows(STEADY, layer=5) if one.arm != "baseline")]
    found = slice_of(measured, (CELL, weaker))
    assert set(found.cells.values()) == {weaker}
    assert found.effect(np.random.default_rng(0)).signed == pytest.approx(3.0)  # the margins of strength 10, under another name


def test_placebos_that_one_cell_lost_are_missed_not_matched_with_others() -> None:
    measured = [one for one in two_layers() if not (one.layer == 5 and one.arm == "nuisance" and one.index == 0)]
    with pytest.raises(EffectError, match=r"nuisance placebos differ in number \(2 at layer 4, strength 10, 1 at layer 5, strength 10\)"):
        slice_of(measured, LAYERS)


def test_verdicts_and_responses_are_those_of_the_cell_a_scenario_is_tested_in() -> None:
    texts = []
    for name in STEADY:
        one = measurement(scenario=name, path=f"{name}/vulnerable.c")
        texts += [said(one, Verdict.SECURE), said(one, Verdict.SECURE, arm="repeat")]
        for cell, verdict in zip(LAYERS, (Verdict.VULNERABLE, Verdict.UNDECIDED), strict=True):
            texts += [said(one, verdict, arm="treatment", layer=cell.layer, strength=s) for s in (-10.0, 10.0)]
    found = slice_of([*two_layers(), *texts], LAYERS)
    assert found.verdicts is not None
    assert {one.steered for one in found.verdicts} == {Verdict.VULNERABLE}
    assert len(found.verdicts) == 2 * len(STEADY)
    mixed = {"a": LAYERS[0], "b": LAYERS[1], "c": LAYERS[0], "d": LAYERS[0]}
    shown = responses_in([*two_layers(), *texts], mixed)
    assert {(one.scenario, one.layer) for one in shown if one.layer} == {("a", 4), ("b", 5), ("c", 4), ("d", 4)}
    assert len(shown) == 3 * len(STEADY)


def test_biases_are_half_the_way_between_both_ends_of_the_cell() -> None:
    assert biases(rows(SLOPES), CELL) == pytest.approx({"a": 2.0, "b": 3.0})
    assert biases(rows(SLOPES), CELL, arm="nuisance", index=1) == pytest.approx({"a": 0.4, "b": 0.6})
    with pytest.raises(EffectError, match="0 held-out pairs"):
        biases(rows(SLOPES), Cell(layer=5, strength=10.0))


def test_transfer_takes_each_other_cwe_by_its_number() -> None:
    measured = rows(SLOPES)
    for number, share in ((22, 0.5), (416, -0.1)):
        measured += [
            replace(one, arm="other-cwe", index=number, margin=1.0 + share * (one.margin - 1.0))
            for one in rows(SLOPES)
            if one.arm == "treatment" and abs(one.strength) == 10.0
        ]
    found = transfer_of(measured, "CWE-787", CELL)
    assert found.own == pytest.approx({"a": 2.0, "b": 3.0})
    assert {cwe: dict(values) for cwe, values in found.others.items()} == {
        "CWE-22": pytest.approx({"a": 1.0, "b": 1.5}),
        "CWE-416": pytest.approx({"a": -0.2, "b": -0.3}),
    }
    assert found.row == pytest.approx({"CWE-22": 1.25, "CWE-416": -0.25, "CWE-787": 2.5})


def test_transfer_names_the_other_concepts_of_its_family() -> None:
    other = [
        replace(one, arm="other-cwe", index=cwe_number("formal"))
        for one in rows(SLOPES)
        if one.arm == "treatment" and abs(one.strength) == 10.0
    ]
    found = transfer_of([*rows(SLOPES), *other], "polite", CELL, ("polite", "formal"))
    assert dict(found.others["formal"]) == dict(found.own) == pytest.approx({"a": 2.0, "b": 3.0})


def test_what_variants_keep_is_told_by_name_against_the_originals_of_the_same_scenarios() -> None:
    renamed = [replace(one, variant="renamed") for one in rows({"a": (0.15, 0.05), "b": (0.1, 0.2)})]
    moved = [replace(one, variant="moved") for one in rows({"b": (0.3, 0.3)})]
    found = retained_of(rows(SLOPES), [*renamed, *moved], CELL, np.random.default_rng(0))
    assert [(one.variant, one.scenarios) for one in found] == [("moved", 1), ("renamed", 2)]
    assert [one.kept for one in found] == pytest.approx([1.0, 0.5])


def prompted(share: float) -> list[Measurement]:
    """Margins under an instruction, that moves every file by this much."""
    return [replace(one, arm="prompt", margin=one.margin + share) for one in rows(SLOPES) if one.arm == "baseline"]


def test_pushes_are_changes_from_the_unsteered_margin_by_the_prompt_or_at_full_strength() -> None:
    measured = [*rows(SLOPES), *prompted(0.75)]
    assert pushes(measured, arm="prompt") == {"a": 0.75, "b": 0.75}
    assert pushes(measured, arm="treatment", cell=CELL) == pytest.approx({"a": 2.0, "b": 3.0})


def test_a_file_without_one_of_both_margins_is_named() -> None:
    short = [one for one in prompted(0.75) if one.path != "b/patched.c"]
    with pytest.raises(EffectError, match=r"b/patched\.c has no margin under arm 'prompt'"):
        pushes([*rows(SLOPES), *short], arm="prompt")
    with pytest.raises(EffectError, match="no file has no margin under arm"):
        pushes([], arm="prompt")


def test_repetition_is_taken_of_each_file_unsteered_and_at_one_strength() -> None:
    one, other = measurement(path="a/vulnerable.c"), measurement(path="b/patched.c", scenario="cwe787/b")
    texts = [replace(one, text="xx"), replace(one, text="xxxx", strength=10.0, arm="treatment", layer=4), replace(other, text="x")]
    (found,) = repetitions(texts, 10.0, lambda text: float(len(text)))  # the second file was not steered
    assert (found.scenario, found.unsteered, found.steered) == ("cwe787/a", 2.0, 4.0)


def test_the_reversed_direction_is_held_against_the_treatment_at_the_opposite_strength() -> None:
    measured = rows(SLOPES)
    assert slice_of(measured, (CELL,)).reversed_gap is None
    opposite = [one for one in measured if (one.arm, one.strength) == ("treatment", -10.0)]
    turned = [replace(one, arm="reversed", strength=10.0) for one in opposite]
    assert slice_of([*measured, *turned], (CELL,)).reversed_gap == 0.0
    off = [replace(turned[0], margin=turned[0].margin - 0.25), *turned[1:]]
    assert slice_of([*measured, *off], (CELL,)).reversed_gap == pytest.approx(0.25)
