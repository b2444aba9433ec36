"""The gate of pinned texts: a near-tie is told, anything wider fails, and nothing compared is nothing shown."""

from dataclasses import asdict
from typing import Any

import pytest

from harness.errors import EffectError
from harness.numerics.gates.pinned import Divergence, PinComparison, pinned_text_gate
from harness.records import GateStatus


def divergence(gap: float | None, response: str = "a.c, unsteered") -> Divergence:
    return Divergence(response=response, place=7, said=" limit", pinned=" size", gap=gap)


def comparison(**changes: Any) -> PinComparison:
    return PinComparison(**{"responses": 12, "tolerance": 0.001, **changes})


def test_texts_that_are_as_pinned_pass() -> None:
    found = pinned_text_gate(comparison())
    assert (found.status, found.reason, found.statistic) == (GateStatus.PASS, "12 of 12 responses are the pinned ones", 0.0)


def test_a_near_tie_passes_and_is_told_with_its_gap_and_the_tolerance() -> None:
    found = pinned_text_gate(comparison(divergences=(divergence(0.0004),)))
    assert found.status is GateStatus.PASS
    assert found.reason == (
        "11 of 12 responses are the pinned ones; 1 of 12 responses part from the pinned text at a near-tie (tolerance 0.001): "
        "a.c, unsteered after 7 tokens with ' limit' instead of ' size', logits 0.0004 apart"
    )


@pytest.mark.parametrize("gap", [0.0011, 2.5, None])
def test_a_wide_margin_fails_and_says_how_to_pin_anew(gap: float | None) -> None:
    found = pinned_text_gate(comparison(divergences=(divergence(0.0004, "near"), divergence(gap, "wide"))))
    assert found.status is GateStatus.FAIL
    assert found.reason.startswith("1 of 12 responses part from the pinned text: wide after 7 tokens")
    assert "--snapshot-update; 1 of 12 responses part from the pinned text at a near-tie (tolerance 0.001): near after" in found.reason
    assert found.statistic == (0.0004 if gap is None else gap)


def test_many_divergences_are_counted_and_the_first_quoted() -> None:
    found = pinned_text_gate(comparison(divergences=tuple(divergence(1.0, f"file {number}") for number in range(5))))
    assert "file 2 after" in found.reason
    assert "file 3" not in found.reason
    assert ", and 2 more" in found.reason
    assert len(found.details["divergences"]) == 5


def test_responses_that_one_side_lacks_fail() -> None:
    found = pinned_text_gate(comparison(unmatched=("b.c, unsteered",)))
    assert found.status is GateStatus.FAIL
    assert found.reason.startswith("b.c, unsteered: pinned and not given, or given and not pinned")


def test_pins_that_were_written_say_so_and_which_others_are_kept() -> None:
    found = pinned_text_gate(comparison(updated=True, elsewhere=("0123-bfloat16-cpu",)))
    assert found.reason == "12 responses pinned anew; pins for other weights, types or devices are kept: 0123-bfloat16-cpu"


def test_no_response_shows_nothing() -> None:
    with pytest.raises(EffectError, match="0 responses were compared"):
        pinned_text_gate(comparison(responses=0))


def test_a_comparison_comes_back_from_its_observation() -> None:
    one = comparison(divergences=(divergence(None),), unmatched=("x",), elsewhere=("y",))
    assert PinComparison.from_dict({**asdict(one), "unmatched": ["x"], "elsewhere": ["y"]}) == one
