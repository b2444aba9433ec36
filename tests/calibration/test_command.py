"""What the command writes, and what it refuses."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.calibration.__main__ import main
from harness.calibration.judges import GATES
from harness.calibration.replicates import Design
from harness.calibration.studies import CHUNK, SCENARIOS, Study, all_studies, run_study
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


@pytest.mark.parametrize("gate", GATES)
def test_the_committed_page_and_figures_are_of_one_run(gate: str) -> None:
    figures = read_calibrations(FIGURES)[gate]
    assert {one.scenarios for one in figures} == set(SCENARIOS)
    for one in figures:
        assert one.false_positives.of == 2 * one.power.of == 400
        assert row_of(PAGE, f"{one.scenarios} scenarios", gate)[5] == _rate(one.false_positives)
        assert row_of(PAGE, f"**{one.scenarios} scenarios, size {GATES[gate].declared[one.scenarios]:g}**", gate)[5] == _rate(one.power)


@pytest.fixture
def earlier(tmp_path: Path) -> tuple[Path, Path]:
    """Copies of the committed page and figures."""
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    shutil.copy(PAGE, page)
    shutil.copy(FIGURES, figures)
    return page, figures


def test_one_gate_alone_leaves_what_was_said_of_the_others(earlier: tuple[Path, Path]) -> None:
    page, figures = earlier
    main(["--replicates", "1", "--scenarios", "8", "--gate", "specificity", "--out", str(page), "--figures", str(figures)])
    kept, before = read_calibrations(figures), read_calibrations(FIGURES)
    assert [one.false_positives.of for one in kept["specificity"]] == [1]
    assert {gate: kept[gate] for gate in before if gate != "specificity"} == {
        gate: before[gate] for gate in before if gate != "specificity"
    }
    text, old = page.read_text(), PAGE.read_text()
    start, end = old.index("\n## "), old.index("## specificity")
    assert text.index("## specificity") == end
    assert text[start:end] == old[start:end]
    assert row_of(page, "8 scenarios", "specificity")[2] == "1"


def test_a_page_of_another_seed_is_not_completed(earlier: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    page, _ = earlier
    assert main(["--replicates", "1", "--gate", "shift", "--seed", "3", "--out", str(page)]) == 2
    assert "not made with seed 3" in capsys.readouterr().err
    assert page.read_text() == PAGE.read_text()


def row_of(page: Path, design: str, gate: str = "shift") -> list[str]:
    """The cells of the first row with this design in the section of a gate."""
    lines = page.read_text().partition(f"\n## {gate}\n")[2].splitlines()
    rows = ([cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("|"))
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
        all_studies(0, gates=["shift"], scenarios=[8], placebos=19)


def test_gates_that_want_the_same_replicates_share_them() -> None:
    together = all_studies(4, gates=["shift", "sensitivity"], scenarios=[8], placebos=19)
    apart = [all_studies(4, gates=[gate], scenarios=[8], placebos=19) for gate in ("shift", "sensitivity")]
    shared = {study for study, gates in together.items() if gates == ["shift", "sensitivity"]}
    assert shared == apart[0].keys() & apart[1].keys()
    assert {study.kind for study in shared} == {"null", "control", "copies"}
    assert together.keys() == apart[0].keys() | apart[1].keys()
