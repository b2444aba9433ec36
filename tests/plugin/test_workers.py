"""Two xdist workers give the records, the summary and the files of one process."""

import shutil
from pathlib import Path

import pytest

from tests.plugin.conftest import Evals

SCENARIOS = 3
ARGS = ("--strength", "10", "--placebos", "3", "--max-new-tokens", "4", "-k", "shift or extraction")


@pytest.fixture
def two_cwes(corpus: Path, tmp_path: Path) -> Path:
    """A corpus of two CWEs, so that there are two groups to share out."""
    root = tmp_path / "corpus"
    scenarios = sorted((corpus / "cwe787").iterdir())[:SCENARIOS]
    for name, cwe in (("cwe787", "CWE-787"), ("cwe416", "CWE-416")):
        for scenario in scenarios:
            target = root / name / scenario.name
            shutil.copytree(scenario, target)
            description = target / "scenario.toml"
            description.write_text(description.read_text().replace('cwe = "CWE-787"', f'cwe = "{cwe}"'))
    return root


def test_two_workers_give_the_records_of_one_process(evals: Evals, two_cwes: Path, tmp_path: Path) -> None:
    data = ("--dataset-dir", str(two_cwes))
    alone = evals(tmp_path / "alone", *ARGS, *data)
    shared = evals(tmp_path / "shared", *ARGS, *data, "-n", "2")
    assert len(alone.rows) == 2 * 2 * SCENARIOS * (1 + 4 + 2 * (3 + 3 + 3) + 4)
    assert [row[1:] for row in shared.rows] == [row[1:] for row in alone.rows]
    assert shared.summary == alone.summary
    assert (shared.folder / "measurements.parquet").read_bytes() == (alone.folder / "measurements.parquet").read_bytes()
