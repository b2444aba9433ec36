"""A replicate of the calibration on its way through the product: its model saved and loaded, its pairs as a plan."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.calibration.codes import CodePair, contrast_pair
from harness.calibration.planted import CWE, Planted, saved_tokenizer
from harness.model.loading import LoadedModel, load_model
from harness.plans import Cell, ModelRequest, SweepPlan

SEED = 3


def saved(planted: Planted, folder: Path) -> LoadedModel:
    """The model as a user would load it."""
    planted.module.save_pretrained(folder)
    saved_tokenizer().save_pretrained(folder)
    return load_model(folder)


def rng_of_the_product() -> np.random.Generator:
    """What `fit_vectors` draws its placebos with."""
    return np.random.default_rng([SEED, int(CWE.removeprefix("CWE-"))])


def plan_of(pairs: Sequence[CodePair], cells: Sequence[Cell], *, placebos: int, **changes: Any) -> SweepPlan:
    contrast = tuple(contrast_pair(pair, CWE) for pair in pairs)
    values: dict[str, Any] = {
        "model": ModelRequest(name="planted", revision=None, dtype="float32", device_map=None), "dataset": "made-up", "data_hash": "d",
        "cwe": CWE, "pairs": contrast, "fitting_pairs": contrast, "question": "vulnerable", "positions": "generated",
        "layers": tuple(sorted({cell.layer for cell in cells})), "shift_cells": tuple(cells), "text_cells": tuple(cells),
        "placebos": placebos, "max_new_tokens": 1, "seed": SEED,
    }  # fmt: skip
    return SweepPlan(**(values | changes))
