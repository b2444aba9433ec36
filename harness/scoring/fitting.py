"""Learning the reader's weights from recorded responses: logistic regression over features that responses of many kinds share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from harness.errors import DataError
from harness.scoring.learnt import FILE, UNIT, VERDICTS, Weights, share_of
from harness.scoring.recorded import Recorded
from harness.scoring.verdicts import Answer
from harness.scoring.wording import STRUCTURE

RESPONSES, CWES, MODELS = 20, 6, 3
"""A feature counts if so many responses have it, about so many weaknesses, by so many models: what only one file calls for is left out."""
PENALTY = 0.02
"""Inverse strength of the L2 penalty; of .005 to .05 the one that agreed most often, chosen with all models in sight."""
STRUCTURE_COUNTS = 2.0
"""How much larger a feature of structure is than one of words: there are few, and each tells more."""


@dataclass(frozen=True, kw_only=True)
class Features:
    """Which response has which feature: (responses, names), 0 or 1. `learnt_from`: the responses that say what weights are to say."""

    names: tuple[str, ...]
    present: csr_matrix
    learnt_from: NDArray[np.bool_]


def features_of(recorded: Sequence[Recorded], answers: Sequence[Answer]) -> Features:
    """The features of every response, in their order. No weight is learnt from a broken reading, from what is settled without
    weights, and from a response that speaks of other weaknesses alone: its reading, "no", is about the one that was asked about."""
    columns: dict[str, int] = {}
    indices, ends, learnt_from = [], [0], []
    for one, answer in zip(recorded, answers, strict=True):
        told = one.verdict is not None and answer.settled is None and not answer.names_others_alone(one.cwe)
        found = sorted(answer.wording(one.cwe).features()) if told else []
        indices += [columns.setdefault(feature, len(columns)) for feature in found]
        ends.append(len(indices))
        learnt_from.append(told)
    present = csr_matrix((np.ones(len(indices)), indices, ends), shape=(len(recorded), len(columns)))
    return Features(names=tuple(columns), present=present, learnt_from=np.array(learnt_from))


def fit_weights(recorded: Sequence[Recorded], features: Features, without: str | None = None) -> Weights:
    """Weights from the responses of all models but `without`. The same responses give the same weights.

    Raises: DataError where no such response reads vulnerable, secure or undecided: nothing can be learnt of that verdict.
    """
    kept = np.array([row for row, one in enumerate(recorded) if one.model != without and features.learnt_from[row]])
    columns = _shared_columns(features.present[kept], [recorded[row] for row in kept])
    names = [features.names[column] for column in columns]
    sizes = np.array([STRUCTURE_COUNTS if name.startswith(STRUCTURE) else 1.0 for name in names])
    seen = features.present[kept][:, columns]  # (responses, names)
    shares = diags([share_of(int(known)) for known in np.asarray(seen.sum(axis=1)).ravel()])
    verdicts = [VERDICTS.index(verdict) for row in kept if (verdict := recorded[row].verdict) is not None]
    missing = [str(verdict) for at, verdict in enumerate(VERDICTS) if at not in verdicts]
    if missing:
        raise DataError(f"none of {len(verdicts)} responses to learn from reads {' or '.join(missing)}; give more of them")
    model = LogisticRegression(C=PENALTY, max_iter=300, tol=1e-3).fit((shares @ seen @ diags(sizes)).tocsr(), np.array(verdicts))
    wholes = np.rint(model.coef_.T * sizes[:, None] / UNIT).astype(int)  # (names, verdicts)
    return Weights(
        start=tuple(UNIT * int(whole) for whole in np.rint(model.intercept_ / UNIT)),
        features={name: tuple(UNIT * int(whole) for whole in row) for name, row in zip(names, wholes, strict=True) if row.any()},
    )


def keep_weights(weights: Weights, file: Path = FILE) -> None:
    """Writes the file that the reader reads, a feature a line."""
    lines = [f" {json.dumps(name)}: {[round(one / UNIT) for one in weights.features[name]]}" for name in sorted(weights.features)]
    start = [round(one / UNIT) for one in weights.start]
    head = f'"verdicts": {json.dumps(list(VERDICTS))},\n"start": {start},\n"features": {{\n'
    file.write_text("{" + head + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


def _shared_columns(present: csr_matrix, recorded: Sequence[Recorded]) -> NDArray[np.intp]:
    often = np.asarray(present.sum(axis=0)).ravel() >= RESPONSES
    many_cwes = _kinds(present, [one.cwe for one in recorded]) >= CWES
    many_models = _kinds(present, [one.model for one in recorded]) >= MODELS
    return np.flatnonzero(often & many_cwes & many_models)


def _kinds(present: csr_matrix, kinds: Sequence[str]) -> NDArray[np.int64]:
    of = np.array(kinds)
    counts = np.zeros(present.shape[1], dtype=np.int64)
    for kind in sorted(set(kinds)):
        counts += np.asarray(present[of == kind].sum(axis=0)).ravel() > 0
    return counts
