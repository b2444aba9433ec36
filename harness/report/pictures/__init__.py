"""The pictures of a report: SVG by matplotlib, once for a light page and once for a dark one, each with its figures in words."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from typing import Any

INK, SOFT, FAINT = "#1f2a30", "#6b7780", "#c9d0d5"
TREATMENT, VULNERABLE, PATCHED, TROUBLE = "#0b6e4f", "#b3541e", "#1f6f9f", "#b3261e"
PLACEBO = {"random": "#8c98a4", "nuisance": "#c27c02", "label-flip": "#7b61a8"}
ON_DARK = {
    INK: "#e4e8eb", SOFT: "#98a4ad", FAINT: "#3c464d", TREATMENT: "#4cc38a", VULNERABLE: "#f0945a", PATCHED: "#6cb7e6", TROUBLE: "#ff8a80",
    PLACEBO["random"]: "#a9b4be", PLACEBO["nuisance"]: "#e5ac4d", PLACEBO["label-flip"]: "#b8a3e0",
}  # fmt: skip
"""What each of these colours becomes on a dark page."""
WIDE = 6.5
"""Inches beyond which a picture is too small in half the width of the page."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "secsteer",  # equal runs give equal pages
    "text.parse_math": False,  # a dollar in a model's name is a dollar
    "font.size": 9,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.edgecolor": SOFT,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 8,
}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a page shows as an image. words: the text alternative, which tells the same figures. light, dark: data URIs. wide: it needs the
    whole width of the page."""

    id: str
    title: str
    words: str
    light: str
    dark: str
    wide: bool


def picture(draw: Callable[[Any], None], *, id: str, title: str, words: str, size: tuple[float, float]) -> Picture:
    """Args: draw, fills a matplotlib Figure; size, inches."""
    # Not at the head of the file: matplotlib takes a second, and most imports of the report draw nothing.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = buffer.getvalue()
    dark = re.sub("|".join(ON_DARK), lambda found: ON_DARK[found[0]], svg)
    return Picture(id=id, title=title, words=words, light=_uri(svg), dark=_uri(dark), wide=size[0] > WIDE)


def _uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def panels(figure: Any, count: int, columns: int = 4) -> list[Any]:
    """As many axes as asked for, row by row, that share the unit of their margin axis."""
    rows = -(-count // columns)
    grid = figure.subplots(rows, min(count, columns), squeeze=False, sharey=True)
    axes = list(grid.flat)
    for unused in axes[count:]:
        unused.remove()
    return axes[:count]


def panel_size(count: int, columns: int = 4, *, width: float = 2.6, height: float = 2.5) -> tuple[float, float]:
    """Inches of a figure of so many panels."""
    return max(4.6, width * min(count, columns) + 0.9), height * -(-count // columns) + 0.7
