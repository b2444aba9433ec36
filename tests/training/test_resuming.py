"""A training that was stopped goes on as if it had not been."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from harness.errors import StoreError
from training.lessons import Lessons
from training.loop import Journal, Training
from training.network import build_network
from training.plain_code import PlainCode
from training.recipe import Recipe


def _training(recipe: Recipe, tokenizer: PreTrainedTokenizerFast, plain: PlainCode, folder: Path) -> Training:
    network = build_network(recipe.shape, seed=recipe.seed)
    return Training(network, Lessons(recipe, tokenizer, plain), folder, Journal(path=folder / "log.jsonl"))


def test_a_training_in_two_pieces_ends_bit_equal_to_one_in_a_piece(
    recipe: Recipe, tokenizer: PreTrainedTokenizerFast, plain: PlainCode, tmp_path: Path
) -> None:
    whole = _training(recipe, tokenizer, plain, tmp_path / "whole")
    whole.run()
    _training(recipe, tokenizer, plain, tmp_path / "pieces").run(stop_at=3)
    resumed = _training(recipe, tokenizer, plain, tmp_path / "pieces")
    assert resumed.place.step == 3
    resumed.run()
    expected = whole.network.state_dict()
    assert all(torch.equal(weight, expected[name]) for name, weight in resumed.network.state_dict().items())
    fresh = build_network(recipe.shape, seed=recipe.seed).state_dict()
    assert not torch.equal(fresh["transformer.wte.weight"], expected["transformer.wte.weight"])


def test_a_checkpoint_of_another_recipe_is_refused(
    recipe: Recipe, tokenizer: PreTrainedTokenizerFast, plain: PlainCode, tmp_path: Path
) -> None:
    _training(recipe, tokenizer, plain, tmp_path).run(stop_at=2)
    with pytest.raises(StoreError, match="another peak_rate"):
        _training(replace(recipe, peak_rate=0.5), tokenizer, plain, tmp_path)


def test_the_end_may_be_moved_until_the_rate_falls(
    recipe: Recipe, tokenizer: PreTrainedTokenizerFast, plain: PlainCode, tmp_path: Path
) -> None:
    whole = _training(recipe, tokenizer, plain, tmp_path / "whole")
    whole.run()
    _training(replace(recipe, steps=20), tokenizer, plain, tmp_path / "moved").run(stop_at=4)
    moved = _training(recipe, tokenizer, plain, tmp_path / "moved")
    moved.run()
    assert torch.equal(moved.network.transformer.wte.weight, whole.network.transformer.wte.weight)
    with pytest.raises(StoreError, match="another steps"):
        _training(replace(recipe, steps=20), tokenizer, plain, tmp_path / "moved")
