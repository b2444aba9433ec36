"""One replicate of specificity: one model, pairs of several CWEs, and what the direction of each does to the files of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.calibration.codes import FLAWS, CodePair, draw_pairs
from harness.calibration.margins import last_residuals, steered_margins, token_ids
from harness.calibration.planted import STEERED_LAYER, Planted, Reads, plant
from harness.calibration.replicates import HALVES, STRENGTH_SHARE, pair_margins
from harness.numerics.crossfit import cross_fit
from harness.numerics.effects import scenario_effects
from harness.numerics.estimators import estimate
from harness.numerics.folds import leave_one_scenario_out
from harness.numerics.pairs import Float64Array
from harness.numerics.specificity import Transfer
from harness.plans import ENDS

CWES = ("CWE-787", "CWE-77", "CWE-476")
"""Names of the made-up CWEs, one for each of FLAWS; the model is asked the same question about all of them."""


@dataclass(frozen=True, kw_only=True)
class TransferDesign:
    """What the replicates of a study of specificity have in common.

    scenarios: of each CWE. size: how far each flaw lies along its own axis. reads: how the answer reads the axes; straight, all files are
    moved alike by one vector. one_axis: all CWEs have the same flaw and so the same axis, and differ in nothing but their draws.
    """

    scenarios: int = 8
    size: float = 0.0
    reads: Reads = "axis"
    one_axis: bool = False

    @property
    def placebos(self) -> int:
        """The gate ranks against none."""
        return 0


@dataclass(frozen=True, kw_only=True)
class TransferReplicate:
    """What was measured in one replicate. share: of the residual norm, how far apart the halves of the first CWE lie along its axis."""

    strength: float
    transfers: Mapping[str, Transfer]
    share: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    """Pairs of one CWE, residuals (pairs, WIDTH), directions by held-out scenario, and the one fitted on all of them."""

    pairs: Sequence[CodePair]
    vulnerable: Float64Array
    patched: Float64Array
    own: Mapping[str, Float64Array]
    whole: Float64Array


def transfer_replicates(design: TransferDesign, numbers: Iterable[int], seed: int) -> Iterator[TransferReplicate]:
    """Independent replicates, as `harness.calibration.replicates.replicates` gives them."""
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        flaws = FLAWS[:1] * len(CWES) if design.one_axis else FLAWS
        planted = plant(int(rng.integers(2**31)), size=design.size, flaws=len(set(flaws)), reads=design.reads)
        pairs = {cwe: draw_pairs(design.scenarios, rng, flaw=flaw) for cwe, flaw in zip(CWES, flaws, strict=True)}
        yield run_transfers(planted, pairs, rng)


def run_transfers(planted: Planted, pairs: Mapping[str, Sequence[CodePair]], rng: np.random.Generator) -> TransferReplicate:
    """Read residuals, fit each CWE, steer its files with its own direction and those of the others, as a sweep's other-cwe arm does."""
    fitted = {cwe: _fit(planted, some) for cwe, some in pairs.items()}
    norms = np.linalg.norm(np.concatenate([half for one in fitted.values() for half in (one.vulnerable, one.patched)]), axis=1)
    norm = float(np.median(norms))
    first = next(iter(fitted.values()))
    return TransferReplicate(
        strength=STRENGTH_SHARE * norm,
        transfers={cwe: _transfer(planted, cwe, fitted, STRENGTH_SHARE * norm) for cwe in fitted},
        share=float((first.vulnerable - first.patched).mean(axis=0) @ planted.axis) / norm,
        seed=int(rng.integers(2**31)),
    )


def _fit(planted: Planted, pairs: Sequence[CodePair]) -> _Fitted:
    residuals = last_residuals(planted, token_ids([getattr(pair, half) for half in HALVES for pair in pairs]), STEERED_LAYER)
    vulnerable, patched = residuals[: len(pairs)], residuals[len(pairs) :]
    names = [pair.scenario for pair in pairs]
    unused = np.random.default_rng(0)  # no placebo is drawn
    folds = cross_fit(vulnerable, patched, names, leave_one_scenario_out(names), placebos=1, rng=unused, kinds=())
    return _Fitted(
        pairs=pairs,
        vulnerable=vulnerable,
        patched=patched,
        own={fold.fold.held_out: fold.treatment for fold in folds},
        whole=estimate("mean-difference", vulnerable, patched, names).vector,
    )


def _transfer(planted: Planted, cwe: str, fitted: Mapping[str, _Fitted], strength: float) -> Transfer:
    pairs, ends = fitted[cwe].pairs, strength * np.array(ENDS)
    others = [other for other in fitted if other != cwe]
    vectors = {pair.scenario: [fitted[cwe].own[pair.scenario], *(fitted[other].whole for other in others)] for pair in pairs}
    deltas = np.stack([np.outer(ends, vector) for _ in HALVES for pair in pairs for vector in vectors[pair.scenario]])
    ids = token_ids([getattr(pair, half) for half in HALVES for pair in pairs])
    # ends last: (halves, pairs, vectors, ends)
    margins = steered_margins(planted, ids, STEERED_LAYER, deltas.reshape(len(ids), -1, deltas.shape[-1]))
    margins = margins.reshape(len(HALVES), len(pairs), 1 + len(others), len(ENDS))
    own, *rest = (_biases(pairs, margins[:, :, column], ends, strength) for column in range(1 + len(others)))
    return Transfer(cwe=cwe, own=own, others=dict(zip(others, rest, strict=True)))


def _biases(pairs: Sequence[CodePair], margins: Float64Array, ends: Float64Array, strength: float) -> dict[str, float]:
    return {one.scenario: one.bias for one in scenario_effects(pair_margins(pairs, margins, ends), strength)}
