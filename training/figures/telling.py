"""How well margins tell vulnerable from patched programs."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import DegenerateDataWarning, bootstrap, mannwhitneyu, norm
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.prompts import QUESTIONS, WEAKNESSES
from training.figures.samples import POOLED, Sample
from training.margins import margins

Scores = NDArray[np.float64]
Labels = NDArray[np.bool_]
DRAWS, BINS, FEWEST_UNITS = 500, 10, 10


def mean_margins(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, samples: Sequence[Sample]) -> Scores:
    """The mean margin of the four questions, (samples,); nan for a program that does not fit the context."""
    found = np.full(len(samples), np.nan)
    context = network.config.n_positions
    fits = [at for at, one in enumerate(samples) if all(len(tokenizer.encode(one.prompt(q).text)) <= context for q in QUESTIONS)]
    prompts = [samples[at].prompt(question) for question in QUESTIONS for at in fits]
    found[fits] = margins(network, tokenizer, prompts).numpy().reshape(len(QUESTIONS), len(fits)).mean(0)
    return found


def telling_apart(samples: Sequence[Sample], scores: Scores) -> list[dict[str, Any]]:
    """A row for each source and CWE, and one for each source with all CWEs together."""
    rows = []
    for source in dict.fromkeys(one.source for one in samples):
        for cwe in (POOLED, *WEAKNESSES):
            chosen = [at for at, one in enumerate(samples) if one.source == source and cwe in (POOLED, one.cwe)]
            here = [at for at in chosen if not np.isnan(scores[at])]
            if len({samples[at].vulnerable for at in here}) == 2:
                rows.append(
                    {
                        "source": source,
                        "cwe": cwe,
                        "programs": len(here),
                        "too_long": len(chosen) - len(here),
                        **figures([samples[at] for at in here], scores[here]),
                    }
                )
    return rows


def figures(samples: Sequence[Sample], scores: Scores) -> dict[str, Any]:
    """AUC, balanced accuracy, d' and criterion with 95% intervals over units, the calibration error and the median size of the margin."""
    labels = np.array([one.vulnerable for one in samples])
    units = [one.unit for one in samples]
    found = {name: _with_interval(statistic, scores, labels, units) for name, statistic in STATISTICS.items()}
    return {**found, "calibration_error": calibration_error(scores, labels), "median_margin": float(np.median(np.abs(scores)))}


def _with_interval(
    statistic: Callable[[Scores, Labels], float], scores: Scores, labels: Labels, units: Sequence[str]
) -> dict[str, float | None]:
    """BCa bootstrap over units: the halves and variants of one scenario are drawn together.

    No interval where there are fewer than FEWEST_UNITS, or where BCa is undefined because the resamples show no spread.
    """
    members: dict[str, list[int]] = {}
    for at, unit in enumerate(units):
        members.setdefault(unit, []).append(at)
    groups = [np.array(at) for at in members.values()]

    def of_units(picked: NDArray[np.int_]) -> float:
        rows = np.concatenate([groups[unit] for unit in picked])
        return statistic(scores[rows], labels[rows]) if len(set(labels[rows])) == 2 else np.nan

    found: dict[str, float | None] = {"value": statistic(scores, labels), "low": None, "high": None}
    if len(groups) >= FEWEST_UNITS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DegenerateDataWarning)  # no spread: no interval, and the card says so
            interval = bootstrap(
                (np.arange(len(groups)),), of_units, vectorized=False, n_resamples=DRAWS, method="BCa", rng=np.random.default_rng(0)
            ).confidence_interval
        if np.isfinite(interval.low) and np.isfinite(interval.high):
            found |= {"low": float(interval.low), "high": float(interval.high)}
    return found


def auc(scores: Scores, labels: Labels) -> float:
    """How often a vulnerable program has a greater margin than a patched one, over all pairings; ties count half."""
    wins = mannwhitneyu(scores[labels], scores[~labels], method="asymptotic").statistic
    return float(wins / (labels.sum() * (~labels).sum()))


def balanced_accuracy(scores: Scores, labels: Labels) -> float:
    """Mean of the shares of vulnerable and of patched programs on their side of zero."""
    return float(((scores[labels] > 0).mean() + (scores[~labels] <= 0).mean()) / 2)


def d_prime(scores: Scores, labels: Labels) -> float:
    """z(hits) - z(false alarms), half a count added to each cell."""
    hits, alarms = _z_of_shares(scores, labels)
    return hits - alarms


def criterion(scores: Scores, labels: Labels) -> float:
    """-(z(hits) + z(false alarms)) / 2: below 0, the model says "vulnerable" more than it should."""
    hits, alarms = _z_of_shares(scores, labels)
    return -(hits + alarms) / 2


def _z_of_shares(scores: Scores, labels: Labels) -> tuple[float, float]:
    """Source: Hautus 1995, the log-linear correction of extreme shares."""
    hits, alarms = (((scores[mask] > 0).sum() + 0.5) / (mask.sum() + 1) for mask in (labels, ~labels))
    return float(norm.ppf(hits)), float(norm.ppf(alarms))


def calibration_error(scores: Scores, labels: Labels) -> float:
    """Mean distance of the share of vulnerable programs from the probability that the margin gives, over ten bins of equal width.

    It is never 0 on few programs, and resampling makes it larger still: so it has no interval.
    """
    chance = 1 / (1 + np.exp(-scores))
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    return float(sum(abs(labels[bins == at].mean() - chance[bins == at].mean()) * (bins == at).mean() for at in set(bins.tolist())))


STATISTICS: dict[str, Callable[[Scores, Labels], float]] = {
    "auc": auc,
    "balanced_accuracy": balanced_accuracy,
    "d_prime": d_prime,
    "criterion": criterion,
}
