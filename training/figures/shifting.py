"""Steering on the embedded corpus, by the harness itself: the shift gate of every CWE, flips, and gates on shuffled labels."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from harness.model.loading import LoadedModel, inspect_model, load_model
from harness.model.sweep import run_sweep
from harness.numerics.effects import Effect
from harness.numerics.flips import Flips
from harness.numerics.gates.shift import shift_gate
from harness.numerics.intervals import share
from harness.numerics.slices import slice_of
from harness.plans import ModelRequest, SweepPlan
from harness.plugin.planning import Needs, Planner
from harness.plugin.settings import Settings
from harness.records import ContrastPair, GateStatus, Measurement
from harness.storage.runs import RunStore

PLACEBOS, NULL_RUNS = 39, 100
DECLARED, STRONG = 10.0, 20.0
"""Strengths: of the shift gates, and of the count of flips."""

Progress = Callable[[str], None]


def shifting(folder: Path, progress: Progress, *, null_runs: int = NULL_RUNS) -> dict[str, Any]:
    """Gates of all CWEs at the declared layer and strength, flips at the strong one, and how many null runs pass."""
    model, planner = load_model(folder), planner_of(folder)
    gates = []
    for plan in plans(planner, texts=True):
        progress(f"shift gate of {plan.cwe}")
        gates.append(_gate(model, plan))
    return {
        "strength": DECLARED,
        "strong": STRONG,
        "placebos": PLACEBOS,
        "gates": gates,
        "null": _null(model, plans(planner, texts=False), null_runs, progress),
    }


def planner_of(folder: Path) -> Planner:
    """The harness's planner, for the model in a folder and the embedded corpus."""
    request = ModelRequest(name=str(folder), revision=None, dtype="float32", device_map=None)
    return Planner(
        Settings(
            models=(request,),
            strengths=(DECLARED, STRONG),
            placebos=PLACEBOS,
        ),
        inspect_model,
    )


def plans(planner: Planner, *, texts: bool) -> list[SweepPlan]:
    """A plan for each CWE: margins at both strengths and texts at the declared one, or margins at the declared one alone."""
    needs = Needs(layer=True, strength=True, shift=True)
    declared = [case for case in planner.cases(needs) if texts or case.strength == DECLARED]
    return list(planner.plan((case, replace(needs, text=texts and case.strength == DECLARED)) for case in declared).values())


def _gate(model: LoadedModel, plan: SweepPlan) -> dict[str, Any]:
    measurements = _measured(model, plan)
    effect = slice_of(measurements, plan.text_cells).effect(np.random.default_rng(plan.seed))
    result = shift_gate(effect)
    if effect.flips is None:
        raise AssertionError("texts were asked for and not generated")
    return {
        "cwe": plan.cwe,
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


def _null(model: LoadedModel, true: Sequence[SweepPlan], runs: int, progress: Progress) -> dict[str, Any]:
    """The gate on labels shuffled within pairs, a CWE after the other. Texts are left out, so their condition counts as met."""
    passed = 0
    for seed in range(runs):
        progress(f"null run {seed + 1} of {runs}, {passed} passed")
        plan = shuffled(true[seed % len(true)], seed)
        passed += _all_but_text(slice_of(_measured(model, plan), plan.shift_cells).effect(np.random.default_rng(seed)))
    found = share(passed, runs)
    return {"runs": runs, "passed": passed, "low": found.interval.low, "high": found.interval.high}


def _all_but_text(effect: Effect) -> bool:
    """Whether the gate would pass if the texts did."""
    return shift_gate(replace(effect, flips=Flips(toward=1, away=0, noise=0, of=1))).status is GateStatus.PASS


def shuffled(plan: SweepPlan, seed: int) -> SweepPlan:
    """The plan with the labels of about half of the scenarios exchanged, those of all variants of a scenario together."""
    rng = Random(f"null {seed}")
    exchanged = {scenario for scenario in sorted(plan.scenarios) if rng.random() < 0.5}
    return replace(
        plan, seed=seed, pairs=tuple(_exchanged(plan.pairs, exchanged)), fitting_pairs=tuple(_exchanged(plan.fitting_pairs, exchanged))
    )


def _exchanged(pairs: Iterable[ContrastPair], scenarios: set[str]) -> Iterable[ContrastPair]:
    for pair in pairs:
        if pair.scenario in scenarios:
            yield ContrastPair(vulnerable=replace(pair.patched, label="vulnerable"), patched=replace(pair.vulnerable, label="patched"))
        else:
            yield pair


def _measured(model: LoadedModel, plan: SweepPlan) -> tuple[Measurement, ...]:
    with TemporaryDirectory() as folder:
        return run_sweep(plan, model, RunStore(Path(folder)), lambda _what, _done, _of: None).measurements
