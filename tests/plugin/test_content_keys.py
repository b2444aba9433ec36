"""A folder that is used again measures what is new, and nothing twice: after other strengths, files, number types and vectors."""

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from tests.plugin.conftest import TINY_RUN, Evals, Run

SHIFT = (*TINY_RUN, "-k", "cwe787 and shift")


def rows(run: Run, *columns: str) -> dict[str, tuple[Any, ...]]:
    """key -> rowid and further columns of every measurement: a row that was measured twice would have another rowid."""
    names = ", ".join(("key", "rowid", *columns))
    with closing(sqlite3.connect(run.folder / "measurements.sqlite")) as connection:
        return {key: tuple(found) for key, *found in connection.execute(f"SELECT {names} FROM measurements")}


def of_case(run: Run, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of the measurements that the shift case rests on."""
    (case,) = [case for case in run.summary if case["gate"] == "shift" and case["strength"] == 10.0]
    with closing(sqlite3.connect(run.folder / "measurements.sqlite")) as connection:
        return connection.execute(
            f"SELECT {', '.join(columns)} FROM sweeps JOIN measurements USING (key) WHERE sweep = ? AND part = 'tested'",
            [case["rests_on"]["sweeps"]["own"]],
        ).fetchall()


def test_a_second_strength_measures_its_own_rows_alone(resumable: Run, evals: Evals) -> None:
    before = rows(resumable)
    after = rows(evals(resumable.folder, *SHIFT, "--strength", "3"), "arm", "strength", "endpoint")
    new = {key: row for key, row in after.items() if key not in before}
    assert {key: row[:1] for key, row in after.items() if key in before} == before
    assert {abs(row[2]) for row in new.values()} == {1.5, 3.0}
    files, placebos = 16, 9
    assert Counter(row[3] for row in new.values()) == {"margin": files * (4 + 1 + 2 * placebos), "text": files * 2}


def test_another_number_type_shares_nothing(resumable: Run, evals: Evals) -> None:
    before = rows(resumable)
    run = evals(resumable.folder, *SHIFT, "--dtype", "bfloat16")
    after = rows(run, "dtype")
    assert {key: row[:1] for key, row in after.items() if key in before} == before
    assert {row[1] for key, row in after.items() if key not in before} == {"bfloat16"}
    assert set(of_case(run, "dtype")) == {("bfloat16",)}


def test_an_edited_file_is_measured_anew_and_the_old_one_is_in_no_gate(resumable: Run, evals: Evals, corpus: Path, tmp_path: Path) -> None:
    edited = tmp_path / "corpus"
    shutil.copytree(corpus, edited)
    file = edited / "cwe787" / "job_queue" / "patched.c"
    file.write_text(file.read_text() + "/* edited */\n")
    before = rows(resumable)
    run = evals(resumable.folder, *SHIFT, "--dataset-dir", str(edited))
    after = rows(run, "path", "arm")
    assert {key: row[:1] for key, row in after.items() if key in before} == before
    new = [row[1:] for key, row in after.items() if key not in before]
    path = "cwe787/job_queue/patched.c"
    # Without steering only the edited file has another prompt; the directions that were fitted on it are others for all.
    assert {where for where, arm in new if arm in ("baseline", "repeat")} == {path}
    assert Counter(arm for _, arm in new)["treatment"] > 16
    assert len(set(of_case(run, "path", "example"))) == 16


def test_a_vector_file_that_was_changed_is_written_again_and_steers_nothing(resumable: Run, evals: Evals) -> None:
    (file,) = (resumable.folder / "directions").glob("*.safetensors")
    before, content = rows(resumable), file.read_bytes()
    file.write_bytes(content[:-40] + bytes(40))
    again = evals(resumable.folder, *SHIFT)
    assert rows(again) == before
    assert file.read_bytes() == content


def test_residuals_that_were_changed_give_other_directions_and_no_row_of_the_old_ones_is_used(resumable: Run, evals: Evals) -> None:
    old = set(of_case(resumable, "key", "arm", "endpoint"))
    for file in (resumable.folder / "residuals").glob("*.safetensors"):
        values = load_file(file)["residuals"]
        save_file({"residuals": values + np.random.default_rng(0).standard_normal(values.shape).astype(np.float32)}, file)
    new = set(of_case(evals(resumable.folder, *SHIFT), "key", "arm", "endpoint"))
    unsteered = {(key, arm, endpoint) for key, arm, endpoint in old if arm in ("baseline", "repeat")}
    # random placebos are drawn and not fitted
    assert {row for row in old & new if row[1] != "random"} == unsteered


def test_a_failed_case_that_runs_again_measures_nothing(resumable: Run, evals: Evals, tmp_path: Path) -> None:
    before = rows(resumable)
    cached = ("-p", "cacheprovider", "-o", f"cache_dir={tmp_path / 'cache'}", *TINY_RUN, "-k", "generation or shift")
    first = evals(resumable.folder, *cached)
    again = evals(resumable.folder, *cached, "--lf")
    assert "1 failed" in first.output, first.output
    assert "run-last-failure: rerun previous 1 failure" in again.output
    assert rows(again) == before


def test_a_verdict_that_another_reader_left_is_read_again(resumable: Run, evals: Evals) -> None:
    before = rows(resumable, "verdict", "evidence")
    text = sorted(key for key, row in before.items() if row[1] is not None)[:3]
    with closing(sqlite3.connect(resumable.folder / "measurements.sqlite")) as connection, connection:
        changed = "UPDATE measurements SET verdict = 'vulnerable', evidence = 'as read before' WHERE key = ?"
        connection.executemany(changed, [(key,) for key in text])
    again = evals(resumable.folder, *TINY_RUN, "-k", "cwe787 and generation or cwe787 and prompt")
    assert rows(again, "verdict", "evidence") == before
    assert "3 verdicts on CWE-787" in again.output
    assert "the reader of verdicts changed" in again.output
