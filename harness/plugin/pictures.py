"""Pictures of a case, as PNG."""

import base64
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

COLOURS = {"random": "#9aa5b1", "nuisance": "#d98e04", "label-flip": "#7b61a8"}
TREATMENT = "#0b6e4f"
BAND = 95


def dose_response(details: Mapping[str, Any]) -> str:
    """Mean margin along the strengths, with where 95% of each kind of placebo end. Returns: PNG, base64.

    Args: details of a shift gate: `dose` (strength and margin), `placebos` (kind -> |shift| at the declared strength), `strength`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    strengths = np.array([point["strength"] for point in details["dose"]])
    margins = np.array([point["margin"] for point in details["dose"]])
    at_rest, reach = float(margins[strengths == 0][0]), float(details["strength"])
    figure = Figure(figsize=(6.4, 3.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for offset, (kind, values) in enumerate(details["placebos"].items()):
        if values:
            bound = float(np.percentile(values, BAND))
            colour = COLOURS.get(kind, "#888888")
            wedge = [at_rest - bound, at_rest, at_rest - bound]
            ends = np.array([-reach, 0.0, reach])
            axes.fill_between(
                ends, wedge, 2 * at_rest - np.array(wedge), color=colour, alpha=0.18, label=f"{BAND}% of {len(values)} {kind}"
            )
            place = reach * (1.03 + 0.03 * offset)
            axes.plot([place] * len(values), at_rest + np.array(values), ".", color=colour, markersize=3, alpha=0.6)
    axes.plot(strengths, margins, "o-", color=TREATMENT, label="direction (held-out scenarios)")
    axes.axhline(0.0, color="#444444", linewidth=0.7)
    own = "share of the strength that was chosen for each scenario"
    axes.set_xlabel(own if "chosen" in details else "strength (norm of the added vector, residual units)")
    axes.set_ylabel("mean margin (logits)\n← secure   vulnerable →")
    axes.legend(fontsize=7, loc="upper left", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def describe_dose(details: Mapping[str, Any]) -> str:
    """The dose-response picture in words, for its text alternative."""
    ladder = ", ".join(f"{point['margin']:.2f} at {point['strength']:g}" for point in details["dose"])
    bands = ", ".join(f"{kind} {np.percentile(values, BAND):.2f}" for kind, values in details["placebos"].items() if values)
    return f"Mean margin in logits by strength: {ladder}. {BAND}% of placebos shift it by less than: {bands}."
