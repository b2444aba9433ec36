"""How near the reason a response gives comes to the ground-truth rationale of an example.

Overlap of words as SecLLMHolmes publishes it, similarity of meaning where an embedder is given, and three things a reviewer would look for:
does the reason name the weakness, the identifiers that matter, the lines that hold the flaw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, EffectError
from harness.records import ContrastPair, Example
from harness.scoring.naming import changed_lines, identifiers, named_identifiers, named_lines, names_weakness


class Embedder(Protocol):
    """Anything that turns texts into vectors: (n_texts, width), any float type, a row a text."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.floating[Any]]: ...


@dataclass(frozen=True, kw_only=True)
class RationaleScore:
    """A reason beside the rationale of its example.

    rouge1_precision: 0 to 1, see `rouge1_precision`. similarity: cosine of both embeddings, -1 to 1; None where no embedder was given.
    names_cwe: the reason names the example's weakness, by number or name. variables: identifiers of the code (variables, functions,
    fields, types, macros) that rationale and reason both name, sorted. lines: the lines the reason names that hold the flaw, or what
    mends it where the example is patched, from 1 and sorted; empty where it names none of them, None where no pair says which they are.
    """

    rouge1_precision: float
    similarity: float | None
    names_cwe: bool
    variables: tuple[str, ...]
    lines: tuple[int, ...] | None


def score_rationale(reason: str, example: Example, *, pair: ContrastPair | None = None, embedder: Embedder | None = None) -> RationaleScore:
    """Compares the reason that a response gives with the rationale of the example it is about.

    Args: reason, the response or the part of it that argues. example, with a rationale. pair, the contrast pair that holds the example:
    its difference says which lines hold the flaw. embedder, for the similarity.
    Raises: DataError for an example without a rationale, or of a language whose identifiers can't be read, or that is no half of `pair`;
    PlanError for a CWE the harness has no name for; EffectError for embeddings without a cosine.
    """
    if example.rationale is None:
        raise DataError(f"{example.path} has no rationale to compare a reason with; score examples that have one")
    names = identifiers(example.code, example.language)
    return RationaleScore(
        rouge1_precision=rouge1_precision(reason, example.rationale),
        similarity=None if embedder is None else similarity(reason, example.rationale, embedder),
        names_cwe=names_weakness(reason, example.cwe),
        variables=tuple(sorted(named_identifiers(reason, names) & named_identifiers(example.rationale, names))),
        lines=None if pair is None else tuple(sorted(named_lines(reason) & set(flaw_lines(example, pair)))),
    )


def rouge1_precision(reason: str, rationale: str) -> float:
    """ROUGE-1 precision as SecLLMHolmes publishes it, 0 to 1.

    Upstream hands the reason over as the target and the rationale as the prediction, so this "precision" is the share of the
    *rationale's* words that the reason holds too: a longer reason never lowers it. Words are stemmed, each counts as often as both have
    it. 0 where either text holds no word.
    Source: rouge-score's RougeScorer; the argument order is that of the published `rouge` values.
    """
    return float(_scorer().score(reason, rationale)["rouge1"].precision)


def similarity(reason: str, rationale: str, embedder: Embedder) -> float:
    """Cosine of the embeddings of both texts, -1 to 1.

    Raises: EffectError for embeddings that are not two finite, non-zero vectors.
    """
    vectors = np.asarray(embedder([reason, rationale]), dtype=np.float64)  # (2, width)
    if vectors.ndim != 2 or len(vectors) != 2:
        raise EffectError(f"the embedder gave shape {vectors.shape} for two texts; (2, width) is needed")
    lengths = np.linalg.norm(vectors, axis=1)
    if not (np.isfinite(lengths).all() and lengths.all()):
        raise EffectError(f"embeddings of norm {lengths[0]} and {lengths[1]} have no cosine; give an embedder of finite, non-zero vectors")
    return float(np.clip(vectors[0] @ vectors[1] / lengths.prod(), -1.0, 1.0))


def flaw_lines(example: Example, pair: ContrastPair) -> tuple[int, ...]:
    """The lines of an example, from 1, that set it apart from the other half of its pair (`harness.scoring.naming.changed_lines`).

    Raises: DataError for an example that is no half of the pair.
    """
    if example not in pair.examples:
        raise DataError(f"{example.path} is no half of the pair {pair.vulnerable.path}, {pair.patched.path}; give its own pair")
    other = pair.patched if example == pair.vulnerable else pair.vulnerable
    return changed_lines(example.code, other.code)


@cache
def _scorer() -> Any:
    # imported late: its stemmer's package takes a second to load, and most runs score no reason
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1"], use_stemmer=True)
