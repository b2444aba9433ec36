"""From stored measurements to an effect: the right rows, by an arithmetic done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import EffectError
from harness.numerics.effects import Effect
from harness.numerics.slices import responses_of, slice_of
from harness.plans import Cell
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


def test_responses_of_a_cell_are_the_unsteered_and_the_two_steered() -> None:
    one = measurement()
    texts = [
        said(one, Verdict.SECURE),
        said(one, Verdict.SECURE, arm="repeat"),
        *(said(one, Verdict.SECURE, arm="treatment", layer=layer, strength=s) for layer in (3, 4) for s in (-10.0, 5.0, 10.0)),
    ]
    assert [(found.layer, found.strength) for found in responses_of(texts, CELL)] == [(4, -10.0), (None, 0.0), (4, 10.0)]
