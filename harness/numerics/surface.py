"""What the surface of the code tells about its label: length and words, without any model. Residuals should tell more."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from harness.errors import DirectionError
from harness.numerics.accuracy import half_points
from harness.numerics.pairs import Float64Array
from harness.numerics.wording import counted
from harness.records import ContrastPair

TOKENS = r"\w+|[-+*/%&|^<>=!]{1,3}|[^\w\s]"
"""Identifiers, keywords and numbers; operators of up to three characters; any other sign alone."""
SURFACE_C = 0.1
"""Inverse strength of the L2 penalty: of .01, .1 and 1 the one that tells most pairs of the embedded corpus (.58, .62, .59)."""


def surface_probe() -> Pipeline:
    """Logistic regression on the length of a file (log characters, log lines) and its bag of words, each scaled to unit deviation.

    It takes texts; the class True is "vulnerable". The step of the regression is named `regression`.
    """
    words = CountVectorizer(token_pattern=TOKENS, lowercase=False)
    features = make_union(words, FunctionTransformer(_lengths))
    regression = LogisticRegression(C=SURFACE_C, max_iter=2000)
    return Pipeline([("features", features), ("scale", StandardScaler(with_mean=False)), ("regression", regression)])


def _lengths(texts: Sequence[str]) -> Float64Array:
    return np.log1p([[len(text), len(text.splitlines())] for text in texts])  # (texts, 2)


def surface_accuracy(pairs: Sequence[ContrastPair]) -> float:
    """Pair accuracy of the probe, leaving one scenario out: defined as that of a direction, so that both can be compared.

    A scenario is right where the vulnerable half gets the higher score, averaged over its variants; equal scores count half. In the fit
    every scenario counts once, however many variants it has.

    Returns: share of scenarios, 0 to 1. Raises: DirectionError for fewer than two scenarios.
    """
    return float(np.mean(list(surface_points(pairs).values()))) / 2


def surface_points(pairs: Sequence[ContrastPair]) -> Mapping[str, int]:
    """Half points of each scenario: 2 right, 1 undecided, 0 wrong; see `surface_accuracy`."""
    variants = Counter(pair.scenario for pair in pairs)
    if len(variants) < 2:
        raise DirectionError(f"{counted(len(variants), 'scenario')} can't be left out of the surface probe's fit; two are needed at least")
    return {scenario: _held_out_points(scenario, pairs, variants) for scenario in sorted(variants)}


def _held_out_points(scenario: str, pairs: Sequence[ContrastPair], variants: Mapping[str, int]) -> int:
    fitting = [pair for pair in pairs if pair.scenario != scenario]
    texts = [pair.vulnerable.code for pair in fitting] + [pair.patched.code for pair in fitting]
    labels = np.repeat([True, False], len(fitting))
    weights = np.tile([1 / variants[pair.scenario] for pair in fitting], 2)
    probe = surface_probe().fit(texts, labels, regression__sample_weight=weights)
    held_out = [pair for pair in pairs if pair.scenario == scenario]
    scores = [probe.decision_function([getattr(pair, label).code for pair in held_out]) for label in ("vulnerable", "patched")]
    return int(half_points(np.mean(scores[0] - scores[1]), np.abs(scores).max()))
