"""Whether the residuals are those of the model: held against transformers' own `output_hidden_states`, bit for bit."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from harness.model.addition import residual_of
from harness.model.passes import forward_inputs
from harness.model.residual import CoverageReport, LayerCoverage, read_residuals
from harness.model.tokens import Batch, PromptLike, batches, encode_fitting, pad
from harness.records import FloatArray

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel


def compare_with_transformers(model: "LoadedModel", prompts: Sequence[PromptLike], *, token_budget: int = 8192) -> CoverageReport:
    """Reads all layers at the last prompt token and compares them with a plain transformers call over the same batches.

    The residual of layer i is hidden_states[i + 1]. The last block's is not among them, since transformers gives only what the final norm
    makes of it: that one is taken by a forward hook in the same call, and the final norm is held against hidden_states[-1].

    Returns: a report in which a layer fails that could not be read, or that differs by a single bit; the cause tells by how much.
    Raises: as read_residuals.
    """
    residuals = read_residuals(model, prompts, token_budget=token_budget)
    encoded = [prompt.tokens for prompt in encode_fitting(model, prompts)]
    expected: dict[int, torch.Tensor] = {}
    for rows in batches([len(tokens) for tokens in encoded], token_budget):
        expected.update(zip(rows, plain_hidden_states(model, pad(model, [encoded[row] for row in rows])), strict=True))
    assert residuals.coverage.final_norm is not None, "all layers were read"
    states = torch.stack([expected[row] for row in range(len(prompts))])  # (prompts, layers + 1, d_model)
    return CoverageReport(
        layers=tuple(_held_against(entry, residuals.layer, states[:, number]) for number, entry in enumerate(residuals.coverage.layers)),
        final_norm=_held_against(residuals.coverage.final_norm, lambda _: residuals.final_norm, states[:, -1]),
    )


def plain_hidden_states(model: "LoadedModel", batch: Batch) -> torch.Tensor:
    """Outputs of all blocks and of the final norm at the last token, without nnsight: (rows, layers + 1, d_model), float32."""
    last_block: list[torch.Tensor] = []
    hook = model.blocks[-1]._module.register_forward_hook(lambda _module, _inputs, output: last_block.append(residual_of(output)))
    try:
        with torch.no_grad():
            states = model.module(**forward_inputs(model, batch), output_hidden_states=True).hidden_states
    finally:
        hook.remove()
    # hidden_states[0] is the embedding.
    return torch.stack([state[:, -1].float().cpu() for state in (*states[1:-1], *last_block, states[-1])], dim=1)


def _held_against(entry: LayerCoverage, read: Callable[[Any], FloatArray], expected: torch.Tensor) -> LayerCoverage:
    if not entry.ok:
        return entry
    return LayerCoverage(layer=entry.layer, cause=difference(torch.from_numpy(read(entry.layer)), expected))


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> str | None:
    """How two tensors (prompts, d_model) differ; None if they are bit-equal."""
    if torch.equal(ours, theirs):
        return None
    return f"differs from the hidden state of transformers by up to {float((ours - theirs).abs().max()):.3g}"
