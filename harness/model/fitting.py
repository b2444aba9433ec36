"""Reads the residuals of a sweep's pairs and cross-fits what each held-out scenario is steered with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import PlanError
from harness.model.loading import LoadedModel
from harness.model.residual import read_residuals
from harness.numerics.crossfit import FoldVectors, cross_fit
from harness.numerics.estimators import estimate
from harness.numerics.folds import Fold, assert_disjoint, leave_one_scenario_out
from harness.numerics.pairs import Float64Array
from harness.numerics.placebos import check_apart
from harness.plans import Row, SweepPlan, cwe_number
from harness.prompts import prompt_for
from harness.records import ContrastPair, Direction, Example, FloatArray
from harness.storage.runs import RunStore, content_key

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many."""


@dataclass(frozen=True, kw_only=True)
class SweepVectors:
    """Treatment and placebos by held-out scenario and layer; the direction of all scenarios, and median residual norm, by layer.

    directions: those of every fold, then at each layer the one of all scenarios, which is what leaves the harness.
    others: (number of another CWE, layer) -> its direction. residuals: key under which the store holds what was fitted.
    """

    folds: dict[tuple[str, int], FoldVectors]
    whole: dict[int, FloatArray]
    others: dict[tuple[int, int], FloatArray]
    residuals: str | None
    directions: tuple[Direction, ...]
    residual_norms: dict[int, float]

    def delta(self, row: Row) -> FloatArray | None:
        """What is added for a row, (d_model,), float32; None for an unsteered one."""
        if row.layer is None:
            return None
        if row.arm == "other-cwe":
            unit = np.asarray(self.others[row.index, row.layer], dtype=np.float64)
        else:
            unit = _of_the_fold(self.folds[row.example.scenario, row.layer], row)
        return np.asarray(row.strength * unit, dtype=np.float32)


def _of_the_fold(fold: FoldVectors, row: Row) -> Float64Array:
    match row.arm:
        case "treatment":
            return fold.treatment
        case "reversed":
            return -fold.treatment
        case "random" | "nuisance" | "label-flip":
            placebos: Float64Array = fold.placebos[row.arm]
            return np.asarray(placebos[row.index])
        case _:
            raise PlanError(f"arm {row.arm!r} has no vector; only treatment, reversed, placebos and other-cwe are added to a residual")


def fit_vectors(plan: SweepPlan, model: LoadedModel, store: RunStore, progress: Progress) -> SweepVectors:
    """Read the residuals of all fitting pairs at the last prompt token, and fit every fold at every layer.

    Raises: DirectionError for a layer without residuals, a zero difference, or a tested file that would be fitted on.
    """
    if not plan.layers:
        return SweepVectors(folds={}, whole={}, others={}, residuals=None, directions=(), residual_norms={})
    pairs = plan.fitting_pairs
    names = [pair.scenario for pair in pairs]
    key, residuals = _residuals(pairs, plan, model, store, progress)
    folds = leave_one_scenario_out(plan.scenarios, pooled=names)
    for fold in folds:
        assert_disjoint(_files(pairs, fold.fitting), _files(plan.pairs, (fold.held_out,)))
    fitted: dict[tuple[str, int], FoldVectors] = {}
    whole: dict[int, Direction] = {}
    for column, layer in enumerate(plan.layers):
        vulnerable, patched = residuals[: len(pairs), column], residuals[len(pairs) :, column]  # (pairs, d_model) each
        # The same at every layer: a placebo is one relabelling that chooses among cells as the treatment does, which is one labelling.
        # With others at each layer the choice rejected .7% instead of 6% at level .05, and found half as much (sim).
        rng = np.random.default_rng([plan.seed, cwe_number(plan.cwe)])
        for vectors in cross_fit(vulnerable, patched, names, folds, placebos=plan.placebos, rng=rng, estimator=plan.estimator):
            fitted[vectors.fold.held_out, layer] = vectors
        found = estimate(plan.estimator, vulnerable, patched, names)
        whole[layer] = _direction(found.vector, float(found.norm), layer, None, names, plan, model)
    others = _other_directions(plan, model, store, progress)
    _check_others(others, fitted)
    norms = np.median(np.linalg.norm(residuals, axis=-1), axis=0)  # (layers,)
    return SweepVectors(
        folds=fitted,
        whole={layer: direction.vector for layer, direction in whole.items()},
        others=others,
        residuals=key,
        directions=(*(_of_fold(vectors, layer, plan, model) for (_, layer), vectors in fitted.items()), *whole.values()),
        residual_norms={layer: float(norm) for layer, norm in zip(plan.layers, norms, strict=True)},
    )


def _other_directions(plan: SweepPlan, model: LoadedModel, store: RunStore, progress: Progress) -> dict[tuple[int, int], FloatArray]:
    """The directions of the other CWEs, each fitted on all of its scenarios: none of them is tested here."""
    found: dict[tuple[int, int], FloatArray] = {}
    for cwe in plan.other_cwes:
        pairs = tuple(pair for pair in plan.other_pairs if pair.cwe == cwe)
        assert_disjoint(_files(pairs, [pair.scenario for pair in pairs]), _files(plan.pairs, plan.scenarios))
        _, residuals = _residuals(pairs, plan, model, store, progress)
        for column, layer in enumerate(plan.layers):
            vulnerable, patched = residuals[: len(pairs), column], residuals[len(pairs) :, column]
            direction = estimate(plan.estimator, vulnerable, patched, [pair.scenario for pair in pairs])
            found[cwe_number(cwe), layer] = direction.vector.astype(np.float32)
    return found


def _check_others(others: Mapping[tuple[int, int], FloatArray], fitted: Mapping[tuple[str, int], FoldVectors]) -> None:
    for (_, layer), fold in fitted.items():
        at_layer = [vector for (_, its_layer), vector in others.items() if its_layer == layer]
        if at_layer:
            check_apart(fold.treatment, np.asarray(at_layer, dtype=np.float64), "other-cwe")


def _residuals(
    pairs: Sequence[ContrastPair], plan: SweepPlan, model: LoadedModel, store: RunStore, progress: Progress
) -> tuple[str, FloatArray]:
    """Key and residuals (vulnerable halves then patched ones, layers, d_model), read once a run: a resumed run must fit the very same."""
    examples: list[Example] = [*(pair.vulnerable for pair in pairs), *(pair.patched for pair in pairs)]
    prompts = [prompt_for(example, plan.question) for example in examples]
    key = content_key(model.fingerprint, model.dtype, "last", *plan.layers, *(prompt.sha256 for prompt in prompts))
    stored = store.residuals(key)
    if stored is None:
        what = f"reading residuals of {pairs[0].cwe}"
        read = read_residuals(model, prompts, plan.layers, position="last", progress=lambda done, total: progress(what, done, total))
        stored = read.values
        store.add_residuals(key, stored)
    return key, stored


def _files(pairs: Iterable[ContrastPair], scenarios: Sequence[str]) -> dict[str, str]:
    return {example.sha256: example.path for pair in pairs if pair.scenario in scenarios for example in pair.examples}


def _of_fold(vectors: FoldVectors, layer: int, plan: SweepPlan, model: LoadedModel) -> Direction:
    fold: Fold = vectors.fold
    return _direction(vectors.treatment, vectors.norm, layer, fold.held_out, fold.fitting, plan, model)


def _direction(
    vector: Float64Array, norm: float, layer: int, held_out: str | None, fitting: Sequence[str], plan: SweepPlan, model: LoadedModel
) -> Direction:
    return Direction(
        vector=np.asarray(vector, dtype=np.float32),
        norm=norm,
        layer=layer,
        estimator=plan.estimator,
        position="last",
        model=model.fingerprint,
        cwe=plan.cwe,
        held_out=held_out,
        fitted_on=tuple(sorted(_files(plan.fitting_pairs, fitting))),
    )
