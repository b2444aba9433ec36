"""Chooses, on programs made for training alone, the layer that is steered by default and the scale of the residual stream."""

import math
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

import torch
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from training.margins import unseen_pairs, unseen_twins
from training.programs import CWES
from training.trials import Trial, trials

STRENGTH = 10.0
"""The strength at which a visible share of the verdicts shall flip."""
FLIPS = 0.3
"""Verdicts on the other side that shall come over at that strength."""
SHARES = tuple(round(0.05 * 1.25**step, 4) for step in range(17))
"""Strengths that are tried, as shares of the median residual norm: .05 to 1.8."""

_OF_TWINS = ("CWE-787",)
"""CWEs with enough held-out bases for a trial."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The declared layer, the factor of the residual stream, and the figures of every layer that led there."""

    layer: int
    factor: float
    layers: list[dict[str, Any]]


def choose(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, *, count: int = 2, seed: str = "declare") -> Choice:
    """The layer whose direction stands out most from nuisance placebos, and the factor with which strength 10 flips `FLIPS` there.

    Every layer is tried at its own strength with that share of flips, so that layers with long and short residuals compare.
    Tried on unseen programs of trained families, and on twins that were never trained on, where a CWE has enough of them. Held-out
    families are no help here: the model hardly tells their halves apart, and a scale chosen on them would be too strong for all else.
    Left out are the first two layers, where hardly anything has been read from the code, and the last, behind which nothing is left to
    respond: a vector there is a change of the logits.
    """
    held = [trial for cwe in CWES for trial in trials(network, tokenizer, partial(unseen_pairs, cwe, held_out=False), count, seed=seed)]
    for cwe in _OF_TWINS:
        held += trials(network, tokenizer, partial(unseen_twins, cwe, use="choosing"), 1, seed=seed)
    figures = [_figures(held, layer) for layer in range(2, network.config.n_layer - 1)]
    usable = [found for found in figures if found["strength"] is not None]
    if not usable:
        raise ValueError(
            f"no layer flips {FLIPS:.0%} of the verdicts at {SHARES[-1]} of its residual norm; train longer or with more doubt"
        )
    best = max(usable, key=lambda found: found["log_ratio"])
    return Choice(layer=best["layer"], factor=STRENGTH / best["strength"], layers=figures)


def _figures(held: list[Trial], layer: int) -> dict[str, Any]:
    strength = _strength_that_flips(held, layer)
    if strength is None:
        return {"layer": layer, "strength": None}
    draw = torch.Generator().manual_seed(layer)
    ranked = [trial.shift_among_placebos(layer, strength, draw) for trial in held]
    p_nuisance = [found.p(found.nuisance) for found in ranked]
    p_flip = [found.p(found.label_flip) for found in ranked]
    return {
        "layer": layer,
        "strength": strength,
        "share_of_norm": round(strength / fmean(trial.median_norm(layer) for trial in held), 3),
        "shift": round(fmean(found.treatment for found in ranked), 3),
        "log_ratio": round(fmean(math.log(found.treatment / float(found.nuisance.quantile(0.95))) for found in ranked), 3),
        "passes": round(fmean(one <= 0.05 and other <= 0.05 for one, other in zip(p_nuisance, p_flip, strict=True)), 3),
        "passes_nuisance": round(fmean(p <= 0.05 for p in p_nuisance), 3),
        "passes_label_flip": round(fmean(p <= 0.05 for p in p_flip), 3),
    }


def _strength_that_flips(held: list[Trial], layer: int) -> float | None:
    """The strength at which the mean share of flips first reaches `FLIPS`, between two tried strengths in a straight line."""
    norm = fmean(trial.median_norm(layer) for trial in held)
    shares = torch.tensor([trial.flips(layer, [norm * share for share in SHARES]) for trial in held]).mean(0).tolist()
    before, flips_before = 0.0, 0.0
    for share, flips in zip(SHARES, shares, strict=True):
        if flips >= FLIPS:
            return norm * (before + (share - before) * (FLIPS - flips_before) / (flips - flips_before))
        before, flips_before = share, flips
    return None
