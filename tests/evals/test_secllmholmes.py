"""The main job runs on the public data, whatever its verdict."""

from pathlib import Path

from tests.evals.runs import cases_of_run


def test_the_main_job_runs_on_secllmholmes(secllmholmes: Path, tmp_path: Path) -> None:
    data = ("--dataset", "secllmholmes", "--dataset-dir", str(secllmholmes), "--split", "hand-crafted")
    cases = cases_of_run(tmp_path / "run", "-k", "cwe787 and (shift or extraction or identity)", "--strength", "10", *data)
    assert cases.keys() == {"extraction", "identity", "shift"}
    assert cases["extraction"]["status"] == cases["identity"]["status"] == "PASS"
    # Three scenarios allow three relabellings, so no result could have passed.
    assert cases["shift"]["status"] == "INCONCLUSIVE"
    assert "3 label-flip placebos give p >= .25" in cases["shift"]["reason"]
