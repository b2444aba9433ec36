"""The main job runs on the public data, whatever its verdict."""

from pathlib import Path

from tests.evals.runs import cases_of_run


def test_the_main_job_runs_on_all_of_secllmholmes(secllmholmes: Path, tmp_path: Path) -> None:
    data = ("--dataset", "secllmholmes", "--dataset-dir", str(secllmholmes))
    cases = cases_of_run(tmp_path / "run", "-k", "cwe787 and not speed", "--strength", "10", *data)
    assert cases.keys() >= {"extraction", "identity", "generation", "informative", "shift", "sensitivity", "specificity", "harm"}
    assert cases["extraction"]["status"] == cases["identity"]["status"] == "PASS"
    # Three scenarios allow three relabellings, so no result could have passed.
    assert cases["shift"]["status"] == "INCONCLUSIVE"
    assert "3 label-flip placebos give p >= .25" in cases["shift"]["reason"]
    # Some files are longer than the context: they are named with both lengths, never cut.
    assert cases["shift"]["skipped"]
    assert all("tokens, the context leaves room for" in line for line in cases["shift"]["skipped"])
