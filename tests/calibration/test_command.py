"""What the command writes, and what it refuses."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.calibration.__main__ import main
from harness.calibration.replicates import Design
from harness.calibration.studies import CHUNK, DECLARED, Study, all_studies, run_study
from harness.errors import PlanError
from harness.numerics.calibrated import FIGURES, read_calibrations

PAGE = Path(__file__).parents[2] / "docs" / "calibration.md"


def test_the_command_writes_the_page_and_the_figures_and_both_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    size = ("--replicates", "1", "--scenarios", "8", "--placebos", "19")
    status = main([*size, "--gate", "shift", "--seed", "3", "--out", str(page), "--figures", str(figures)])
    (found,) = read_calibrations(figures)["shift"]
    assert (found.scenarios, found.placebos, found.false_positives.of, found.power.of) == (8, 19, 1, 1)
    assert row_of(page, "8 scenarios")[5].startswith(f"{found.false_positives.value:.3f} (")
    assert row_of(page, "**8 scenarios, size 8**")[5].startswith(f"{found.power.value:.3f} (")
    assert status == (1 if "Not calibrated" in page.read_text() else 0)
    printed = capsys.readouterr()
    assert printed.out.strip() == page.read_text().strip()
    assert "power: 8 scenarios, size 8: 1 of 1" in printed.err


@pytest.mark.parametrize("gate", ["shift"])
def test_the_committed_page_and_figures_are_of_one_full_run(gate: str) -> None:
    figures = read_calibrations(FIGURES)[gate]
    assert {one.scenarios for one in figures} == DECLARED.keys()
    for one in figures:
        assert (one.false_positives.of, one.power.of) == (400, 200)
        assert row_of(PAGE, f"{one.scenarios} scenarios")[5] == _rate(one.false_positives)
        assert row_of(PAGE, f"**{one.scenarios} scenarios, size {DECLARED[one.scenarios]:g}**")[5] == _rate(one.power)


def row_of(page: Path, design: str) -> list[str]:
    """The cells of the first row with this design."""
    rows = ([cell.strip() for cell in line.strip("| ").split("|")] for line in page.read_text().splitlines() if line.startswith("|"))
    return next(row for row in rows if row[0] == design)


def _rate(share: object) -> str:
    return f"{share.value:.3f} ({share.interval.low:.3f} - {share.interval.high:.3f})"  # type: ignore[attr-defined]


def test_workers_change_nothing() -> None:
    study = Study(kind="null", name="some", design=Design(scenarios=3, placebos=2), replicates=CHUNK + 2)
    alone = run_study(study, ["shift"], 5, progress=lambda _line: None)
    with ThreadPoolExecutor(2) as workers:
        assert run_study(study, ["shift"], 5, workers=workers, progress=lambda _line: None) == alone


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--replicates", "0"), "0 replicates give no rate"),
        (("--scenarios", "9"), "no smallest effect is declared for 9 scenarios; choose among 8, 24"),
        (("--jobs", "0"), "0 jobs do no work"),
    ],
)
def test_a_request_that_gives_no_rate_is_refused(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_study_of_nothing_is_refused() -> None:
    with pytest.raises(PlanError, match="0 replicates"):
        all_studies(0, scenarios=[8], placebos=19)
