"""What llama.cpp's loader asks of a file, and what no control vector may be."""

from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from safetensors.numpy import save_file

from harness.errors import DirectionError
from harness.storage.control_vectors import read_gguf, read_plain, write_gguf
from tests.vectors.conftest import direction


def written(path: Path, tensors: dict[str, np.ndarray], architecture: str = "controlvector") -> Path:
    """A GGUF file as another tool may write it."""
    writer = GGUFWriter(path, architecture)
    writer.add_string("controlvector.model_hint", "llama")
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_is_what_the_loader_of_llama_cpp_asks_for(tmp_path: Path) -> None:
    """One-dimensional float32 tensors of one length, named direction.N with N from 1, under the architecture controlvector."""
    write_gguf(tmp_path / "x.gguf", [direction(layer, "m") for layer in (2, 11)], model_type="qwen2")
    reader = GGUFReader(tmp_path / "x.gguf")
    fields = {name: reader.fields[name].contents() for name in ("general.architecture", "controlvector.model_hint")}
    assert fields == {"general.architecture": "controlvector", "controlvector.model_hint": "qwen2"}
    assert reader.fields["controlvector.layer_count"].contents() == 2
    assert [tensor.name for tensor in reader.tensors] == ["direction.2", "direction.11"]
    for tensor in reader.tensors:
        assert tensor.tensor_type is GGMLQuantizationType.F32
        assert list(tensor.shape) == [32]
        assert np.linalg.norm(tensor.data) == pytest.approx(1.0, abs=1e-6)


def test_directions_come_back_with_all_that_was_known_of_them(tmp_path: Path) -> None:
    ours = [direction(layer, "f" * 64, held_out="cwe787/a") for layer in (1, 2)]
    write_gguf(tmp_path / "x.gguf", ours, model_type="qwen2")
    found = read_gguf(tmp_path / "x.gguf")
    assert [{**vars(one), "vector": one.vector.tobytes()} for one in found.directions] == [
        {**vars(one), "vector": one.vector.tobytes()} for one in ours
    ]
    assert found.model_type == "qwen2"


def test_layer_0_has_no_place(tmp_path: Path) -> None:
    with pytest.raises(DirectionError, match=r"llama\.cpp refuses direction\.0; leave it out"):
        write_gguf(tmp_path / "x.gguf", [direction(0, "m"), direction(1, "m")], model_type="llama")
    assert not list(tmp_path.iterdir())


def test_a_layer_holds_one_direction_of_one_model(tmp_path: Path) -> None:
    with pytest.raises(DirectionError, match="2 directions of layer 1"):
        write_gguf(tmp_path / "x.gguf", [direction(1, "m"), direction(1, "m", held_out="a")], model_type="llama")
    with pytest.raises(DirectionError, match="directions of 2 models"):
        write_gguf(tmp_path / "x.gguf", [direction(1, "m"), direction(2, "n")], model_type="llama")


UNIT = np.full(4, 0.5, dtype=np.float32)
NO_VECTORS = {
    "no direction": ({"output.weight": UNIT}, "holds no direction"),
    "a name without a layer": ({"direction.first": UNIT}, "'direction.first' of .* names no layer"),
    "a matrix": ({"direction.1": np.ones((4, 4), np.float32)}, r"layer 1 of .* has shape \(4, 4\)"),
    "whole numbers": ({"direction.1": np.ones(4, np.int32)}, "type int32"),
    "zeros": ({"direction.1": np.zeros(4, np.float32)}, "layer 1 of .* is zero or not finite"),
    "infinity": ({"direction.3": UNIT * np.inf}, "layer 3 of .* is zero or not finite"),
    "two lengths": ({"direction.1": UNIT, "direction.2": np.ones(8, np.float32)}, "differ in length"),
}


@pytest.mark.parametrize("name", NO_VECTORS)
def test_what_is_no_control_vector_is_refused(name: str, tmp_path: Path) -> None:
    tensors, message = NO_VECTORS[name]
    with pytest.raises(DirectionError, match=message):
        read_gguf(written(tmp_path / "x.gguf", tensors))


def test_a_model_is_no_control_vector(tmp_path: Path) -> None:
    with pytest.raises(DirectionError, match="architecture 'llama', not 'controlvector'"):
        read_gguf(written(tmp_path / "x.gguf", {"direction.1": UNIT}, architecture="llama"))


@pytest.mark.parametrize("cut", [0, 3, 20, 90])
def test_a_truncated_file_is_refused(cut: int, tmp_path: Path) -> None:
    whole = written(tmp_path / "x.gguf", {"direction.1": UNIT}).read_bytes()
    (tmp_path / "x.gguf").write_bytes(whole[:cut])
    with pytest.raises(DirectionError, match="no readable GGUF file"):
        read_gguf(tmp_path / "x.gguf")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DirectionError, match=r"x\.gguf is not there"):
        read_gguf(tmp_path / "x.gguf")


PLAIN = {
    "direction.N": ({"direction.3": UNIT, "direction.12": -UNIT}, None, {3: UNIT, 12: -UNIT}),
    "layers.N.weight": ({"model.layers.7.weight": UNIT}, None, {7: UNIT}),
    "only the number": ({"5": UNIT}, None, {5: UNIT}),
    "a row a layer": ({"vectors": np.stack([UNIT, 2 * UNIT])}, None, {0: UNIT, 1: 2 * UNIT}),
    "one vector and its layer": ({"caa": UNIT}, 9, {9: UNIT}),
    "half precision": ({"direction.1": UNIT.astype(np.float16)}, None, {1: UNIT}),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_safetensors_name_their_layers(name: str, tmp_path: Path) -> None:
    tensors, layer, expected = PLAIN[name]
    save_file(tensors, tmp_path / "x.safetensors")
    found = read_plain(tmp_path / "x.safetensors", layer=layer).vectors
    assert list(found) == list(expected)
    assert all(found[layer].dtype == np.float32 and np.array_equal(found[layer], vector) for layer, vector in expected.items())


NO_LAYERS = {
    "no number": ({"caa": UNIT}, None, "'caa' of .* names no layer"),
    "a layer twice": ({"a.1": UNIT, "b.1": UNIT}, None, "2 tensors of 1 layers"),
    "a layer for many": ({"a.1": UNIT, "b.2": UNIT}, 3, "--layer 3 says where one vector belongs"),
    "a row of zeros": ({"vectors": np.stack([UNIT, 0 * UNIT])}, None, "layer 1 of .* is zero"),
}


@pytest.mark.parametrize("name", NO_LAYERS)
def test_plain_safetensors_that_name_none_are_refused(name: str, tmp_path: Path) -> None:
    tensors, layer, message = NO_LAYERS[name]
    save_file(tensors, tmp_path / "x.safetensors")
    with pytest.raises(DirectionError, match=message):
        read_plain(tmp_path / "x.safetensors", layer=layer)
