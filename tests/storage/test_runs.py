"""The run store: what is written comes back, once, whoever writes."""

import math
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness.errors import StoreError
from harness.records import Arm, Verdict
from harness.storage.runs import RunStore, content_key
from tests.measured import measurement


def test_a_measurement_comes_back_as_it_was(tmp_path: Path) -> None:
    one = measurement(endpoint="text", text='it\'s "quoted"\n\x00✓', tokens=3, finish="length", verdict=Verdict.UNDECIDED, evidence="")
    store = RunStore(tmp_path)
    store.add([one])
    assert RunStore(tmp_path).find([one.key, "absent"]) == {one.key: one}


def test_a_key_is_stored_once_and_the_first_value_stays(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.add([measurement(margin=1.0)])
    store.add([measurement(margin=2.0)])
    assert [one.margin for one in store.all()] == [1.0]


def test_many_keys_are_found_at_once(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.add(measurement(key=f"k{number}", margin=float(number)) for number in range(1200))
    found = store.find([f"k{number}" for number in range(1100, 1300)])
    assert {one.margin for one in found.values()} == set(map(float, range(1100, 1200)))


def _write(folder: Path, writer: int) -> None:
    store = RunStore(folder)
    for number in range(20):
        store.add([measurement(key=f"{writer}-{number}", index=number)])


def test_several_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    RunStore(tmp_path)
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(_write, [tmp_path] * 3, range(3)))
    assert len(RunStore(tmp_path).all()) == 60


def test_the_order_says_nothing_about_who_wrote_first(tmp_path: Path) -> None:
    rows = [measurement(key=str(number), index=number, arm="random") for number in range(5)]
    one, other = RunStore(tmp_path / "one"), RunStore(tmp_path / "other")
    one.add(rows)
    other.add(rows[::-1])
    assert one.all() == other.all() == rows


def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.add([measurement(key="a"), replace(measurement(key="b"), layer=3, strength=-10.0)])
    rows = pq.read_table(store.export()).to_pylist()
    assert [(row["key"], row["layer"], row["strength"]) for row in rows] == [("a", None, 0.0), ("b", 3, -10.0)]


def test_residuals_come_back_bit_equal(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((3, 2, 5)).astype(np.float32)
    store = RunStore(tmp_path)
    assert store.residuals("r") is None
    store.add_residuals("r", values)
    assert np.array_equal(RunStore(tmp_path).residuals("r"), values)


def test_a_damaged_database_is_named_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "measurements.sqlite").write_bytes(b"this is no database, however long one reads" * 50)
    with pytest.raises(StoreError, match=str(tmp_path)):
        RunStore(tmp_path)


def test_a_database_of_other_columns_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "measurements.sqlite")) as connection, connection:
        connection.execute('CREATE TABLE measurements ("key" TEXT PRIMARY KEY, margin REAL)')
    with pytest.raises(StoreError, match="other columns"):
        RunStore(tmp_path)


def test_parts_of_a_key_are_kept_apart() -> None:
    assert content_key("ab", "c") != content_key("a", "bc") != content_key("abc")
    assert content_key("a", 1) == content_key("a", "1")


def test_an_observation_keeps_what_is_no_number(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    (check,) = store.observation(store.observe([{"largest_difference": math.nan, "tolerance": 1e-3}]))
    assert math.isnan(check["largest_difference"])
    assert check["tolerance"] == 1e-3


def test_a_sweep_is_recalled_in_its_order_and_by_arm(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    rows = [measurement(key="c"), measurement(key="a", arm="random"), measurement(key="b", arm="treatment")]
    store.add(rows)
    sweep = store.remember({"tested": ["b", "c", "a"], "variants": ["c"]})
    assert [one.key for one in store.recall(sweep)] == ["b", "c", "a"]
    assert [one.key for one in store.recall(sweep, arms=("baseline", "treatment"))] == ["b", "c"]
    assert [one.key for one in store.recall(sweep, "variants")] == ["c"]


@pytest.mark.parametrize("arms", [(), ("baseline",)])
def test_a_sweep_that_lost_a_row_is_refused(tmp_path: Path, arms: tuple[Arm, ...]) -> None:
    store = RunStore(tmp_path)
    store.add([measurement(key="a")])
    sweep = store.remember({"tested": ["a", "lost"]})
    with pytest.raises(StoreError, match="1 of 2 measurements of sweep"):
        store.recall(sweep, arms=arms)


def test_an_unknown_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="0 of 0 measurements of sweep unknown"):
        RunStore(tmp_path).recall("unknown")


def test_notes_are_kept_by_kind_each_once_and_in_the_order_they_came(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for halvings in (3, 0, 3):
        store.note("engine", {"s": {"halvings": halvings}})
    store.note("file", {"s": "another kind"})
    assert RunStore(tmp_path).notes("engine") == {"s": [{"halvings": 3}, {"halvings": 0}]}
    assert store.notes("reason") == {}


ROOT = Path(__file__).parents[2]
OPENED_AT_ONCE = """
import multiprocessing, sys
from pathlib import Path
from harness.storage.runs import RunStore

def open_at_once(folder, start):
    start.wait()
    RunStore(folder)

processes = multiprocessing.get_context("fork")
for number in range(60):
    start = processes.Barrier(4)
    openers = [processes.Process(target=open_at_once, args=(Path(sys.argv[1]) / str(number), start)) for _ in range(4)]
    for one in openers:
        one.start()
    for one in openers:
        one.join()
    assert [one.exitcode for one in openers] == [0] * 4
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that begin at the same instant are forked")
def test_a_new_folder_opens_for_several_processes_at_once(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", OPENED_AT_ONCE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
