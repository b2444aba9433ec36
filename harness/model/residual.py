"""Residuals of many prompts at chosen layers, with a report of the layers that gave none. What is missing stays missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from nnsight.intervention.interleaver import OutOfOrderError

from harness.errors import ModelError, PlanError
from harness.model.addition import residual_of
from harness.model.passes import forward_inputs
from harness.model.tokens import Batch, EncodedPrompt, PromptLike, batches, encode_fitting, pad
from harness.records import FloatArray, ReadPosition

if TYPE_CHECKING:
    from nnsight.intervention.envoy import Envoy

    from harness.model.loading import LoadedModel

FINAL_NORM = "final norm"
Progress = Callable[[int, int], None]
"""Called with the number of prompts done and the number of all."""


@dataclass(frozen=True, kw_only=True)
class LayerCoverage:
    """Whether one layer gave its residual, and if not, why."""

    layer: int | str
    cause: str | None = None

    @property
    def ok(self) -> bool:
        return self.cause is None

    def __str__(self) -> str:
        return f"layer {self.layer}: {self.cause or 'ok'}" if isinstance(self.layer, int) else f"{self.layer}: {self.cause or 'ok'}"


@dataclass(frozen=True, kw_only=True)
class CoverageReport:
    """Every layer that was asked for, and the final norm, each with its outcome. final_norm: None where only some layers were read."""

    layers: tuple[LayerCoverage, ...]
    final_norm: LayerCoverage | None

    @property
    def share(self) -> float:
        """Share of the layers that gave their residual, 0 to 1; the final norm does not count."""
        return sum(layer.ok for layer in self.layers) / len(self.layers)

    @property
    def failed(self) -> tuple[LayerCoverage, ...]:
        """Layers, and the final norm, that gave nothing."""
        return tuple(entry for entry in (*self.layers, self.final_norm) if entry is not None and not entry.ok)

    def __str__(self) -> str:
        count = f"{sum(layer.ok for layer in self.layers)} of {len(self.layers)} layers"
        return "; ".join([count, *(str(entry) for entry in self.failed)])


class Residuals:
    """Residuals of some prompts. Asking for those of a failed layer raises; they are nowhere replaced.

    layers: the layers that were asked for. position: where they were read. coverage: what became of each.
    """

    def __init__(self, *, found: dict[int | str, FloatArray], position: ReadPosition, coverage: CoverageReport) -> None:
        self.layers = tuple(int(entry.layer) for entry in coverage.layers)
        self.position = position
        self.coverage = coverage
        self._found = found

    @property
    def values(self) -> FloatArray:
        """(prompts, layers, d_model), float32, layers as in `layers`.

        Raises: ModelError if one of them failed; `layer` still gives the others.
        """
        return np.stack([self.layer(layer) for layer in self.layers], axis=1)

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> FloatArray:
        """`values`, so that residuals can be given wherever an array is asked for."""
        return self.values if dtype is None else self.values.astype(dtype)

    def layer(self, layer: int) -> FloatArray:
        """(prompts, d_model), float32: output of block `layer`.

        Raises: ModelError naming the cause if the layer failed, PlanError if it was not asked for.
        """
        if layer not in self.layers:
            raise PlanError(f"layer {layer} was not read; read_residuals was asked for {', '.join(map(str, self.layers))}")
        return self._given(self.coverage.layers[self.layers.index(layer)])

    @property
    def final_norm(self) -> FloatArray:
        """(prompts, d_model), float32: output of the final norm.

        Raises: ModelError naming the cause if it failed, PlanError if it was not read.
        """
        if self.coverage.final_norm is None:
            raise PlanError("the final norm was not read; ask read_residuals for all layers")
        return self._given(self.coverage.final_norm)

    def _given(self, entry: LayerCoverage) -> FloatArray:
        if not entry.ok:
            raise ModelError(f"no residuals at {entry}; the coverage report says which layers can be used")
        return self._found[entry.layer]


def read_residuals(
    model: "LoadedModel",
    prompts: Sequence[PromptLike],
    layers: Sequence[int] | None = None,
    position: ReadPosition = "last",
    *,
    token_budget: int = 8192,
    progress: Progress | None = None,
) -> Residuals:
    """Residuals of prompts, that is, the outputs of decoder blocks, in one pass a batch that ends behind the last layer asked for.

    Args: prompts, Prompt or plain text; layers, counted from 0, by default all and the final norm; position, "last" for the last prompt
        token, "code" for the mean over the tokens of the code (needs Prompts); token_budget, of one batch, padding included.
    Returns: Residuals; `.values` is (prompts, layers, d_model), float32, prompts in their order.
    Raises: PlanError for no prompts, a layer outside the model, a prompt beyond the context, "code" without code.
    """
    chosen = list(range(model.info.layers)) if layers is None else list(layers)
    check_request(model, prompts, chosen)
    encoded = encode_fitting(model, prompts)
    spans = [read_span(model, prompt, position, index) for index, prompt in enumerate(encoded)]
    places: list[int | str] = [*chosen, FINAL_NORM] if layers is None else list(chosen)
    gathered: dict[int | str, dict[int, torch.Tensor | str]] = {place: {} for place in places}
    done = 0
    for rows in batches([len(prompt.tokens) for prompt in encoded], token_budget):
        batch = pad(model, [encoded[row].tokens for row in rows])
        for name, residuals in read_batch(model, batch, places, [spans[row] for row in rows]).items():
            for number, row in enumerate(rows):
                gathered[name][row] = residuals if isinstance(residuals, str) else residuals[number]
        done += len(rows)
        if progress is not None:
            progress(done, len(prompts))
    different = len({prompt.tokens for prompt in encoded}) > 1
    found: dict[int | str, FloatArray] = {}
    causes: dict[int | str, str | None] = {}
    for name, of_rows in gathered.items():
        judged = stacked([of_rows[row] for row in range(len(prompts))], different)
        causes[name] = judged if isinstance(judged, str) else None
        if not isinstance(judged, str):
            found[name] = judged.numpy()
    coverage = CoverageReport(
        layers=tuple(LayerCoverage(layer=layer, cause=causes[layer]) for layer in chosen),
        final_norm=LayerCoverage(layer=FINAL_NORM, cause=causes[FINAL_NORM]) if FINAL_NORM in causes else None,
    )
    return Residuals(found=found, position=position, coverage=coverage)


def check_request(model: "LoadedModel", prompts: Sequence[PromptLike], layers: Sequence[int]) -> None:
    """Raises: PlanError for no prompts, no layers, a layer twice or outside the model."""
    if not prompts:
        raise PlanError("no prompts to read residuals of; give at least one")
    if not layers or len(set(layers)) != len(layers):
        raise PlanError(f"layers {list(layers)} name none or one twice; name each layer once")
    for layer in layers:
        model.info.check_layer(layer)


def read_span(model: "LoadedModel", prompt: EncodedPrompt, position: ReadPosition, index: int) -> list[int]:
    """Which tokens of a prompt are averaged, counted from its end (-1 is the last), so that padding on the left does not matter.

    Raises: PlanError if the code is asked for and there is none, ModelError if the tokenizer can't tell where it stands.
    """
    if position == "last":
        return [-1]
    if not model.tokenizer.is_fast:
        raise ModelError(
            f"the tokenizer of {model.info.name} gives no offsets, so the tokens of the code are unknown; read at the last token"
        )
    if not prompt.code:
        raise PlanError(f"prompt {index} has no code to read at; give Prompts instead of plain text, or read at the last token")
    return [token - len(prompt.tokens) for token in prompt.code]


def read_batch(
    model: "LoadedModel", batch: Batch, wanted: Sequence[int | str], spans: Sequence[Sequence[int]]
) -> dict[int | str, torch.Tensor | str]:
    """Residuals of one batch at each place, or the cause of their absence. The pass ends behind the last place.

    Args: wanted, layers, and FINAL_NORM where that is asked for too.
    Returns: for each place (rows, d_model), float32, on the CPU, or a sentence.
    """
    inputs = forward_inputs(model, batch)
    places: dict[int | str, Envoy] = {layer: model.blocks[layer] for layer in sorted(place for place in wanted if isinstance(place, int))}
    if FINAL_NORM in wanted:
        places[FINAL_NORM] = model.final_norm
    last = list(places)[-1]
    taken: dict[int | str, torch.Tensor | str] = {}
    with torch.no_grad(), model.traced.trace() as tracer:
        with tracer.invoke(**inputs):
            pass
        for name, place in places.items():
            # A worker for each place: one that is never reached must not hold up those behind it.
            with tracer.invoke():
                taken[name] = read_place(place, batch, spans, model.info.d_model)
                if name == last:
                    tracer.stop()
    return taken


def read_place(place: "Envoy", batch: Batch, spans: Sequence[Sequence[int]], d_model: int) -> torch.Tensor | str:
    """What `pick` finds at one place; to be called inside a trace."""
    try:
        return pick(place.output, batch, spans, d_model)
    except OutOfOrderError:  # the run ended, and the model had not come by
        return "it was never reached"


def pick(output: Any, batch: Batch, spans: Sequence[Sequence[int]], d_model: int) -> torch.Tensor | str:
    """The wanted tokens of a block's output, averaged for each row, or what is wrong with its shape."""
    residual: Any = residual_of(output)
    wanted = (*batch.ids.shape, d_model)
    if not isinstance(residual, torch.Tensor):
        return f"its output is a {type(residual).__name__} instead of a tensor"
    if tuple(residual.shape) != wanted:
        return f"its output has shape {tuple(residual.shape)} instead of {wanted}"
    # float32 before the mean: bfloat16 sums drift over long code.
    rows = [residual[row, list(span)].float().mean(dim=0) for row, span in enumerate(spans)]
    return torch.stack(rows).cpu()


def stacked(taken: Sequence[torch.Tensor | str], different: bool) -> torch.Tensor | str:
    """The residuals of a layer, (prompts, d_model), or why they can't be used.

    Args: taken, one a prompt; different, whether the prompts differ.
    """
    residuals = []
    for index, residual in enumerate(taken):
        if isinstance(residual, str):
            return residual
        if not residual.isfinite().all():
            return f"residual of prompt {index} is not finite"
        if not residual.any():
            return f"residual of prompt {index} is zero throughout"
        residuals.append(residual)
    if different and all(torch.equal(residual, residuals[0]) for residual in residuals):
        return "residuals of different prompts are all the same"
    return torch.stack(residuals)
