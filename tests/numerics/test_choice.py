"""Choosing a cell: the tested scenario has no say, and the rank among placebos that choose too keeps its level."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.errors import EffectError
from harness.numerics.choice import choose_cells
from harness.numerics.effects import rank_p
from harness.plans import Cell

CELLS = tuple(Cell(layer=layer, strength=strength) for layer in (3, 4, 5, 6) for strength in (5.0, 10.0, 20.0))
SCENARIOS = tuple(f"s{row}" for row in range(8))


def effects(table: np.ndarray) -> dict[Cell, dict[str, float]]:
    """table: (cells, scenarios)."""
    return {cell: dict(zip(SCENARIOS, map(float, row), strict=False)) for cell, row in zip(CELLS, table, strict=False)}


def test_the_cell_is_that_whose_mean_is_largest_beside_its_spread_whatever_its_sign() -> None:
    table = np.array(
        [
            [9.0, 1.0, 5.0, 9.0],  # the largest mean, and a wide spread
            [2.0, 2.1, 1.9, 2.0],
            [-3.0, -3.1, -2.9, -3.0],  # as narrow, and further from zero
        ]
    )
    assert set(choose_cells(effects(table)).values()) == {CELLS[2]}


def test_by_hand_for_one_scenario() -> None:
    # s0 is tested: the others say mean 2, sd 1 in the first cell, mean 3, sd 2 in the second
    table = np.array([[100.0, 1.0, 2.0, 3.0], [0.0, 1.0, 3.0, 5.0]])
    assert choose_cells(effects(table))["s0"] == CELLS[0]
    table[1, 1:] = [2.0, 3.0, 4.0]  # mean 3, sd 1
    assert choose_cells(effects(table))["s0"] == CELLS[1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), tested=st.integers(0, 7), values=st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12))
def test_a_tested_scenario_never_chooses_its_own_cell(seed: int, tested: int, values: list[float]) -> None:
    table = np.random.default_rng(seed).normal(1.0, 1.0, size=(len(CELLS), len(SCENARIOS)))
    before = choose_cells(effects(table))[SCENARIOS[tested]]
    table[:, tested] = values
    assert choose_cells(effects(table))[SCENARIOS[tested]] == before


def test_the_other_scenarios_do_choose() -> None:
    table = np.random.default_rng(1).normal(0.0, 1.0, size=(len(CELLS), len(SCENARIOS)))
    table[7, 1:] = 5.0 + 0.1 * np.arange(7)
    assert choose_cells(effects(table))["s0"] == CELLS[7]


def statistic(table: np.ndarray) -> float:
    found = effects(table)
    return abs(float(np.mean([found[cell][scenario] for scenario, cell in choose_cells(found).items()])))


def exchangeable(rng: np.random.Generator, placebos: int = 19) -> np.ndarray:
    """Biases of a treatment and its placebos in all cells, none better than the others: (1 + placebos, cells, scenarios)."""
    vectors = rng.normal(size=(1 + placebos, len(CELLS), 1))  # what a vector does to all scenarios of a cell
    return vectors + 0.7 * rng.normal(size=(1 + placebos, len(CELLS), len(SCENARIOS)))


def test_under_a_null_with_twelve_cells_the_rank_keeps_its_level() -> None:
    """Fails where the exact binomial test of 300 replicates says, at .01, that more than .05 are rejected."""
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(300):
        own, *rivals = [statistic(table) for table in exchangeable(rng)]
        rejected += rank_p(own, rivals) <= 0.05
    assert stats.binomtest(rejected, 300, 0.05, alternative="greater").pvalue > 0.01
    assert rejected > 0


def test_the_best_of_all_cells_does_not_where_placebos_do_not_choose() -> None:
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(300):
        means = np.abs(exchangeable(rng).mean(axis=2))  # (1 + placebos, cells)
        best = int(means[0].argmax())
        rejected += rank_p(float(means[0, best]), means[1:, best].tolist()) <= 0.05
    assert stats.binomtest(rejected, 300).proportion_ci(0.99, method="exact").low > 0.2


def test_what_cannot_be_chosen_from_is_refused() -> None:
    with pytest.raises(EffectError, match="0 cells leave nothing to choose from"):
        choose_cells({})
    with pytest.raises(EffectError, match="2 scenarios can't choose a cell for one another; at least 3"):
        choose_cells(effects(np.ones((2, 2))))
    torn = effects(np.ones((2, 4)))
    del torn[CELLS[1]]["s3"]
    with pytest.raises(EffectError, match="layer 3, strength 10 was measured on other scenarios"):
        choose_cells(torn)
