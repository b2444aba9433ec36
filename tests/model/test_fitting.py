"""What a sweep fits on residuals that were read already; no model is needed."""

from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest

from harness.model.fitting import fit_vectors
from harness.numerics.estimators import estimate
from harness.plans import ModelRequest, SweepPlan
from harness.records import ContrastPair, Estimator, Example

LAYERS, WIDTH, SCENARIOS = (1, 3), 12, ("cwe787/a", "cwe787/b", "cwe787/c", "cwe787/d")


def pair(scenario: str) -> ContrastPair:
    halves = {
        label: Example(
            dataset="verified", split="verified", cwe="CWE-787", label=label, scenario=scenario, variant="original", language="c",
            code=f"int {label};", rationale=None, sha256=f"{scenario} {label}", path=f"{scenario}/{label}.c",
        )
        for label in ("vulnerable", "patched")
    }  # fmt: skip
    return ContrastPair(**halves)


class ReadAlready:
    """A store that holds residuals (examples, layers, d_model) under any key."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def residuals(self, key: str) -> np.ndarray:  # noqa: ARG002
        return self.values


@pytest.mark.parametrize("estimator", get_args(Estimator))
def test_directions_are_those_of_the_planned_estimator_and_say_so(estimator: Estimator) -> None:
    pairs = tuple(map(pair, SCENARIOS))
    plan = SweepPlan(
        model=ModelRequest(name="made up", revision=None, dtype="float32", device_map=None), dataset="verified", data_hash="d",
        cwe="CWE-787",
        pairs=pairs, fitting_pairs=pairs, question="vulnerable", positions="generated", layers=LAYERS, shift_cells=(), text_cells=(),
        placebos=3, max_new_tokens=4, seed=0, estimator=estimator,
    )  # fmt: skip
    read = np.random.default_rng(0).normal(size=(2 * len(pairs), len(LAYERS), WIDTH)).astype(np.float32)
    model: Any = SimpleNamespace(fingerprint="f" * 64, dtype="float32")
    store: Any = ReadAlready(read)
    vectors = fit_vectors(plan, model, store, lambda *_: None)
    # Each scenario held out once, and none of them: the direction that leaves the harness.
    assert len(vectors.directions) == (len(SCENARIOS) + 1) * len(LAYERS)
    assert [one.layer for one in vectors.directions if one.held_out is None] == list(LAYERS)
    for direction in vectors.directions:
        kept = [row for row, scenario in enumerate(SCENARIOS) if scenario != direction.held_out]
        column = LAYERS.index(direction.layer)
        vulnerable, patched = read[: len(pairs), column], read[len(pairs) :, column]
        expected = estimate(estimator, vulnerable[kept], patched[kept], [SCENARIOS[row] for row in kept])
        np.testing.assert_allclose(direction.vector, expected.vector, atol=1e-6)
        assert direction.norm == pytest.approx(float(expected.norm), rel=1e-6)
        assert direction.estimator == estimator
