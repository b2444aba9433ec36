"""The effect survives rewrites that keep the meaning of the code: the variants of the embedded corpus, the public data's augmentations."""

from typing import TYPE_CHECKING

import pytest

from fixtures.gates import Gate

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult


@pytest.mark.declares(layer=True, strength=True, variants=True)
def test_retention(sweep: "SweepResult", gate: Gate) -> None:
    gate("retention", sweep)
