"""Answers of rows that share prompts and batches are those of full runs."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from harness.errors import PlanError, SteeringError
from harness.model import addition
from harness.model.engine import growing, upper
from harness.model.engine.budget import Budget
from harness.model.engine.measuring import measure_answers, measure_in_parts, measure_margins
from harness.model.engine.rows import SteeredRow
from harness.model.loading import LoadedModel, load_model
from harness.model.steering import steered_answers
from harness.records import Positions, SteeringPlan
from tests.model import tiny
from tests.model.conftest import Loaded, PlainOf
from tests.model.test_engine import vector
from tests.model.test_steering import NEW_TOKENS, dropped

POSITIONS = get_args(Positions)


def rows_of(model: LoadedModel) -> list[SteeredRow]:
    """Some prompts under several layers at once, some rows of one prompt, and unsteered ones."""
    rows = [SteeredRow(prompt=prompt) for prompt in tiny.PROMPTS[:2]]
    for number, prompt in enumerate(tiny.PROMPTS):
        layer = number % model.info.layers
        rows.append(SteeredRow(prompt=prompt, layer=layer, delta=vector(number, 5.0)))
        rows.append(SteeredRow(prompt=prompt, layer=model.info.layers - 1 - layer, delta=vector(number + 50, -6.0)))
    return [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_answers_of_mixed_rows_equal_transformers_with_a_hook(
    loaded: Loaded, plain: PlainOf, architecture: str, positions: Positions
) -> None:
    model, reference = loaded(architecture), plain(architecture)
    rows = rows_of(model)
    answers = measure_answers(model, rows, positions, NEW_TOKENS)
    assert len({answer.tokens for answer in answers}) > 1, "answers must differ, or the comparison shows nothing"
    for row, found in zip(rows, answers, strict=True):
        delta = np.zeros(tiny.WIDTH, dtype=np.float32) if row.delta is None else row.delta
        assert list(found.tokens) == reference.answer(row.prompt, row.layer or 0, positions, delta, NEW_TOKENS)
        assert found.margin == pytest.approx(reference.margin(row.prompt, row.layer or 0, positions, delta), abs=1e-4)
        assert found.added_norm == pytest.approx(float(np.linalg.norm(delta)), rel=1e-4, abs=0)
        assert (found.residual_norm is None) == (row.layer is None)


def test_each_prompt_is_run_once_whatever_its_rows(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    shapes: list[int] = []
    embedding = model.module.get_input_embeddings()
    hook = embedding.register_forward_pre_hook(lambda _module, arguments: shapes.append(arguments[0].numel()))
    try:
        measure_answers(model, rows_of(model), "generated", NEW_TOKENS)
    finally:
        hook.remove()
    longest = max(len(model.tokenizer(prompt.text)["input_ids"]) for prompt in tiny.PROMPTS)
    of_prompt = Counter(row.prompt for row in rows_of(model))
    # As many of each prompt, so that they stand side by side.
    assert shapes == [len(tiny.PROMPTS) * (longest - 1), *[len(tiny.PROMPTS) * max(of_prompt.values())] * NEW_TOKENS]


def test_parts_cover_every_row_once(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    rows = [*rows_of(model), *(replace(row, new_tokens=NEW_TOKENS) for row in rows_of(model))]
    for positions in POSITIONS:
        parts = list(measure_in_parts(model, rows, positions, budget=Budget(tokens=130)))
        assert len(parts) > 2
        assert sorted(number for part in parts for number, _ in part) == list(range(len(rows)))


@pytest.mark.parametrize("positions", POSITIONS)
def test_margins_of_some_prompts_and_answers_of_others_share_a_batch(loaded: Loaded, positions: Positions) -> None:
    model = loaded("qwen2")
    margins = [row for row in rows_of(model) if row.prompt in tiny.PROMPTS[1:]]
    answers = [row for row in rows_of(model) if row.prompt in tiny.PROMPTS[:3]]
    both = [*margins, *(replace(row, new_tokens=NEW_TOKENS) for row in answers)]
    found = dict(pair for part in measure_in_parts(model, both, positions) for pair in part)
    expected = [*measure_margins(model, margins, positions), *measure_answers(model, answers, positions, NEW_TOKENS)]
    assert [type(found[number]) for number in range(len(both))] == [type(one) for one in expected]
    assert [found[number].margin for number in range(len(both))] == pytest.approx([one.margin for one in expected], abs=1e-4)


def test_steering_that_answers_lost_is_an_error(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("gpt_bigcode")
    with monkeypatch.context() as patch:
        patch.setattr(addition, "with_residual", dropped)
        # At positions "all" the prompt is steered by another way, so it is the first generated token that goes without.
        for positions in ("generated", "all"):
            with pytest.raises(SteeringError, match=r"row \d+ was steered by 0 at layer \d"):
                measure_answers(model, rows_of(model), positions, NEW_TOKENS)
    genuine = upper.with_residual
    monkeypatch.setattr(upper, "with_residual", lambda output, residual: genuine(output, residual / 2))
    for positions in ("prompt", "all"):
        with pytest.raises(SteeringError, match=r"row \d+ was steered by .* at layer \d of .*, but"):
            measure_answers(model, rows_of(model), positions, NEW_TOKENS)


@pytest.mark.parametrize("positions", ["prompt", "all"])
def test_answers_steered_at_the_prompt_run_what_lies_below_once(loaded: Loaded, positions: Positions) -> None:
    model, prompt = loaded("gpt_bigcode"), tiny.PROMPTS[1]
    rows = [SteeredRow(prompt=prompt, layer=1, delta=vector(seed, 3.0)) for seed in range(6)]
    runs: Counter[int] = Counter()
    hooks = [
        block._module.attn.register_forward_pre_hook(
            lambda _module, arguments, layer=layer: runs.update({layer: arguments[0].shape[:2].numel()})
        )
        for layer, block in enumerate(model.blocks)
    ]
    try:
        answers = measure_answers(model, rows, positions, NEW_TOKENS)
    finally:
        for hook in hooks:
            hook.remove()
    tokens, behind = len(model.tokenizer(prompt.text)["input_ids"]), len(rows) * (max(len(answer.tokens) for answer in answers) - 1)
    assert runs == {0: tokens + behind, 1: tokens + behind, 2: tokens + len(rows) * tokens + behind}


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize(
    ("architecture", "changes"),
    [
        ("mistral", {"sliding_window": 16}),
        ("mistral", {"sliding_window": 70}),
        ("gemma2", {"sliding_window": 70}),
        ("gemma3", {"layer_types": ["full_attention", "sliding_attention", "full_attention"]}),
        ("qwen2", {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1}),
    ],
)
def test_answers_beyond_a_sliding_window_equal_full_runs(
    tmp_path: Path, architecture: str, changes: dict[str, Any], positions: Positions
) -> None:
    model = load_model(tiny.save(tmp_path, architecture, **changes))
    rows, new_tokens = rows_of(model), 12
    lengths = [len(model.tokenizer(prompt.text)["input_ids"]) for prompt in tiny.PROMPTS]
    # Some answers begin within the wider windows and end beyond.
    assert min(lengths) <= 70 < max(lengths) + new_tokens
    answers = measure_answers(model, rows, positions, new_tokens)
    assert [answer.tokens for answer in answers] == [full_answer(model, row, positions, new_tokens) for row in rows]
    wide = load_model(tiny.save(tmp_path / "wide", architecture, **{**changes, "sliding_window": 500}))
    assert [answer.tokens for answer in answers] != [full_answer(wide, row, positions, new_tokens) for row in rows], (
        "the window must matter"
    )


def full_answer(model: LoadedModel, row: SteeredRow, positions: Positions, new_tokens: int) -> tuple[int, ...]:
    """In a full run of its own."""
    plan = None
    if row.layer is not None and row.delta is not None:
        plan = SteeringPlan(layer=row.layer, positions=positions, deltas=row.delta[None])
    return steered_answers(model, [row.prompt], plan, new_tokens)[0].tokens


@pytest.mark.parametrize("architecture", ["gpt_bigcode", "gemma2", "falcon"])
def test_answers_that_take_several_runs_are_the_same(loaded: Loaded, monkeypatch: pytest.MonkeyPatch, architecture: str) -> None:
    model = loaded(architecture)
    together = measure_answers(model, rows_of(model), "generated", NEW_TOKENS)
    monkeypatch.setattr(growing, "MOST_TOKENS", 2 * NEW_TOKENS)
    grown = measure_answers(model, rows_of(model), "generated", NEW_TOKENS, budget=Budget(tokens=200))
    assert [answer.tokens for answer in grown] == [answer.tokens for answer in together]


def test_no_room_for_an_answer_is_refused(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    with pytest.raises(PlanError, match="max_new_tokens 0 is below 1"):
        measure_answers(model, rows_of(model), "generated", 0)
    with pytest.raises(PlanError, match=r"and 500 to generate, the context holds 512"):
        measure_answers(model, rows_of(model), "generated", 500)


def test_no_rows_give_no_answers(loaded: Loaded) -> None:
    assert measure_answers(loaded("gpt_bigcode"), [], "generated", NEW_TOKENS) == []
    assert steered_answers(loaded("gpt_bigcode"), [], None, NEW_TOKENS) == []
