"""What becomes of a run folder when the disk fills, the database breaks or the reader of verdicts changes."""

import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness.errors import StoreError
from harness.records import Verdict
from harness.storage import runs
from harness.storage.runs import DATABASE, RunStore
from tests.measured import measurement

MANY = [measurement(key=f"k{number:04}", text="x" * 500) for number in range(400)]


@pytest.fixture
def filled(tmp_path: Path) -> RunStore:
    """A store of 400 measurements, all of it in the database file."""
    store = RunStore(tmp_path)
    store.add(MANY)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store


def test_a_full_disk_keeps_what_was_stored_and_the_same_folder_takes_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(tmp_path)
    store.add(MANY[:50])
    connect = RunStore._connect

    def full(self: RunStore) -> sqlite3.Connection:
        connection = connect(self)
        connection.execute("PRAGMA max_page_count = 20")  # SQLite's own "database or disk is full"
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(RunStore, "_connect", full)
        with pytest.raises(StoreError, match=r"350 measurements could not be written .*disk is full.*free the disk, then start again"):
            store.add(MANY[50:])
    assert len(RunStore(tmp_path).all()) == 50
    store.add(MANY)
    assert RunStore(tmp_path).all() == MANY


WRITES: dict[str, tuple[str, Callable[[RunStore], object]]] = {
    "parquet": ("measurements.parquet", lambda store: store.export()),
    "json": ("summary.json", lambda store: store.write_json("summary.json", ["new"])),
    "residuals": ("residuals/r.safetensors", lambda store: store.add_residuals("r", np.ones((1, 1, 2), dtype=np.float32))),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_file_that_finds_no_room_leaves_the_earlier_one(filled: RunStore, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    file, write = WRITES[name]
    write(filled)
    before = (filled.folder / file).read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for module, function in ((pq, "write_table"), (Path, "write_text"), (runs, "save_file")):
        monkeypatch.setattr(module, function, full)
    with pytest.raises(StoreError, match=r"could not be written to .*No space left.*same --run-dir"):
        write(filled)
    assert (filled.folder / file).read_bytes() == before
    assert not list(filled.folder.rglob("*.partial"))


def test_a_truncated_database_is_refused_by_name_with_a_way_out(filled: RunStore) -> None:
    path = filled.folder / DATABASE
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoreError, match=rf"{DATABASE} is damaged .*\.recover.* give another --run-dir"):
        RunStore(filled.folder).check()


def test_a_database_with_a_spoilt_page_is_refused_at_the_start_and_when_read(filled: RunStore) -> None:
    path = filled.folder / DATABASE
    content = bytearray(path.read_bytes())
    for page in range(8, len(content) // 4096 - 1):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        filled.check()
    with pytest.raises(StoreError, match="is damaged"):
        filled.all()


def test_a_sound_database_is_not_refused_and_counted(filled: RunStore) -> None:
    filled.check()
    assert filled.count() == 400


def test_a_torn_last_write_loses_that_write_alone(filled: RunStore) -> None:
    """As after a power cut: the log ends in the middle of a transaction."""
    with closing(sqlite3.connect(filled.folder / DATABASE)) as held:
        held.execute("SELECT count(*) FROM measurements").fetchone()  # keeps SQLite from emptying the log when the writer closes
        filled.add([measurement(key="late", text="y" * 500)])
        log = (filled.folder / f"{DATABASE}-wal").read_bytes()
        database = (filled.folder / DATABASE).read_bytes()
    (filled.folder / DATABASE).write_bytes(database)
    (filled.folder / f"{DATABASE}-wal").write_bytes(log[:-100])
    assert RunStore(filled.folder).all() == MANY


def test_verdicts_are_put_anew_and_nothing_else_is(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    one = measurement(endpoint="text", text="Yes.", finish="length", verdict=Verdict.SECURE, evidence="Yes.", margin=0.25)
    store.add([one, measurement(key="other")])
    store.reread([replace(one, verdict=Verdict.VULNERABLE, evidence="Yes", margin=9.0)])
    assert store.find(["key"])["key"] == replace(one, verdict=Verdict.VULNERABLE, evidence="Yes")
    assert store.find(["other"])["other"] == measurement(key="other")
