"""What a text says beside what its margin says."""

import pytest

from harness.errors import EffectError
from harness.numerics.agreement import margin_and_text
from harness.records import Measurement, Verdict
from tests.measured import measurement


def response(margin: float, verdict: Verdict | None, strength: float = 0.0) -> Measurement:
    return measurement(endpoint="text", margin=margin, verdict=verdict, strength=strength, path="a/vulnerable.c")


def test_texts_are_counted_by_whether_they_say_what_the_sign_of_the_margin_says() -> None:
    found = margin_and_text(
        [
            response(0.5, Verdict.VULNERABLE),
            response(-0.5, Verdict.SECURE),
            response(0.0, Verdict.SECURE),  # a margin of 0 calls nothing vulnerable
            response(2.0, Verdict.SECURE, strength=-10.0),
            response(3.0, Verdict.UNDECIDED),
        ]
    )
    assert (found.agree, found.disagree, found.undecided) == (3, 1, 1)
    assert found.examples == ("a/vulnerable.c at -10",)


def test_a_response_that_nobody_read_is_refused() -> None:
    with pytest.raises(EffectError, match=r"a/vulnerable\.c was stored without a verdict"):
        margin_and_text([response(1.0, None)])
