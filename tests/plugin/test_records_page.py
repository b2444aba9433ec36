"""docs/records.md: it describes the files of a run as they are, and its examples answer what they say they answer."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from harness.plugin.results import CaseResult
from harness.records import Measurement
from tests.plugin.conftest import ROOT, Run

PAGE = (ROOT / "docs" / "records.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def table(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def executed(folder: Path, *, duckdb: bool = False) -> dict[str, Any]:
    """Everything the examples of the page leave behind, on one run."""
    blocks = [block for block in BLOCKS if ("import duckdb" in block) <= duckdb]
    scope: dict[str, Any] = {}
    exec("\n".join(blocks).replace('Path("reports/<run>")', f"Path({str(folder)!r})"), scope)
    assert scope["RUN"] == folder
    return scope


@pytest.fixture(scope="module")
def answers(finished: Run) -> dict[str, Any]:
    return executed(finished.folder)


def test_every_column_is_described_with_the_type_it_has(finished: Run) -> None:
    described = [(names(row[0])[0], row[1]) for row in table("measurements.parquet")]
    schema = pq.read_schema(finished.folder / "measurements.parquet")
    assert described == [(field.name, str(field.type)) for field in schema]
    assert [name for name, _ in described] == [field.name for field in fields(Measurement)]


def test_every_table_of_the_database_is_described(finished: Run) -> None:
    described = {names(row[0])[0]: names(row[1]) for row in table("measurements.sqlite")}
    described["measurements"] = [field.name for field in fields(Measurement)]
    with closing(sqlite3.connect(finished.folder / "measurements.sqlite")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in tables}
    assert described == found


def test_every_field_of_the_json_files_is_described(finished: Run) -> None:
    case = [name for row in table("summary.json") for name in names(row[0])]
    assert sorted(case) == sorted(field.name for field in fields(CaseResult)) == sorted(finished.summary[0])
    manifest = json.loads((finished.folder / "run.json").read_text())
    assert [names(row[0])[0] for row in table("run.json")] == list(manifest)


def shift_of(run: Run) -> dict[str, Any]:
    (found,) = [case for case in run.summary if case["gate"] == "shift"]
    return found


def test_the_dose_response_is_that_of_the_gate(answers: dict[str, Any], finished: Run) -> None:
    expected = {point["strength"]: point["margin"] for point in shift_of(finished)["details"]["dose"]}
    assert answers["dose"].to_dict() == pytest.approx(expected, abs=1e-9)
    assert list(answers["by_label"].columns) == ["patched", "vulnerable"]
    assert answers["by_label"].mean(axis=1).to_dict() == pytest.approx(expected, abs=1e-9)


def test_the_ranks_of_the_treatment_are_those_of_the_gate(answers: dict[str, Any], finished: Run) -> None:
    shift = shift_of(finished)
    assert answers["ranks"] == pytest.approx(shift["p_values"])
    assert answers["shift"]["treatment", 0] == pytest.approx(shift["statistic"], abs=1e-9)
    for arm, values in shift["details"]["placebos"].items():
        assert answers["placebos"][arm].tolist() == pytest.approx(values, abs=1e-9)


def test_files_that_flip_are_those_whose_verdict_changes(resumable: Run) -> None:
    path = resumable.folder / "measurements.parquet"
    rows = pd.read_parquet(path)
    rows.loc[rows.endpoint == "text", "verdict"] = "secure"
    changed = rows[(rows.endpoint == "text") & (rows.arm == "treatment") & (rows.strength > 0)].index[[1, 4]]
    rows.loc[changed, "verdict"] = "vulnerable"
    rows.to_parquet(path)
    flipped = executed(resumable.folder)["flipped"]
    assert flipped[["scenario", "label", "strength"]].to_dict("records") == (
        rows.loc[changed, ["scenario", "label", "strength"]].to_dict("records")
    )
    assert set(zip(flipped.verdict_before, flipped.verdict, strict=True)) == {("secure", "vulnerable")}


def test_what_a_case_rests_on_is_counted_by_arm(answers: dict[str, Any]) -> None:
    files, placebos = 16, 3
    assert {(arm, endpoint): count for arm, endpoint, count in answers["found"]} == {
        **{(arm, "margin"): files for arm in ("baseline", "prompt", "reversed")},
        **{(arm, "margin"): files * placebos * 2 for arm in ("random", "nuisance", "label-flip")},
        ("treatment", "margin"): files * 4,
        **{(arm, "text"): files for arm in ("baseline", "repeat", "prompt")},
        ("treatment", "text"): files * 2,
    }


@pytest.mark.skipif(find_spec("duckdb") is None, reason="DuckDB is not installed, and the harness does not need it")
def test_the_largest_share_is_that_of_the_table(finished: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished.folder, folder)
    rows = pd.read_parquet(folder / "measurements.parquet")
    (largest,) = executed(folder, duckdb=True)["largest"]
    assert largest[1:] == ("CWE-787", rows[rows.arm == "treatment"].residual_share.max())
