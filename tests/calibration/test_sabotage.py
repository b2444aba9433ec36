"""Wrongs that would make a result look better than it is, each done on purpose: a named check of the product must refuse it.

Copies counted as scenarios are no single check's to refuse; the calibration shows what they do (test_rates).
"""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.calibration.codes import CodePair, draw_pairs
from harness.calibration.planted import plant
from harness.errors import DirectionError, SteeringError
from harness.model import addition
from harness.model.engine import queries
from harness.model.loading import LoadedModel
from harness.model.sweep import run_sweep
from harness.numerics import crossfit
from harness.numerics.directions import Estimate
from harness.numerics.estimators import fit as fit_estimator
from harness.numerics.folds import Fold, leave_one_scenario_out
from harness.numerics.pairs import ScenarioMeans
from harness.plans import Cell
from harness.records import Asks, Estimator, Verdict
from harness.scoring.verdicts import Reading
from harness.storage.runs import RunStore
from tests.calibration.product import plan_of, saved
from tests.scoring import test_verdicts

PAIRS = draw_pairs(4, np.random.default_rng(2))
CELLS = (Cell(layer=0, strength=3.0), Cell(layer=1, strength=3.0))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return saved(plant(2), tmp_path_factory.mktemp("planted"))


def sweep(model: LoadedModel, folder: Path, pairs: list[CodePair] = PAIRS) -> int:
    """Runs the product's sweep. Returns: how many rows it measured."""
    plan = plan_of(pairs, CELLS, placebos=2, text_cells=())
    return len(run_sweep(plan, model, RunStore(folder), lambda _what, _done, _total: None).measurements)


def fit() -> None:
    rng = np.random.default_rng(0)
    names = [f"s{row}" for row in range(6)]
    vulnerable, patched = rng.normal(size=(2, 6, 12))
    crossfit.cross_fit(vulnerable, patched, names, leave_one_scenario_out(names), placebos=4, rng=rng)


def test_what_is_sabotaged_below_goes_through_as_it_is(model: LoadedModel, tmp_path: Path) -> None:
    assert sweep(model, tmp_path) == 8 * (1 + 2 * (4 + 1 + 3 * 2 * 2))  # baseline; a cell: the ladder, reversed, both ends of the placebos
    fit()


def test_a_fold_that_holds_its_tested_scenario_is_refused(model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(scenarios: Any, *, pooled: Any = None) -> tuple[Fold, ...]:
        return tuple(replace(fold, fitting=(*fold.fitting, fold.held_out)) for fold in leave_one_scenario_out(scenarios, pooled=pooled))

    monkeypatch.setattr("harness.model.fitting.leave_one_scenario_out", leaky)
    with pytest.raises(DirectionError, match="'s000' is both held out and fitted on"):
        sweep(model, tmp_path)


def test_a_tested_file_that_is_fitted_on_under_another_name_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    twin = replace(PAIRS[1], scenario="s999", variant="copied")
    with pytest.raises(DirectionError, match=r"2 tested file\(s\) were fitted on: s001/original/.*is s999/copied/"):
        sweep(model, tmp_path, [*PAIRS, twin])


@pytest.mark.parametrize(
    ("kind", "drawn"), [("random", "random_placebos"), ("nuisance", "weighted_nuisance"), ("label-flip", "label_flip_placebos")]
)
def test_a_placebo_that_is_the_treatment_is_refused(monkeypatch: pytest.MonkeyPatch, kind: str, drawn: str) -> None:
    treatments: list[np.ndarray] = []

    def remember(estimator: Estimator, means: ScenarioMeans) -> Estimate:
        found = fit_estimator(estimator, means)
        treatments.append(found.vector)
        return found

    def pointed(*_drawn: object) -> np.ndarray:
        return np.stack([-treatments[-1]] * 4)

    if kind == "random":  # drawn before any treatment is known
        fit_with_random_treatments(monkeypatch)
    else:
        monkeypatch.setattr(crossfit, "fit", remember)
        monkeypatch.setattr(crossfit, drawn, pointed)
    with pytest.raises(DirectionError, match=rf"{kind} placebo \d of 4 is the treatment itself"):
        fit()


def fit_with_random_treatments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every treatment the first random placebo of its fit."""
    drawn: list[np.ndarray] = []

    def remember(k: int, d_model: int, _rng: np.random.Generator) -> np.ndarray:
        drawn.append(np.eye(d_model)[:k])
        return drawn[-1]

    def swapped(_estimator: Estimator, _means: ScenarioMeans) -> Estimate:
        return Estimate(vector=drawn[-1][0], norm=np.asarray(1.0))

    monkeypatch.setattr(crossfit, "random_placebos", remember)
    monkeypatch.setattr(crossfit, "fit", swapped)
    monkeypatch.setattr(crossfit, "assert_toward_vulnerable", lambda *_: None)  # may well refuse it first


def test_a_turned_sign_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(estimator: Estimator, means: ScenarioMeans) -> Estimate:
        found = fit_estimator(estimator, means)
        return replace(found, vector=-found.vector)

    monkeypatch.setattr(crossfit, "fit", turned)
    with pytest.raises(DirectionError, match=r"holds out s0 points away from its own mean difference .*a sign was turned"):
        fit()


def test_steering_dropped_at_one_layer_is_refused(model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = addition.add_to_tokens

    def forgetful(model: LoadedModel, what: addition.Addition) -> addition.Change:
        with pytest.MonkeyPatch.context() as patch:
            if what.layer == 1:
                patch.setattr(addition, "with_residual", lambda output, _residual: output)
            return genuine(model, what)

    monkeypatch.setattr(queries, "add_to_tokens", forgetful)
    with pytest.raises(SteeringError, match=r"was steered by 0 at layer 1 of .* but [\d.]+ was planned"):
        sweep(model, tmp_path)
    with closing(sqlite3.connect(tmp_path / "measurements.sqlite")) as stored:
        assert stored.execute("SELECT count(*) FROM measurements WHERE layer = 1").fetchone() == (0,)


def test_secure_read_inside_insecure_is_caught_by_the_test_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def naive(response: str, asks: Asks = "vulnerable") -> Reading:  # noqa: ARG001
        return Reading(verdict=Verdict.SECURE if "secure" in response else Verdict.VULNERABLE, evidence=response)

    test_verdicts.test_secure_is_not_read_inside_insecure()
    monkeypatch.setattr(test_verdicts, "read_verdict", naive)
    with pytest.raises(AssertionError):
        test_verdicts.test_secure_is_not_read_inside_insecure()
