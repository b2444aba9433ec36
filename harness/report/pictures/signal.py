"""Bias against sensitivity: whether steering changes what is told apart, or only which answer is preferred."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.pictures import INK, SOFT, TREATMENT, Picture, picture
from harness.report.records import Case, with_details
from harness.scoring.published import SOURCE, reference_rows

Place = tuple[float, float]
"""Criterion and d'."""


def signals(cases: Sequence[Case]) -> list[Picture]:
    """One picture a model, layer and strength: an arrow a CWE, from unsteered to steered toward vulnerable."""
    found: dict[tuple[str, str, int, float], dict[str, tuple[Place, Place]]] = {}
    for case in with_details(cases, "sensitivity", "discrimination"):
        if case["layer"] is not None:
            cell = case["dataset"], case["model_name"], case["layer"], case["strength"]
            found.setdefault(cell, {})[case["cwe"]] = _before_and_after(case)
    return [_signal(*cell, by_cwe) for cell, by_cwe in found.items()]


def _before_and_after(case: Case) -> tuple[Place, Place]:
    at = {one["strength"]: (one["criterion"], one["d_prime"]) for one in case["details"]["discrimination"]}
    return at[0.0], at[case["strength"]]


def references(dataset: str) -> dict[str, Place]:
    """Published models on the same files, by name: of SecLLMHolmes those whose verdicts are recorded, of other data none."""
    rows = reference_rows() if dataset == "secllmholmes" else ()
    return {row.model: (row.signal.criterion, row.signal.d_prime) for row in rows if row.signal}


def _signal(dataset: str, model: str, layer: int, strength: float, by_cwe: Mapping[str, tuple[Place, Place]]) -> Picture:
    known = references(dataset)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        for number, (cwe, (before, after)) in enumerate(by_cwe.items()):
            axes.annotate("", after, before, arrowprops={"arrowstyle": "->", "color": TREATMENT, "shrinkA": 4, "shrinkB": 4})
            axes.plot(*before, "o", color=SOFT, markersize=6, label=None if number else "unsteered")
            axes.plot(*after, "o", color=TREATMENT, markersize=6, label=None if number else "steered toward vulnerable")
            axes.annotate(cwe, before, xytext=(6, 5), textcoords="offset points", fontsize=8)
        for name, place in known.items():
            axes.plot(*place, "D", color=INK, markersize=4, label=None if name != next(iter(known)) else "published models, unsteered")
            axes.annotate(name, place, xytext=(5, -9), textcoords="offset points", fontsize=7, color=SOFT)
        axes.axhline(0.0, color=SOFT, linewidth=0.7)
        axes.axvline(0.0, color=SOFT, linewidth=0.7)
        axes.margins(0.2)
        axes.set_xlabel("bias: criterion c\n← calls more vulnerable · calls more secure →")
        axes.set_ylabel("sensitivity: d'")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)

    told = "; ".join(f"{cwe} from {_words(before)} to {_words(after)}" for cwe, (before, after) in by_cwe.items())
    beside = f" Published models ({SOURCE}): {'; '.join(f'{name} {_words(place)}' for name, place in known.items())}." if known else ""
    return picture(
        draw,
        id=f"signal-{model}-l{layer}-s{strength:g}",
        title=f"Bias against sensitivity, layer {layer}, strength {strength:g}, {model}",
        words=f"From unsteered to steered toward vulnerable: {told}.{beside}",
        size=(5.2, 3.8),
    )


def _words(place: Place) -> str:
    criterion, d_prime = (value + 0.0 for value in place)  # never "-0.00"
    return f"criterion {criterion:+.2f}, d' {d_prime:+.2f}"
