"""The picture of the card: margins of vulnerable and of patched programs, source by source and CWE by CWE."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.prompts import WEAKNESSES
from training.figures.samples import HELD_OUT_FAMILIES, KNOWN, Sample

SHOWN = (KNOWN, HELD_OUT_FAMILIES, "verified")
COLOURS = {True: "#b3401a", False: "#0b6e4f"}
REACH = 0.34


def draw_margins(path: Path, samples: Sequence[Sample], scores: NDArray[np.float64]) -> None:
    """Writes a PNG with a panel for each source: a dot a program, a bar at the median."""
    figure = Figure(figsize=(10.5, 4.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(SHOWN), sharey=True)
    for axes, source in zip(panels, SHOWN, strict=True):
        _panel(axes, source, samples, scores)
    panels[0].set_ylabel("margin (logits)\n← secure   vulnerable →")
    panels[0].legend(fontsize=8, frameon=False, loc="upper left")
    figure.savefig(path, format="png")


def _panel(axes: Axes, source: str, samples: Sequence[Sample], scores: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(0)
    for column, cwe in enumerate(WEAKNESSES):
        for vulnerable, side in ((True, -0.2), (False, 0.2)):
            chosen = [at for at, one in enumerate(samples) if (one.source, one.cwe, one.vulnerable) == (source, cwe, vulnerable)]
            values = scores[chosen]
            at = column + side + rng.uniform(-0.12, 0.12, len(values))
            label = ("vulnerable" if vulnerable else "patched") if column == 0 else None
            axes.plot(at, values, ".", color=COLOURS[vulnerable], markersize=3, alpha=0.45, label=label)
            if len(values):
                axes.hlines(np.median(values), column + side - REACH / 2, column + side + REACH / 2, color=COLOURS[vulnerable], linewidth=2)
    axes.axhline(0.0, color="#444444", linewidth=0.7)
    axes.set_title(source, fontsize=10)
    axes.set_xticks(range(len(WEAKNESSES)), [cwe.removeprefix("CWE-") for cwe in WEAKNESSES], fontsize=8)
    axes.set_xlabel("CWE")
    axes.spines[["top", "right"]].set_visible(False)
