"""Too little memory halves the batches, loses no row, and is told."""

from typing import Any, get_args

import pytest
import torch

from harness.errors import ModelError, PlanError
from harness.model.engine.budget import Budget, is_out_of_memory
from harness.model.engine.measuring import measure_answers, measure_in_parts, measure_margins
from harness.model.loading import LoadedModel
from harness.records import Positions
from tests.model import tiny
from tests.model.conftest import Loaded
from tests.model.test_engine import assert_same, full_runs, mixed_rows
from tests.model.test_engine_answers import rows_of
from tests.model.test_steering import NEW_TOKENS

POSITIONS = get_args(Positions)
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes.")
MESSAGES = {"accelerator": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), "cpu": CPU}


class Small:
    """A memory that holds only so many tokens at once: the model fails as torch does."""

    def __init__(self, model: LoadedModel, tokens: int, trouble: Exception) -> None:
        self.tokens, self.trouble, self.refused = tokens, trouble, 0
        self.hook = model.module.get_input_embeddings().register_forward_pre_hook(self.check)

    def check(self, _module: Any, arguments: Any) -> None:
        if arguments[0].numel() > self.tokens:
            self.refused += 1
            raise self.trouble

    def __enter__(self) -> "Small":
        return self

    def __exit__(self, *_: Any) -> None:
        self.hook.remove()


@pytest.mark.parametrize("kind", MESSAGES)
@pytest.mark.parametrize("positions", POSITIONS)
def test_margins_go_on_in_halves_and_say_how_often(loaded: Loaded, positions: Positions, kind: str) -> None:
    model = loaded("gpt_bigcode")
    rows, budget = mixed_rows(model), Budget()
    measure_margins(model, rows[:1], positions)  # the way is measured beforehand
    with Small(model, 150, MESSAGES[kind]) as small:
        found = measure_margins(model, rows, positions, budget=budget)
    assert budget.halvings == small.refused > 0
    assert budget.tokens == 8192 >> budget.halvings
    assert_same(found, full_runs(model, rows, positions))


@pytest.mark.parametrize("positions", POSITIONS)
def test_answers_go_on_in_halves_and_say_how_often(loaded: Loaded, positions: Positions) -> None:
    model = loaded("gpt_bigcode")
    rows, budget = rows_of(model), Budget()
    expected = [one.tokens for one in measure_answers(model, rows, positions, NEW_TOKENS)]
    with Small(model, 150, CPU) as small:
        found = measure_answers(model, rows, positions, NEW_TOKENS, budget=budget)
    assert budget.halvings == small.refused > 0
    assert [one.tokens for one in found] == expected


def test_no_row_is_given_twice_when_the_memory_ends_midway(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("gpt_bigcode")
    monkeypatch.setattr("harness.model.engine.queries.MOST_AT_ONCE", 3)
    rows, seen = mixed_rows(model), []
    embedding, passes = model.module.get_input_embeddings(), []

    def fail_once(_module: Any, _arguments: Any) -> None:
        passes.append(1)
        if len(passes) == 3:
            raise CPU

    budget = Budget()
    measure_margins(model, rows[:1], "generated")
    hook = embedding.register_forward_pre_hook(fail_once)
    try:
        for part in measure_in_parts(model, rows, "generated", budget=budget):
            seen += [number for number, _ in part]
    finally:
        hook.remove()
    assert budget.halvings == 1
    assert sorted(seen) == list(range(len(rows)))


def test_a_memory_too_small_for_one_row_is_an_error(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    with Small(model, 10, CPU), pytest.raises(ModelError, match=r"does not hold one row of \d+ tokens \(.*not enough memory"):
        measure_answers(model, rows_of(model), "all", NEW_TOKENS)


def test_another_error_is_not_taken_for_a_lack_of_memory(loaded: Loaded) -> None:
    model, budget = loaded("gpt_bigcode"), Budget()
    with Small(model, 150, RuntimeError("mat1 and mat2 shapes cannot be multiplied")), pytest.raises(RuntimeError, match="mat1"):
        measure_margins(model, mixed_rows(model), "all", budget=budget)
    assert budget.halvings == 0


def test_what_torch_says_when_an_allocation_fails_is_understood() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(ValueError("not enough memory"))


def test_a_budget_below_one_token_is_refused() -> None:
    with pytest.raises(PlanError, match="token budget 0 is below 1"):
        Budget(tokens=0)


def test_tiny_prompts_are_longer_than_the_small_memory_is_wide(loaded: Loaded) -> None:
    lengths = [len(loaded("gpt_bigcode").tokenizer(prompt.text)["input_ids"]) for prompt in tiny.PROMPTS]
    assert max(lengths) < 150 < sum(lengths)
