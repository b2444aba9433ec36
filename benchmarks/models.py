"""The models that are measured, each twice: as the harness loads it, and as transformers alone does, which nothing has wrapped."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.errors import BenchmarkError

if TYPE_CHECKING:
    from torch import nn

    from harness.model.loading import LoadedModel

SEED = 0


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model comes about. changes: of transformers' GPTBigCodeConfig; None for the embedded model."""

    text: str
    dtype: str
    heavy: bool = False
    changes: dict[str, Any] | None = None


# initializer_range: with the usual 0.02 the logits of random weights lie too close together to tell one cell from another.
RECIPES = {
    "nano": Recipe(text="the embedded model, trained", dtype="float32"),
    "random-25m": Recipe(
        text="random GPTBigCode of 25M parameters, the embedded model's tokenizer",
        dtype="float32",
        changes={"n_layer": 8, "n_embd": 512, "n_head": 8, "n_positions": 1024, "vocab_size": 8192, "initializer_range": 0.08},
    ),
    "starcoderbase-1b-shape": Recipe(
        text="random weights in the shape of StarCoderBase-1B, the embedded model's tokenizer",
        dtype="bfloat16",
        heavy=True,
        changes={"n_layer": 24, "n_embd": 2048, "n_head": 16, "n_positions": 8192, "vocab_size": 49152, "initializer_range": 0.04},
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """One model. ours: as the harness serves it. plain: the same weights in transformers. blocks: those of `plain`. folder: its files."""

    name: str
    text: str
    ours: "LoadedModel"
    plain: Any
    blocks: "nn.ModuleList"
    folder: Path
    parameters: int


@contextmanager
def subject(name: str, device_map: str | None = None) -> Iterator[Subject]:
    """A model, ready; its files are removed at the end where they were made here.

    Raises: BenchmarkError for an unknown name.
    """
    from harness.model.sources import embedded_folder

    recipe = recipe_of(name)
    with TemporaryDirectory(prefix="benchmark-") as made:
        folder = embedded_folder() if recipe.changes is None else write_random(Path(made) / name, recipe)
        yield ready(name, folder, recipe.dtype, recipe.text, device_map)


def recipe_of(name: str) -> Recipe:
    """Raises: BenchmarkError for an unknown name."""
    if name not in RECIPES:
        raise BenchmarkError(f"model {name!r} is unknown to the benchmark; choose among {', '.join(RECIPES)}")
    return RECIPES[name]


def ready(name: str, folder: Path, dtype: str, text: str = "", device_map: str | None = None) -> Subject:
    """A model in a folder, loaded both ways."""
    from transformers import AutoModelForCausalLM

    from harness.model.generation import greedy_by_default
    from harness.model.layers import block_list
    from harness.model.loading import load_model, without_bars

    ours = load_model(folder, dtype=dtype, device_map=device_map)
    with without_bars():
        plain: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=ours.dtype, local_files_only=True).eval().to(ours.device)
    # The same ends and no sampling, so that both say the same.
    greedy_by_default(plain, ours.tokenizer, ours.end_tokens)
    blocks = plain.get_submodule(block_list(plain, ours.info.layers))
    parameters = sum(weight.numel() for weight in plain.parameters())
    return Subject(name=name, text=text, ours=ours, plain=plain, blocks=blocks, folder=folder, parameters=parameters)


def write_random(folder: Path, recipe: Recipe) -> Path:
    """A GPTBigCode with random weights, saved with the embedded model's tokenizer."""
    import torch
    from transformers import GPTBigCodeConfig, GPTBigCodeForCausalLM

    from harness.model.loading import load_tokenizer, without_bars
    from harness.model.sources import EMBEDDED, embedded_folder

    torch.manual_seed(SEED)
    tokens = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    config = GPTBigCodeConfig(**{**tokens, **(recipe.changes or {})}, attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0)
    with without_bars():
        GPTBigCodeForCausalLM(config).to(getattr(torch, recipe.dtype)).save_pretrained(folder)
    load_tokenizer(embedded_folder(), EMBEDDED).save_pretrained(folder)
    return folder
