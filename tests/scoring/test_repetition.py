import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.repetition import repetition_rate

WORD = st.sampled_from(["the", "buffer", "is", "not", "checked", "Yes,"])


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("the copy stops at the end", 0.0),  # three runs, all different
        ("no no no no no", 0.5),  # two runs, one distinct
        ("a b c d a b c d", 0.2),  # five runs; the last is the first once more
        ("a b c d", 0.0),
        ("a  b\n\tc d", 0.0),
        ("the index the index the index", 1 / 3),  # t i t i, i t i t, t i t i
        ("one word and the same one word and the same", 2 / 7),  # ten words; the last two runs are the first two
    ],
)
def test_the_rate_is_the_one_counted_by_hand(text: str, rate: float) -> None:
    assert repetition_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "   \n", "Yes.", "it is unsafe"])
def test_a_text_without_a_run_of_four_words_has_no_rate(text: str) -> None:
    assert repetition_rate(text) is None


def test_case_and_punctuation_make_another_word() -> None:
    assert repetition_rate("It is not safe. it is not safe") == 0.0
    assert repetition_rate("it is not safe it is not safe") == pytest.approx(1 / 5)


@given(st.lists(WORD, min_size=4, max_size=40))
def test_a_text_said_over_and_over_nears_a_rate_of_1(words: list[str]) -> None:
    rate = repetition_rate(" ".join(words * 50))
    assert rate is not None
    assert 0.9 < rate < 1


@given(st.lists(WORD, min_size=4, max_size=40))
def test_the_rate_counts_the_runs_that_stood_before(words: list[str]) -> None:
    runs = [" ".join(words[start : start + 4]) for start in range(len(words) - 3)]
    seen_before = sum(run in runs[:place] for place, run in enumerate(runs))
    assert repetition_rate(" ".join(words)) == pytest.approx(seen_before / len(runs))
