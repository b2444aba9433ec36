"""From a run or a file to directions, and from another tool's vectors to directions of a model that is told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.errors import DirectionError
from harness.model.description import ModelInfo, inspect_model, model_type
from harness.model.fingerprint import fingerprint
from harness.model.sources import find_model
from harness.records import Direction, FloatArray, ReadPosition
from harness.storage.control_vectors import LayerVectors, read_gguf, read_plain
from harness.storage.runs import MANIFEST
from harness.storage.vectors import METADATA, read_directions, read_tensors

FOLDER = "directions"
GGUF = ".gguf"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The model that directions are for. model_type: what transformers calls its architecture."""

    info: ModelInfo
    fingerprint: str
    model_type: str


def target_model(name: str, revision: str | None = None) -> Target:
    """A model as its files describe it; no weights are loaded, but they must be there. Raises: ModelError."""
    info = inspect_model(name, revision)
    return Target(info=info, fingerprint=fingerprint(find_model(name, revision)), model_type=model_type(name, revision))


def directions_in(source: Path) -> list[Direction]:
    """The directions that the harness wrote, in a run folder or a file. Raises: DirectionError where there is none."""
    if source.is_dir():
        files = sorted((source / FOLDER).glob("*.safetensors"))
        if not files:
            raise DirectionError(f"{source} holds no {FOLDER}/*.safetensors; give the folder of a run that steered, or a direction file")
        return [direction for file in files for direction in read_directions(file)]
    if source.suffix == GGUF:
        found = read_gguf(source).directions
        if not found:
            raise DirectionError(f"{source} was not exported by the harness; bring it in with python -m harness.vectors import first")
        return list(found)
    return read_directions(source)


def model_of_run(source: Path, model: str) -> str | None:
    """The name under which the run in a folder used the model of a fingerprint; None for a file, or a run of another model."""
    path = source / MANIFEST
    if not path.is_file():
        return None
    try:
        models: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["models"]
    except (ValueError, KeyError) as error:
        raise DirectionError(f"{path} cannot be read ({error!r}); name the model with --model") from None
    names = [name for name, used in models.items() if used == model]
    return names[0] if names else None


def choose(
    directions: Sequence[Direction], *, layers: Sequence[int] = (), held_out: str | None = None, cwe: str | None = None
) -> list[Direction]:
    """One direction a layer: those fitted on all scenarios, or, where it is named, on all but one.

    Args: layers, all but 0 by default. Raises: DirectionError naming what there is where nothing fits, or several do.
    """
    of_cwe = [one for one in directions if cwe in (None, one.cwe)]
    cwes = sorted({one.cwe for one in of_cwe})
    if len(cwes) != 1:
        raise DirectionError(f"{len(cwes)} CWEs fit ({', '.join(cwes) or 'none'} of {_names(directions, 'cwe')}); choose one with --cwe")
    fold = [one for one in of_cwe if one.held_out == held_out]
    if not fold:
        raise DirectionError(
            f"no direction {f'holds out {held_out}' if held_out else 'was fitted on all scenarios'}; "
            f"choose one of {_names(of_cwe, 'held_out')} with --held-out"
        )
    there = sorted({one.layer for one in fold})
    if missing := sorted(set(layers) - set(there)):
        raise DirectionError(f"layer {missing[0]} is not among the fitted layers {', '.join(map(str, there))}; choose --layer among them")
    return sorted((one for one in fold if one.layer in (layers or [layer for layer in there if layer])), key=lambda one: one.layer)


def _names(directions: Sequence[Direction], field: str) -> str:
    return ", ".join(sorted({str(getattr(one, field)) for one in directions}))


def read_foreign(source: Path, layer: int | None = None) -> LayerVectors:
    """What a GGUF or safetensors file holds; a file of the harness with its directions. Raises: DirectionError."""
    if source.suffix == GGUF:
        return read_gguf(source)
    if METADATA not in read_tensors(source)[0]:
        return read_plain(source, layer=layer)
    ours = tuple(read_directions(source))
    return LayerVectors(vectors={one.layer: one.vector for one in ours}, directions=ours)


def adopt(
    found: LayerVectors,
    target: Target,
    *,
    cwe: str | None,
    position: ReadPosition = "last",
    made_by: str = "imported",
    any_model: bool = False,
) -> list[Direction]:
    """Directions of the target model, out of what another tool or the harness wrote.

    The sign stays as it is in the file. What comes without metadata is brought to unit norm, its length kept as the norm, and counts as
    fitted on files nobody knows.
    Raises: DirectionError for a width or layer the model has not, no CWE, or, unless any_model, vectors that are another model's.
    """
    _check_fits(found, target)
    if not any_model:
        _check_own(found, target)
    if found.directions:
        return [replace(one, model=target.fingerprint) for one in found.directions]
    if cwe is None:
        raise DirectionError("the file does not say what its vectors point at; name it with --cwe, such as --cwe CWE-787")
    return [_adopted(layer, vector, target, cwe, position, made_by) for layer, vector in found.vectors.items()]


def _check_fits(found: LayerVectors, target: Target) -> None:
    width = len(next(iter(found.vectors.values())))
    if width != target.info.d_model:
        raise DirectionError(
            f"the vectors have {width} entries, {target.info.name} has d_model {target.info.d_model}; give the model they are of"
        )
    for layer in found.vectors:
        if not 0 <= layer < target.info.layers:
            raise DirectionError(f"layer {layer} is outside 0..{target.info.layers - 1} of {target.info.name}; give the model they are of")


def _check_own(found: LayerVectors, target: Target) -> None:
    strangers = sorted({one.model for one in found.directions} - {target.fingerprint})
    if strangers:
        raise DirectionError(
            f"the directions were fitted on model {strangers[0]}, but {target.info.name} is {target.fingerprint}; it means nothing "
            "in another residual stream: fit it again, or say --any-model if you know better"
        )
    if not found.directions and found.model_type not in (None, target.model_type):
        raise DirectionError(
            f"the vectors are of a {found.model_type} model, but {target.info.name} is a {target.model_type}; "
            "give the model they are of, or say --any-model if you know better"
        )


def _adopted(layer: int, vector: FloatArray, target: Target, cwe: str, position: ReadPosition, made_by: str) -> Direction:
    exact = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(exact))
    return Direction(
        vector=np.asarray(exact / length, dtype=np.float32),
        norm=length,
        layer=layer,
        estimator=made_by,
        position=position,
        model=target.fingerprint,
        cwe=cwe,
        fitted_on=(),
    )
