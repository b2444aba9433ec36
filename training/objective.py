"""What one batch teaches: the verdict, the reasons, and the code itself."""

from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, log_softmax, softplus
from transformers import GPTBigCodeForCausalLM

from training.branches import Batch
from training.pushing import Push
from training.recipe import Recipe, Stage

PARTS = ("verdict", "contrast", "reason", "code", "spot")


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Mean cross-entropies in nats. A part that the batch does not have is None."""

    total: Tensor
    verdict: float | None
    contrast: float | None
    reason: float | None
    code: float | None
    spot: float | None


class Student(nn.Module):
    """The network and a helper of its training: a spotter that reads from each token of the code whether a flaw has been seen.

    An answer carries one bit a program, which is little to learn code from. The spotter asks for the same bit at every token behind the
    first one in which the halves of a pair differ, two thirds up the network, so that the code itself comes to hold what the answer needs.
    It is not exported.
    """

    def __init__(self, network: GPTBigCodeForCausalLM, *, weaknesses: int) -> None:
        super().__init__()
        self.network = network
        self.layer = 2 * network.config.n_layer // 3
        width = network.config.n_embd
        self.spotter = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, weaknesses))

    def run(self, batch: Batch, push: Push | None = None) -> tuple[Tensor, Tensor]:
        """Final hidden states of all tokens of a batch of trees, and those that the spotter reads: (rows * length, width) each."""
        with nullcontext() if push is None else push.applied(self.network):
            found = self.network.transformer(
                batch.ids, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False, output_hidden_states=True
            )
        return found.last_hidden_state.flatten(0, 1), found.hidden_states[self.layer].flatten(0, 1)


def losses(student: Student, batch: Batch, recipe: Recipe, stage: Stage, *, yes: int, no: int, draw: torch.Generator) -> Losses:
    """The weighted loss of a batch.

    The verdict is trained toward a probability and not toward a draw of it: the same expectation with far less noise.
    Logits are computed only where a loss is taken. Plain code, which has no verdict, is learnt from half of its tokens.
    """
    share = recipe.code_sample if len(batch.verdict_at) else 0.5
    kept = torch.rand(len(batch.code_at), generator=draw) < share
    code_at, code_token = batch.code_at[kept], batch.code_token[kept]
    at = torch.cat([batch.verdict_at, batch.reason_at, code_at])
    pushed = stage.pushed_share > 0 and float(torch.rand((), generator=draw)) < stage.pushed_share
    push = Push.draw(batch, student.network, draw) if pushed else None
    with torch.autocast("cpu", torch.bfloat16):
        final, middle = student.run(batch, push)
        logits = student.network.lm_head(final[at])  # (targets, vocabulary)
    verdict, reason, code = logits.float().split([len(batch.verdict_at), len(batch.reason_at), len(code_at)])
    parts = {
        "verdict": (_verdict_loss(verdict, batch.verdict_yes, yes, no), recipe.answer_weight),
        "contrast": (_contrast_loss(verdict, batch, yes, no) if stage.contrast_weight else None, stage.contrast_weight),
        "reason": (cross_entropy(reason, batch.reason_token) if len(reason) else None, recipe.reason_weight),
        "code": (cross_entropy(code, code_token) if len(code) else None, recipe.code_weight),
        "spot": (_spot_loss(student.spotter, middle.float(), batch), recipe.spot_weight),
    }
    total = sum((loss * weight for loss, weight in parts.values() if loss is not None), start=torch.zeros(()))
    return Losses(total=total, **{name: None if loss is None else float(loss.detach()) for name, (loss, _) in parts.items()})


def _spot_loss(spotter: nn.Module, middle: Tensor, batch: Batch) -> Tensor | None:
    if not len(batch.flaw_at):
        return None
    seen = spotter(middle[batch.flaw_at]).gather(1, batch.flaw_weakness[:, None])[:, 0]
    return binary_cross_entropy_with_logits(seen, batch.flaw_present)


def _contrast_loss(logits: Tensor, batch: Batch, yes: int, no: int) -> Tensor | None:
    """How surely the vulnerable half is called vulnerable rather than the patched one: what both halves share cancels in the difference."""
    own = batch.verdict_half >= 0
    if not own.any():
        return None
    half = batch.verdict_half[own]
    toward_truth = (logits[own, yes] - logits[own, no]) * torch.sign(batch.verdict_yes[own] - 0.5)
    empty = torch.zeros(2 * (int(half.max()) // 2 + 1))
    mean = empty.index_add(0, half, toward_truth) / empty.index_add(0, half, torch.ones_like(toward_truth)).clamp(min=1)
    return softplus(-mean.view(-1, 2).sum(dim=1)).mean()


def _verdict_loss(logits: Tensor, target: Tensor, yes: int, no: int) -> Tensor | None:
    if not len(target):
        return None
    chances = log_softmax(logits, dim=-1)
    return -(target * chances[:, yes] + (1 - target) * chances[:, no]).mean()


def optimizers(network: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, which it brings down in about half the steps; AdamW for embeddings, norms and biases."""
    matrices = [weight for name, weight in network.named_parameters() if weight.ndim == 2 and ".h." in name]
    held = {id(weight) for weight in matrices}
    others = [weight for weight in network.parameters() if id(weight) not in held]
    adam = torch.optim.AdamW(others, lr=recipe.peak_rate, betas=(0.9, 0.98), weight_decay=0.0)
    if recipe.optimizer == "adamw":
        adam.add_param_group({"params": matrices, "weight_decay": recipe.weight_decay})
        return [adam]
    muon = torch.optim.Muon(matrices, lr=recipe.peak_rate, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw")
    return [muon, adam]


def rate(step: int, recipe: Recipe) -> float:
    """The learning rate of a step: up, level, and down to nothing in a straight line; a second time after a restart."""
    start, end = recipe.cycle(step)
    rising = min(1.0, (step - start + 1) / recipe.warm_up)
    falling = min(1.0, max(0.0, end - step) / (end - recipe.level_end(step)))
    return recipe.peak(step) * min(rising, falling)
