"""The loss on the second half of a text equals that of plain transformers, which is handed the half as if it had generated it."""

import dataclasses
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import ModelError, PlanError, SteeringError
from harness.model import addition, passes, perplexity
from harness.model.addition import Addition
from harness.model.loading import load_model
from harness.model.perplexity import fitting_texts, steered_nll
from harness.records import Positions, SteeringPlan
from tests.model import tiny
from tests.model.conftest import Loaded, PlainOf
from tests.model.test_steering import STRENGTHS, deltas, dropped, halved, plan, rolled, unsteered

TEXTS = tuple(prompt.text for prompt in tiny.PROMPTS)
POSITIONS = get_args(Positions)
TOLERANCE = 5e-6
"""Nats a token, float32. Measured over all architectures and positions: at most 2e-7, where steering moves the loss by 0.012 or more."""


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_losses_of_a_padded_batch_equal_a_forward_hook_on_single_rows(
    loaded: Loaded, plain: PlainOf, architecture: str, positions: Positions
) -> None:
    reference, steering = plain(architecture), plan(positions=positions)
    found = steered_nll(loaded(architecture), TEXTS, steering)
    for text, delta, strength, one in zip(TEXTS, steering.deltas, STRENGTHS, found, strict=True):
        expected = reference.losses(text, 1, positions, delta)
        assert one.nll == pytest.approx(np.mean(expected), abs=TOLERANCE)
        assert one.tokens == len(expected)
        assert one.added_norm == pytest.approx(abs(strength), rel=1e-4, abs=0)
    without = steered_nll(loaded(architecture), TEXTS, None)
    assert max(abs(a.nll - b.nll) for a, b in zip(found, without, strict=True)) > 0.01


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("layer", [0, tiny.LAYERS - 1])
@pytest.mark.parametrize("architecture", ["gpt_bigcode", "falcon", "bloom", "mpt", "opt", "gemma3"])
def test_the_first_and_the_last_layer_can_be_steered_without_padding(
    loaded: Loaded, plain: PlainOf, architecture: str, layer: int, positions: Positions
) -> None:
    reference, steering = plain(architecture), plan(layer=layer, positions=positions)
    alone = steered_nll(loaded(architecture), TEXTS, steering, token_budget=1)
    expected = [np.mean(reference.losses(text, layer, positions, delta)) for text, delta in zip(TEXTS, steering.deltas, strict=True)]
    assert [one.nll for one in alone] == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("positions", POSITIONS)
def test_scoring_steers_what_generating_token_by_token_steers(loaded: Loaded, plain: PlainOf, positions: Positions) -> None:
    reference, steering = plain("gpt_bigcode"), plan(positions=positions)
    for text, delta, one in zip(TEXTS, steering.deltas, steered_nll(loaded("gpt_bigcode"), TEXTS, steering), strict=True):
        assert one.nll == pytest.approx(np.mean(reference.losses(text, 1, positions, delta, at_once=1)), abs=TOLERANCE)


def test_the_unsteered_loss_is_the_one_transformers_computes(loaded: Loaded, plain: PlainOf) -> None:
    reference = plain("qwen2")
    for text, one in zip(TEXTS, steered_nll(loaded("qwen2"), TEXTS, None), strict=True):
        ids = reference.ids(text)
        labels = ids.clone()
        labels[:, : ids.shape[1] // 2] = -100  # the label transformers leaves out
        with torch.no_grad():
            assert one.nll == pytest.approx(float(reference.model(ids, labels=labels).loss), abs=TOLERANCE)
        assert one.added_norm == 0.0


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_strength_0_is_bit_equal_to_no_steering(loaded: Loaded, architecture: str, positions: Positions, dtype: str) -> None:
    model = loaded(architecture, dtype)
    at_zero = steered_nll(model, TEXTS, unsteered(positions))
    assert [one.nll for one in at_zero] == [one.nll for one in steered_nll(model, TEXTS, None)]
    assert [one.added_norm for one in at_zero] == [0.0] * len(TEXTS)


def test_a_text_meets_every_delta_that_it_is_given_for(loaded: Loaded) -> None:
    model, steering = loaded("gpt_bigcode"), plan()
    together = steered_nll(model, [TEXTS[1]] * 4, steering)
    for row, one in enumerate(together):
        alone = dataclasses.replace(steering, deltas=steering.deltas[row : row + 1])
        assert one.nll == pytest.approx(steered_nll(model, [TEXTS[1]], alone)[0].nll, abs=TOLERANCE)
    assert len({round(one.nll, 4) for one in together}) == 4


def test_order_and_batches_do_not_move_a_loss(loaded: Loaded) -> None:
    model, steering, order = loaded("gpt_bigcode"), plan(), [2, 0, 3, 1]
    shuffled = dataclasses.replace(steering, deltas=steering.deltas[order])
    straight = steered_nll(model, TEXTS, steering)
    moved = steered_nll(model, [TEXTS[row] for row in order], shuffled, token_budget=120)
    assert [one.nll for one in moved] == pytest.approx([straight[row].nll for row in order], abs=TOLERANCE)
    assert [one.tokens for one in moved] == [straight[row].tokens for row in order]


@pytest.mark.parametrize("positions", POSITIONS)
def test_positions_are_counted_from_where_the_prompt_ends(positions: Positions) -> None:
    """Five tokens, of which two follow the prompt; four in the second row, of which three do, with a padding in front."""
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 1, 1, 1]])
    reached = Addition(layer=0, positions=positions, deltas=torch.ones(2, 4), behind_prompt=torch.tensor([2, 3])).reaches(mask)
    rows = {
        "generated": [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1]],
        "prompt": [[1, 1, 1, 0, 0], [0, 1, 0, 0, 0]],
        "all": [[1, 1, 1, 1, 1], [0, 1, 1, 1, 1]],
    }
    assert reached.int().tolist() == rows[positions]


@pytest.mark.parametrize("sabotage", [dropped, rolled, halved])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_steering_that_did_not_happen_as_planned_is_an_error(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, positions: Positions, dtype: str, sabotage: Any
) -> None:
    monkeypatch.setattr(addition, "with_residual", sabotage)
    with pytest.raises(SteeringError, match=r"row \d was steered by .* at layer 1 of .*, but \d.* was planned"):
        steered_nll(loaded("gpt_bigcode", dtype), TEXTS, plan(positions=positions))


def test_steering_one_token_too_many_is_an_error(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = addition.with_residual

    def spread(output: Any, residual: torch.Tensor) -> Any:
        wide = residual.clone()
        wide[:, 3] += 1.0
        return genuine(output, wide)

    monkeypatch.setattr(addition, "with_residual", spread)
    with pytest.raises(SteeringError, match=r"row \d was steered by"):
        steered_nll(loaded("gpt_bigcode"), TEXTS, plan())


def test_a_text_beyond_the_context_is_refused_with_both_lengths(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    long = "x" * (tiny.CONTEXT + 1)
    length = len(model.tokenizer(long)["input_ids"])
    assert length > tiny.CONTEXT
    with pytest.raises(PlanError, match=rf"text 1 has {length} tokens, the context of .* holds {tiny.CONTEXT}"):
        steered_nll(model, [TEXTS[0], long], None)
    fitting = fitting_texts(model, [TEXTS[0], long, TEXTS[1]])
    assert fitting.kept == (0, 2)
    assert [(one.index, one.length, one.context) for one in fitting.skipped] == [(1, length, tiny.CONTEXT)]


def test_a_text_as_long_as_the_context_is_scored_whole(loaded: Loaded, plain: PlainOf) -> None:
    model = loaded("gpt_bigcode")
    text = "x" * tiny.CONTEXT
    assert len(model.tokenizer(text)["input_ids"]) == tiny.CONTEXT
    (found,) = steered_nll(model, [text], plan(rows=1))
    assert found.tokens == tiny.CONTEXT // 2
    assert found.nll == pytest.approx(np.mean(plain("gpt_bigcode").losses(text, 1, "generated", deltas(1)[0])), abs=TOLERANCE)


def test_the_shortest_text_has_two_tokens_and_one_of_them_is_scored(loaded: Loaded, plain: PlainOf) -> None:
    model, steering = loaded("gpt_bigcode"), SteeringPlan(layer=1, positions="generated", deltas=deltas()[2:3])
    (found,) = steered_nll(model, ["xq"], steering)
    assert found.tokens == 1
    assert found.nll == pytest.approx(plain("gpt_bigcode").losses("xq", 1, "generated", steering.deltas[0])[0], abs=TOLERANCE)
    with pytest.raises(PlanError, match="text 0 has 1 token; 2 are needed"):
        steered_nll(model, ["x"], None)
    with pytest.raises(PlanError, match="has no tokens"):
        steered_nll(model, [""], None)


def test_a_plan_that_does_not_fit_is_refused_before_it_runs(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    with pytest.raises(PlanError, match=r"layer 3 is outside 0\.\.2"):
        steered_nll(model, TEXTS, plan(layer=3))
    with pytest.raises(PlanError, match="2 deltas stand beside 4 prompts"):
        steered_nll(model, TEXTS, plan(rows=2))


def test_the_logits_of_a_batch_stay_within_their_budget(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits for 60 tokens: no two of these texts fit together, and each stands alone."""
    model, genuine, sizes = loaded("gpt_bigcode"), passes.token_losses, []

    def watched(logits: torch.Tensor, targets: Any) -> Any:
        sizes.append(tuple(logits.shape))
        return genuine(logits, targets)

    expected = [one.nll for one in steered_nll(model, TEXTS, None)]
    monkeypatch.setattr(passes, "token_losses", watched)
    monkeypatch.setattr(perplexity, "LOGITS_BUDGET", 60 * tiny.VOCABULARY * 4)
    monkeypatch.setattr(passes, "PIECE", 3)
    assert [one.nll for one in steered_nll(model, TEXTS, None)] == pytest.approx(expected, abs=TOLERANCE)
    lengths = [len(model.tokenizer(text)["input_ids"]) for text in TEXTS]
    assert sorted(sizes) == sorted((1, length - length // 2, tiny.VOCABULARY) for length in lengths)


def test_a_loss_that_is_not_finite_is_an_error(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "broken", "gpt_bigcode")
    weights = load_file(folder / "model.safetensors")
    weights["transformer.ln_f.weight"][0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"gives a loss that is not finite for text \d in float32"):
        steered_nll(load_model(folder), TEXTS, None)
