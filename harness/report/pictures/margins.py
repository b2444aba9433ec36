"""Where the margins of vulnerable and of patched files lie, before steering and under it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.numerics.slices import pair_margins
from harness.records import ORIGINAL, Measurement
from harness.report.pictures import PATCHED, SOFT, VULNERABLE, Picture, panel_size, panels, picture
from harness.report.records import Case, RunRecords, own_sweep, with_details

Margins = Mapping[str, Mapping[float, Sequence[float]]]
"""label -> strength -> margins of its files, logits."""
ASIDE = {"vulnerable": -0.16, "patched": 0.16}
"""Where the dots of a label stand beside their strength."""


def margins(run: RunRecords) -> list[Picture]:
    """One picture a model, layer and strength, a panel a CWE."""
    found: defaultdict[tuple[str, int, float], dict[str, Margins]] = defaultdict(dict)
    for case in with_details(run.cases, "shift", "dose"):
        sweep = own_sweep(case)
        if sweep and case["layer"] is not None:
            cell = case["model_name"], case["layer"], case["strength"]
            found[cell][case["cwe"]] = _margins(run.shown(sweep), case)
    return [_picture(*cell, by_cwe) for cell, by_cwe in found.items()]


def _margins(measurements: Sequence[Measurement], case: Case) -> Margins:
    strengths = (-case["strength"], 0.0, case["strength"])
    rows = [
        one
        for one in measurements
        if one.endpoint == "margin" and one.variant == ORIGINAL and one.layer in (None, case["layer"])
        if one.arm in ("baseline", "treatment") and one.strength in strengths
    ]
    pairs = pair_margins(rows)
    return {
        "vulnerable": {strength: [pair.vulnerable[strength] for pair in pairs] for strength in strengths},
        "patched": {strength: [pair.patched[strength] for pair in pairs] for strength in strengths},
    }


def _picture(model: str, layer: int, strength: float, by_cwe: Mapping[str, Margins]) -> Picture:
    def draw(figure: Any) -> None:
        for number, (axes, (cwe, found)) in enumerate(zip(panels(figure, len(by_cwe)), by_cwe.items(), strict=True)):
            _panel(axes, found)
            axes.set_title(cwe)
            if number == 0:
                axes.set_ylabel("margin (logits)\n← secure · vulnerable →")
                figure.legend(loc="outside upper left", ncols=2)

    told = "; ".join(f"{cwe}: {_words(found)}" for cwe, found in by_cwe.items())
    return picture(
        draw,
        id=f"margins-{model}-l{layer}-s{strength:g}",
        title=f"Margins of vulnerable and patched files, layer {layer}, strength {strength:g}, {model}",
        words=f"Mean margins in logits. {told}.",
        size=panel_size(len(by_cwe), height=2.9),
    )


def _panel(axes: Any, found: Margins) -> None:
    for label, colour, marker in (("vulnerable", VULNERABLE, "o"), ("patched", PATCHED, "^")):
        by_strength = found[label]
        places = np.arange(len(by_strength)) + ASIDE[label]
        values = np.array(list(by_strength.values()))  # (strengths, files)
        # One line for all files, broken between them: thousands of lines would make the page slow and large.
        broken = np.vstack([values, np.full(values.shape[1], np.nan)])  # (strengths + 1, files)
        axes.plot(np.tile([*places, np.nan], values.shape[1]), broken.T.ravel(), "-", color=colour, linewidth=0.7, alpha=0.45)
        axes.plot(places, values.mean(axis=1), "-", color=colour, marker=marker, markersize=6, linewidth=1.8, label=label)
    axes.axhline(0.0, color=SOFT, linewidth=0.7)
    axes.set_xticks(range(3), ["unsteered" if strength == 0 else f"{strength:+g}" for strength in found["vulnerable"]])


def _words(found: Margins) -> str:
    return ", ".join(
        f"{label} {np.mean(values):+.2f} {'unsteered' if strength == 0 else f'at {strength:+g}'}"
        for label, by_strength in found.items()
        for strength, values in by_strength.items()
    )
