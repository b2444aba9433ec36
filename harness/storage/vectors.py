"""Directions on disk: one safetensors file, each vector with what is needed to refuse it on another model.

The header's metadata holds one JSON document under "secsteer": {"version": 1, "directions": [{...}, ...]}.
The tensor of entry i is "direction.i".
"""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from harness.errors import DirectionError
from harness.records import Direction, FloatArray, ReadPosition

FORMAT_VERSION = 1
METADATA = "secsteer"
"""The metadata field that holds the document."""
_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "norm": (float, int),
    "layer": int,
    "estimator": str,
    "position": str,
    "model": str,
    "cwe": str,
    "held_out": (str, type(None)),
    "fitted_on": list,
}


def save_directions(path: Path | str, directions: Sequence[Direction]) -> None:
    """Write directions of one model, whole or not at all.

    Args: path, usually ending in .safetensors, replaced if it is there. Raises: DirectionError for no direction, directions of several
    models, or a folder that can't be written.
    """
    target = Path(path)
    models = sorted({direction.model for direction in directions})
    if len(models) != 1:
        found = "no direction" if not models else f"directions of {len(models)} models ({', '.join(models)})"
        raise DirectionError(f"{target} would hold {found}; a direction file holds those of exactly one model")
    tensors = {_tensor(index): np.ascontiguousarray(direction.vector, dtype=np.float32) for index, direction in enumerate(directions)}
    write_whole(target, save(tensors, metadata={METADATA: document_of(directions)}))


def load_directions(path: Path | str, *, model: str, any_model: bool = False) -> list[Direction]:
    """Read directions back for the model they were fitted on.

    Args: path of a file from `save_directions`; model, fingerprint of the model they are meant for; any_model, take those of another model
    too, for whoever knows that both share their residual stream.
    Raises: DirectionError for a file that is missing, no safetensors, without readable metadata, of another format version or model.
    """
    directions = read_directions(path)
    strangers = sorted({direction.model for direction in directions} - {model})
    if strangers and not any_model:
        raise DirectionError(
            f"direction file {path} was fitted on model {strangers[0]}, but the model in use is {model}; a direction means nothing "
            "in another residual stream, fit it again on this model"
        )
    return directions


def read_directions(path: Path | str) -> list[Direction]:
    """Read directions of whichever model, to look at them or to pass them on.

    Raises: DirectionError for a file that is missing, no safetensors, without readable metadata, or of another format version.
    """
    source = Path(path)
    metadata, vectors = read_tensors(source)
    if METADATA not in metadata:
        raise DirectionError(
            f"direction file {source} has no {METADATA!r} metadata; it was not written by save_directions, fit and save them again, or "
            "bring it in with python -m harness.vectors import"
        )
    entries = entries_of(source, metadata[METADATA])
    if sorted(vectors) != sorted(_tensor(index) for index in range(len(entries))):
        raise DirectionError(
            f"direction file {source} describes {len(entries)} directions but holds {len(vectors)} vectors; save them again"
        )
    return [direction_of(source, index, entry, vectors[_tensor(index)]) for index, entry in enumerate(entries)]


def read_tensors(source: Path) -> tuple[dict[str, str], dict[str, FloatArray]]:
    """Metadata and tensors of any safetensors file. Raises: DirectionError for a file that is missing or no safetensors."""
    if not source.is_file():
        raise DirectionError(f"direction file {source} is not there; fit and save directions first, or mend the path")
    try:
        with safe_open(source, framework="np") as file:
            return dict(file.metadata() or {}), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
    except (SafetensorError, OSError, TypeError) as error:  # TypeError: a type that NumPy has not, such as bfloat16
        raise DirectionError(
            f"direction file {source} is no readable safetensors file ({error}); fit and save the directions again"
        ) from error


def _tensor(index: int) -> str:
    return f"direction.{index}"


def document_of(directions: Sequence[Direction]) -> str:
    """What is written beside the vectors of some directions: everything but the vectors, as JSON."""
    entries = [{name: getattr(direction, name) for name in _FIELDS} for direction in directions]
    return json.dumps({"version": FORMAT_VERSION, "directions": entries}, allow_nan=False)


def entries_of(source: Path, text: str) -> list[dict[str, Any]]:
    """The checked entries of a document from `document_of`, in the order of its directions. Raises: DirectionError."""
    try:
        document = json.loads(text)
        version = document["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise DirectionError(
            f"the metadata of direction file {source} can't be read ({error!r}); fit and save the directions again"
        ) from error
    if version != FORMAT_VERSION:
        raise DirectionError(f"direction file {source} has format version {version!r}, this harness reads {FORMAT_VERSION}; save it again")
    entries = document.get("directions")
    if not isinstance(entries, list) or not entries:
        raise DirectionError(f"direction file {source} describes no direction; fit and save the directions again")
    for index, entry in enumerate(entries):
        for name, kind in _FIELDS.items():
            if not isinstance(entry, dict) or name not in entry or not isinstance(entry[name], kind):
                raise DirectionError(f"direction {index} of {source} has no valid {name!r} in its metadata; fit and save it again")
    return entries


def direction_of(source: Path, index: int, entry: Mapping[str, Any], vector: np.ndarray[Any, Any]) -> Direction:
    """A direction of its vector, (d_model,), and its checked entry. Raises: DirectionError."""
    if entry["position"] not in get_args(ReadPosition):
        raise DirectionError(
            f"position {entry['position']!r} of direction {index} in {source} is none of {', '.join(get_args(ReadPosition))}"
        )
    return Direction(
        vector=vector.astype(np.float32),
        norm=float(entry["norm"]),
        layer=entry["layer"],
        estimator=entry["estimator"],
        position=cast(ReadPosition, entry["position"]),
        model=entry["model"],
        cwe=entry["cwe"],
        held_out=entry["held_out"],
        fitted_on=tuple(map(str, entry["fitted_on"])),
    )


def write_whole(target: Path, content: bytes) -> None:
    """Write a direction file, whole or not at all. Raises: DirectionError for a folder that can't be written."""
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise DirectionError(f"direction file {target} can't be written ({error}); make the folder or choose another") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise DirectionError(f"direction file {target} can't be written ({error}); free space or choose another folder") from error
