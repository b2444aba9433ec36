"""A replicate of the calibration on its way through the product: its model saved and loaded, its pairs as a plan."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.calibration.codes import CodePair
from harness.calibration.planted import CWE, STEERED_LAYER, Planted, saved_tokenizer
from harness.model.loading import LoadedModel, load_model
from harness.plans import Cell, ModelRequest, SweepPlan
from harness.records import ContrastPair, Example

SEED = 3


def saved(planted: Planted, folder: Path) -> LoadedModel:
    """The model as a user would load it."""
    planted.module.save_pretrained(folder)
    saved_tokenizer().save_pretrained(folder)
    return load_model(folder)


def rng_of_the_product(layer: int = STEERED_LAYER) -> np.random.Generator:
    """What `fit_vectors` draws its placebos with."""
    return np.random.default_rng([SEED, layer, int(CWE.removeprefix("CWE-"))])


def plan_of(pairs: Sequence[CodePair], cells: Sequence[Cell], *, placebos: int, **changes: Any) -> SweepPlan:
    contrast = tuple(contrast_pair(pair) for pair in pairs)
    values: dict[str, Any] = {
        "model": ModelRequest(name="planted", revision=None, dtype="float32", device_map=None), "dataset": "made-up", "data_hash": "d",
        "cwe": CWE, "pairs": contrast, "fitting_pairs": contrast, "question": "vulnerable", "positions": "generated",
        "layers": tuple(sorted({cell.layer for cell in cells})), "shift_cells": tuple(cells), "text_cells": tuple(cells),
        "placebos": placebos, "max_new_tokens": 1, "seed": SEED,
    }  # fmt: skip
    return SweepPlan(**(values | changes))


def contrast_pair(pair: CodePair) -> ContrastPair:
    def example(label: Any, code: str) -> Example:
        return Example(
            dataset="made-up", split="all", cwe=CWE, label=label, scenario=pair.scenario, variant=pair.variant, language="c", code=code,
            rationale=None, sha256=hashlib.sha256(code.encode()).hexdigest(), path=f"{pair.scenario}/{pair.variant}/{label}.c",
        )  # fmt: skip

    return ContrastPair(vulnerable=example("vulnerable", pair.vulnerable), patched=example("patched", pair.patched))
