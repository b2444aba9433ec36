"""The fingerprint changes with the model and with nothing else."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from harness.errors import ModelError
from harness.model.fingerprint import fingerprint
from tests.model.conftest import Loaded, Saved


@pytest.fixture
def copy(saved: Saved, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved("gpt_bigcode"), tmp_path / "copy"))


def test_two_copies_of_a_model_have_one_fingerprint(saved: Saved, copy: Path, loaded: Loaded) -> None:
    assert fingerprint(copy) == fingerprint(saved("gpt_bigcode")) == loaded("gpt_bigcode").fingerprint


def test_the_type_it_is_loaded_in_does_not_matter(loaded: Loaded) -> None:
    assert loaded("gpt_bigcode", "bfloat16").fingerprint == loaded("gpt_bigcode").fingerprint


def test_sharding_does_not_matter(saved: Saved, copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    AutoModelForCausalLM.from_pretrained(saved("gpt_bigcode")).save_pretrained(copy, max_shard_size="40KB")
    assert len(list(copy.glob("model-*.safetensors"))) > 1
    assert fingerprint(copy) == fingerprint(saved("gpt_bigcode"))


def test_every_value_of_a_small_tensor_matters(saved: Saved, copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    weights["transformer.h.2.mlp.c_proj.weight"][17, 23] += 1e-3
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert fingerprint(copy) != fingerprint(saved("gpt_bigcode"))


def test_a_retrained_large_tensor_matters(copy: Path) -> None:
    large = torch.zeros(1024, 1024)
    prints = []
    for weights in (large, large + 1e-4):
        save_file({"large": weights}, copy / "model.safetensors", metadata={"format": "pt"})
        prints.append(fingerprint(copy))
    assert prints[0] != prints[1]


def test_the_first_and_last_value_of_a_large_tensor_matter(copy: Path) -> None:
    prints = set()
    for place in (None, 0, -1):
        large = torch.zeros(1024 * 1024)
        if place is not None:
            large[place] = 1
        save_file({"large": large}, copy / "model.safetensors", metadata={"format": "pt"})
        prints.add(fingerprint(copy))
    assert len(prints) == 3


def test_the_configuration_matters_but_not_who_saved_it(saved: Saved, copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "transformers_version": "9.9"}), encoding="utf-8")
    assert fingerprint(copy) == fingerprint(saved("gpt_bigcode"))
    (copy / "config.json").write_text(json.dumps({**config, "layer_norm_epsilon": 1e-3}), encoding="utf-8")
    assert fingerprint(copy) != fingerprint(saved("gpt_bigcode"))


def test_the_tokenizer_matters(saved: Saved, copy: Path) -> None:
    tokenizer = json.loads((copy / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["model"]["merges"] = tokenizer["model"]["merges"][:-1]
    (copy / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    assert fingerprint(copy) != fingerprint(saved("gpt_bigcode"))


def test_weights_that_are_not_safetensors_have_a_fingerprint_too(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    torch.save({"a": torch.zeros(3)}, copy / "pytorch_model.bin")
    first = fingerprint(copy)
    torch.save({"a": torch.ones(3)}, copy / "pytorch_model.bin")
    assert fingerprint(copy) != first


def test_a_folder_without_weights_has_no_fingerprint(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        fingerprint(copy)


@pytest.mark.parametrize("name", ["tokenizer_config.json", "generation_config.json"])
def test_what_ends_a_text_and_what_is_put_before_it_matters(saved: Saved, copy: Path, name: str) -> None:
    settings = json.loads((copy / name).read_text(encoding="utf-8"))
    (copy / name).write_text(json.dumps(settings | {"add_bos_token": True}), encoding="utf-8")
    assert fingerprint(copy) != fingerprint(saved("gpt_bigcode"))
