"""One replicate: a model, pairs, cross-fitted vectors, and all the margins that a gate ranks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from harness.calibration.codes import CodePair, draw_pairs
from harness.calibration.margins import last_residuals, steered_margins, token_ids
from harness.calibration.planted import LAST_LAYER, STEERED_LAYER, Planted, Reads, plant
from harness.numerics.crossfit import FoldVectors, cross_fit
from harness.numerics.effects import PairMargins
from harness.numerics.flips import SteeredVerdict
from harness.numerics.folds import leave_one_scenario_out
from harness.numerics.pairs import Float64Array
from harness.numerics.placebos import PlaceboKind
from harness.plans import ENDS, LADDER
from harness.records import Arm, Label, Verdict

STRENGTH_SHARE = 0.37
"""Strength over the median residual norm: what strength 10 is to the residuals of norm 27 of the embedded model."""
HALVES: tuple[Label, Label] = ("vulnerable", "patched")


@dataclass(frozen=True, kw_only=True)
class Design:
    """What the replicates of a study have in common.

    size: how far the planted character lies along the axis, 0 being the null: the halves of a pair are then exchangeable. axes: of the
    letters' embeddings, None for all. reads: how the answer reads the axis. control: add the difference of the answers at the last layer
    instead of a fitted direction. copies: variants of each scenario; copies_as_scenarios: count them as scenarios, as must not be done.
    """

    scenarios: int = 8
    placebos: int = 39
    size: float = 0.0
    axes: int | None = None
    reads: Reads = "axis"
    control: bool = False
    copies: int = 1
    copies_as_scenarios: bool = False

    @property
    def layer(self) -> int:
        return LAST_LAYER if self.control else STEERED_LAYER


@dataclass(frozen=True, kw_only=True)
class Replicate:
    """What was measured in one replicate; all that a gate may need.

    layer: the steered one. pairs: the code, in the order of all the rest. vulnerable, patched: (pairs, WIDTH), residuals there. treatment,
    placebos: margins as `measure_effect` takes them. share: of the residual norm, how far apart the halves lie along the planted axis.
    seed: for the gate's draws.
    """

    layer: int
    strength: float
    pairs: tuple[CodePair, ...]
    vulnerable: Float64Array
    patched: Float64Array
    treatment: Sequence[PairMargins]
    placebos: Mapping[Arm, Sequence[Sequence[PairMargins]]]
    verdicts: Sequence[SteeredVerdict]
    share: float
    seed: int


def replicates(design: Design, numbers: Iterable[int], seed: int) -> Iterator[Replicate]:
    """Independent replicates, each with a model of its own. A number and a seed give the same replicate whichever others are asked for."""
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        planted = plant(int(rng.integers(2**31)), size=design.size, axes=design.axes, reads=design.reads)
        pairs = draw_pairs(design.scenarios, rng, copies=design.copies, copies_as_scenarios=design.copies_as_scenarios)
        yield run_replicate(planted, pairs, design, rng)


def run_replicate(planted: Planted, pairs: Sequence[CodePair], design: Design, rng: np.random.Generator) -> Replicate:
    """Read residuals, fit, steer. `rng` draws the placebos, and then the seed of the gate."""
    ids = token_ids([getattr(pair, half) for half in HALVES for pair in pairs])
    residuals = last_residuals(planted, ids, design.layer)
    vulnerable, patched = residuals[: len(pairs)], residuals[len(pairs) :]
    names = [pair.scenario for pair in pairs]
    folds = cross_fit(vulnerable, patched, names, leave_one_scenario_out(names), placebos=design.placebos, rng=rng)
    if design.control:
        control = planted.difference / np.linalg.norm(planted.difference)
        folds = tuple(replace(fold, treatment=control) for fold in folds)
    norm = float(np.median(np.linalg.norm(residuals, axis=1)))
    strength = STRENGTH_SHARE * norm
    treatment, placebos = _measure(planted, ids, pairs, {fold.fold.held_out: fold for fold in folds}, design.layer, strength)
    return Replicate(
        layer=design.layer,
        strength=strength,
        pairs=tuple(pairs),
        vulnerable=vulnerable,
        patched=patched,
        treatment=treatment,
        placebos=placebos,
        verdicts=_verdicts(treatment, strength),
        share=float((vulnerable - patched).mean(axis=0) @ planted.axis) / norm,
        seed=int(rng.integers(2**31)),
    )


def _measure(
    planted: Planted, ids: torch.Tensor, pairs: Sequence[CodePair], folds: Mapping[str, FoldVectors], layer: int, strength: float
) -> tuple[list[PairMargins], dict[Arm, list[list[PairMargins]]]]:
    """Every pair under its own fold's treatment along the ladder, and under its placebos at both ends."""
    ladder, ends = strength * np.array((0.0, *LADDER)), strength * np.array(ENDS)
    kinds: tuple[PlaceboKind, ...] = tuple(next(iter(folds.values())).placebos)
    deltas = np.stack([_deltas(folds[pair.scenario], kinds, ladder, ends) for _ in HALVES for pair in pairs])  # (prompts, rows, WIDTH)
    margins = steered_margins(planted, ids, layer, deltas).reshape(2, len(pairs), -1)
    treatment = pair_margins(pairs, margins[:, :, : len(ladder)], ladder)
    placebos: dict[Arm, list[list[PairMargins]]] = {}
    start = len(ladder)
    for kind in kinds:
        count = len(next(iter(folds.values())).placebos[kind])
        places = [start + index * len(ends) for index in range(count)]
        placebos[kind] = [pair_margins(pairs, margins[:, :, place : place + len(ends)], ends) for place in places]
        start += count * len(ends)
    return treatment, placebos


def _deltas(fold: FoldVectors, kinds: Sequence[PlaceboKind], ladder: Float64Array, ends: Float64Array) -> Float64Array:
    treatment = ladder[:, None] * fold.treatment  # (rungs, WIDTH)
    placebos = [(fold.placebos[kind][:, None, :] * ends[:, None]).reshape(-1, len(fold.treatment)) for kind in kinds]
    return np.concatenate([treatment, *placebos])


def pair_margins(pairs: Sequence[CodePair], margins: Float64Array, strengths: Float64Array) -> list[PairMargins]:
    """Records of margins (2 halves, pairs, strengths)."""
    rungs = strengths.tolist()
    return [
        PairMargins(
            scenario=pair.scenario,
            variant=pair.variant,
            vulnerable=dict(zip(rungs, vulnerable, strict=True)),
            patched=dict(zip(rungs, patched, strict=True)),
        )
        for pair, vulnerable, patched in zip(pairs, margins[0].tolist(), margins[1].tolist(), strict=True)
    ]


def _verdicts(treatment: Sequence[PairMargins], strength: float) -> list[SteeredVerdict]:
    """The likelier answer as the verdict. The repeat equals the baseline: one batch after another gives the same here."""
    return [
        SteeredVerdict(
            scenario=pair.scenario,
            variant=pair.variant,
            label=label,
            strength=end,
            baseline=_said(half[0.0]),
            repeat=_said(half[0.0]),
            steered=_said(half[end]),
        )
        for pair in treatment
        for label, half in zip(HALVES, (pair.vulnerable, pair.patched), strict=True)
        for end in (-strength, strength)
    ]


def _said(margin: float) -> Verdict:
    return Verdict.VULNERABLE if margin > 0 else Verdict.SECURE
