"""What load_model accepts and refuses."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import ModelError
from harness.model.loading import inspect_model, load_model
from tests.model import tiny
from tests.model.conftest import Loaded, Saved
from tests.model.plain import BLOCKS


@pytest.fixture
def folder(saved: Saved, tmp_path: Path) -> Path:
    """A GPTBigCode folder that a test may spoil."""
    return Path(shutil.copytree(saved("gpt_bigcode"), tmp_path / "model"))


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_a_model_of_each_architecture_loads_with_all_its_blocks(loaded: Loaded, architecture: str) -> None:
    model = loaded(architecture)
    plain_blocks = model.module.get_submodule(BLOCKS.get(architecture, "model.layers"))
    assert [block._module for block in model.blocks] == list(plain_blocks)
    assert "norm" in type(model.final_norm._module).__name__.lower()
    assert (model.info.layers, model.info.d_model) == (tiny.LAYERS, tiny.WIDTH)
    assert model.tokenizer.padding_side == "left"
    assert not model.module.training


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_the_configuration_alone_tells_layers_width_and_context(saved: Saved, architecture: str) -> None:
    info = inspect_model(saved(architecture))
    assert (info.layers, info.d_model, info.declared_layer) == (tiny.LAYERS, tiny.WIDTH, 2)
    assert info.context == (sys.maxsize if architecture == "bloom" else tiny.CONTEXT)


def test_a_nested_text_configuration_is_read(tmp_path: Path) -> None:
    text = {"num_hidden_layers": 26, "hidden_size": 1152, "max_position_embeddings": 32768}
    config = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": text}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    info = inspect_model(tmp_path)
    assert (info.layers, info.d_model, info.context, info.declared_layer) == (26, 1152, 32768, 16)


def test_a_declared_layer_is_taken_from_the_folder(folder: Path) -> None:
    (folder / "declared.json").write_text('{"layer": 1}', encoding="utf-8")
    assert inspect_model(folder).declared_layer == 1


def test_a_declared_layer_outside_the_model_is_refused(folder: Path) -> None:
    (folder / "declared.json").write_text('{"layer": 3}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"declares layer 3, outside 0\.\.2"):
        inspect_model(folder)


def test_inspecting_a_model_imports_no_framework(saved: Saved) -> None:
    code = (
        "import sys; from harness.model.loading import inspect_model; "
        f"assert inspect_model({str(saved('gpt_bigcode'))!r}).layers == 3; "
        "print([name for name in ('torch', 'transformers', 'nnsight') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"


def test_bfloat16_weights_load_as_saved_and_as_float32(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path, "gpt_bigcode", dtype=torch.bfloat16)
    assert load_model(folder, dtype="auto").dtype == torch.bfloat16
    assert load_model(folder).dtype == torch.float32


def test_decoding_is_greedy_whatever_the_model_prefers(folder: Path) -> None:
    (folder / "generation_config.json").write_text(
        '{"do_sample": true, "repetition_penalty": 1.3, "eos_token_id": [0, 7]}', encoding="utf-8"
    )
    model = load_model(folder)
    settings = model.module.generation_config
    assert settings.do_sample is False
    assert settings.repetition_penalty in (None, 1.0)
    assert model.end_tokens == (0, 7)


def test_a_missing_pad_token_is_chosen_and_known(folder: Path) -> None:
    model = load_model(folder)
    assert model.tokenizer.pad_token_id == model.pad_token == 0


def test_a_folder_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ModelError, match="does not exist"):
        load_model("./no/such/folder")


def test_a_folder_without_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        inspect_model(tmp_path)


def test_a_configuration_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("layers: 3", encoding="utf-8")
    with pytest.raises(ModelError, match="can't be read as JSON"):
        inspect_model(folder)


def test_a_configuration_without_layers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-architecture"}', encoding="utf-8")
    with pytest.raises(ModelError, match="no architecture that transformers knows"):
        inspect_model(tmp_path)


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no complete weights"):
        load_model(folder)


def test_a_folder_that_lacks_a_shard_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {"first": "model-00001-of-00002.safetensors", "second": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}), encoding="utf-8")
    with pytest.raises(ModelError, match="no complete weights"):
        load_model(folder)


def test_damaged_weights_are_refused_without_a_traceback_of_a_library(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="can't be loaded from") as refusal:
        load_model(folder)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    assert "\n" not in str(refusal.value)


def test_weights_that_leave_parameters_to_chance_are_refused(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["transformer.h.1.mlp.c_fc.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack 1 of its parameters, transformer\.h\.1\.mlp\.c_fc\.weight"):
        load_model(folder)


def test_an_unknown_dtype_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="dtype 'float8' is none of"):
        load_model(folder, dtype="float8")


def test_a_tokenizer_that_encodes_to_nothing_is_refused(folder: Path) -> None:
    empty = {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}, "added_tokens": []}
    (folder / "tokenizer.json").write_text(json.dumps(empty), encoding="utf-8")
    with pytest.raises(ModelError, match="to no token"):
        load_model(folder)


def test_a_tokenizer_that_loses_text_is_refused(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["normalizer"] = {"type": "Lowercase"}
    tokenizer["normalizer"] = {"type": "Replace", "pattern": {"String": "\t"}, "content": " "}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(ModelError, match="gives back"):
        load_model(folder)


def test_a_tokenizer_of_a_larger_model_is_refused(folder: Path) -> None:
    tokenizer = tiny.tokenizer()
    tokenizer.add_tokens([f"<extra {number}>" for number in range(tiny.VOCABULARY)])
    tokenizer.save_pretrained(folder)
    with pytest.raises(ModelError, match=f"embeds only {tiny.VOCABULARY}"):
        load_model(folder)


def test_a_configuration_with_another_number_of_layers_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "n_layer": 4}), encoding="utf-8")
    with pytest.raises(ModelError, match="lack"):
        load_model(folder)


def test_answers_that_begin_with_the_same_token_are_refused(folder: Path) -> None:
    bytes_alone = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    bytes_alone["model"]["merges"] = []  # " Yes" and " No" both begin with a space then
    (folder / "tokenizer.json").write_text(json.dumps(bytes_alone), encoding="utf-8")
    with pytest.raises(ModelError, match=r"answers ' Yes' and ' No' both begin with token \d+"):
        load_model(folder)


@pytest.mark.parametrize("content", ["{}", "no JSON", "[]"])
def test_a_damaged_list_of_shards_is_refused(folder: Path, content: str) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"index\.json lists no weight files"):
        load_model(folder)


def test_a_revision_of_a_folder_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="--revision main names a version on the hub"):
        load_model(folder, revision="main")
