"""What a model's configuration says, read before any weight: layers, width, context and the declared layer."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ModelError, PlanError
from harness.model.sources import CONFIG, find_config, is_folder

DECLARED = "declared.json"
DECLARED_SHARE = 0.6
LAYER_NAMES = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
WIDTH_NAMES = ("hidden_size", "n_embd", "d_model")
UNLIMITED = sys.maxsize
CONTEXT_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """A model as its configuration describes it.

    name: as asked for. source: the folder or hub id it comes from. architecture: the class its weights are for.
    layers: number of blocks. d_model: width of the residual stream. context: longest prompt with answer, in tokens; UNLIMITED where the
    architecture sets no limit (Bloom). declared_layer: where it is steered unless --layer says otherwise.
    """

    name: str
    source: str
    architecture: str
    layers: int
    d_model: int
    context: int
    declared_layer: int

    def check_layer(self, layer: int) -> int:
        """The layer itself.

        Raises: PlanError if the model has no such layer.
        """
        if not 0 <= layer < self.layers:
            raise PlanError(f"layer {layer} is outside 0..{self.layers - 1} of {self.name}; choose --layer within it")
        return layer


def inspect_model(name_or_folder: str | Path, revision: str | None = None) -> ModelInfo:
    """What a model's configuration says. Reads no weights and imports neither torch nor transformers.

    Args: name_or_folder, "nano", a folder or a hub id; revision, a branch, tag or commit of the hub.
    Raises: ModelError for an unknown model, a folder without config.json, a hub out of reach, a configuration without the needed fields.
    """
    name = str(name_or_folder)
    if revision is not None and is_folder(name):
        raise ModelError(f"--revision {revision} names a version on the hub, but {name} is a folder here; leave one of the two out")
    folder = find_config(name, revision)
    config = read_json(folder / CONFIG)
    text = config.get("text_config", config)
    if any(_number(text, names, folder) is None for names in (LAYER_NAMES, WIDTH_NAMES, CONTEXT_NAMES)):
        text = {**_defaults(folder), **text}
    layers, d_model = _number(text, LAYER_NAMES, folder), _number(text, WIDTH_NAMES, folder)
    if layers is None or d_model is None:
        missing = LAYER_NAMES if layers is None else WIDTH_NAMES
        raise ModelError(f"{folder / CONFIG} has none of {', '.join(missing)}; only decoder language models can be measured")
    architectures = config.get("architectures") or [config.get("model_type", "unknown")]
    return ModelInfo(
        name=name,
        source=str(folder) if is_folder(name) else name,
        architecture=str(architectures[0]),
        layers=layers,
        d_model=d_model,
        context=_number(text, CONTEXT_NAMES, folder) or UNLIMITED,
        declared_layer=_declared_layer(folder, layers),
    )


def model_type(name_or_folder: str | Path, revision: str | None = None) -> str:
    """What transformers calls the architecture, such as "gpt_bigcode". Raises: ModelError, as `inspect_model`."""
    folder = find_config(str(name_or_folder), revision)
    found = read_json(folder / CONFIG).get("model_type")
    if not isinstance(found, str):
        raise ModelError(f"{folder / CONFIG} has no model_type; restore it from where the model came")
    return found


def _defaults(folder: Path) -> dict[str, Any]:
    """What the architecture takes for granted where its configuration is silent; only transformers knows."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()
    except (OSError, ValueError, KeyError) as refusal:
        reason = str(refusal).strip().splitlines()[0]
        raise ModelError(f"{folder / CONFIG} describes no architecture that transformers knows ({reason}); choose another model") from None
    # attribute_map: GPT-2 says n_layer where others say num_hidden_layers, and an attribute answers to both names.
    return {name: getattr(config, name, None) for name in LAYER_NAMES[:1] + WIDTH_NAMES[:1] + CONTEXT_NAMES[:1]}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises: ModelError if the file is unreadable or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as trouble:
        raise ModelError(f"{path} can't be read as JSON ({trouble}); restore it from where the model came") from None
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds a JSON {type(found).__name__} instead of an object; restore it from where the model came")
    return found


def _number(config: dict[str, Any], names: tuple[str, ...], folder: Path) -> int | None:
    for name in names:
        value = config.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ModelError(f"{name} is {value!r} in {folder / CONFIG}; a whole number above 0 is needed")
            return value
    return None


def _declared_layer(folder: Path, layers: int) -> int:
    if not (folder / DECLARED).is_file():
        return min(layers - 1, round(DECLARED_SHARE * layers))
    layer = read_json(folder / DECLARED).get("layer")
    if not isinstance(layer, int) or isinstance(layer, bool) or not 0 <= layer < layers:
        raise ModelError(f'{folder / DECLARED} declares layer {layer!r}, outside 0..{layers - 1}; write {{"layer": n}} within it')
    return layer
