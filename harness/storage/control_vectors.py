"""Vectors in the formats of other tools: GGUF control vectors (llama.cpp, repeng) and safetensors without our metadata.

A GGUF control vector has the architecture "controlvector" and one tensor "direction.N" a layer, 1-D, float32. N is the block, counted from
0 as in the harness, whose output it is added to; block 0 cannot be named. Source: llama.cpp, common/common.cpp keeps direction.N in
place N - 1 and refuses N = 0, and src/llama-adapter.cpp gives block N what is in place N - 1; repeng 0.4.0, extract.py writes its layer id,
which counts blocks from 0, as N. A positive scale pushes toward the positive examples there, which are the vulnerable ones here.

What we write holds under "secsteer.directions" the document of harness/storage/vectors.py too, so that it comes back whole.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DirectionError
from harness.records import Direction, FloatArray
from harness.storage.vectors import METADATA, direction_of, document_of, entries_of, read_tensors, write_whole

if TYPE_CHECKING:
    from gguf import GGUFReader

ARCHITECTURE = "controlvector"
HINT = f"{ARCHITECTURE}.model_hint"
COUNT = f"{ARCHITECTURE}.layer_count"
DOCUMENT = f"{METADATA}.directions"
_ENDS_IN_NUMBER = re.compile(r"(?:^|[^0-9])([0-9]+)(?:\.(?:weight|vector|direction))?$")


@dataclass(frozen=True, kw_only=True)
class LayerVectors:
    """What a file of another tool holds.

    vectors: layer, counted from 0 -> (d_model,), float32, of any length. model_type: what transformers calls the architecture, None where
    the file does not say. directions: those the harness wrote into it, with their metadata; empty where another tool made it.
    """

    vectors: Mapping[int, FloatArray]
    model_type: str | None = None
    directions: tuple[Direction, ...] = ()


def write_gguf(path: Path, directions: Sequence[Direction], *, model_type: str) -> None:
    """Write directions as a control vector, whole or not at all; each is of unit norm, so that a scale there is a strength here.

    Args: directions, of one model, one a layer. model_type: what transformers calls its architecture, such as "gpt_bigcode".
    Raises: DirectionError for no direction, two of one layer, layer 0, directions of several models, or a folder that can't be written.
    """
    from gguf import GGUFWriter

    _check_exportable(path, directions)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "vector.gguf"
        writer = GGUFWriter(made, ARCHITECTURE)
        try:
            writer.add_string(HINT, model_type)
            writer.add_uint32(COUNT, len(directions))
            writer.add_string(DOCUMENT, document_of(directions))
            for direction in directions:
                writer.add_tensor(f"direction.{direction.layer}", np.ascontiguousarray(direction.vector, dtype=np.float32))
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        finally:
            writer.close()
        write_whole(path, made.read_bytes())


def _check_exportable(path: Path, directions: Sequence[Direction]) -> None:
    layers = [direction.layer for direction in directions]
    models = sorted({direction.model for direction in directions})
    if len(models) != 1:
        raise DirectionError(f"{path} would hold directions of {len(models)} models; a control vector is of exactly one")
    if twice := sorted({layer for layer in layers if layers.count(layer) > 1}):
        raise DirectionError(f"{path} would hold {layers.count(twice[0])} directions of layer {twice[0]}; a control vector has one a layer")
    if 0 in layers:
        raise DirectionError(
            f"layer 0 has no place in a control vector: llama.cpp refuses direction.0; leave it out of {path} with --layer"
        )


def read_gguf(path: Path) -> LayerVectors:
    """A control vector of the harness, repeng or llama.cpp.

    Raises: DirectionError for a file that is missing, no GGUF, no control vector, without a direction, with one that is no vector of
    floating-point numbers, or with one that is not what its metadata say.
    """
    from gguf import GGUFReader

    if not path.is_file():
        raise DirectionError(f"control vector {path} is not there; mend the path")
    try:
        reader = GGUFReader(path)
        architecture, hint, document = (_text(reader, name) for name in ("general.architecture", HINT, DOCUMENT))
        vectors = {_layer(path, tensor.name): np.array(tensor.data) for tensor in reader.tensors if tensor.name.startswith("direction.")}
    except (ValueError, IndexError, KeyError, OSError, TypeError) as error:
        raise DirectionError(f"{path} is no readable GGUF file ({error}); export or fetch it again") from error
    if architecture != ARCHITECTURE:
        raise DirectionError(f"{path} is a GGUF file of architecture {architecture!r}, not {ARCHITECTURE!r}; give a control vector")
    checked = _checked(path, vectors)
    return LayerVectors(vectors=checked, model_type=hint, directions=_ours(path, document, checked) if document else ())


def _text(reader: "GGUFReader", name: str) -> str | None:
    field = reader.get_field(name)
    return None if field is None else bytes(field.parts[field.data[0]]).decode("utf-8")


def _layer(path: Path, name: str) -> int:
    number = name.removeprefix("direction.")
    if not number.isdecimal():
        raise DirectionError(f"tensor {name!r} of {path} names no layer; a control vector has direction.1, direction.2 and so on")
    return int(number)


def _ours(path: Path, document: str, vectors: Mapping[int, FloatArray]) -> tuple[Direction, ...]:
    entries = entries_of(path, document)
    if sorted(entry["layer"] for entry in entries) != sorted(vectors):
        raise DirectionError(
            f"{path} describes layers {[entry['layer'] for entry in entries]} and holds {sorted(vectors)}; export it again"
        )
    return tuple(direction_of(path, index, entry, vectors[entry["layer"]]) for index, entry in enumerate(entries))


def read_plain(path: Path, *, layer: int | None = None) -> LayerVectors:
    """Vectors of a safetensors file without our metadata.

    Either tensors (d_model,) whose names end in the layer, such as "direction.12" or "layers.12"; or one tensor, (layers, d_model), a row a
    layer from 0; or one tensor, (d_model,), whose layer is given.
    Raises: DirectionError for a file that is missing, no safetensors, or whose tensors are named or shaped otherwise.
    """
    _, tensors = read_tensors(path)
    return LayerVectors(vectors=_checked(path, _by_layer(path, tensors, layer)))


def _by_layer(path: Path, tensors: Mapping[str, FloatArray], layer: int | None) -> dict[int, FloatArray]:
    only = next(iter(tensors.values())) if len(tensors) == 1 else None
    if only is not None and only.ndim == 2 and layer is None:
        return dict(enumerate(only))
    if layer is not None:
        if only is None or only.ndim != 1:
            raise DirectionError(f"--layer {layer} says where one vector belongs, but {path} holds {_shapes(tensors)}; leave it out")
        return {layer: only}
    numbered = {name: _ENDS_IN_NUMBER.search(name) for name in tensors}
    if unnamed := [name for name, number in numbered.items() if number is None]:
        raise DirectionError(
            f"tensor {unnamed[0]!r} of {path} names no layer; names must end in it, such as direction.12, or give --layer for one vector"
        )
    found = {int(number[1]): tensors[name] for name, number in numbered.items() if number}
    if len(found) < len(tensors):
        raise DirectionError(f"{path} holds {len(tensors)} tensors of {len(found)} layers ({_shapes(tensors)}); one a layer can be read")
    return found


def _shapes(tensors: Mapping[str, FloatArray]) -> str:
    return ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in sorted(tensors.items())) or "no tensor"


def _checked(path: Path, vectors: Mapping[int, FloatArray]) -> dict[int, FloatArray]:
    if not vectors:
        raise DirectionError(f"{path} holds no direction; a control vector has tensors direction.1, direction.2 and so on")
    for layer, vector in vectors.items():
        if vector.ndim != 1 or vector.dtype not in (np.float32, np.float16):
            raise DirectionError(
                f"layer {layer} of {path} has shape {vector.shape} and type {vector.dtype}; (d_model,) of floats is needed"
            )
        if not np.isfinite(vector).all() or not vector.any():
            raise DirectionError(f"layer {layer} of {path} is zero or not finite, so it has no direction; leave it out of the file")
    if len({len(vector) for vector in vectors.values()}) > 1:
        raise DirectionError(f"the vectors of {path} differ in length; those of one model have its d_model")
    return {layer: np.asarray(vectors[layer], dtype=np.float32) for layer in sorted(vectors)}
