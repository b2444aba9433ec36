"""A run from the command line: its outcome, its files, and that nothing is measured twice or lost."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq

from harness.storage.datasets import load_dataset
from harness.storage.runs import RunStore
from tests.plugin.conftest import TINY_RUN, Evals, Run


def test_extraction_and_identity_hold_for_a_random_model_that_says_nothing(finished: Run) -> None:
    statuses = {case["gate"]: case["status"] for case in finished.summary}
    assert statuses["extraction"] == statuses["identity"] == "PASS"
    assert statuses["generation"] == "FAIL"
    assert finished.code == 1


def test_a_random_model_does_not_pass_the_shift_gate(evals: Evals, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", *TINY_RUN, "--placebos", "19", "-k", "shift")
    (shift,) = run.summary
    assert shift["status"] == "FAIL", shift["reason"]


def test_a_later_selection_keeps_what_the_folder_says_of_other_cases(resumable: Run, evals: Evals) -> None:
    before = {case["id"]: case for case in resumable.summary}
    after = evals(resumable.folder, *TINY_RUN, "-k", "extraction").summary
    assert {case["id"]: case for case in after} == before


def test_one_scenario_is_enough_to_extract_and_too_few_to_steer(corpus: Path, evals: Evals, tmp_path: Path) -> None:
    one = tmp_path / "one"
    shutil.copytree(corpus / "cwe787" / "job_queue", one / "cwe787" / "job_queue")
    run = evals(tmp_path / "run", *TINY_RUN, "--dataset-dir", str(one))
    cases = {case["gate"]: case for case in run.summary}
    assert {gate: case["status"] for gate, case in cases.items()} == {
        "extraction": "PASS",
        "identity": "PASS",
        "generation": "INCONCLUSIVE",
        "shift": "INCONCLUSIVE",
        "pinned_text": "INCONCLUSIVE",
        "sensitivity": "INCONCLUSIVE",
        "specificity": "INCONCLUSIVE",
        "informative": "INCONCLUSIVE",
        "harm": "INCONCLUSIVE",
        "retention": "INCONCLUSIVE",
        "prompt": "INCONCLUSIVE",
    }
    assert cases["shift"]["reason"].startswith("1 of at least 3 scenarios are there to fit on")
    assert run.code == 0


def test_a_case_that_cannot_be_measured_is_an_error_and_no_fail(evals: Evals, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", *TINY_RUN, "--max-new-tokens", "2500", "-k", "cwe787 and (extraction or shift)")
    cases = {case["gate"]: case for case in run.summary}
    assert {case["status"] for case in cases.values()} == {"ERROR"}
    assert "of 8 pairs of CWE-787 none fits the context; the longest: " in cases["extraction"]["reason"]
    assert run.code == 7


def test_three_placebos_are_inconclusive_and_say_how_many_are_needed(finished: Run) -> None:
    (shift,) = [case for case in finished.summary if case["gate"] == "shift"]
    assert shift["status"] == "INCONCLUSIVE"
    assert "raise --placebos to 19" in shift["reason"]


def test_a_case_carries_what_other_programs_read(finished: Run) -> None:
    (shift,) = [case for case in finished.summary if case["gate"] == "shift"]
    assert shift["id"] == "test_shift[tiny-verified-cwe787-l2-s10]"
    assert (shift["cwe"], shift["layer"], shift["strength"], shift["scenarios"]) == ("CWE-787", 2, 10.0, 8)
    assert {"random", "nuisance", "label-flip"} == set(shift["p_values"])
    assert len(shift["model"]) == len(shift["data_hash"]) == 64


def test_the_number_of_rows_follows_from_the_plan(finished: Run, corpus: Path) -> None:
    files, placebos = 16, 3 * 3
    margins = files * (1 + 1 + 4 + 1 + 2 * placebos)  # baseline, prompt, ladder, reversed, placebos at both ends
    texts = files * (1 + 1 + 1 + 2)  # baseline, repeat, prompt, both ends
    rewrites = sum(example.variant != "original" for example in load_dataset("verified", corpus, "variants"))
    rows = margins + texts + rewrites * (1 + 2)  # baseline, both ends
    assert len(finished.rows) == rows
    assert pq.read_table(finished.folder / "measurements.parquet").num_rows == rows


def test_every_steered_row_carries_its_measured_change_and_no_unsteered_one_does(finished: Run) -> None:
    rows = pq.read_table(finished.folder / "measurements.parquet").to_pylist()
    assert all((row["added_norm"] is None) == (row["layer"] is None) for row in rows)
    treated = [row for row in rows if row["arm"] == "treatment"]
    assert all(abs(row["added_norm"] - abs(row["strength"])) <= 1e-2 for row in treated)


def test_reversed_rows_repeat_the_treatment_at_the_opposite_strength(finished: Run) -> None:
    rows = [row for row in pq.read_table(finished.folder / "measurements.parquet").to_pylist() if row["endpoint"] == "margin"]
    opposite = {row["path"]: row["margin"] for row in rows if row["arm"] == "treatment" and row["strength"] == -10.0}
    turned = {row["path"]: row["margin"] for row in rows if row["arm"] == "reversed"}
    assert len(turned) == 16
    assert all(abs(margin - opposite[path]) < 1e-4 for path, margin in turned.items())


def test_the_manifest_tells_how_to_run_it_again(finished: Run) -> None:
    manifest = json.loads((finished.folder / "run.json").read_text())
    assert manifest["settings"]["strengths"] == [10.0]
    assert "--strength" in manifest["command"]
    assert manifest["versions"]["torch"]


def test_the_report_is_one_file_with_every_gate(finished: Run) -> None:
    page = (finished.folder / "report.html").read_text()
    assert all(f"test_{gate}[tiny-verified-cwe787" in page for gate in ("extraction", "identity", "generation", "shift"))
    assert 'src="http' not in page


def test_the_list_of_tests_leads_to_the_cases_of_the_report(finished: Run) -> None:
    anchor = "case-test_shift-tiny-verified-cwe787-l2-s10"
    assert f"report.html#{anchor}" in (finished.folder / "cases.html").read_text()
    assert f'id="{anchor}"' in (finished.folder / "report.html").read_text()


def test_the_store_says_how_the_engine_ran_and_what_the_files_held(finished: Run, corpus: Path) -> None:
    store = RunStore(finished.folder)
    (shift,) = [case for case in finished.summary if case["gate"] == "shift"]
    (engine,) = store.notes("engine")[shift["rests_on"]["sweeps"]["own"]]
    assert (engine["measured"], engine["rows"], engine["halvings"]) == (len(finished.rows), len(finished.rows), 0)
    assert engine["way"].startswith("parallel queries (logits differ by ")
    assert store.notes("file") == {one.sha256: [one.code] for one in load_dataset("verified", corpus)}


def test_a_report_that_cannot_be_written_changes_no_outcome(resumable: Run, evals: Evals) -> None:
    (resumable.folder / "report.html").unlink()
    (resumable.folder / "report.html").mkdir()
    again = evals(resumable.folder, *TINY_RUN, "-k", "extraction")
    assert again.code == 0
    assert "no report was written (" in again.output
    assert f"make it with python -m harness.report {resumable.folder}" in again.output


def test_the_terminal_shows_each_outcome_with_its_reason(finished: Run) -> None:
    assert "INCONCLUSIVE test_shift[tiny-verified-cwe787-l2-s10]: " in finished.output


def test_a_resumed_run_measures_only_what_is_missing(resumable: Run, evals: Evals) -> None:
    before = {row[1]: row for row in resumable.rows}
    lost = sorted(before)[::7]
    kept = next(key for key in sorted(before) if key not in lost and before[key][5] == "margin")
    with closing(sqlite3.connect(resumable.folder / "measurements.sqlite")) as connection, connection:
        connection.executemany('DELETE FROM measurements WHERE "key" = ?', [(key,) for key in lost])
        connection.execute('UPDATE measurements SET margin = 123.0 WHERE "key" = ?', (kept,))
    after = {row[1]: row for row in evals(resumable.folder, *TINY_RUN).rows}
    assert after.keys() == before.keys()
    assert after[kept][6] == 123.0
    again = {key: after[key][6:] for key in lost}
    for key, (margin, text) in again.items():
        assert abs(margin - before[key][6]) < 1e-4
        assert text == before[key][7]


def test_two_models_in_one_folder_never_share_a_measurement(resumable: Run, evals: Evals, tiny_model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in tiny_model.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    from safetensors.torch import load_file, save_file

    weights = load_file(other / "model.safetensors")
    save_file({name: weight * 1.01 for name, weight in weights.items()}, other / "model.safetensors", metadata={"format": "pt"})
    before = len(resumable.rows)
    evals(resumable.folder, *TINY_RUN, "--model", str(other), "-k", "cwe787 and not speed and other")
    assert len(resumable.rows) == 2 * before
