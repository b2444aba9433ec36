"""A baseline as it is read: which effect a case is held against, and what is refused before anything runs."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import PlanError
from harness.plans import ModelRequest
from harness.plugin.baseline import Baseline
from harness.plugin.planning import Case
from harness.plugin.settings import Settings
from tests.plugin.conftest import TINY_RUN, Evals, Run

NANO = ModelRequest(name="nano", revision=None, dtype="float32", device_map=None)
SETTINGS = Settings(models=(NANO,))
CASE = Case(model=NANO, dataset="verified", cwe="CWE-787", layer=4, strength=10.0)
EFFECTS = {"a": 0.5, "b": 0.75}


def shift(**changes: Any) -> dict[str, Any]:
    case = {"gate": "shift", "dataset": "verified", "cwe": "CWE-787", "layer": 4, "strength": 10.0, "model_name": "nano"}
    return {**case, "id": "test_shift[x]", "model": "m", "data_hash": "d", "details": {"biases": EFFECTS}, **changes}


def written(folder: Path, cases: object, settings: Settings | None = SETTINGS) -> Path:
    (folder / "summary.json").write_text(json.dumps(cases))
    if settings:
        (folder / "run.json").write_text(json.dumps({"settings": asdict(settings)}))
    return folder


def test_a_case_is_held_against_the_effect_of_its_cwe_layer_and_strength(tmp_path: Path) -> None:
    others = [shift(strength=5.0), shift(layer=3), shift(cwe="CWE-79"), shift(model_name="other"), {"gate": "harm", "id": "h"}]
    found = Baseline.read(written(tmp_path, [*others, shift()]), SETTINGS).effect(CASE, "d", ["a", "b", "c"])
    assert (found.effects, found.model, found.remarks) == (EFFECTS, "m", ())


def test_a_model_of_another_name_has_the_same_counterpart_where_it_is_the_only_one(tmp_path: Path) -> None:
    found = Baseline.read(written(tmp_path, [shift(model_name="./old/checkpoint")]), SETTINGS).effect(CASE, "d", ["a", "b"])
    assert found.effects == EFFECTS


def test_a_summary_alone_and_other_data_are_remarked(tmp_path: Path) -> None:
    path = written(tmp_path, [shift()], settings=None) / "summary.json"
    found = Baseline.read(path, SETTINGS).effect(CASE, "changed", ["a", "b"])
    assert found.remarks == ("baseline summary.json: the data changed since", "baseline summary.json: how it was measured is unknown")


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ({"no": "list"}, "is no summary of a run: a list of cases is expected"),
        ([{"gate": "harm", "id": "h"}], "holds no effect: its run measured no shift"),
        ([shift(details={})], "holds no effect: its run measured no shift"),
    ],
)
def test_what_holds_no_effect_is_refused(tmp_path: Path, cases: object, told: str) -> None:
    with pytest.raises(PlanError, match=told):
        Baseline.read(written(tmp_path, cases), SETTINGS)


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"cannot be read .*give the folder of a finished run"):
        Baseline.read(tmp_path, SETTINGS)


def test_a_run_of_other_settings_is_refused_and_another_seed_is_not(tmp_path: Path) -> None:
    baseline = written(tmp_path, [shift()])
    Baseline.read(baseline, replace(SETTINGS, seed=7, placebos=19))
    with pytest.raises(PlanError, match=r"other settings \(positions generated, not all\)"):
        Baseline.read(baseline, replace(SETTINGS, positions="all"))


@pytest.mark.parametrize(
    ("case", "scenarios", "told"),
    [
        (replace(CASE, strength=5.0), ["a", "b"], r"has 0 effects to hold nano-verified-cwe787-l4-s5 against, one is needed; it has \[x\]"),
        (replace(CASE, layer=3), ["a", "b"], "select the same CWE, --layer and --strength"),
        (CASE, ["a"], "other scenarios than nano-verified-cwe787-l4-s10: b is not among the 1 of this run"),
    ],
)
def test_other_cells_and_scenarios_are_refused(tmp_path: Path, case: Case, scenarios: list[str], told: str) -> None:
    baseline = Baseline.read(written(tmp_path, [shift()]), SETTINGS)
    with pytest.raises(PlanError, match=told):
        baseline.effect(case, "d", scenarios)


def test_a_run_is_held_against_an_earlier_one_and_judged_again(finished: Run, resumable: Run, evals: Evals, tmp_path: Path) -> None:
    from harness.judge.__main__ import judge_run

    args = (*TINY_RUN, "-k", "cwe787 and baseline")
    same = evals(resumable.folder, *args, "--baseline", str(finished.folder))
    assert same.code == 0, same.output
    assert "PASS test_baseline[tiny-verified-cwe787-l2-s10]: the effect stayed at" in same.output
    (before,) = [case for case in finished.summary if case["gate"] == "shift"]
    raised = {name: value + 0.5 + place / 100 for place, (name, value) in enumerate(before["details"]["biases"].items())}
    (tmp_path / "raised.json").write_text(json.dumps([{**before, "details": {"biases": raised}}]))
    fallen = evals(resumable.folder, *args, "--baseline", str(tmp_path / "raised.json"))
    assert fallen.code == 1, fallen.output
    assert "FAIL test_baseline[tiny-verified-cwe787-l2-s10]: the effect fell from" in fallen.output
    (judged,) = [one for one in judge_run(resumable.folder)[0] if one.id.startswith("test_baseline")]
    assert (judged.status, judged.changed) == ("FAIL", ())
    refused = evals(resumable.folder, *args, "--strength", "5", "--baseline", str(finished.folder))
    assert refused.code == 4, refused.output
