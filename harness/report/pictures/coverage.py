"""Which layers gave their residuals, and which did not."""

from collections.abc import Sequence
from typing import Any

from harness.report.pictures import TREATMENT, TROUBLE, Picture, picture
from harness.report.records import Case, with_details


def coverage(cases: Sequence[Case]) -> list[Picture]:
    """One picture a model: a row a CWE, a mark a layer."""
    extractions = list(with_details(cases, "extraction", "layers"))
    models = dict.fromkeys(case["model_name"] for case in extractions)
    return [_coverage(model, [case for case in extractions if case["model_name"] == model]) for model in models]


def _coverage(model: str, cases: Sequence[Case]) -> Picture:
    layers = max(case["details"]["layers"] for case in cases)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        for row, case in enumerate(cases):
            failed = sorted(int(layer) for layer in case["details"]["failures"])
            whole = [layer for layer in range(case["details"]["layers"]) if layer not in failed]
            axes.plot(whole, [row] * len(whole), "s", color=TREATMENT, markersize=8, label=None if row else "came out")
            axes.plot(failed, [row] * len(failed), "X", color=TROUBLE, markersize=8, label=None if row else "failed")
        axes.set_yticks(range(len(cases)), [case["cwe"] for case in cases])
        axes.set_ylim(len(cases) - 0.5, -0.5)
        axes.set_xlim(-0.6, layers - 0.4)
        axes.set_xlabel("layer")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

    return picture(
        draw,
        id=f"coverage-{model}",
        title=f"Layers whose residuals came out, {model}",
        words=" ".join(map(_words, cases)),
        size=(min(9.0, 2.4 + 0.26 * layers), 1.2 + 0.26 * len(cases)),
    )


def _words(case: Case) -> str:
    found = case["details"]
    failures = ", ".join(f"layer {layer} failed: {cause}" for layer, cause in found["failures"].items())
    return f"{case['cwe']}: {found['ok_layers']} of {found['layers']} layers came out{f'; {failures}' if failures else ''}."
