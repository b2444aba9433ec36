"""What every method is given: the same prompts, and the same cells of layer, strength and direction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.errors import BenchmarkError
from harness.prompts import prompt_for
from harness.records import FloatArray, Prompt
from harness.storage.datasets import VARIANTS, load_dataset

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

SEED = 0
SHARES = (-0.8, -0.4, -0.2, -0.1, 0.1, 0.2, 0.4, 0.8)
"""Strengths, as shares of the median residual norm of the layer: from hardly any effect to one that drowns the prompt."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much work there is. length: tokens that the prompts come near to. layers, strengths: of the cells."""

    prompts: int = 16
    length: int = 512
    layers: int = 3
    strengths: int = 8
    placebos: int = 200
    new_tokens: int = 32

    def __post_init__(self) -> None:
        if self.strengths not in (2, 4, 6, 8):
            raise BenchmarkError(f"{self.strengths} strengths are none of 2, 4, 6, 8; half of them must be a set of their own")
        for name in ("prompts", "length", "layers", "placebos", "new_tokens"):
            if getattr(self, name) < 1:
                raise BenchmarkError(f"{name} is {getattr(self, name)}; at least 1 is needed")


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """What is added in one go: `strength` times a unit vector, (d_model,), float32, behind block `layer`."""

    layer: int
    strength: float
    direction: FloatArray

    @property
    def delta(self) -> FloatArray:
        """(d_model,), float32."""
        return (self.direction * np.float32(self.strength)).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Work:
    """cells: every layer with every strength. half: the same with every second strength. placebos: random directions at one layer."""

    size: Size
    prompts: tuple[Prompt, ...]
    lengths: tuple[int, ...]
    cells: tuple[Cell, ...]
    half: tuple[Cell, ...]
    placebos: tuple[Cell, ...]


def make_work(model: "LoadedModel", size: Size) -> Work:
    """Prompts of the embedded corpus, and cells whose strengths suit the model's residuals.

    Raises: BenchmarkError where the corpus holds too few prompts, or the model too few layers or too short a context.
    """
    prompts, lengths = nearest_prompts(model, size)
    if max(lengths) + size.new_tokens > model.info.context:
        raise BenchmarkError(
            f"prompts of {max(lengths)} tokens and {size.new_tokens} new ones do not fit the context of {model.info.context}; "
            "lower --length or --new-tokens"
        )
    layers = spread_layers(model.info.layers, size.layers)
    norms = residual_norms(model, prompts, layers)
    draws = np.random.default_rng(SEED)
    directions = {layer: unit(draws, model.info.d_model) for layer in layers}
    chosen = (*SHARES[: size.strengths // 2], *SHARES[-(size.strengths // 2) :])
    cells = tuple(Cell(layer=layer, strength=share * norms[layer], direction=directions[layer]) for layer in layers for share in chosen)
    middle = layers[len(layers) // 2]
    placebos = tuple(
        Cell(layer=middle, strength=0.4 * norms[middle], direction=unit(draws, model.info.d_model)) for _ in range(size.placebos)
    )
    return Work(size=size, prompts=prompts, lengths=lengths, cells=cells, half=cells[::2], placebos=placebos)


def nearest_prompts(model: "LoadedModel", size: Size) -> tuple[tuple[Prompt, ...], tuple[int, ...]]:
    """The prompts of the corpus, its rewrites included, whose lengths come nearest to the wanted one, each text once."""
    prompts = list(dict.fromkeys(prompt_for(example) for example in load_dataset("verified", split=VARIANTS)))
    if len(prompts) < size.prompts:
        raise BenchmarkError(f"the corpus holds {len(prompts)} prompts, {size.prompts} were asked for; lower --prompts")
    lengths = [len(tokens) for tokens in model.tokenizer([prompt.text for prompt in prompts])["input_ids"]]
    nearest = sorted(range(len(prompts)), key=lambda number: (abs(lengths[number] - size.length), number))[: size.prompts]
    return tuple(prompts[number] for number in nearest), tuple(lengths[number] for number in nearest)


def spread_layers(layers: int, wanted: int) -> tuple[int, ...]:
    """Layers spread over the depth: of 24 and 3, the layers 4, 12 and 20.

    Raises: BenchmarkError for a model with fewer layers.
    """
    if wanted > layers:
        raise BenchmarkError(f"{wanted} layers were asked for, the model has {layers}; lower --layers")
    return tuple(layers * (2 * number + 1) // (2 * wanted) for number in range(wanted))


def residual_norms(model: "LoadedModel", prompts: Sequence[Prompt], layers: Sequence[int]) -> dict[int, float]:
    """Median norm of the residual at the last token, for each layer."""
    from harness.model.residual import read_residuals

    residuals = read_residuals(model, prompts, layers)
    return {layer: float(np.median(np.linalg.norm(residuals.layer(layer), axis=1))) for layer in layers}


def unit(draws: np.random.Generator, d_model: int) -> FloatArray:
    """A random direction without a mean: a LayerNorm takes the mean out again."""
    drawn = draws.standard_normal(d_model)
    drawn -= drawn.mean()
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)
