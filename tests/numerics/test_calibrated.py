"""The two figures of a gate reach its results, and only where they were measured."""

from pathlib import Path

import pytest
from scipy import stats

from harness.errors import EffectError
from harness.numerics import calibrated
from harness.numerics.calibrated import Calibration, calibration_of, exact_share, read_calibrations, with_calibration, write_calibrations
from harness.numerics.gates.result import GateResult
from harness.records import GateStatus


def calibration(scenarios: int, power: int) -> Calibration:
    return Calibration(scenarios=scenarios, placebos=39, false_positives=exact_share(4, 400), power=exact_share(power, 400), statistic=1.0)


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Figures of a gate at 8 and 24 scenarios, in place of the committed ones."""
    path = tmp_path / "figures.json"
    write_calibrations(path, {"made-up": (calibration(24, 380), calibration(8, 330))})
    monkeypatch.setattr(calibrated, "_calibrations", lambda: read_calibrations(path))
    return path


def result(scenarios: int | None, gate: str = "made-up") -> GateResult:
    return GateResult(gate=gate, status=GateStatus.PASS, reason="", statistic=1.0, threshold=0.5, scenarios=scenarios, details={"own": 1})


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(("scenarios", "known", "power"), [(8, 8, 0.825), (23, 8, 0.825), (24, 24, 0.95), (81, 24, 0.95)])
def test_a_result_carries_the_figures_of_no_more_scenarios_than_it_has(scenarios: int, known: int, power: float) -> None:
    found = with_calibration(result(scenarios))
    assert (found.false_positive_rate, found.power) == (0.01, power)
    assert found.details["own"] == 1
    assert found.details["calibration"]["scenarios"] == known
    assert found.details["calibration"]["placebos"] == 39


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(("scenarios", "gate"), [(7, "made-up"), (None, "made-up"), (24, "other")])
def test_a_result_carries_no_figures_where_none_were_measured(scenarios: int | None, gate: str) -> None:
    assert with_calibration(result(scenarios, gate)) == result(scenarios, gate)


def test_figures_survive_the_file(figures: Path) -> None:
    assert read_calibrations(figures) == {"made-up": (calibration(24, 380), calibration(8, 330))}


def test_the_interval_is_the_exact_one() -> None:
    found = exact_share(20, 400)
    # Clopper-Pearson: below the low end, 20 or more would be seen in 2.5% of runs; above the high end, 20 or fewer
    assert stats.binom.sf(19, 400, found.interval.low) == pytest.approx(0.025)
    assert stats.binom.cdf(20, 400, found.interval.high) == pytest.approx(0.025)
    with pytest.raises(EffectError, match="0 replicates"):
        exact_share(0, 0)


@pytest.mark.parametrize("text", ["", "[]", '{"shift": [{"scenarios": 8}]}'])
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "figures.json"
    path.write_text(text)
    with pytest.raises(EffectError, match=r"figures\.json holds no calibration .*make calibrate"):
        read_calibrations(path)
    with pytest.raises(EffectError, match="FileNotFoundError"):
        read_calibrations(tmp_path / "none.json")


def test_the_shift_gate_is_calibrated() -> None:
    known = calibration_of("shift", 8)
    assert known is not None
    assert known.false_positives.interval.low <= 0.05
    assert known.power.value >= 0.8
