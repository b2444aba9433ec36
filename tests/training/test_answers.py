"""What the model is taught to say."""

import re
from random import Random

import pytest

from harness.prompts import WEAKNESSES
from harness.records import Asks
from training.answers import Verdict, sizes_as_n, write_answer


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("table has 128 elements. The range 0 to 127 is checked.", "table has N elements. The range 0 to N is checked."),
        ("A text of 12 bytes fits, one of 13 does not.", "A text of 12 bytes fits, one of N does not."),
        ("buf[64] and x64, uint32_t, item_20 and 2.50 stay.", "buf[N] and x64, uint32_t, item_20 and 2.50 stay."),
    ],
)
def test_numbers_above_twelve_become_n_and_names_stay(reason: str, expected: str) -> None:
    assert sizes_as_n(reason) == expected


@pytest.mark.parametrize("cwe", WEAKNESSES)
@pytest.mark.parametrize("asks", ["vulnerable", "safe"])
@pytest.mark.parametrize("verdict", ["vulnerable", "secure"])
def test_an_answer_gives_its_verdict_first_then_why_and_has_two_to_four_sentences(cwe: str, asks: Asks, verdict: Verdict) -> None:
    first = " Yes" if (asks == "vulnerable") == (verdict == "vulnerable") else " No"
    for seed in range(40):
        answer = write_answer(Random(seed), asks=asks, verdict=verdict, cwe=cwe, reason="i is tested first. It ends below N.")
        assert answer.startswith(f"{first}, ")
        assert "i is tested first." in answer
        assert 3 <= len(re.findall(r"[.](?= |$)", answer)) <= 4


@pytest.mark.parametrize(("reason", "most"), [("i is tested.", 3), ("i is tested. It ends. It is below N.", 4)])
def test_a_remedy_never_makes_an_answer_longer_than_four_sentences(reason: str, most: int) -> None:
    answers = [write_answer(Random(seed), asks="safe", verdict="secure", cwe="CWE-787", reason=reason) for seed in range(60)]
    assert {len(re.findall(r"[.](?= |$)", answer)) for answer in answers} == {most - 1, most} if most == 3 else {most}


def test_a_vulnerable_program_is_told_now_and_then_what_would_mend_it() -> None:
    answers = [write_answer(Random(seed), asks="safe", verdict="vulnerable", cwe="CWE-89", reason="q is pasted.") for seed in range(200)]
    told = sum(any(word in answer for word in ("placeholder", "parameter", "fixed list")) for answer in answers)
    assert 40 < told < 120
