"""Thresholds by name: what may be said of them, and that every gate that has some is known."""

import pytest

from harness.errors import PlanError
from harness.judge.claims import GATES
from harness.numerics.gates.limits import THRESHOLDS, check_limits, declared_limits, thresholds_of
from harness.numerics.gates.shift import ShiftThresholds


def test_every_gate_has_thresholds_but_those_whose_tolerance_goes_with_the_number_type() -> None:
    assert THRESHOLDS.keys() == GATES.keys() - {"identity", "pinned_text"}


def test_the_declared_limits_are_those_of_the_measurement_contract() -> None:
    declared = declared_limits()
    assert (declared["extraction.share"], declared["shift.p"], declared["shift.anti_steerable"]) == (0.8, 0.05, 0.35)
    assert (declared["sensitivity.p"], declared["sensitivity.gain"], declared["specificity.p"]) == (0.05, 0.0, 0.05)
    assert (declared["harm.perplexity_ratio"], declared["harm.undecided"], declared["informative.p"]) == (1.05, 0.05, 0.05)


def test_every_declared_limit_may_be_said_again() -> None:
    assert check_limits(declared_limits(), "here") == declared_limits()


def test_numbers_may_come_as_text_and_tables_in_tables() -> None:
    assert check_limits({"shift.p": "0.01"}, "--gate") == {"shift.p": 0.01}
    assert check_limits({"shift": {"p": 0.01, "anti_steerable": 0.5}, "harm.undecided": 0}, "a file") == {
        "shift.p": 0.01,
        "shift.anti_steerable": 0.5,
        "harm.undecided": 0.0,
    }


@pytest.mark.parametrize("name", ["shift.q", "shift", "identity.p", "", "shift.p.p"])
def test_an_unknown_name_is_refused_with_its_source_and_the_known_ones(name: str) -> None:
    with pytest.raises(PlanError, match=rf"threshold '{name}' of --gate is unknown; choose one of extraction\.share, "):
        check_limits({name: 0.1}, "--gate")


@pytest.mark.parametrize("value", ["much", None, [0.1], True, ""])
def test_what_is_no_number_is_refused_with_its_source(value: object) -> None:
    with pytest.raises(PlanError, match=r"threshold shift\.p = .* of protocol x\.toml is no number; give one such as 0\.05"):
        check_limits({"shift.p": value}, "protocol x.toml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shift.p", 1.5),
        ("shift.p", "nan"),
        ("shift.anti_steerable", -0.1),
        ("sensitivity.gain", 2),
        ("harm.perplexity_ratio", 0.9),
        ("harm.perplexity_ratio", "inf"),
        ("harm.undecided", 5),
        ("retention.share", 50),
        ("generation.share", 1.01),
        ("comparison.p", -1),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_source(name: str, value: object) -> None:
    with pytest.raises(PlanError, match=r"^\[tool\.secsteer\.gates\] in pyproject\.toml, gate \w+: threshold "):
        check_limits({name: value}, "[tool.secsteer.gates] in pyproject.toml")


def test_the_thresholds_of_a_gate_take_what_names_it_and_keep_the_rest() -> None:
    assert thresholds_of("shift", {"shift.p": 0.01, "sensitivity.p": 0.2}) == ShiftThresholds(p=0.01, anti_steerable=0.35)
    assert thresholds_of("shift", {}) == ShiftThresholds()
