"""A training goes on from an exported model: with its weights, its tokenizer and its place."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.errors import StoreError
from training.checkpoints import start_from
from training.network import build_network
from training.plain_code import PlainCode
from training.recipe import Recipe
from training.train import HERE, NANO, tokenizer_of


@pytest.mark.parametrize("folder", [NANO, HERE / "start"])
def test_the_network_says_what_the_exported_one_says_and_its_layer_norms_are_those_of_a_new_one(folder: Path) -> None:
    network = build_network(Recipe().shape, seed=1)
    epsilon = network.config.layer_norm_epsilon
    place = start_from(folder, network)
    exported = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = torch.arange(40, 90)[None]
    torch.testing.assert_close(network.eval()(ids).logits, exported.eval()(ids).logits, atol=2e-3, rtol=1e-3)
    assert {norm.eps for block in network.transformer.h for norm in (block.ln_1, block.ln_2)} == {epsilon}
    assert place.step > 4000
    assert place.shelf == place.shelf_step == place.step
    assert place.tokens > 20_000_000


def test_the_tokenizer_is_that_of_the_exported_model(tmp_path: Path) -> None:
    taken = tokenizer_of(Recipe(), PlainCode(), tmp_path / "tokenizer", NANO)
    assert taken.get_vocab() == AutoTokenizer.from_pretrained(NANO).get_vocab()


def test_a_folder_without_an_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no exported model with its log"):
        start_from(tmp_path, build_network(Recipe().shape, seed=1))
