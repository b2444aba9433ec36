"""Adding a delta to the residual inside a trace, and proving afterwards, from what the model carried on, that it was added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import PlanError, SteeringError
from harness.records import Positions, SteeringPlan

if TYPE_CHECKING:
    from nnsight.intervention.envoy import Envoy

    from harness.model.loading import LoadedModel

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 2e-2, torch.float16: 5e-3}
"""How far the measured change of the residual may lie from the planned one, as a share of the planned norm. The rounding of the sum in the
model's own number type comes on top, and half the planned norm is never passed: a change that got lost always shows."""


@dataclass(frozen=True, kw_only=True)
class Addition:
    """What one batch gets.

    deltas: (rows, d_model), float32. behind_prompt: (rows,), int64, how many tokens of each row follow its prompt, because an answer is
    given there instead of generated; 0 where the row is a prompt and nothing else.
    """

    layer: int
    positions: Positions
    deltas: torch.Tensor
    behind_prompt: torch.Tensor

    def reaches(self, mask: torch.Tensor) -> torch.Tensor:
        """Which tokens are steered: (rows, tokens), boolean. Padding never is.

        Args: mask, (rows, tokens), 0 on padding; rows end with their last token, so that tokens are counted from there.
        """
        from_end = torch.arange(mask.shape[1] - 1, -1, -1, device=mask.device)  # (tokens,)
        behind = self.behind_prompt.to(mask.device)[:, None]  # (rows, 1)
        if self.positions == "generated":
            return mask.bool() & (from_end <= behind)
        if self.positions == "prompt":
            return mask.bool() & (from_end >= behind)
        return mask.bool()

    @property
    def reaches_answer(self) -> bool:
        """Whether generated tokens are steered too."""
        return self.positions != "prompt"


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happened to the residual of each row at one layer, measured; all (rows,), float32.

    added: L2 norm of the change at the steered token, of several the one farthest from the plan. planned: norm of the delta.
    excess: by how much the change misses the plan beyond the tolerance, at the worst token; above 0 it was not the plan.
    residual_norm: L2 norm of the residual at the last token before the addition.
    """

    layer: int
    added: torch.Tensor
    planned: torch.Tensor
    excess: torch.Tensor
    residual_norm: torch.Tensor


def check_plan(model: "LoadedModel", plan: SteeringPlan, rows: int) -> None:
    """Raises: PlanError if the plan does not fit the model or the number of rows."""
    model.info.check_layer(plan.layer)
    if plan.deltas.shape[1] != model.info.d_model:
        raise PlanError(
            f"deltas of width {plan.deltas.shape[1]} do not fit the residual of width {model.info.d_model} of {model.info.name}; "
            "steer a model with a direction of its own"
        )
    if plan.deltas.shape[0] != rows:
        raise PlanError(f"{plan.deltas.shape[0]} deltas stand beside {rows} prompts; give one delta a row")


def addition_of(model: "LoadedModel", plan: SteeringPlan, rows: Sequence[int], behind_prompt: Sequence[int] | None = None) -> Addition:
    """The part of a plan that concerns some of its rows.

    Args: behind_prompt, how many tokens of each of these rows follow its prompt; None where the rows are prompts and nothing else.
    """
    deltas = torch.tensor(plan.deltas[list(rows)], dtype=torch.float32, device=model.device)
    behind = torch.tensor([0] * len(rows) if behind_prompt is None else list(behind_prompt), device=model.device)
    return Addition(layer=plan.layer, positions=plan.positions, deltas=deltas, behind_prompt=behind)


def residual_of(output: Any) -> torch.Tensor:
    """The residual in a block's output: the output itself, or its first part (Falcon, Bloom, MPT)."""
    residual: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return residual


def with_residual(output: Any, residual: torch.Tensor) -> Any:
    """A block's output with another residual in it."""
    return (residual, *output[1:]) if isinstance(output, tuple) else residual


def add(model: "LoadedModel", addition: Addition, mask: torch.Tensor) -> Change:
    """Adds to the residual behind the block and measures it in front of what comes next. To be called inside a trace.

    Args: mask, (rows, tokens): 0 on padding; only its last columns count where the first tokens are cached.
    """
    block = model.blocks[addition.layer]
    output = block.output
    before = residual_of(output).float().clone()  # (rows, tokens, d_model)
    reached = addition.reaches(mask[:, -before.shape[1] :])  # (rows, tokens)
    if reached.shape != before.shape[:2]:
        raise SteeringError(
            f"layer {addition.layer} of {model.info.name} saw {tuple(before.shape[:2])} rows and tokens where {tuple(reached.shape)} "
            "were due, so it is unknown which to steer; the model must generate with a cache, one token a step"
        )
    planned = addition.deltas.to(before.device)[:, None, :] * reached.to(before.device)[:, :, None]
    # Summed in float32 and rounded once: bfloat16 would round the delta as well.
    block.output = with_residual(output, (before + planned).to(residual_of(output).dtype))
    return measure(before, following(model, addition.layer).input, addition, reached)


def add_to_tokens(model: "LoadedModel", addition: Addition) -> Change:
    """As add, where every token of the batch is a row of the addition: (batch rows * tokens, d_model) deltas. Inside a trace."""
    block = model.blocks[addition.layer]
    output = block.output
    residual = residual_of(output)  # (batch rows, tokens, d_model)
    before = residual.float().reshape(-1, 1, residual.shape[-1]).clone()
    reached = torch.ones(before.shape[:2], dtype=torch.bool, device=before.device)
    if before.shape[0] != addition.deltas.shape[0]:
        raise SteeringError(
            f"layer {addition.layer} of {model.info.name} saw {before.shape[0]} tokens where {addition.deltas.shape[0]} were due, so it is "
            "unknown which to steer; measure this model with steered_margins"
        )
    steered = before + addition.deltas.to(before.device)[:, None, :]
    block.output = with_residual(output, steered.to(residual.dtype).reshape(residual.shape))
    return measure(before, following(model, addition.layer).input.reshape(before.shape), addition, reached)


def following(model: "LoadedModel", layer: int) -> "Envoy":
    """What the residual of a layer goes into: the next block, or the final norm."""
    return model.blocks[layer + 1] if layer + 1 < len(model.blocks) else model.final_norm


def measure(before: torch.Tensor, carried: torch.Tensor, addition: Addition, reached: torch.Tensor) -> Change:
    """Compares the residual that the model carried on with the one before the addition.

    Args: before, (rows, tokens, d_model), float32; carried, the same shape in the model's type; reached, (rows, tokens).
    """
    after = carried.to(before.device).float()
    deltas, reached = addition.deltas.to(before.device), reached.to(before.device)
    norms = deltas.norm(dim=-1)  # (rows,)
    planned = norms[:, None] * reached  # (rows, tokens)
    change = after - before
    added = change.norm(dim=-1)  # (rows, tokens)
    miss = (change - deltas[:, None, :] * reached[:, :, None]).norm(dim=-1)  # (rows, tokens)
    rounding = torch.finfo(carried.dtype).eps / 2 * after.norm(dim=-1)
    allowed = torch.minimum(TOLERANCE[carried.dtype] * planned + rounding, planned / 2)
    farthest = (added - planned).abs().masked_fill(~reached, -1).argmax(dim=-1, keepdim=True)  # (rows, 1)
    return Change(
        layer=addition.layer,
        added=added.gather(1, farthest)[:, 0],
        planned=norms,
        # nan_to_num: a residual that is no longer finite has missed any plan.
        excess=(miss - allowed).nan_to_num(nan=torch.inf).amax(dim=-1),
        residual_norm=before[:, -1].norm(dim=-1),
    )


def check_steps(
    model: "LoadedModel", addition: Addition, steps: Sequence[Change], passes: int, rows: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The added norm and the residual norm of each row, (rows,) on the CPU, once every step has been held against the plan.

    Args: steps, one Change a steered forward pass, the prompt's first; passes, how many forward passes there were; rows, the numbers of
        the rows within the whole plan, for the message.
    Raises: SteeringError naming the row, the layer, the planned and the measured change; or how many passes went unsteered.
    """
    due = passes if addition.reaches_answer else 1
    if len(steps) != due:
        raise SteeringError(
            f"layer {addition.layer} of {model.info.name} was steered in {len(steps)} of {due} forward passes: its block was not reached "
            "in the others, so the answer is no steered one; choose another layer"
        )
    added = torch.stack([step.added.cpu() for step in steps])  # (steps, rows)
    excess = torch.stack([step.excess.cpu() for step in steps])
    planned = steps[0].planned.cpu()
    if (excess > 0).any():
        step, row = divmod(int(excess.argmax()), excess.shape[1])
        raise SteeringError(
            f"row {rows[row]} was steered by {float(added[step, row]):.6g} at layer {addition.layer} of {model.info.name} (step {step}), "
            f"but {float(planned[row]):.6g} was planned: the change misses the plan by {float(excess[step, row]):.3g} more than "
            f"rounding in {str(model.dtype).removeprefix('torch.')} explains; raise the strength, or load the model with --dtype float32"
        )
    farthest = (added - planned).abs().argmax(dim=0, keepdim=True)  # (1, rows)
    return added.gather(0, farthest)[0], steps[0].residual_norm.cpu()
