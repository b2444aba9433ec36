"""Bad input ends with one paragraph before any long work, never with a library's traceback."""

from pathlib import Path

import pytest

from tests.plugin.conftest import Evals

REFUSALS = {
    "unknown layer": (("--layer", "31"), "--layer 31 is outside 0..2"),
    "strength not finite": (("--strength", "nan"), "strength nan is not a finite number"),
    "strength zero": (("--strength", "0"), "strength 0.0 is not a finite number above 0"),
    "nothing selected": (("-k", "cwe999"), "-k 'cwe999' selects none of the evals"),
    "unknown positions": (("--positions", "middle"), "--positions 'middle' is none of generated, prompt, all"),
    "unknown question": (("--prompt", "haiku"), "--prompt 'haiku' is none of vulnerable, safe"),
    "unknown dataset": (("--dataset", "juliet"), "dataset 'juliet' is unknown"),
    "split of another dataset": (("--split", "seed138"), "dataset 'verified' has 'variants', leave the split out"),
    "no placebos": (("--placebos", "0"), "--placebos 0 is below 1"),
    "no such model": (("--model", "./no/such/folder"), "model folder 'no/such/folder' does not exist"),
    "hub out of reach": (("--model", "bigcode/starcoderbase-1b"), "the hub is out of reach (HF_HUB_OFFLINE is set)"),
    "seed below zero": (("--seed", "-1"), "--seed -1 is below 0"),
    "no room for a prompt": (
        ("--max-new-tokens", "9000"),
        "--max-new-tokens 9000 leaves no room for a prompt",
    ),
    "revision of a folder": (("--revision", "main"), "--revision main names a version on the hub"),
    "nothing selected under two workers": (("-n", "2", "-k", "cwe999"), "-k 'cwe999' selects none of the evals"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_bad_request_is_refused_in_one_paragraph(name: str, evals: Evals, tmp_path: Path) -> None:
    args, expected = REFUSALS[name]
    run = evals(tmp_path / "run", "-k", "cwe787", *args)
    assert run.code == 4, run.output
    assert expected in run.output
    assert "Traceback" not in run.output
    assert not (run.folder / "measurements.sqlite").exists()


def test_a_folder_without_a_config_is_named(evals: Evals, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", "--model", str(tmp_path))
    assert run.code == 4
    assert "config.json" in run.output
    assert "Traceback" not in run.output


def test_a_missing_dataset_folder_is_named(evals: Evals, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", "--dataset", "secllmholmes", "--dataset-dir", str(tmp_path / "nowhere"))
    assert run.code == 4
    assert "nowhere" in run.output
    assert "Traceback" not in run.output


def test_a_run_folder_that_is_a_file_is_refused(evals: Evals, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a folder")
    run = evals(tmp_path / "run", "-k", "cwe787")
    assert run.code == 4, run.output
    assert "cannot be used" in run.output
    assert "INTERNALERROR" not in run.output


def test_a_damaged_database_is_refused_before_any_work(evals: Evals, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "measurements.sqlite").write_bytes(b"no database, though it has some length" * 100)
    run = evals(tmp_path / "run", "-k", "cwe787")
    assert run.code == 4, run.output
    assert "or delete the damaged one" in run.output


def test_a_refused_selection_leaves_an_earlier_report_alone(evals: Evals, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.html").write_text("the report of an earlier run")
    assert evals(tmp_path / "run", "-k", "cwe999").code == 4
    assert (tmp_path / "run" / "report.html").read_text() == "the report of an earlier run"


def test_evals_that_no_run_was_planned_for_say_how_they_run(evals: Evals, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", "-k", "shift", "-o", "eval_paths=elsewhere")
    assert "fixture 'case' not found" not in run.output
    assert "evals run when they are named on the command line" in run.output
