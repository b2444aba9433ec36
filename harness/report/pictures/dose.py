"""How the margin follows the strength, beside where the placebos end."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.report.pictures import PLACEBO, SOFT, TREATMENT, Picture, picture
from harness.report.records import Case, with_details

BAND = 95
"""Per cent of the placebos of a kind that lie within its band."""


def dose_responses(cases: Sequence[Case]) -> list[Picture]:
    """One picture a model, CWE and layer, over all strengths that were measured there; of a choice, one a CWE in shares of the strength."""
    groups: dict[tuple[str, str, int | None], list[Case]] = {}
    for case in with_details(cases, "shift", "dose"):
        groups.setdefault((case["model_name"], case["cwe"], case["layer"]), []).append(case)
    return [_dose_response(model, cwe, layer, members) for (model, cwe, layer), members in groups.items()]


def _dose_response(model: str, cwe: str, layer: int | None, cases: Sequence[Case]) -> Picture:
    dose = {point["strength"]: point["margin"] for case in cases for point in case["details"]["dose"]}
    bands: dict[str, dict[float, float]] = {}
    for case in cases:
        for kind, values in case["details"]["placebos"].items():
            if values:
                bands.setdefault(kind, {})[case["details"]["strength"]] = float(np.percentile(values, BAND))
    where = "layers and strengths chosen by the other scenarios" if layer is None else f"layer {layer}"

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        for kind, band in bands.items():
            ends = np.array(sorted([0.0, *band, *(-strength for strength in band)]))
            reach = np.array([band.get(abs(end), 0.0) for end in ends])
            colour = PLACEBO.get(kind, SOFT)
            axes.fill_between(ends, dose[0] - reach, dose[0] + reach, color=colour, alpha=0.12, linewidth=0)
            for side in (-1, 1):
                axes.plot(ends, dose[0] + side * reach, color=colour, linewidth=1, label=f"{BAND}% of {kind}" if side > 0 else None)
        strengths = sorted(dose)
        axes.plot(strengths, [dose[strength] for strength in strengths], "o-", color=TREATMENT, label="direction")
        axes.axhline(0.0, color=SOFT, linewidth=0.7)
        axes.set_xlabel("share of the chosen strength" if layer is None else "strength (residual units)")
        axes.set_ylabel("mean margin (logits)\n← secure · vulnerable →")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

    return picture(
        draw,
        id=f"dose-{model}-{cwe}-{layer}",
        title=f"Dose-response, {cwe}, {where} of {model}",
        words=_words(dose, bands),
        size=(5.2, 3.6),
    )


def _words(dose: dict[float, float], bands: dict[str, dict[float, float]]) -> str:
    ladder = ", ".join(f"{dose[strength]:.2f} at {strength:g}" for strength in sorted(dose))
    ends = "; ".join(
        f"{kind} {', '.join(f'{bound:.2f} at {strength:g}' for strength, bound in sorted(band.items()))}" for kind, band in bands.items()
    )
    return f"Mean margin in logits by strength: {ladder}. {BAND}% of placebos shift it by less than: {ends}."
