"""Steering on the embedded corpus, by the harness itself: the shift gate of every CWE, flips, and gates on shuffled labels."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from harness.model.loading import LoadedModel, load_model
from harness.model.sweep import run_sweep
from harness.numerics.effects import Effect, Flips
from harness.numerics.gates import shift_gate
from harness.numerics.slices import effect_of
from harness.plans import Cell, ModelRequest, SweepPlan
from harness.prompts import WEAKNESSES
from harness.records import ContrastPair, GateStatus, Measurement
from harness.storage.datasets import contrast_pairs, data_hash, load_dataset, load_fitting
from harness.storage.runs import RunStore
from training.intervals import share_interval

PLACEBOS, MAX_NEW_TOKENS = 39, 160
DECLARED, STRONG = 10.0, 20.0
"""Strengths: of the shift gates, and of the count of flips."""
NULL_RUNS = 100

Progress = Callable[[str], None]


def shifting(folder: Path, layer: int, progress: Progress, *, null_runs: int = NULL_RUNS) -> dict[str, Any]:
    """Gates of all CWEs at the declared strength, flips at the strong one, and how many null runs pass."""
    model = load_model(folder)
    gates = []
    for cwe in WEAKNESSES:
        progress(f"shift gate of {cwe}")
        gates.append(_gate(model, folder, cwe, layer))
    return {
        "layer": layer,
        "strength": DECLARED,
        "strong": STRONG,
        "placebos": PLACEBOS,
        "gates": gates,
        "null": _null(model, folder, layer, null_runs, progress),
    }


def _gate(model: LoadedModel, folder: Path, cwe: str, layer: int) -> dict[str, Any]:
    cells = Cell(layer=layer, strength=DECLARED), Cell(layer=layer, strength=STRONG)
    plan = replace(plan_of(folder, cwe, cells), text_cells=cells[:1])
    measurements = _measured(model, plan)
    effect = effect_of(measurements, cells[0], np.random.default_rng(0))
    result = shift_gate(effect)
    if effect.flips is None:
        raise AssertionError("texts were asked for and not generated")
    return {
        "cwe": cwe,
        "status": str(result.status),
        "reason": result.reason,
        "scenarios": len(effect.scenarios),
        "shift": effect.signed,
        "low": effect.interval.interval.low if effect.interval.interval else None,
        "high": effect.interval.interval.high if effect.interval.interval else None,
        "p": dict(effect.p_values),
        "auc": effect.auc,
        "of": effect.flips.of,
        "text_flips": effect.flips.toward,
        "margin_flips": _margin_flips(measurements, "treatment"),
        "nuisance_flips": _margin_flips(measurements, "nuisance"),
    }


def _margin_flips(measurements: Iterable[Measurement], arm: str) -> float:
    """Mean over the vectors of an arm: the share of programs and signs whose margin comes over to the pushed side at the strong strength.

    A placebo has no side of its own; it is given the one to which it moves the mean margin, as in T.
    """
    margins = [one for one in measurements if one.endpoint == "margin"]
    unsteered = {one.path: one.margin for one in margins if one.arm == "baseline"}
    steered: dict[int, list[Measurement]] = {}
    for one in margins:
        if one.arm == arm and abs(one.strength) == STRONG:
            steered.setdefault(one.index, []).append(one)
    return float(np.mean([_share_of_flips(unsteered, rows, turn=arm != "treatment") for rows in steered.values()]))


def _share_of_flips(unsteered: dict[str, float], rows: Sequence[Measurement], *, turn: bool) -> float:
    moved = sum((one.margin - unsteered[one.path]) * np.sign(one.strength) for one in rows)
    side = -1 if turn and moved < 0 else 1
    came = [unsteered[one.path] <= 0 < one.margin if side * one.strength > 0 else unsteered[one.path] > 0 >= one.margin for one in rows]
    return float(np.mean(came))


def _null(model: LoadedModel, folder: Path, layer: int, runs: int, progress: Progress) -> dict[str, Any]:
    """The gate on labels shuffled within pairs, a CWE after the other. Texts are left out, so their condition counts as met."""
    cell = Cell(layer=layer, strength=DECLARED)
    cwes = list(WEAKNESSES)
    passed = []
    for seed in range(runs):
        progress(f"null run {seed + 1} of {runs}")
        plan = shuffled(replace(plan_of(folder, cwes[seed % len(cwes)], (cell,)), seed=seed), seed)
        passed.append(_all_but_text(effect_of(_measured(model, plan), cell, np.random.default_rng(seed))))
    interval = share_interval(sum(passed), runs)
    return {"runs": runs, "passed": sum(passed), "low": interval.low, "high": interval.high}


def _all_but_text(effect: Effect) -> bool:
    """Whether the gate would pass if the texts did."""
    return shift_gate(replace(effect, flips=Flips(toward=1, away=0, noise=0, of=1))).status is GateStatus.PASS


def shuffled(plan: SweepPlan, seed: int) -> SweepPlan:
    """The plan with the labels of about half of the scenarios exchanged, those of all variants of a scenario together."""
    rng = Random(f"null {seed}")
    exchanged = {scenario for scenario in sorted(plan.scenarios) if rng.random() < 0.5}
    return replace(plan, pairs=tuple(_exchanged(plan.pairs, exchanged)), fitting_pairs=tuple(_exchanged(plan.fitting_pairs, exchanged)))


def _exchanged(pairs: Iterable[ContrastPair], scenarios: set[str]) -> Iterable[ContrastPair]:
    for pair in pairs:
        if pair.scenario in scenarios:
            yield ContrastPair(vulnerable=replace(pair.patched, label="vulnerable"), patched=replace(pair.vulnerable, label="patched"))
        else:
            yield pair


def plan_of(folder: Path, cwe: str, cells: tuple[Cell, ...]) -> SweepPlan:
    """What the harness measures of a CWE of the embedded corpus for the shift gate, without texts."""
    fitting = [one for one in load_fitting("verified") if one.cwe == cwe]
    return SweepPlan(
        model=ModelRequest(name=str(folder), revision=None, dtype="float32", device_map=None),
        dataset="verified",
        data_hash=data_hash(fitting),
        cwe=cwe,
        pairs=contrast_pairs(one for one in load_dataset("verified") if one.cwe == cwe).pairs,
        fitting_pairs=contrast_pairs(fitting).pairs,
        question="vulnerable",
        positions="generated",
        layers=(cells[0].layer,),
        shift_cells=cells,
        text_cells=(),
        placebos=PLACEBOS,
        max_new_tokens=MAX_NEW_TOKENS,
        seed=0,
    )


def _measured(model: LoadedModel, plan: SweepPlan) -> tuple[Measurement, ...]:
    with TemporaryDirectory() as folder:
        return run_sweep(plan, model, RunStore(Path(folder)), lambda _what, _done, _of: None).measurements
