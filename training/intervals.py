"""Intervals for the figures of the model card. The pair, not the program, is what was drawn."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from harness.records import Interval

Scores = NDArray[np.float64]


def share_interval(hits: int, of: int) -> Interval:
    """Wilson's interval of a share."""
    found = binomtest(hits, of).proportion_ci(method="wilson")
    return Interval(low=float(found.low), high=float(found.high))


def pair_bootstrap(statistic: Callable[[Scores, Scores], float], vulnerable: Scores, patched: Scores, *, draws: int = 1000) -> Interval:
    """Percentile interval of a statistic of (vulnerable, patched) margins, with pairs drawn again."""
    rng = np.random.default_rng(0)
    picks = rng.integers(len(vulnerable), size=(draws, len(vulnerable)))
    found = [statistic(vulnerable[pick], patched[pick]) for pick in picks]
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(low=float(low), high=float(high))


def auc(vulnerable: Scores, patched: Scores) -> float:
    """How often a vulnerable program has a greater margin than a patched one, over all pairings."""
    labels = np.repeat([1, 0], [len(vulnerable), len(patched)])
    return float(roc_auc_score(labels, np.concatenate([vulnerable, patched])))


def balanced_accuracy(vulnerable: Scores, patched: Scores) -> float:
    """Mean of the shares of vulnerable and of patched programs on their side of zero."""
    return float(((vulnerable > 0).mean() + (patched <= 0).mean()) / 2)
