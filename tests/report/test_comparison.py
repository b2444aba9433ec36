"""Two runs beside each other: what differs is told, and what is the same is not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.records import Verdict
from harness.report.comparison import Comparison, compare
from harness.report.records import RunRecords
from harness.storage.runs import RunStore
from tests.report.made_up_run import made_up_run, measurements, shift


def compared(tmp_path: Path, second: Path) -> Comparison:
    return compare(RunRecords(made_up_run(tmp_path / "first")), RunRecords(second))


def test_a_run_does_not_differ_from_itself(tmp_path: Path) -> None:
    found = compared(tmp_path, made_up_run(tmp_path / "second"))
    assert (found.settings, found.changed, found.turned, found.alone) == ([], [], [], ([], []))
    assert [one.found.mean for one in found.differences] == [0.0]


def test_settings_and_versions_that_differ_are_told_and_no_others(tmp_path: Path) -> None:
    found = compared(tmp_path, made_up_run(tmp_path / "second", seed=7, limits={"shift.p": 0.01}))
    assert found.settings == [("seed", "0", "7"), ("limits", "none", "shift.p 0.01")]


def test_gates_that_changed_are_told_with_both_outcomes(tmp_path: Path) -> None:
    found = compared(tmp_path, made_up_run(tmp_path / "second", changes={"status": "FAIL"}))
    assert [(one.first.status, one.second.status) for one in found.changed] == [("PASS", "FAIL")]


def test_effects_are_paired_over_the_scenarios_of_both(tmp_path: Path) -> None:
    case = shift("CWE-79", "s").details
    # half a logit less in a and b; c is in the first run alone, d in the second
    second = made_up_run(tmp_path / "second", changes={"details": {**case, "biases": {"a": 0.5, "b": 1.0, "d": 9.0}}})
    (one,) = compared(tmp_path, second).differences
    assert (one.found.mean, one.found.scenarios, one.out) == (-0.5, 2, 2)


def test_verdicts_that_turned_are_told_by_file_and_strength(tmp_path: Path) -> None:
    second = made_up_run(tmp_path / "second")
    store = RunStore(second)
    rows = [replace(row, key=f"other-{row.key}") for row in measurements("CWE-79", "The end.", 1.0)]
    place = next(place for place, row in enumerate(rows) if row.endpoint == "text" and row.scenario == "b" and row.strength < 0)
    rows[place] = replace(rows[place], verdict=Verdict.UNDECIDED)
    store.add(rows)
    own = {"own": store.remember({"tested": [row.key for row in rows]})}
    case = shift("CWE-79", "", rests_on={"gate": "shift", "cwe": "CWE-79", "cells": [{"layer": 4, "strength": 10.0}], "sweeps": own})
    found = compared(tmp_path, made_up_run(second, cwes=(), more=[case]))
    assert [(one.path, one.where, one.first, one.second) for one in found.turned] == [
        ("b/vulnerable.py", "CWE-79, layer 4, strength -10", "secure", "undecided")
    ]
    assert found.compared == 3 * 2 * 3


def test_cases_of_one_run_alone_are_named(tmp_path: Path) -> None:
    found = compared(tmp_path, made_up_run(tmp_path / "second", cwes=("CWE-89",)))
    assert found.cases == []
    assert found.alone == (["test_shift[nano-verified-cwe79-l4-s10]"], ["test_shift[nano-verified-cwe89-l4-s10]"])


@pytest.mark.parametrize(("names", "matched"), [(("nano", "nano"), 1), (("nano", "other"), 1)])
def test_runs_of_different_models_are_compared_case_by_case(tmp_path: Path, names: tuple[str, str], matched: int) -> None:
    runs: list[Any] = []
    for place, name in enumerate(names):
        folder = made_up_run(tmp_path / str(place), changes={"model_name": name})
        store = RunStore(folder)
        store.write_json("run.json", {**store.read_json("run.json"), "models": {name: "f" * 64}})
        runs.append(RunRecords(folder))
    assert len(compare(*runs).cases) == matched
