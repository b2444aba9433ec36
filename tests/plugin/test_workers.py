"""Two xdist workers give the records, the summary and the files of one process."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from harness.model.loading import load_model
from harness.storage.vectors import load_directions
from harness.storage.verified import load_verified
from tests.plugin.conftest import Evals

SCENARIOS = 3
ARGS = ("--strength", "10", "--placebos", "3", "--max-new-tokens", "4", "-k", "shift or extraction")


@pytest.fixture
def two_cwes(corpus: Path, tmp_path: Path) -> Path:
    """A corpus of two CWEs, so that there are two groups to share out."""
    root = tmp_path / "corpus"
    scenarios = sorted((corpus / "cwe787").iterdir())
    for name, cwe, mine in (("cwe787", "CWE-787", scenarios[:SCENARIOS]), ("cwe416", "CWE-416", scenarios[-SCENARIOS:])):
        for scenario in mine:
            target = root / name / scenario.name
            shutil.copytree(scenario, target)
            description = target / "scenario.toml"
            description.write_text(description.read_text().replace('cwe = "CWE-787"', f'cwe = "{cwe}"'))
    return root


def expected(corpus: Path, held_out: str | None) -> int:
    """Files of every scenario but one, as they stand and rewritten."""
    return len({example.sha256 for example in load_verified(corpus, variants=True) if example.scenario != held_out})


def test_pooled_fits_and_other_positions_reach_a_verdict(evals: Evals, two_cwes: Path, tiny_model: Path, tmp_path: Path) -> None:
    run = evals(tmp_path / "run", *ARGS, "--dataset-dir", str(two_cwes), "-k", "shift", "--fit", "pooled", "--positions", "all")
    assert [(case["gate"], case["status"]) for case in run.summary] == [("shift", "INCONCLUSIVE")] * 2, run.output
    rows = pq.read_table(run.folder / "measurements.parquet").to_pylist()
    assert {row["positions"] for row in rows} == {"all"}
    model = load_model(tiny_model)
    for group in ("tiny-verified-cwe416", "tiny-verified-cwe787"):
        directions = load_directions(run.folder / "directions" / f"{group}.safetensors", model=model.fingerprint)
        assert len(directions) == SCENARIOS + 1
        # all scenarios of both CWEs but the one held out, if any, in all their variants
        assert {len(direction.fitted_on) for direction in directions} == {
            expected(two_cwes, direction.held_out) for direction in directions
        }


def test_two_workers_give_the_records_of_one_process(evals: Evals, two_cwes: Path, tmp_path: Path) -> None:
    data = ("--dataset-dir", str(two_cwes))
    alone = evals(tmp_path / "alone", *ARGS, *data)
    shared = evals(tmp_path / "shared", *ARGS, *data, "-n", "2")
    assert len(alone.rows) == 2 * 2 * SCENARIOS * (1 + 4 + 1 + 2 * (3 + 3 + 3) + 4)  # baseline, ladder, reversed, placebos, texts
    assert [row[1:] for row in shared.rows] == [row[1:] for row in alone.rows]
    assert shared.summary == alone.summary
    assert (shared.folder / "measurements.parquet").read_bytes() == (alone.folder / "measurements.parquet").read_bytes()
