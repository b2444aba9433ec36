"""Steering trials on generated programs: a direction fitted on some pairs, its effect on others, and what placebos do there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from training.margins import answer_tokens, ask
from training.programs import ProgramPair
from training.steering import Primed, last_residuals, prime, steered_margins

FITTED, HELD_BACK, PLACEBOS = 23, 12, 39


class Trial:
    """Pairs to fit on, as many as CWE-787 of the embedded corpus leaves when one is held out, and others to measure, in every layer.

    Margins and flips are of the others; the direction and the placebos know nothing of them.
    """

    def __init__(
        self, network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[ProgramPair], *, question: str
    ) -> None:
        self.network = network
        self._answers = answer_tokens(tokenizer)
        fitted, tested = pairs[:FITTED], pairs[FITTED : FITTED + HELD_BACK]
        halves = [ask(pair.vulnerable, question) for pair in fitted] + [ask(pair.patched, question) for pair in fitted]
        self._residuals = last_residuals(network, tokenizer, halves).unflatten(0, (2, FITTED))  # (labels, pairs, layers, width)
        self._tested = [prime(network, tokenizer, ask(half, question)) for pair in tested for half in (pair.vulnerable, pair.patched)]
        self.unsteered = self._margins(0, torch.zeros(1, self._residuals.shape[-1]))[:, 0]  # (tested,)

    def _margins(self, layer: int, deltas: Tensor) -> Tensor:
        return torch.stack([self._one(primed, layer, deltas) for primed in self._tested])  # (tested, rows)

    def _one(self, primed: Primed, layer: int, deltas: Tensor) -> Tensor:
        return steered_margins(self.network, primed, layer, deltas, self._answers)

    def median_norm(self, layer: int) -> float:
        """Median length of the fitting residuals."""
        return float(self._residuals[:, :, layer].norm(dim=-1).median())

    def difference(self, layer: int) -> Tensor:
        """Mean of vulnerable minus patched, (width,), not normalised."""
        vulnerable, patched = self._residuals[:, :, layer]
        return (vulnerable - patched).mean(0)

    def flips(self, layer: int, strengths: Sequence[float]) -> list[float]:
        """For each strength, the share of verdicts on the other side that come over when pushed; both ways of pushing together."""
        unit = self.difference(layer) / self.difference(layer).norm()
        strength = torch.tensor(strengths)[:, None]
        up, down = self._margins(layer, torch.cat([strength * unit, -strength * unit])).chunk(2, dim=1)  # (tested, strengths)
        secure, vulnerable = self.unsteered <= 0, self.unsteered > 0
        came = (up[secure] > 0).sum(0) + (down[vulnerable] <= 0).sum(0)
        return (came / len(self.unsteered)).tolist()

    def shifts(self, layer: int, deltas: Tensor) -> Tensor:
        """T of each delta, (rows,): the absolute mean over programs of half the margin's change from -delta to +delta."""
        up, down = self._margins(layer, torch.cat([deltas, -deltas])).chunk(2, dim=1)
        return ((up - down) / 2).mean(0).abs()

    def shift_among_placebos(self, layer: int, strength: float, draw: torch.Generator) -> "Ranked":
        """T of the direction at a strength, and of both kinds of placebo."""
        difference = self.difference(layer)
        treatment = strength * difference / difference.norm()
        nuisance = self._nuisance(layer, strength, draw)
        flipped = self._flipped(layer, draw) * strength / difference.norm()  # as long as the flips agree, so shorter than the treatment
        found = self.shifts(layer, torch.cat([treatment[None], nuisance, flipped]))
        return Ranked(treatment=float(found[0]), nuisance=found[1 : 1 + PLACEBOS], label_flip=found[1 + PLACEBOS :])

    def _nuisance(self, layer: int, strength: float, draw: torch.Generator) -> Tensor:
        """Gaussian vectors with the covariance that is left within each label, all of one length."""
        residuals = self._residuals[:, :, layer]
        within = (residuals - residuals.mean(1, keepdim=True)).flatten(0, 1)  # (2 * pairs, width)
        drawn = torch.randn(PLACEBOS, len(within), generator=draw) @ within
        return strength * drawn / drawn.norm(dim=-1, keepdim=True)

    def _flipped(self, layer: int, draw: torch.Generator) -> Tensor:
        """The mean difference with the labels exchanged within some pairs: distinct choices, never none and never all."""
        vulnerable, patched = self._residuals[:, :, layer]
        # A choice and its complement are one placebo with two signs: the last pair stays as it is.
        choices = (torch.randperm(2 ** (FITTED - 1) - 1, generator=draw) + 1)[:PLACEBOS]
        signs = 1.0 - 2.0 * ((choices[:, None] >> torch.arange(FITTED)) & 1).float()  # (placebos, pairs)
        return signs @ (vulnerable - patched) / FITTED


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """T of the treatment, and of the placebos."""

    treatment: float
    nuisance: Tensor
    label_flip: Tensor

    def p(self, placebos: Tensor) -> float:
        """The treatment's rank among placebos: 1/40 where it beats all 39."""
        return (1 + int((placebos >= self.treatment).sum())) / (1 + len(placebos))


class PairSource(Protocol):
    """Where the pairs of a trial come from."""

    def __call__(self, count: int, *, seed: str) -> list[ProgramPair]: ...


def trials(
    network: GPTBigCodeForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    source: PairSource,
    count: int,
    *,
    seed: str,
    question: str = "vulnerable",
) -> list[Trial]:
    """Independent trials, each on pairs of its own."""
    return [Trial(network, tokenizer, source(FITTED + HELD_BACK, seed=f"{seed} {at}"), question=question) for at in range(count)]
