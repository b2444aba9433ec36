"""The generation gate: complete responses, and what is told beside them."""

import pytest

from harness.errors import EffectError
from harness.numerics.agreement import Agreement
from harness.numerics.gates.generation import GenerationThresholds, generation_gate

AGREEMENT = Agreement(agree=7, disagree=2, undecided=1, examples=("a.c at +10", "b.c at -10"))


@pytest.mark.parametrize(
    ("complete", "of", "status"), [(9, 10, "PASS"), (10, 10, "PASS"), (8, 10, "FAIL"), (89, 100, "FAIL"), (0, 1, "FAIL")]
)
def test_nine_of_ten_responses_must_be_complete(complete: int, of: int, status: str) -> None:
    result = generation_gate(complete, of)
    assert result.status == status
    assert result.statistic == complete / of
    assert result.reason.startswith(f"{complete} of {of} responses end by themselves after two sentences or more")


def test_the_share_is_configurable_and_checked() -> None:
    assert generation_gate(5, 10, None, GenerationThresholds(share=0.5)).status == "PASS"
    assert generation_gate(10, 10, None, GenerationThresholds(share=1.0)).status == "PASS"
    with pytest.raises(EffectError, match=r"outside 0\.\.1"):
        GenerationThresholds(share=1.1)


def test_what_texts_and_margins_say_is_told_and_decides_nothing() -> None:
    with_it, without = generation_gate(9, 10, AGREEMENT), generation_gate(9, 10)
    assert with_it.status is without.status
    assert with_it.reason.endswith("7 agree with the sign of their margin, 2 say the opposite, 1 are undecided")
    assert with_it.details["margin_and_text"]["examples"] == ("a.c at +10", "b.c at -10")
    assert without.details["margin_and_text"] is None


def test_no_response_is_refused() -> None:
    with pytest.raises(EffectError, match="0 responses show nothing"):
        generation_gate(0, 0)
