"""Which way rows share a prompt is measured on the model at hand, and the result says which it was."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.model.engine import growing, way
from harness.model.engine.budget import Budget
from harness.model.engine.measuring import measure_margins
from harness.model.engine.way import compare, way_of
from harness.model.loading import load_model
from tests.model import tiny
from tests.model.conftest import Loaded
from tests.model.test_engine import TOLERANCE, assert_same, full_runs, mixed_rows


@pytest.mark.parametrize("architecture", [name for name in tiny.ARCHITECTURES if name not in ("bloom", "mpt")])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_models_that_take_a_mask_and_positions_ask_parallel_queries(loaded: Loaded, architecture: str, dtype: str) -> None:
    found = way_of(loaded(architecture, dtype), 10)
    assert (found.name, found.cause) == ("parallel queries", None)
    assert found.difference is not None
    assert found.difference < (1e-5 if dtype == "float32" else 0.05)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_models_with_a_bias_by_place_repeat_the_cache_and_say_why(loaded: Loaded, dtype: str) -> None:
    refused, differs = way_of(loaded("bloom", dtype), 10), way_of(loaded("mpt", dtype), 10)
    assert refused.name == differs.name == "repeated cache"
    assert "the model refuses parallel queries: ValueError" in str(refused)
    assert differs.difference is not None
    assert differs.difference > differs.tolerance
    assert "is allowed" in str(differs)


def test_a_model_whose_rows_would_see_each_other_repeats_the_cache(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = way.ask

    def blurred(model: Any, prefixes: Any, rows: Any, budget: int) -> Any:
        """As if the first query of a prompt had leaked into the others."""
        for one in genuine(model, prefixes, rows, budget):
            one.outcome.logits.add_(0.02 * one.outcome.logits[:1])
            yield one

    monkeypatch.setattr(way, "ask", blurred)
    found = compare(loaded("qwen2"), None)
    assert found.name == "repeated cache"
    assert found.difference is not None
    assert found.difference > found.tolerance


def test_a_model_whose_answers_would_see_each_other_repeats_the_cache(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = growing.masks_of

    def open_to_all(model: Any, prefixes: Any, width: int, step: int) -> Any:
        """From the second token of the answers on, where margins have long been right."""
        mask = genuine(model, prefixes, width, step)
        return mask if step == 0 else torch.zeros_like(mask)

    monkeypatch.setattr(growing, "masks_of", open_to_all)
    found = compare(loaded("qwen2"), None)
    assert found.name == "repeated cache"
    assert found.difference is not None
    assert found.difference > found.tolerance


def test_a_model_that_ignores_the_mask_is_found_out(tmp_path: Path) -> None:
    model = load_model(tiny.save(tmp_path, "llama"))
    inner = model.module.model
    genuine = inner.forward

    def unmasked(*arguments: Any, **named: Any) -> Any:
        mask = named.get("attention_mask")
        if isinstance(mask, torch.Tensor) and mask.ndim == 4:
            named["attention_mask"] = torch.zeros_like(mask)
        return genuine(*arguments, **named)

    inner.forward = unmasked
    budget, rows = Budget(), mixed_rows(model)
    found = measure_margins(model, rows, "generated", budget=budget)
    assert budget.way is not None
    assert budget.way.name == "repeated cache"
    assert_same(found, full_runs(model, rows, "generated"), TOLERANCE)


def test_the_way_is_measured_once_within_the_window_and_once_beyond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, calls = load_model(tiny.save(tmp_path, "mistral", sliding_window=64)), []
    genuine = copy.copy(way.compare)

    def counted(model: Any, length: int | None) -> Any:
        calls.append(length)
        return genuine(model, length)

    monkeypatch.setattr(way, "compare", counted)
    for longest in (10, 64, 65, 200, 10):
        assert way_of(model, longest).name == "parallel queries"
    assert calls == [None, 64 + way.BEYOND]
