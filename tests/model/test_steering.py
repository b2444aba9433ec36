"""Steering does to a model what a plain forward hook does, row by row, and says so when it does not."""

import dataclasses
import json
import shutil
import warnings
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import ModelError, PlanError, SteeringError
from harness.model import addition, steering
from harness.model.loading import LoadedModel, load_model
from harness.model.passes import Outcome
from harness.model.steering import steered_answers, steered_margins
from harness.records import FloatArray, Positions, SteeringPlan
from tests.model import tiny
from tests.model.conftest import Loaded, PlainOf, Saved
from tests.model.plain import Plain

STRENGTHS = (0.0, 1.0, 4.0, -6.0)
POSITIONS = get_args(Positions)
NEW_TOKENS = 7


def deltas(rows: int = len(tiny.PROMPTS), seed: int = 5) -> FloatArray:
    """A direction of its own for every row, at several strengths; zero-mean, since a LayerNorm ignores a constant."""
    drawn = np.random.default_rng(seed).normal(size=(rows, tiny.WIDTH))
    drawn -= drawn.mean(axis=1, keepdims=True)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    strengths = np.resize(STRENGTHS, rows)[:, None]
    return np.asarray(drawn * strengths, dtype=np.float32)


def plan(layer: int = 1, positions: Positions = "generated", rows: int = len(tiny.PROMPTS)) -> SteeringPlan:
    return SteeringPlan(layer=layer, positions=positions, deltas=deltas(rows))


def unsteered(positions: Positions) -> SteeringPlan:
    return SteeringPlan(layer=1, positions=positions, deltas=np.zeros((len(tiny.PROMPTS), tiny.WIDTH), dtype=np.float32))


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_margins_of_a_padded_batch_equal_a_forward_hook_on_single_rows(
    loaded: Loaded, plain: PlainOf, architecture: str, positions: Positions
) -> None:
    reference = plain(architecture)
    steering = plan(positions=positions)
    margins = steered_margins(loaded(architecture), tiny.PROMPTS, steering)
    for prompt, delta, strength, found in zip(tiny.PROMPTS, steering.deltas, STRENGTHS, margins, strict=True):
        assert found.margin == pytest.approx(reference.margin(prompt, 1, positions, delta), abs=1e-4)
        assert found.margin == pytest.approx(found.logp_vulnerable - found.logp_secure)
        assert found.added_norm == pytest.approx(abs(strength), rel=1e-4, abs=0)
    assert (
        max(abs(a.margin - b.margin) for a, b in zip(margins, steered_margins(loaded(architecture), tiny.PROMPTS, None), strict=True))
        > 0.01
    )


@pytest.mark.parametrize("layer", [0, tiny.LAYERS - 1])
@pytest.mark.parametrize("architecture", ["gpt_bigcode", "falcon", "bloom", "mpt", "opt", "gemma3"])
def test_the_first_and_the_last_layer_can_be_steered(loaded: Loaded, plain: PlainOf, architecture: str, layer: int) -> None:
    reference = plain(architecture)
    steering = plan(layer=layer)
    for prompt, delta, found in zip(
        tiny.PROMPTS, steering.deltas, steered_margins(loaded(architecture), tiny.PROMPTS, steering), strict=True
    ):
        assert found.margin == pytest.approx(reference.margin(prompt, layer, "generated", delta), abs=1e-4)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_generation_of_a_padded_batch_equals_transformers_with_a_hook(
    loaded: Loaded, plain: PlainOf, architecture: str, positions: Positions
) -> None:
    reference = plain(architecture)
    steering = plan(positions=positions)
    answers = steered_answers(loaded(architecture), tiny.PROMPTS, steering, NEW_TOKENS)
    for prompt, delta, strength, found in zip(tiny.PROMPTS, steering.deltas, STRENGTHS, answers, strict=True):
        assert list(found.tokens) == reference.answer(prompt, 1, positions, delta, NEW_TOKENS)
        assert found.margin == pytest.approx(reference.margin(prompt, 1, positions, delta), abs=1e-4)
        assert found.added_norm == pytest.approx(abs(strength), rel=1e-4, abs=0)


def test_bfloat16_rows_alone_equal_a_forward_hook_exactly(saved: Saved, loaded: Loaded) -> None:
    plain = Plain(saved("gpt_bigcode"), "gpt_bigcode", dtype=torch.bfloat16)
    for positions in POSITIONS:
        steering = plan(positions=positions)
        found = steered_margins(loaded("gpt_bigcode", "bfloat16"), tiny.PROMPTS, steering, token_budget=1)
        expected = [plain.margin(prompt, 1, positions, delta) for prompt, delta in zip(tiny.PROMPTS, steering.deltas, strict=True)]
        assert [one.margin for one in found] == pytest.approx(expected, abs=1e-6)
        assert [one.added_norm for one in found] == pytest.approx(np.abs(STRENGTHS), rel=2e-2, abs=0)


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", ["gpt_bigcode", "mpt", "gemma2"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_strength_0_is_bit_equal_to_no_steering(loaded: Loaded, architecture: str, positions: Positions, dtype: str) -> None:
    model = loaded(architecture, dtype)
    at_zero = steered_margins(model, tiny.PROMPTS, unsteered(positions))
    without = steered_margins(model, tiny.PROMPTS, None)
    assert [(one.logp_vulnerable, one.logp_secure, one.gap) for one in at_zero] == [
        (one.logp_vulnerable, one.logp_secure, one.gap) for one in without
    ]
    assert [one.added_norm for one in at_zero] == [0.0] * len(tiny.PROMPTS)
    texts = [steered_answers(model, tiny.PROMPTS, steering, NEW_TOKENS) for steering in (unsteered(positions), None)]
    assert [one.tokens for one in texts[0]] == [one.tokens for one in texts[1]]


def test_a_row_of_zeros_is_not_touched_by_its_neighbours(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    mixed, without = steered_margins(model, tiny.PROMPTS, plan(positions="all")), steered_margins(model, tiny.PROMPTS, None)
    assert (mixed[0].logp_vulnerable, mixed[0].gap) == (without[0].logp_vulnerable, without[0].gap)


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_row_does_not_depend_on_its_company_or_place(loaded: Loaded, positions: Positions) -> None:
    model, steering = loaded("gpt_bigcode"), plan(positions=positions)
    order = [2, 0, 3, 1]
    shuffled = SteeringPlan(layer=1, positions=positions, deltas=steering.deltas[order])
    straight = steered_answers(model, tiny.PROMPTS, steering, NEW_TOKENS)
    moved = steered_answers(model, [tiny.PROMPTS[row] for row in order], shuffled, NEW_TOKENS, token_budget=120)
    assert [one.tokens for one in moved] == [straight[row].tokens for row in order]
    assert [one.margin for one in moved] == pytest.approx([straight[row].margin for row in order], abs=1e-4)


def test_the_residual_norm_is_that_of_the_unsteered_last_token(loaded: Loaded, plain: PlainOf) -> None:
    reference = plain("gpt_bigcode")
    for found, prompt in zip(steered_margins(loaded("gpt_bigcode"), tiny.PROMPTS, plan(positions="all")), tiny.PROMPTS, strict=True):
        with torch.no_grad():
            state = reference.model(reference.ids(prompt.text), output_hidden_states=True).hidden_states[2]
        assert found.residual_norm == pytest.approx(float(state[0, -1].norm()), rel=1e-5)


def test_the_gap_is_that_of_the_two_largest_logits(loaded: Loaded, plain: PlainOf) -> None:
    reference = plain("qwen2")
    for found, prompt in zip(steered_margins(loaded("qwen2"), tiny.PROMPTS, None), tiny.PROMPTS, strict=True):
        with torch.no_grad():
            logits = sorted(reference.model(reference.ids(prompt.text)).logits[0, -1].tolist(), reverse=True)
        assert found.gap == pytest.approx(logits[0] - logits[1], abs=1e-4)
        assert (found.added_norm, found.residual_norm) == (0.0, None)


@pytest.fixture
def ending(saved: Saved, loaded: Loaded, tmp_path: Path) -> LoadedModel:
    """A model for which the third token that the first prompt gets is the end of text."""
    third = steered_answers(loaded("gpt_bigcode"), tiny.PROMPTS, plan(), NEW_TOKENS)[0].tokens[2]
    folder = Path(shutil.copytree(saved("gpt_bigcode"), tmp_path / "ending"))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": third}), encoding="utf-8")
    return load_model(folder)


def test_an_answer_ends_at_end_of_text_or_at_the_length_and_says_which(ending: LoadedModel, loaded: Loaded) -> None:
    endless = steered_answers(loaded("gpt_bigcode"), tiny.PROMPTS, plan(), NEW_TOKENS)
    ended = steered_answers(ending, tiny.PROMPTS, plan(), NEW_TOKENS)
    for whole, cut in zip(endless, ended, strict=True):
        ends = [number for number, token in enumerate(whole.tokens) if token in ending.end_tokens]
        assert cut.tokens == whole.tokens[: ends[0] + 1 if ends else NEW_TOKENS]
        assert cut.finish == ("end-of-text" if ends else "length")
        assert cut.text == ending.tokenizer.decode(list(cut.tokens[:-1] if ends else cut.tokens))
    assert {one.finish for one in ended} == {"end-of-text", "length"}


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_batch_whose_rows_all_end_early_comes_back_without_a_warning(ending: LoadedModel, positions: Positions) -> None:
    first = SteeringPlan(layer=1, positions=positions, deltas=deltas()[:1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (answer,) = steered_answers(ending, tiny.PROMPTS[:1], first, 200)
    assert answer.finish == "end-of-text"
    assert len(answer.tokens) <= 3


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_single_new_token_is_the_most_likely_one(loaded: Loaded, plain: PlainOf, positions: Positions) -> None:
    reference = plain("gpt_bigcode")
    steering = plan(positions=positions)
    for prompt, delta, found in zip(
        tiny.PROMPTS, steering.deltas, steered_answers(loaded("gpt_bigcode"), tiny.PROMPTS, steering, 1), strict=True
    ):
        assert list(found.tokens) == reference.answer(prompt, 1, positions, delta, 1)


def dropped(output: Any, _residual: torch.Tensor) -> Any:
    return output


def rolled(output: Any, residual: torch.Tensor) -> Any:
    """Gives every row its neighbour's residual, so that norms alone might look right."""
    return (residual.roll(1, 0), *output[1:]) if isinstance(output, tuple) else residual.roll(1, 0)


def halved(output: Any, residual: torch.Tensor) -> Any:
    before = output[0] if isinstance(output, tuple) else output
    between = (residual + before) / 2
    return (between, *output[1:]) if isinstance(output, tuple) else between


@pytest.mark.parametrize("sabotage", [dropped, rolled, halved])
@pytest.mark.parametrize("architecture", ["gpt_bigcode", "mpt"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_steering_that_did_not_happen_as_planned_is_an_error(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, architecture: str, dtype: str, sabotage: Any
) -> None:
    monkeypatch.setattr(addition, "with_residual", sabotage)
    for positions in POSITIONS:
        with pytest.raises(SteeringError, match=r"row \d was steered by .* at layer 1 of .* \(step 0\), but \d.* was planned"):
            steered_margins(loaded(architecture, dtype), tiny.PROMPTS, plan(positions=positions))
        with pytest.raises(SteeringError, match=r"row \d was steered by"):
            steered_answers(loaded(architecture, dtype), tiny.PROMPTS, plan(positions=positions), NEW_TOKENS)


def test_steering_lost_at_a_later_step_is_an_error(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine, calls = addition.with_residual, []

    def forgetful(output: Any, residual: torch.Tensor) -> Any:
        calls.append(output)
        return output if len(calls) == 4 else genuine(output, residual)

    monkeypatch.setattr(addition, "with_residual", forgetful)
    with pytest.raises(SteeringError, match=r"steered by 0 .*\(step 3\)"):
        steered_answers(loaded("gpt_bigcode"), tiny.PROMPTS, plan(), NEW_TOKENS)


def test_the_row_in_the_message_is_that_of_the_plan(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addition, "with_residual", dropped)
    only_last = deltas()
    only_last[:3] = 0
    with pytest.raises(SteeringError, match=r"row 3 was steered by 0 at layer 1 .* but 6 was planned"):
        steered_margins(
            loaded("gpt_bigcode"), tiny.PROMPTS, SteeringPlan(layer=1, positions="generated", deltas=only_last), token_budget=130
        )


def test_a_strength_that_the_number_type_rounds_away_is_an_error(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path, "gpt_bigcode", dtype=torch.bfloat16)
    model = load_model(folder, dtype="bfloat16")
    with torch.no_grad():
        model.module.transformer.h[1].mlp.c_proj.bias.fill_(1000.0)
    weak = SteeringPlan(layer=1, positions="generated", deltas=deltas()[1:2])
    with pytest.raises(SteeringError, match="rounding in bfloat16"):
        steered_margins(model, tiny.PROMPTS[:1], weak)


def test_a_plan_that_does_not_fit_the_model_is_refused_before_it_runs(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    with pytest.raises(PlanError, match=r"layer 3 is outside 0\.\.2"):
        steered_margins(model, tiny.PROMPTS, plan(layer=3))
    with pytest.raises(PlanError, match="2 deltas stand beside 4 prompts"):
        steered_margins(model, tiny.PROMPTS, plan(rows=2))
    with pytest.raises(PlanError, match="width 5 do not fit the residual of width 32"):
        steered_answers(model, tiny.PROMPTS, SteeringPlan(layer=0, positions="all", deltas=np.ones((4, 5), dtype=np.float32)), 3)
    with pytest.raises(PlanError, match="max_new_tokens 0 is below 1"):
        steered_answers(model, tiny.PROMPTS, None, 0)
    with pytest.raises(PlanError, match=r"and 500 to generate, the context holds 512"):
        steered_answers(model, tiny.PROMPTS, None, 500)
    alike = dataclasses.replace(tiny.PROMPTS[0], secure_answer=" Yesterday")
    with pytest.raises(ModelError, match="both begin with token"):
        steered_margins(model, [alike], None)


def test_a_model_that_generates_without_a_cache_is_refused(saved: Saved) -> None:
    model = load_model(saved("gpt_bigcode"))
    model.module.generation_config.use_cache = False
    with pytest.raises(SteeringError, match=r"saw \(4, 67\) rows and tokens where \(4, 1\) were due"):
        steered_answers(model, tiny.PROMPTS, plan(), NEW_TOKENS)


def test_steps_that_were_never_reached_are_an_error(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = steering.generate

    def cut_short(*args: Any) -> Outcome:
        outcome = genuine(*args)
        return dataclasses.replace(outcome, changes=outcome.changes[:1])

    monkeypatch.setattr(steering, "generate", cut_short)
    with pytest.raises(SteeringError, match=rf"was steered in 1 of {NEW_TOKENS} forward passes"):
        steered_answers(loaded("gpt_bigcode"), tiny.PROMPTS, plan(), NEW_TOKENS)
    steered_answers(loaded("gpt_bigcode"), tiny.PROMPTS, plan(positions="prompt"), NEW_TOKENS)  # one steered pass is all it plans


def test_logits_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "broken", "gpt_bigcode")
    weights = load_file(folder / "model.safetensors")
    weights["transformer.ln_f.weight"][0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"gives logits that are not finite for row \d in float32"):
        steered_margins(load_model(folder), tiny.PROMPTS, None)
