"""Residuals equal transformers' own hidden states; a layer that fails is named and stays absent."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import ModelError, PlanError
from harness.model import agreement
from harness.model.agreement import compare_with_transformers, plain_hidden_states
from harness.model.loading import LoadedModel, load_model
from harness.model.residual import CoverageReport, LayerCoverage, read_residuals, stacked
from harness.model.tokens import Batch
from tests.model import tiny
from tests.model.conftest import Loaded, PlainOf, Saved
from tests.model.plain import Plain


@pytest.fixture
def own(saved: Saved) -> LoadedModel:
    """A GPTBigCode that a test may damage."""
    return load_model(saved("gpt_bigcode"))


def plain_states(plain: Plain, text: str) -> torch.Tensor:
    """Hidden states (tokens, layers + 1, d_model) of one unpadded prompt; the last of them is behind the final norm."""
    with torch.no_grad():
        states = plain.model(plain.ids(text), output_hidden_states=True).hidden_states
    return torch.stack([state[0].float() for state in states], dim=1)


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_residuals_are_the_hidden_states_of_transformers(loaded: Loaded, plain: PlainOf, architecture: str) -> None:
    reference = plain(architecture)
    one_by_one = read_residuals(loaded(architecture), tiny.PROMPTS, token_budget=1)
    in_one_batch = read_residuals(loaded(architecture), tiny.PROMPTS)
    assert one_by_one.coverage.share == 1
    for index, prompt in enumerate(tiny.PROMPTS):
        states = plain_states(reference, prompt.text)[-1]
        assert np.array_equal(one_by_one.values[index, :-1], states[1:-1])
        assert np.array_equal(one_by_one.final_norm[index], states[-1])
        assert np.allclose(in_one_batch.values[index, :-1], states[1:-1], atol=2e-5)
        assert np.allclose(in_one_batch.final_norm[index], states[-1], atol=2e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_all_layers_are_bit_equal_to_transformers_over_the_same_padded_batches(loaded: Loaded, architecture: str, dtype: str) -> None:
    report = compare_with_transformers(loaded(architecture, dtype), tiny.PROMPTS, token_budget=150)
    assert [str(entry) for entry in report.failed] == []
    assert [entry.layer for entry in report.layers] == [0, 1, 2]


@pytest.mark.parametrize("architecture", ["gpt_bigcode", "mpt", "qwen2"])
def test_a_residual_over_the_code_is_the_mean_of_its_tokens(loaded: Loaded, plain: PlainOf, architecture: str) -> None:
    reference = plain(architecture)
    read = read_residuals(loaded(architecture), tiny.PROMPTS, layers=[1], position="code")
    for index, prompt in enumerate(tiny.PROMPTS):
        offsets = reference.tokenizer(prompt.text, return_offsets_mapping=True)["offset_mapping"]
        shows_code = [start < prompt.code_end and end > prompt.code_start for start, end in offsets]
        mean = plain_states(reference, prompt.text)[torch.tensor(shows_code), 2].mean(dim=0)
        assert np.allclose(read.layer(1)[index], mean, atol=2e-5)


def test_chosen_layers_come_in_the_order_they_were_asked_for(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    whole, some = read_residuals(model, tiny.PROMPTS), read_residuals(model, tiny.PROMPTS, layers=[2, 0])
    assert some.layers == (2, 0)
    assert np.array_equal(some.values, whole.values[:, [2, 0]])
    with pytest.raises(PlanError, match="layer 1 was not read"):
        some.layer(1)


def test_a_pass_ends_behind_the_last_layer_that_was_asked_for(loaded: Loaded) -> None:
    model, ran = loaded("gpt_bigcode"), []
    hooks = [
        part.register_forward_pre_hook(lambda _module, _arguments, name=name: ran.append(name))
        for name, part in (*enumerate(block._module.attn for block in model.blocks), ("head", model.module.lm_head))
    ]
    try:
        read = read_residuals(model, tiny.PROMPTS, layers=[1, 0])
        assert ran == [0, 1]
        read_residuals(model, tiny.PROMPTS)
        assert ran == [0, 1, 0, 1, 2]
    finally:
        for hook in hooks:
            hook.remove()
    assert read.coverage.failed == ()
    with pytest.raises(PlanError, match="final norm was not read"):
        _ = read.final_norm


def test_the_order_of_the_prompts_is_kept_whatever_the_batches(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    forward, backward = read_residuals(model, tiny.PROMPTS), read_residuals(model, tiny.PROMPTS[::-1], token_budget=70)
    assert np.allclose(forward.values, backward.values[::-1], atol=2e-5)


def test_plain_text_can_be_read_at_its_last_token(loaded: Loaded) -> None:
    read = read_residuals(loaded("gpt_bigcode"), [tiny.PROMPTS[0].text, "int x;"])
    assert read.values.shape == (2, tiny.LAYERS, tiny.WIDTH)
    assert read.values.dtype == np.float32
    with pytest.raises(PlanError, match="prompt 0 has no code"):
        read_residuals(loaded("gpt_bigcode"), ["int x;"], position="code")


def test_progress_counts_prompts(loaded: Loaded) -> None:
    seen: list[tuple[int, int]] = []
    read_residuals(loaded("gpt_bigcode"), tiny.PROMPTS, token_budget=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_layers_and_prompts_outside_the_model_are_refused(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    with pytest.raises(PlanError, match=r"layer 3 is outside 0\.\.2"):
        read_residuals(model, tiny.PROMPTS, layers=[3])
    with pytest.raises(PlanError, match="no prompts"):
        read_residuals(model, [])
    with pytest.raises(PlanError, match="name none or one twice"):
        read_residuals(model, tiny.PROMPTS, layers=[1, 1])


def test_a_layer_that_is_not_finite_fails_by_name_and_the_others_stay(own: LoadedModel, loaded: Loaded) -> None:
    with torch.no_grad():
        own.module.transformer.h[2].mlp.c_proj.weight[3, 4] = torch.nan
    read = read_residuals(own, tiny.PROMPTS)
    assert [entry.layer for entry in read.coverage.failed] == [2, "final norm"]
    assert read.coverage.share == pytest.approx(2 / 3)
    assert str(read.coverage).startswith("2 of 3 layers; layer 2: residual of prompt 0 is not finite")
    assert np.array_equal(read.layer(1), read_residuals(loaded("gpt_bigcode"), tiny.PROMPTS).layer(1))
    for absent in (lambda: read.layer(2), lambda: read.values):
        with pytest.raises(ModelError, match="no residuals at layer 2: residual of prompt 0 is not finite"):
            absent()
    with pytest.raises(ModelError, match="no residuals at final norm"):
        _ = read.final_norm


def test_a_failure_at_one_layer_shows_in_all_behind_it(own: LoadedModel) -> None:
    with torch.no_grad():
        own.module.transformer.h[1].mlp.c_proj.bias[0] = torch.inf
    assert [entry.ok for entry in read_residuals(own, tiny.PROMPTS).coverage.layers] == [True, False, False]


def test_a_layer_that_is_never_reached_fails_and_holds_up_no_other(own: LoadedModel) -> None:
    unused = own.blocks[1]
    own.module.transformer.h = nn.ModuleList([own.module.transformer.h[0], own.module.transformer.h[2]])
    read = read_residuals(dataclasses.replace(own, blocks=(own.blocks[0], unused, own.blocks[2])), tiny.PROMPTS)
    assert [entry.cause for entry in read.coverage.layers] == [None, "it was never reached", None]
    assert read.coverage.final_norm.ok


def test_a_layer_of_another_width_fails(own: LoadedModel) -> None:
    narrow = dataclasses.replace(own, info=dataclasses.replace(own.info, d_model=16))
    (entry,) = read_residuals(narrow, tiny.PROMPTS[:1], layers=[0]).coverage.layers
    assert entry.cause == "its output has shape (1, 40, 32) instead of (1, 40, 16)"


def test_residuals_that_are_zero_or_all_the_same_are_no_residuals() -> None:
    some = torch.tensor([1.0, 2.0])
    assert stacked([some, torch.zeros(2)], True) == "residual of prompt 1 is zero throughout"
    assert stacked([some, some.clone()], True) == "residuals of different prompts are all the same"
    assert torch.equal(torch.as_tensor(stacked([some, some.clone()], False)), torch.stack([some, some]))


def test_the_share_counts_layers_and_not_the_final_norm() -> None:
    layers = (LayerCoverage(layer=0), LayerCoverage(layer=1, cause="why not"))
    report = CoverageReport(layers=layers, final_norm=LayerCoverage(layer="final norm", cause="nor this"))
    assert report.share == 0.5
    assert str(report) == "1 of 2 layers; layer 1: why not; final norm: nor this"


def test_a_layer_that_differs_from_transformers_fails_the_comparison(own: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(model: LoadedModel, batch: Batch) -> torch.Tensor:
        states = plain_hidden_states(model, batch)
        states[:, 1, 0] += 0.5
        return states

    monkeypatch.setattr(agreement, "plain_hidden_states", shifted)
    (failed,) = compare_with_transformers(own, tiny.PROMPTS).failed
    assert failed.layer == 1
    assert failed.cause is not None
    assert failed.cause.startswith("differs from the hidden state of transformers by up to 0.5")


def test_a_saved_folder_read_twice_gives_the_same_bits(saved: Saved) -> None:
    folder: Path = saved("starcoder2")
    first, second = (read_residuals(load_model(folder), tiny.PROMPTS).values for _ in range(2))
    assert np.array_equal(first, second)
