import pytest
from scipy.stats import norm

from harness.errors import EffectError
from harness.scoring.signals import Signal


def test_equal_rates_tell_nothing_apart_and_half_each_leans_nowhere() -> None:
    signal = Signal(hits=12, vulnerable=24, false_alarms=12, patched=24)
    assert signal.d_prime == 0
    assert signal.criterion == 0


def test_calling_everything_vulnerable_is_bias_alone() -> None:
    signal = Signal(hits=24, vulnerable=24, false_alarms=24, patched=24)
    assert signal.d_prime == 0
    assert signal.criterion < -1.5


def test_rates_of_one_and_zero_stay_finite_by_half_a_file() -> None:
    signal = Signal(hits=3, vulnerable=3, false_alarms=0, patched=3)
    assert signal.d_prime == pytest.approx(norm.ppf(3.5 / 4) - norm.ppf(0.5 / 4))
    assert signal.criterion == pytest.approx(0)


@pytest.mark.parametrize(
    ("hits", "false_alarms", "d_prime"),
    [(19, 19, "0.00"), (12, 8, "0.41"), (24, 12, "2.05")],
    ids=["GPT-3.5", "GPT-4", "o1"],
)
def test_published_sensitivities_come_out(hits: int, false_alarms: int, d_prime: str) -> None:
    assert f"{Signal(hits=hits, vulnerable=24, false_alarms=false_alarms, patched=24).d_prime:.2f}" == d_prime


def test_counts_that_give_no_rate_are_refused() -> None:
    with pytest.raises(EffectError, match="0 of 0 patched"):
        Signal(hits=1, vulnerable=2, false_alarms=0, patched=0)
    with pytest.raises(EffectError, match="3 of 2 vulnerable"):
        Signal(hits=3, vulnerable=2, false_alarms=0, patched=1)
