"""Prompts as tokens: what is too long, what shows the code, what the answers begin with, how rows are batched."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ModelError, PlanError
from harness.model.tokens import answer_tokens, batches, encode, encode_fitting, pad, token_length
from tests.model import tiny
from tests.model.conftest import Loaded


def test_a_prompt_beyond_the_context_is_reported_with_both_lengths_and_not_cut(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    long = tiny.prompt("int x; " * 400)
    encoded = encode(model, [tiny.PROMPTS[0], long])
    assert encoded.prompts[0] is not None
    assert encoded.prompts[1] is None
    (record,) = encoded.too_long
    assert (record.index, record.length, record.context) == (1, token_length(model, long), tiny.CONTEXT)
    assert record.length > tiny.CONTEXT
    assert str(record.length) in str(record)
    assert str(tiny.CONTEXT) in str(record)


def test_the_room_for_an_answer_counts(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    exact = tiny.CONTEXT - token_length(model, tiny.PROMPTS[0])
    assert not encode(model, tiny.PROMPTS[:1], room=exact).too_long
    assert encode(model, tiny.PROMPTS[:1], room=exact + 1).too_long


def test_a_caller_who_insists_on_a_long_prompt_is_refused(loaded: Loaded) -> None:
    with pytest.raises(PlanError, match=r"prompt 0 has \d+ tokens, the context holds 512"):
        encode_fitting(loaded("gpt_bigcode"), [tiny.prompt("int x; " * 400)])


def test_an_empty_prompt_is_refused(loaded: Loaded) -> None:
    with pytest.raises(PlanError, match="has no tokens"):
        encode(loaded("gpt_bigcode"), [""])


@pytest.mark.parametrize("code", [*tiny.CODES, "// ünïcödé → ✓\nint x;"])
def test_the_tokens_of_the_code_spell_the_code(loaded: Loaded, code: str) -> None:
    model = loaded("gpt_bigcode")
    (encoded,) = encode_fitting(model, [tiny.prompt(code)])
    spelled = model.tokenizer.decode([encoded.tokens[token] for token in encoded.code])
    # A token may reach over either end of the code.
    assert code in spelled
    assert len(spelled) <= len(code) + 20


def test_a_plain_text_has_no_code(loaded: Loaded) -> None:
    (encoded,) = encode_fitting(loaded("gpt_bigcode"), ["int x;"])
    assert encoded.code == ()


def test_answers_are_told_apart_by_the_token_that_follows_the_prompt(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    answers = answer_tokens(model, tiny.PROMPTS[0])
    assert model.tokenizer.decode([answers.vulnerable]) == " Yes"
    assert " No".startswith(model.tokenizer.decode([answers.secure]))
    assert answers.vulnerable != answers.secure


def test_answers_that_begin_alike_are_refused(loaded: Loaded) -> None:
    alike = dataclasses.replace(tiny.PROMPTS[0], secure_answer=" Yesterday")
    with pytest.raises(ModelError, match=r"' Yes' and ' Yesterday' both begin with token \d+"):
        answer_tokens(loaded("gpt_bigcode"), alike)


def test_an_answer_that_merges_into_the_prompt_is_refused(loaded: Loaded) -> None:
    merging = dataclasses.replace(tiny.PROMPTS[0], text=tiny.PROMPTS[0].text.removesuffix("er:"), vulnerable_answer="er: Yes")
    with pytest.raises(ModelError, match="merges the answer"):
        answer_tokens(loaded("gpt_bigcode"), merging)


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 200))
def test_batches_hold_every_row_once_and_keep_the_budget(lengths: list[int], budget: int) -> None:
    gathered = batches(lengths, budget)
    assert sorted(row for rows in gathered for row in rows) == list(range(len(lengths)))
    assert all(len(rows) == 1 or len(rows) * max(lengths[row] for row in rows) <= budget for rows in gathered)


def test_a_token_budget_below_one_is_refused() -> None:
    with pytest.raises(PlanError, match="token budget 0"):
        batches([3], 0)


def test_padding_stands_on_the_left_and_positions_count_behind_it(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    batch = pad(model, [[5, 6, 7], [8]])
    assert batch.ids.tolist() == [[5, 6, 7], [model.pad_token, model.pad_token, 8]]
    assert batch.mask.tolist() == [[1, 1, 1], [0, 0, 1]]
    assert batch.positions.tolist() == [[0, 1, 2], [0, 0, 0]]
