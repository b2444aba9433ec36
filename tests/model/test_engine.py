"""No row runs a prompt again that another has run, and every row gets what a full run of its own would give."""

from typing import get_args

import numpy as np
import pytest

from harness.model.engine.measuring import measure_margins
from harness.model.engine.rows import SteeredRow
from harness.model.loading import LoadedModel
from harness.model.steering import SteeredMargin, steered_margins
from harness.records import FloatArray, Positions, SteeringPlan
from tests.model import tiny
from tests.model.conftest import Loaded, PlainOf

FIELDS = ("margin", "logp_vulnerable", "logp_secure", "gap", "added_norm", "residual_norm")
POSITIONS = get_args(Positions)
TOLERANCE = 1e-4


def vector(seed: int, strength: float) -> FloatArray:
    """Zero-mean, since a LayerNorm ignores a constant."""
    drawn = np.random.default_rng(seed).normal(size=tiny.WIDTH)
    drawn -= drawn.mean()
    return np.asarray(strength * drawn / np.linalg.norm(drawn), dtype=np.float32)


def mixed_rows(model: LoadedModel) -> list[SteeredRow]:
    """All prompts under all layers, some strengths and none, in an order that is none of theirs; some prompts have fewer rows."""
    rows = [SteeredRow(prompt=prompt) for prompt in tiny.PROMPTS]
    for number, prompt in enumerate(tiny.PROMPTS):
        for layer in range(model.info.layers):
            for strength in (1.0, -6.0, 4.0)[: 2 + number % 2]:
                rows.append(SteeredRow(prompt=prompt, layer=layer, delta=vector(10 * number + layer, strength)))
    return [rows[place] for place in np.random.default_rng(3).permutation(len(rows))]


def full_runs(model: LoadedModel, rows: list[SteeredRow], positions: Positions) -> list[SteeredMargin]:
    """Each row in a full run of its own, so without any padding."""
    found = []
    for row in rows:
        plan = None
        if row.layer is not None and row.delta is not None:
            plan = SteeringPlan(layer=row.layer, positions=positions, deltas=row.delta[None])
        found += steered_margins(model, [row.prompt], plan)
    return found


def assert_same(found: list[SteeredMargin], expected: list[SteeredMargin], tolerance: float = TOLERANCE) -> None:
    for one, other in zip(found, expected, strict=True):
        assert (one.residual_norm is None) == (other.residual_norm is None)
        for field in FIELDS:
            if getattr(other, field) is not None:
                assert getattr(one, field) == pytest.approx(getattr(other, field), abs=tolerance), field


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_rows_of_mixed_prompts_and_layers_equal_full_runs_of_their_own(
    loaded: Loaded, architecture: str, positions: Positions
) -> None:
    model = loaded(architecture)
    rows = mixed_rows(model)
    assert_same(measure_margins(model, rows, positions), full_runs(model, rows, positions))
