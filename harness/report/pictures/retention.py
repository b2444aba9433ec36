"""How much of the effect is left on every rewrite of the code."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.report.pictures import SOFT, TREATMENT, Picture, panel_size, panels, picture
from harness.report.records import Case, with_details

Kept = Mapping[str, Mapping[str, float | None]]
"""variant -> its figures in the details of the retention gate."""


def retentions(cases: Sequence[Case]) -> list[Picture]:
    """One picture a model, layer and strength: a panel a CWE, a row a variant."""
    found: dict[tuple[str, int, float], dict[str, Case]] = {}
    for case in with_details(cases, "retention", "variants"):
        found.setdefault((case["model_name"], case["layer"], case["strength"]), {})[case["cwe"]] = case
    return [_retention(*cell, by_cwe) for cell, by_cwe in found.items()]


def _retention(model: str, layer: int, strength: float, by_cwe: Mapping[str, Case]) -> Picture:
    variants = sorted({name for case in by_cwe.values() for name in case["details"]["variants"]})

    def draw(figure: Any) -> None:
        for axes, (cwe, case) in zip(panels(figure, len(by_cwe)), by_cwe.items(), strict=True):
            _panel(axes, case["details"]["variants"], variants)
            axes.axvline(case["threshold"], color=SOFT, linewidth=0.9, linestyle="--")
            axes.set_title(cwe)
            axes.set_xlabel("share of the effect kept")

    told = "; ".join(f"{cwe}: {', '.join(_words(*one) for one in case['details']['variants'].items())}" for cwe, case in by_cwe.items())
    asked = ", ".join(sorted({f"{case['threshold']:.0%}" for case in by_cwe.values()}))
    return picture(
        draw,
        id=f"retention-{model}-l{layer}-s{strength:g}",
        title=f"Effect kept under each rewrite, layer {layer}, strength {strength:g}, {model}",
        words=f"Share of the effect on the originals that is left, with its interval; the lower bound must reach {asked}. {told}.",
        size=panel_size(len(by_cwe), width=2.9, height=0.3 * len(variants) + 0.9),
    )


def _panel(axes: Any, kept: Kept, variants: Sequence[str]) -> None:
    for row, name in enumerate(variants):
        one = kept.get(name)
        if one is None:
            continue
        if one["low"] is not None:
            axes.plot([one["low"], one["high"]], [row, row], "-", color=TREATMENT, linewidth=1.6)
        axes.plot(one["kept"], row, "o", color=TREATMENT)
    axes.axvline(1.0, color=SOFT, linewidth=0.6)
    axes.set_yticks(np.arange(len(variants)), variants)
    axes.set_ylim(len(variants) - 0.5, -0.5)


def _words(name: str, one: Mapping[str, float | None]) -> str:
    bounds = "" if one["low"] is None else f" ({one['low']:.0%} to {one['high']:.0%})"
    return f"{name} {one['kept']:.0%}{bounds}"
