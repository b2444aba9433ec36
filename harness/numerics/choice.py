"""Choosing layer and strength without paying for it in false alarms: the choice is made anew for every scenario and every placebo."""

from collections.abc import Mapping

import numpy as np

from harness.errors import EffectError
from harness.plans import Cell

FEWEST_TO_CHOOSE = 3
"""Scenarios: one is tested, and two that choose for it show a spread."""


def choose_cells(effects: Mapping[Cell, Mapping[str, float]]) -> dict[str, Cell]:
    """The cell each scenario is tested in: the one that the other scenarios choose.

    They choose the cell in which their mean bias is largest beside its spread (the absolute mean over the standard deviation: the mean
    alone would always take the greatest strength). Treatment and placebos go through the same rule, each by its own effects, so that the
    rank of the treatment among the placebos keeps its level however many cells there are.

    Args: effects, cell -> scenario -> bias, logits. Returns: scenario -> cell.
    Raises: EffectError for no cell, fewer than three scenarios, or cells measured on different scenarios.
    Source: Westfall and Young 1993, the choice repeated within the resampling.
    """
    if not effects:
        raise EffectError("0 cells leave nothing to choose from; give --layer and --strength, both can be repeated")
    cells = sorted(effects)
    scenarios = sorted(effects[cells[0]])
    if len(scenarios) < FEWEST_TO_CHOOSE:
        raise EffectError(f"{len(scenarios)} scenarios can't choose a cell for one another; at least {FEWEST_TO_CHOOSE} are needed")
    for cell in cells:
        if effects[cell].keys() != set(scenarios):
            raise EffectError(
                f"layer {cell.layer}, strength {cell.strength:g} was measured on other scenarios; measure every cell on the same"
            )
    table = np.array([[effects[cell][scenario] for cell in cells] for scenario in scenarios])  # (scenarios, cells)
    chosen = {}
    for row, scenario in enumerate(scenarios):
        rest = np.sort(np.delete(table, row, axis=0), axis=0)  # the names of scenarios must not decide between equal scores
        height, spread = np.abs(rest.mean(axis=0)), rest.std(axis=0, ddof=1)
        score = np.divide(height, spread, out=np.where(height > 0, np.inf, 0.0), where=spread > 0)
        chosen[scenario] = cells[int(score.argmax())]
    return chosen
