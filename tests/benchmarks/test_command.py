"""The command refuses before it loads anything, fails on a regression, and asking for help costs next to nothing."""

import json
from pathlib import Path

import pytest

from benchmarks import startup
from benchmarks.__main__ import main
from benchmarks.page import Section
from benchmarks.ratios import Found, Spread, Target


@pytest.mark.parametrize("name", startup.HELP)
def test_help_imports_nothing_heavy(name: str) -> None:
    assert startup.heavy_imports(startup.HELP[name]) == []


def test_heavy_imports_are_seen_wherever_they_are() -> None:
    assert startup.heavy_imports(["-c", "import json"]) == []
    assert startup.heavy_imports(["-c", "import scipy.stats"]) == ["scipy"]


def test_a_process_that_fails_is_no_time() -> None:
    with pytest.raises(startup.BenchmarkError, match="ended with 3"):
        startup.seconds(["-c", "raise SystemExit(3)"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--models", "gpt5"], "model 'gpt5' is unknown to the benchmark; choose among nano"),
        (["--models", "starcoderbase-1b-shape"], "add --heavy"),
        (["--strengths", "3"], "3 strengths are none of 2, 4, 6, 8"),
        (["--compare", "--length", "64"], "committed ratios belong to the declared amount of work"),
        (["--update-baseline", "--prompts", "2"], "committed ratios belong to the declared amount of work"),
        (["--compare", "--baseline", "none.json"], "no ratios to compare with in none.json"),
        (["--only", "speed"], "--only speed fits none of"),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.run.measure_model", None)
    assert main(arguments) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("committed", "status"), [(1.0, 0), (0.79, 1)])
def test_a_regression_fails_the_command(
    committed: float, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.run.measure_model", measured)
    path, page, numbers = tmp_path / "baseline.json", tmp_path / "page.md", tmp_path / "numbers.json"
    path.write_text(json.dumps({"nano": {"reading-time": committed}}))
    given = ["--models", "nano", "--only", "reading-time", "--out", str(page), "--json", str(numbers), "--baseline", str(path)]
    assert main([*given, "--compare"]) == status
    told = capsys.readouterr()
    assert ("nano: reading-time: 1 is 1.27 times worse" in told.err) == bool(status)
    assert page.read_text() == told.out.removesuffix("\n")
    assert json.loads(numbers.read_text())["sections"][0]["found"][0]["ratio"]["median"] == 1.0
    assert main([*given, "--compare", "--update-baseline"]) == 0
    assert json.loads(path.read_text()) == {"nano": {"reading-time": 1.0}}
    assert main([*given, "--compare"]) == 0


def measured(name: str, targets: list[Target], *_: object, **__: object) -> Section:
    found = tuple(Found(target=target, ratio=Spread(median=1.0, low=1.0, high=1.0, rounds=1)) for target in targets)
    return Section(name=name, text="made up", machine={}, found=found, times={"a job": [1.0]}, units={"a job": "s"}, parts={})


def test_a_model_measured_alone_joins_those_that_were_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.run.measure_model", measured)
    given = ["--only", "reading-time", "--out", str(tmp_path / "page.md"), "--json", str(tmp_path / "numbers.json")]
    assert main([*given, "--models", "random-25m"]) == main([*given, "--models", "nano"]) == 0
    titles = [line for line in (tmp_path / "page.md").read_text().splitlines() if line.startswith("## ")]
    assert titles == ["## Work", "## Methods", "## nano", "## random-25m"]


def test_a_run_that_fails_keeps_the_models_it_has_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def second_fails(name: str, *given: object, **named: object) -> Section:
        if name != "nano":
            raise startup.BenchmarkError("made up")
        return measured(name, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("benchmarks.run.measure_model", second_fails)
    path = tmp_path / "page.md"
    assert main(["--models", "nano", "random-25m", "--only", "reading-time", "--out", str(path)]) == 2
    assert "## nano" in path.read_text()
