"""Tables of shifts in colour: layer against strength, and the CWE of a direction against the CWE of the files."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.plans import cwe_number
from harness.report.pictures import Picture, panel_size, panels, picture
from harness.report.records import Case, with_details

Shifts = Mapping[tuple[str, str], float]
"""(row, column) -> mean shift of the margin, logits; what was not measured is not there."""


def layers_and_strengths(cases: Sequence[Case]) -> list[Picture]:
    """One picture a model, a panel a CWE, where more than one layer or strength was measured."""
    pictures = []
    measured = [case for case in with_details(cases, "shift", "dose") if case["layer"] is not None]
    for model in dict.fromkeys(case["model_name"] for case in measured):
        own = [case for case in measured if case["model_name"] == model]
        layers, strengths = sorted({case["layer"] for case in own}), sorted({case["strength"] for case in own})
        if len(layers) == len(strengths) == 1:
            continue
        by_cwe: dict[str, dict[tuple[str, str], float]] = {}
        for case in own:
            place = str(case["layer"]), f"{case['strength']:g}"
            by_cwe.setdefault(case["cwe"], {})[place] = case["details"]["signed"]
        rows, columns = [str(layer) for layer in layers], [f"{strength:g}" for strength in strengths]
        pictures.append(_layers_and_strengths(model, by_cwe, rows, columns))
    return pictures


def _layers_and_strengths(model: str, by_cwe: Mapping[str, Shifts], rows: Sequence[str], columns: Sequence[str]) -> Picture:
    def draw(figure: Any) -> None:
        reach = _reach(shift for shifts in by_cwe.values() for shift in shifts.values())
        for number, (axes, (cwe, shifts)) in enumerate(zip(panels(figure, len(by_cwe)), by_cwe.items(), strict=True)):
            fill(axes, shifts, rows, columns, reach, down=number == 0)
            axes.set_title(cwe)
            axes.set_xlabel("strength")
            axes.set_ylabel("" if number else "layer")

    told = "; ".join(
        f"{cwe}: {', '.join(f'{shift:+.2f} at layer {row}, strength {column}' for (row, column), shift in shifts.items())}"
        for cwe, shifts in by_cwe.items()
    )
    return picture(
        draw,
        id=f"cells-{model}",
        title=f"Mean shift by layer and strength, {model}",
        words=f"Mean shift of the margin in logits by layer and strength. {told}.",
        size=panel_size(len(by_cwe), height=0.42 * len(rows) + 0.9, width=0.75 * len(columns) + 0.7),
    )


def transfers(cases: Sequence[Case]) -> list[Picture]:
    """One picture a model, layer and strength: the directions of all CWEs on the files of each. All cases of a cell tell the same table."""
    found: dict[tuple[str, int, float], Mapping[str, Mapping[str, float]]] = {}
    for case in with_details(cases, "specificity", "transfer"):
        found.setdefault((case["model_name"], case["layer"], case["strength"]), case["details"]["transfer"])
    return [_transfer(*cell, table) for cell, table in found.items()]


def _transfer(model: str, layer: int, strength: float, table: Mapping[str, Mapping[str, float]]) -> Picture:
    shifts = {(tested, direction): shift for tested, row in table.items() for direction, shift in row.items()}
    rows = sorted(table, key=cwe_number)
    columns = sorted({direction for _, direction in shifts}, key=cwe_number)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        fill(axes, shifts, rows, columns, _reach(shifts.values()), down=True)
        axes.set_xlabel("direction of")
        axes.set_ylabel("files of")
        axes.tick_params("x", rotation=45)

    told = "; ".join(
        f"files of {tested}: {', '.join(f'{shift:+.2f} by that of {direction}' for direction, shift in table[tested].items())}"
        for tested in rows
    )
    return picture(
        draw,
        id=f"transfer-{model}-l{layer}-s{strength:g}",
        title=f"Whose direction moves whose files, layer {layer}, strength {strength:g}, {model}",
        words=f"Mean shift of the margin in logits. {told}.",
        size=(1.9 + 0.62 * len(columns), 1.6 + 0.42 * len(rows)),
    )


def fill(axes: Any, shifts: Shifts, rows: Sequence[str], columns: Sequence[str], reach: float, *, down: bool) -> None:
    """Colours and figures of a table; what was not measured stays empty. Args: down, turn the axis of rows, which panels share."""
    values = np.array([[shifts.get((row, column), np.nan) for column in columns] for row in rows])  # (rows, columns)
    axes.pcolormesh(np.ma.masked_invalid(values), cmap="PuOr_r", vmin=-reach, vmax=reach, edgecolors="none")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            # The cells keep their colours on a dark page, and so does what is written on them.
            ink = "#ffffff" if abs(value) > 0.7 * reach else "#111111"
            axes.text(column + 0.5, row + 0.5, f"{value:+.2f}", ha="center", va="center", color=ink, fontsize=8)
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    if down:
        axes.set_ylim(len(rows), 0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _reach(shifts: Any) -> float:
    """The largest shift, to either side, so that 0 is white."""
    return max((abs(shift) for shift in shifts), default=0.0) or 1.0
