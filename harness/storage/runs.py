"""The record of a run: measurements in SQLite while it goes on, Parquet and JSON when it ends.

Several processes may write at once (write-ahead log). A measurement is stored under a key that holds everything
it depends on, so a killed run keeps what it finished and a resumed one asks what is there.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from harness.errors import StoreError
from harness.records import Arm, FloatArray, Measurement, Verdict

DATABASE, PARQUET, MANIFEST, SUMMARY = "measurements.sqlite", "measurements.parquet", "run.json", "summary.json"
REPORT, CASES = "report.html", "cases.html"
"""The review, and the list of tests as pytest-html makes it."""

Part = Literal["tested", "variants"]
"""The measurements of a sweep: of the tested pairs, and of their rewrites."""
Kind = Literal["engine", "file", "reason"]
"""What a note tells: how the engine ran a sweep, the code of a file, or how the reason of a response compares with the rationale."""

_COLUMNS = tuple(field.name for field in fields(Measurement))
_TYPES: dict[str, tuple[str, pa.DataType]] = {
    "index": ("INTEGER", pa.int64()),
    "layer": ("INTEGER", pa.int64()),
    "tokens": ("INTEGER", pa.int64()),
    "strength": ("REAL", pa.float64()),
    "margin": ("REAL", pa.float64()),
    "added_norm": ("REAL", pa.float64()),
    "residual_share": ("REAL", pa.float64()),
}
_TEXT = ("TEXT", pa.string())
_BUSY_SECONDS = 60.0
_PAUSE_SECONDS = 0.01
_PRIMARY = 0xFF
"""Bits of an error code of SQLite that tell its kind."""
_KEYS_PER_QUERY = 500


def content_key(*parts: object) -> str:
    """SHA-256 over everything a stored value depends on; parts are kept apart, so ("ab", "c") is not ("a", "bc")."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


class RunStore:
    """Measurements and residuals of one run folder. Safe for several processes on one machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        columns = ", ".join(f'"{name}" {_TYPES.get(name, _TEXT)[0]}{" PRIMARY KEY" if name == "key" else ""}' for name in _COLUMNS)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                _write_ahead(connection)
                connection.execute(f"CREATE TABLE IF NOT EXISTS measurements ({columns})")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS sweeps (sweep TEXT, part TEXT, place INTEGER, key TEXT, PRIMARY KEY (sweep, part, place))"
                )
                connection.execute('CREATE TABLE IF NOT EXISTS observations ("key" TEXT PRIMARY KEY, content TEXT)')
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS notes (kind TEXT, about TEXT, content TEXT, PRIMARY KEY (kind, about, content))"
                )
                found = tuple(row[1] for row in connection.execute("PRAGMA table_info(measurements)"))
        except (OSError, sqlite3.Error) as error:
            raise self._refusal(error) from error
        if found != _COLUMNS:
            raise StoreError(f"run folder {folder} was written by another version, with other columns; give a new --run-dir")

    def check(self) -> None:
        """Read the whole database once. Raises: StoreError for one that is damaged."""
        with self._reading() as connection:
            found = [row[0] for row in connection.execute("PRAGMA quick_check")]
        if found != ["ok"]:
            raise self._damaged(found[0].replace("\n", " "))

    def count(self) -> int:
        """How many measurements are stored."""
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM measurements").fetchone()[0])

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Store finished measurements at once; one that is there already is kept as it is."""
        marks = ", ".join("?" * len(_COLUMNS))
        rows = [tuple(getattr(measurement, name) for name in _COLUMNS) for measurement in measurements]
        self._write(f"INSERT OR IGNORE INTO measurements VALUES ({marks})", rows, f"{len(rows)} measurements")

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]], what: str) -> None:
        try:
            with closing(self._connect()) as connection, connection:
                connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise StoreError(
                f"{what} could not be written to {self.folder} ({error}); what was stored before is kept: free the disk, then start again "
                "with the same --run-dir"
            ) from error

    def reread(self, measurements: Iterable[Measurement]) -> None:
        """Put the verdict and evidence of stored measurements as they stand in these."""
        rows = [(one.verdict, one.evidence, one.key) for one in measurements]
        self._write('UPDATE measurements SET verdict = ?, evidence = ? WHERE "key" = ?', rows, f"{len(rows)} verdicts")

    def find(self, keys: Sequence[str]) -> dict[str, Measurement]:
        """The stored measurements among `keys`, by key."""
        found: dict[str, Measurement] = {}
        with self._reading() as connection:
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                part = keys[start : start + _KEYS_PER_QUERY]
                cursor = connection.execute(f'SELECT * FROM measurements WHERE "key" IN ({", ".join("?" * len(part))})', part)
                found |= {measurement.key: measurement for measurement in map(_measurement, cursor)}
        return found

    def remember(self, parts: Mapping[Part, Sequence[str]]) -> str:
        """Store which measurements make up a sweep, in their order. Returns: the id to recall them by, the same for the same sweep."""
        sweep = content_key(*(piece for part in sorted(parts) for piece in (part, *parts[part])))
        rows = [(sweep, part, place, key) for part, keys in parts.items() for place, key in enumerate(keys)]
        self._write("INSERT OR IGNORE INTO sweeps VALUES (?, ?, ?, ?)", rows, "the rows of a sweep")
        return sweep

    def recall(self, sweep: str, part: Part = "tested", arms: Sequence[Arm] = ()) -> list[Measurement]:
        """The measurements of a sweep, in their order; of these arms alone where some are named.

        Raises: StoreError for a sweep that is not there, or not complete.
        """
        columns = ", ".join(f'measurements."{name}"' for name in _COLUMNS)
        chosen = f" AND (arm IS NULL OR arm IN ({', '.join('?' * len(arms))}))" if arms else ""
        with self._reading() as connection:
            known = connection.execute("SELECT count(*) FROM sweeps WHERE sweep = ?", (sweep,)).fetchone()[0]
            rows = connection.execute(
                f'SELECT {columns} FROM sweeps LEFT JOIN measurements USING ("key") WHERE sweep = ? AND part = ?{chosen} ORDER BY place',
                (sweep, part, *arms),
            ).fetchall()
        found = [_measurement(row) for row in rows if row[0] is not None]
        if not known or len(found) < len(rows):
            raise StoreError(
                f"{self.folder} holds {len(found)} of {len(rows)} measurements of sweep {sweep[:12]}; "
                "run the evals again with this --run-dir"
            )
        return found

    def observe(self, content: Any) -> str:
        """Store what was observed beside the measurements, as plain values. Returns: the key to read it by."""
        # NaN is kept: a difference that is not a number must reach its gate and fail there.
        text = json.dumps(content, sort_keys=True)
        key = content_key(text)
        self._write("INSERT OR IGNORE INTO observations VALUES (?, ?)", [(key, text)], "an observation")
        return key

    def observation(self, key: str) -> Any:
        """What was stored under a key. Raises: StoreError where nothing was."""
        with self._reading() as connection:
            row = connection.execute('SELECT content FROM observations WHERE "key" = ?', (key,)).fetchone()
        if row is None:
            raise StoreError(f"{self.folder} holds no observation {key[:12]}; run the evals again with this --run-dir")
        return json.loads(row[0])

    def note(self, kind: Kind, contents: Mapping[str, Any]) -> None:
        """Store what is told of each sweep, file or response, as plain values; no gate rests on it. The same is stored once."""
        rows = [(kind, about, json.dumps(content, sort_keys=True)) for about, content in contents.items()]
        self._write("INSERT OR IGNORE INTO notes VALUES (?, ?, ?)", rows, f"{len(rows)} notes")

    def notes(self, kind: Kind) -> dict[str, list[Any]]:
        """All notes of a kind, by what they are about, in the order they were written."""
        found: dict[str, list[Any]] = {}
        with self._reading() as connection:
            for about, content in connection.execute("SELECT about, content FROM notes WHERE kind = ? ORDER BY rowid", (kind,)):
                found.setdefault(about, []).append(json.loads(content))
        return found

    def all(self) -> list[Measurement]:
        """Every stored measurement, sorted by content, so that the order says nothing about who wrote first."""
        with self._reading() as connection:
            measurements = [_measurement(row) for row in connection.execute("SELECT * FROM measurements")]
        return sorted(measurements, key=_order)

    def export(self) -> Path:
        """Write all measurements to Parquet, sorted; returns the file."""
        schema = pa.schema([(name, _TYPES.get(name, _TEXT)[1]) for name in _COLUMNS])
        table = pa.Table.from_pylist([asdict(measurement) for measurement in self.all()], schema=schema)
        return self._whole(self.folder / PARQUET, lambda partial: pq.write_table(table, partial))

    def write_json(self, name: str, content: Any) -> Path:
        """Write one of the run's JSON files, whole or not at all."""
        text = json.dumps(content, indent=2, sort_keys=False, allow_nan=False) + "\n"
        return self._whole(self.folder / name, lambda partial: partial.write_text(text, encoding="utf-8"))

    def read_json(self, name: str) -> Any:
        """What one of the run's JSON files holds, or None where it is not there."""
        path = self.folder / name
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read ({error}); delete it, or give another --run-dir") from error

    def residuals(self, key: str) -> FloatArray | None:
        """Residuals stored under `key`, (prompts, layers, d_model), or None."""
        path = self._residual_path(key)
        if not path.exists():
            return None
        try:
            return load_file(path)["residuals"]
        except (SafetensorError, KeyError) as error:
            raise StoreError(f"{path} is damaged ({error}); delete it and start the run again") from error

    def add_residuals(self, key: str, values: FloatArray) -> None:
        """Store residuals, (prompts, layers, d_model), whole or not at all."""
        self._whole(self._residual_path(key), lambda partial: save_file({"residuals": np.ascontiguousarray(values)}, partial))

    def _whole(self, target: Path, write: Callable[[Path], object]) -> Path:
        """Write a file of the run, whole or not at all. Raises: StoreError where there is no room, or no leave, for it."""
        # A name of its own: several processes may write the same file.
        partial = target.with_suffix(f".{os.getpid()}.partial")
        try:
            target.parent.mkdir(exist_ok=True)
            write(partial)
            partial.replace(target)
        except (OSError, SafetensorError) as error:
            partial.unlink(missing_ok=True)
            raise _unwritten(target, error) from error
        return target

    def _residual_path(self, key: str) -> Path:
        return self.folder / "residuals" / f"{key}.safetensors"

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read by. Raises: StoreError for a database that cannot be read."""
        try:
            with closing(self._connect()) as connection:
                yield connection
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> StoreError:
        # SQLite tells a folder, a disk or a lock that fails it from a file that is none of its own.
        if isinstance(error, (OSError, sqlite3.OperationalError)):
            return StoreError(f"run folder {self.folder} cannot be used ({error}); give a writable folder with --run-dir")
        return self._damaged(error)

    def _damaged(self, cause: object) -> StoreError:
        return StoreError(
            f"{self.folder / DATABASE} is damaged ({cause}); what can be saved of it comes out with sqlite3 {DATABASE} .recover: put that "
            "in its place, or give another --run-dir, or delete the damaged one and measure again"
        )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / DATABASE, timeout=_BUSY_SECONDS)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a database to its write-ahead log. Here alone SQLite waits for no other process, whatever the timeout of the connection is."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_SECONDS)


def _unwritten(target: Path, cause: object) -> StoreError:
    return StoreError(
        f"{target.name} could not be written to {target.parent} ({cause}); measurements that were stored are kept: free the disk, then "
        "start again with the same --run-dir"
    )


def _measurement(row: tuple[Any, ...]) -> Measurement:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["verdict"] = None if values["verdict"] is None else Verdict(values["verdict"])
    return Measurement(**values)


def _order(measurement: Measurement) -> tuple[Any, ...]:
    at = -1 if measurement.layer is None else measurement.layer
    return (
        measurement.model_name, measurement.dataset, measurement.cwe, measurement.scenario, measurement.variant, measurement.label,
        measurement.endpoint, at, measurement.arm, measurement.index, measurement.strength, measurement.key,
    )  # fmt: skip
