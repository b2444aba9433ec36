"""The curves of the training: AUC over tokens, from its log, and over the size of the network."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from harness.prompts import WEAKNESSES

KINDS = {"known families": "", "held-out families": " held-out", "twins": " twins", "held-out twins": " twins held-out"}
COLOURS = ("#0b6e4f", "#b3401a", "#9a8fb8", "#3b4a8f")


def means_of(check: Mapping[str, Mapping[str, float]], cwes: Collection[str]) -> dict[str, float]:
    """Mean AUC over some CWEs, for each kind of program; over those of them that the check has programs of this kind for."""
    by_kind = {kind: [check[cwe + mark]["auc"] for cwe in cwes if cwe + mark in check] for kind, mark in KINDS.items()}
    return {kind: round(float(np.mean(found)), 3) for kind, found in by_kind.items() if found}


def draw_curves(path: Path, points: Sequence[Mapping[str, Any]], log: Path) -> None:
    """Writes a PNG: on the left the checks of a training over its tokens, on the right the points over the number of parameters."""
    figure = Figure(figsize=(9.5, 3.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    checks = checks_of_all_eight(map(json.loads, log.read_text(encoding="utf-8").splitlines()))
    _lines(left, [check["tokens"] / 1e6 for check in checks], [check["auc"] for check in checks])
    left.set(xlabel="tokens (millions)", ylabel="AUC, mean over CWEs", title="over data: since eight CWEs are taught")
    _lines(right, [point["parameters"] / 1e6 for point in points], [point["auc"] for point in points])
    right.set(xlabel="parameters (millions)", title=f"over size: {points[0]['steps']} steps, {len(points[0]['cwes'])} CWEs")
    right.set_xscale("log")
    right.set_xticks([point["parameters"] / 1e6 for point in points], [f"{point['parameters'] / 1e6:.1f}" for point in points])
    right.minorticks_off()
    left.legend(fontsize=8, frameon=False)
    figure.savefig(path, format="png")


def checks_of_all_eight(log: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Step, tokens and mean AUC of the checks that asked about every CWE. Args: log, its entries."""
    found: list[dict[str, Any]] = []
    tokens = 0
    for entry in log:
        tokens = entry.get("tokens", tokens)
        if set(WEAKNESSES) <= set(entry.get("check", ())):
            found.append({"step": entry["step"], "tokens": tokens, "auc": means_of(entry["check"], WEAKNESSES)})
    return found


def _lines(axes: Axes, across: Sequence[float], aucs: Sequence[Mapping[str, float]]) -> None:
    for kind, colour in zip(KINDS, COLOURS, strict=True):
        known = [(at, auc[kind]) for at, auc in zip(across, aucs, strict=True) if kind in auc]
        axes.plot([at for at, _ in known], [auc for _, auc in known], "o-", color=colour, markersize=4, linewidth=1.2, label=kind)
    axes.axhline(0.5, color="#444444", linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
