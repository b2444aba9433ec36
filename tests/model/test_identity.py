"""The comparisons of the identity gate hold for a model as it is, and show a shortcut that went wrong."""

from typing import Any

import numpy as np
import pytest
import torch

from harness.model.engine import growing, upper
from harness.model.identity import identity_checks
from harness.model.loading import LoadedModel
from harness.numerics.gates.identity import identity_gate
from harness.records import GateStatus
from tests.model import tiny
from tests.model.conftest import Loaded


def gate_of(model: LoadedModel) -> Any:
    return identity_gate(identity_checks(model, tiny.PROMPTS, 0, np.random.default_rng(5)))


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_nothing_changes_what_should_not(loaded: Loaded, architecture: str) -> None:
    found = gate_of(loaded(architecture))
    assert found.status is GateStatus.PASS, found.reason
    assert len(found.details) == 8


def test_answers_that_see_each_other_are_found(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    model, genuine = loaded("qwen2"), growing.masks_of
    gate_of(model)  # the way is measured beforehand
    monkeypatch.setattr(growing, "masks_of", lambda *given: genuine(*given) if given[-1] == 0 else torch.zeros_like(genuine(*given)))
    found = gate_of(model)
    assert found.status is GateStatus.FAIL
    assert "answers steered at generated tokens" in found.reason
    assert "answers steered at all tokens" not in found.reason


def test_answers_over_the_cache_of_other_rows_are_found(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = upper.joined
    monkeypatch.setattr(upper, "joined", lambda lower, above, layers, places: genuine(lower, above, layers, places.flip(0)))
    found = gate_of(loaded("qwen2"))
    assert found.status is GateStatus.FAIL
    assert found.reason.startswith("answers steered at all tokens")
