"""The residuals of the declared layers carry the label: they tell held-out pairs apart, better than relabelled pairs and the surface do."""

from typing import TYPE_CHECKING

import pytest

from fixtures.gates import Gate
from harness.numerics.surface import surface_accuracy

if TYPE_CHECKING:
    from harness.model.sweep import SweepResult


@pytest.mark.declares(residuals=True)
def test_informative(sweep: "SweepResult", gate: Gate) -> None:
    plan = sweep.plan
    observed = {
        "residuals": sweep.residuals,
        "scenarios": [pair.scenario for pair in plan.fitting_pairs],
        "layers": list(plan.layers),
        "flips": plan.placebos,
        "surface": surface_accuracy(plan.fitting_pairs),
        "estimator": plan.estimator,
    }
    gate("informative", sweep, observed=observed)
