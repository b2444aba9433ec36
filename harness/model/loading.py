"""A name or folder becomes a checked, ready model. `inspect_model` reads the configuration alone, `load_model` the weights as well."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ModelError
from harness.model.description import ModelInfo, inspect_model
from harness.model.fingerprint import fingerprint
from harness.model.sources import find_model
from harness.prompts import QUESTIONS, build_prompt

if TYPE_CHECKING:
    import torch
    from nnsight import TransformersModel
    from nnsight.intervention.envoy import Envoy
    from transformers import PreTrainedTokenizerBase

__all__ = ["LoadedModel", "ModelInfo", "inspect_model", "load_model"]

DTYPES = ("auto", "float32", "bfloat16", "float16")
ROUND_TRIP = "int copy(char *to)\n{\n\tif (to[3] != 'x')  return 42; // %s\n}\n"


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedModel:
    """A model with everything the harness has checked about it.

    traced: the model as nnsight serves it. blocks: one envoy a layer; final_norm: the norm behind the last. fingerprint: see
    harness.model.fingerprint. dtype: of the weights. device: where token ids go. pad_token, end_tokens: token ids.
    """

    traced: "TransformersModel"
    tokenizer: "PreTrainedTokenizerBase"
    info: ModelInfo
    blocks: "tuple[Envoy, ...]"
    final_norm: "Envoy"
    fingerprint: str
    dtype: "torch.dtype"
    device: "torch.device"
    pad_token: int
    end_tokens: tuple[int, ...]

    @property
    def module(self) -> Any:
        """The model in torch, for the comparison with plain transformers."""
        return self.traced._module

    def takes(self, argument: str) -> bool:
        """Whether the model's forward names an argument (Bloom and MPT know no position_ids)."""
        return argument in inspect.signature(self.module.forward).parameters


def load_model(
    name_or_folder: str | Path, revision: str | None = None, dtype: str = "float32", device_map: str | dict[str, Any] | None = None
) -> LoadedModel:
    """A causal language model, loaded through nnsight and checked.

    Args: name_or_folder, "nano", a folder or a hub id; revision, of the hub; dtype, "float32", "bfloat16", "float16", or "auto" for the
        type the weights were saved in; device_map, as transformers takes it ("auto", "cuda:0", ...), else the CPU.
    Returns: the model in evaluation mode, padding on the left, decoding greedily.
    Raises: ModelError for an unknown model, a folder without config.json or weights, a hub out of reach, weights that don't fit the
        configuration, a tokenizer that loses text, blocks that can't be told, or answers that begin with the same token.
    """
    if dtype not in DTYPES:
        raise ModelError(f"dtype {dtype!r} is none of {', '.join(DTYPES)}; choose --dtype among them")
    info = inspect_model(name_or_folder, revision)
    folder = find_model(info.name, revision)
    tokenizer = load_tokenizer(folder, info.name)
    traced = _load_weights(folder, info, tokenizer, dtype, device_map)
    return _ready(traced, tokenizer, info, fingerprint(folder))


def load_tokenizer(folder: Path, name: str) -> "PreTrainedTokenizerBase":
    """The tokenizer of a model folder, padding on the left.

    Raises: ModelError if it can't be read, encodes to nothing, or does not give back the text it was given.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as refusal:  # the tokenizer libraries raise whatever they like
        raise ModelError(
            f"the tokenizer of {name} can't be read from {folder} ({_first_line(refusal)}); save it there with the model"
        ) from None
    tokens = tokenizer(ROUND_TRIP)["input_ids"]
    if not tokens:
        raise ModelError(
            f"the tokenizer of {name} encodes {len(ROUND_TRIP)} characters to no token (vocabulary of {len(tokenizer)}); "
            f"its files are missing from {folder}: save them there"
        )
    # lstrip: SentencePiece tokenizers put a space in front of the first word.
    returned = str(tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))
    if returned.lstrip(" ") != ROUND_TRIP:
        raise ModelError(
            f"the tokenizer of {name} gives back {returned[:40]!r} for {ROUND_TRIP[:40]!r}; code would reach the model altered: "
            f"save the model's own tokenizer in {folder}"
        )
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        # Any token does, since padding is masked; end-of-text is the custom.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(tokens[0])
    return tokenizer


@contextmanager
def without_bars() -> Iterator[None]:
    """Keeps transformers' progress bars out of the output of tests; whoever loads says so in words."""
    from transformers.utils import logging

    bars: Any = logging  # its functions have no annotations
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()


def _load_weights(
    folder: Path, info: ModelInfo, tokenizer: "PreTrainedTokenizerBase", dtype: str, device_map: str | dict[str, Any] | None
) -> "TransformersModel":
    from nnsight import TransformersModel
    from transformers import AutoModelForCausalLM

    placed = {} if device_map is None else {"device_map": device_map}
    try:
        # Any: the annotation of from_pretrained leaves out the report.
        with without_bars():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, local_files_only=True, output_loading_info=True, **placed
            )
        module, report = loaded
    except Exception as refusal:  # transformers, safetensors, accelerate and torch all may refuse
        raise ModelError(
            f"{info.name} ({info.architecture}) can't be loaded from {folder}: {type(refusal).__name__}: {_first_line(refusal)}; "
            "check that the folder holds one complete causal language model, and --dtype and --device-map"
        ) from None
    # transformers fills such gaps with random numbers and goes on.
    if missing := sorted(report["missing_keys"]):
        raise ModelError(
            f"the weights of {info.name} in {folder} lack {len(missing)} of its parameters, {missing[0]} first; "
            "download or save the model again, complete and with its own configuration"
        )
    # Left to itself, the pipeline inside moves a model that has no device map to the first accelerator it finds.
    device = {"device": "cpu"} if device_map is None else {}
    return TransformersModel(module.eval(), task="text-generation", tokenizer=tokenizer, **device)


def _ready(traced: "TransformersModel", tokenizer: "PreTrainedTokenizerBase", info: ModelInfo, print_: str) -> LoadedModel:
    from harness.model.generation import end_tokens, greedy_by_default
    from harness.model.layers import find_stream
    from harness.model.tokens import answer_tokens

    module = traced._module
    stream = find_stream(traced, module, info.layers)
    ends = end_tokens(module, tokenizer)
    greedy_by_default(module, tokenizer, ends)
    embedding = module.get_input_embeddings().weight
    largest = max(tokenizer.get_vocab().values())
    if largest >= embedding.shape[0]:
        raise ModelError(
            f"the tokenizer of {info.name} knows token {largest}, but the model embeds only {embedding.shape[0]}; "
            "save the tokenizer that the model was trained with"
        )
    loaded = LoadedModel(
        traced=traced,
        tokenizer=tokenizer,
        info=info,
        blocks=stream.blocks,
        final_norm=stream.final_norm,
        fingerprint=print_,
        dtype=embedding.dtype,
        device=embedding.device,
        pad_token=int(tokenizer.pad_token_id),
        end_tokens=ends,
    )
    for question in QUESTIONS:
        answer_tokens(loaded, build_prompt(code=ROUND_TRIP, language="c", cwe="CWE-787", question=question))
    return loaded


def _first_line(trouble: BaseException) -> str:
    lines = str(trouble).strip().splitlines()
    return lines[0] if lines else "no reason given"
