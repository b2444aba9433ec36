"""The transfer matrix, what makes a direction specific, and Holm's adjustment, by hand."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from harness.errors import EffectError
from harness.numerics import specificity
from harness.numerics.gates.result import GateResult
from harness.numerics.gates.specificity import SpecificityThresholds, specificity_gate
from harness.numerics.specificity import Transfer, advantages, holm
from harness.records import GateStatus

TRANSFER = Transfer(
    cwe="CWE-89",
    own={"a": 3.0, "b": 5.0},
    others={"CWE-787": {"a": 1.0, "b": 1.0}, "CWE-22": {"a": 3.0, "b": 0.0}},
)


def test_a_row_of_the_matrix_holds_the_mean_bias_under_each_direction_by_number() -> None:
    assert list(TRANSFER.row.items()) == [("CWE-22", 1.5), ("CWE-89", 4.0), ("CWE-787", 1.0)]


def family(own: dict[str, list[float]], others: dict[tuple[str, str], list[float]]) -> dict[str, Transfer]:
    """own: CWE -> bias of its scenarios; others: (tested CWE, CWE of the direction) -> the same under that direction."""
    return {
        cwe: Transfer(
            cwe=cwe,
            own={f"{cwe}/{row}": value for row, value in enumerate(values)},
            others={
                of: {f"{cwe}/{row}": value for row, value in enumerate(those)} for (tested, of), those in others.items() if tested == cwe
            },
        )
        for cwe, values in own.items()
    }


def test_the_advantage_is_the_difference_of_the_differences_and_its_p_that_of_all_exchanges() -> None:
    here, there = [5.0, 6.0, 4.5], [1.0, 0.5, 2.0, 0.0]  # own minus other on the files of 89; 89's direction minus own on those of 22
    transfers = family(
        {"CWE-89": here, "CWE-22": [0.0] * 4},
        {("CWE-89", "CWE-22"): [0.0] * 3, ("CWE-22", "CWE-89"): there},
    )
    (found,) = advantages(transfers, "CWE-89", np.random.default_rng(0))
    observed = np.mean(here) - np.mean(there)
    pooled = [*here, *there]
    exchanges = list(itertools.combinations(range(7), 3))
    reached = sum(
        np.mean([pooled[row] for row in chosen]) - np.mean([pooled[row] for row in range(7) if row not in chosen]) >= observed - 1e-12
        for chosen in exchanges
    )
    assert (found.other, found.mean) == ("CWE-22", pytest.approx(observed))
    assert found.p == pytest.approx(reached / len(exchanges)) == pytest.approx(found.smallest_p) == pytest.approx(1 / 35)


STRONGER = {  # 89's direction moves every file by 5, that of 22 by 1: stronger, and specific to nothing
    "own": {"CWE-89": [5.0, 5.1, 4.9, 5.2, 4.8], "CWE-22": [1.0, 1.1, 0.9, 1.2, 0.8]},
    "others": {("CWE-89", "CWE-22"): [1.1, 0.9, 1.0, 1.0, 1.0], ("CWE-22", "CWE-89"): [5.1, 5.0, 4.9, 4.8, 5.2]},
}
SPECIFIC = {
    "own": {"CWE-89": [5.0, 5.1, 4.9, 5.2, 4.8], "CWE-22": [5.0, 5.1, 4.9, 5.2, 4.8]},
    "others": {("CWE-89", "CWE-22"): [1.1, 0.9, 1.0, 1.0, 1.0], ("CWE-22", "CWE-89"): [1.1, 1.0, 0.9, 0.8, 1.2]},
}


def judged(data: dict[str, Any], cwe: str = "CWE-89", p: float = 0.05) -> GateResult:
    return specificity_gate(family(**data), cwe, np.random.default_rng(0), SpecificityThresholds(p=p))


def test_a_direction_that_is_only_stronger_is_not_specific() -> None:
    result = judged(STRONGER)
    assert result.status is GateStatus.FAIL
    assert result.statistic == pytest.approx(0.0, abs=0.2)
    assert "above .05" in result.reason


def test_a_direction_that_moves_its_own_files_further_is() -> None:
    result = judged(SPECIFIC)
    assert result.status is GateStatus.PASS
    assert result.statistic == pytest.approx(8.0)
    assert result.p_values == {"permutation": pytest.approx(1 / 252), "Holm": pytest.approx(2 / 252)}
    assert result.details["transfer"]["CWE-89"] == pytest.approx({"CWE-22": 1.0, "CWE-89": 5.0})


def test_one_other_cwe_on_which_it_has_no_advantage_is_enough_to_fail() -> None:
    own = {**SPECIFIC["own"], "CWE-77": [1.0, 1.2, 0.8, 1.1, 0.9]}
    others = {
        **SPECIFIC["others"],
        ("CWE-89", "CWE-77"): [1.0, 1.1, 0.9, 1.0, 1.0],
        ("CWE-77", "CWE-89"): [5.0, 5.1, 4.9, 5.2, 4.8],
        ("CWE-22", "CWE-77"): [1.0, 1.1, 0.9, 1.0, 1.0],
        ("CWE-77", "CWE-22"): [5.0, 5.1, 4.9, 5.2, 4.8],
    }
    result = judged({"own": own, "others": others})
    assert result.status is GateStatus.FAIL
    assert "of CWE-77" in result.reason


def test_so_few_scenarios_and_one_cwe_alone_are_inconclusive() -> None:
    few = {name: {key: values[:2] for key, values in part.items()} for name, part in SPECIFIC.items()}
    assert judged(few).status is GateStatus.INCONCLUSIVE
    assert "give p >= .333, above .05; 4 of each suffice" in judged(few).reason  # 2 / C(8, 4) = .029, 2 / C(6, 3) = .1
    alone = judged({"own": {"CWE-89": [1.0] * 8}, "others": {}})
    assert alone.status is GateStatus.INCONCLUSIVE
    assert alone.reason.startswith("CWE-89 alone was selected")


def test_the_gate_keeps_its_level_where_directions_differ_in_strength_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three CWEs of six scenarios, 200 draws, directions of random strength: the rate that sign flips of own minus other had was .36."""
    monkeypatch.setattr(specificity, "RESAMPLES", 199)  # of 924 exchanges
    rng = np.random.default_rng(5)
    cwes = ("CWE-22", "CWE-89", "CWE-787")
    passed = 0
    for _ in range(200):
        strength = dict(zip(cwes, rng.normal(size=3), strict=True))
        draw = {(tested, of): (strength[of] + rng.normal(size=6)).tolist() for tested in cwes for of in cwes}
        transfers = family({cwe: draw[cwe, cwe] for cwe in cwes}, {key: values for key, values in draw.items() if key[0] != key[1]})
        passed += specificity_gate(transfers, "CWE-22", np.random.default_rng(0)).status is GateStatus.PASS
    assert stats.binomtest(passed, 200, 0.05, alternative="greater").pvalue > 0.05


def test_a_direction_that_was_not_measured_is_named() -> None:
    transfers = family({"CWE-89": [1.0] * 4, "CWE-22": [1.0] * 4}, {("CWE-22", "CWE-89"): [1.0] * 4})
    with pytest.raises(EffectError, match="the direction of CWE-22 was not measured on CWE-89"):
        advantages(transfers, "CWE-89", np.random.default_rng(0))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ((0.01, 0.04, 0.03), (0.03, 0.06, 0.06)),  # 3 x .01; 2 x .03; .04 alone would be less than its forerunner: .06
        ((0.04, 0.01, 0.02), (0.04, 0.03, 0.04)),  # 3 x .01; 2 x .02; 1 x .04
        ((0.5, 0.9, 0.6), (1.0, 1.0, 1.0)),
        ((0.02,), (0.02,)),
    ],
)
def test_holm_multiplies_the_smallest_by_all_the_next_by_one_less_and_never_falls(
    raw: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    names = [f"CWE-{row}" for row in range(len(raw))]
    found = holm(dict(zip(names, raw, strict=True)))
    assert list(found) == names
    assert list(found.values()) == pytest.approx(list(expected))


def test_no_p_values_have_no_adjustment() -> None:
    assert holm({}) == {}
