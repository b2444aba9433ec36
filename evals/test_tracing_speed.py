"""How long tracing, steered generation and a sweep take, with the plain transformers call as their yardstick."""

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from harness.plans import SweepPlan
from harness.plugin.planning import Case
from harness.prompts import prompt_for
from harness.records import Prompt, SteeringPlan

if TYPE_CHECKING:
    import torch

    from harness.model.loading import LoadedModel

ROWS = 4
NEW_TOKENS = 16
ROUNDS = 5
STRENGTHS = 8


@pytest.fixture
def prompts(plan: SweepPlan, model: "LoadedModel") -> list[Prompt]:
    """A few prompts that fit the context."""
    # Here and below not at the head of the file: whoever only lists the cases should not wait for torch.
    from harness.model.sweep import drop_too_long

    fitting, _ = drop_too_long(plan, model)
    return [prompt_for(example, plan.question) for example in fitting.examples[:ROWS]]


@pytest.mark.declares(layer=True)
@pytest.mark.benchmark(group="hidden states")
def test_tracing_speed(benchmark: BenchmarkFixture, model: "LoadedModel", prompts: list[Prompt]) -> None:
    from harness.model.residual import read_residuals

    residuals = benchmark.pedantic(read_residuals, args=(model, prompts), rounds=ROUNDS, warmup_rounds=1)
    assert residuals.values.shape == (len(prompts), model.info.layers, model.info.d_model)


@pytest.mark.declares(layer=True)
@pytest.mark.benchmark(group="hidden states")
def test_plain_speed(benchmark: BenchmarkFixture, model: "LoadedModel", prompts: list[Prompt]) -> None:
    import torch

    encoding = model.tokenizer([prompt.text for prompt in prompts], return_tensors="pt", padding=True).to(model.device)

    # The traced call asks for the logits of the last token alone; the yardstick must not pay for all of them.
    last_logits = {"logits_to_keep": 1} if model.takes("logits_to_keep") else {}

    def forward() -> "tuple[torch.Tensor, ...]":
        with torch.no_grad():
            return model.module(**encoding, **last_logits, output_hidden_states=True).hidden_states

    assert len(benchmark.pedantic(forward, rounds=ROUNDS, warmup_rounds=1)) == model.info.layers + 1


@pytest.mark.declares(layer=True)
@pytest.mark.benchmark(group="generation")
def test_steered_generation_speed(benchmark: BenchmarkFixture, case: Case, model: "LoadedModel", prompts: list[Prompt]) -> None:
    from harness.model.steering import steered_answers

    assert case.layer is not None
    generator = np.random.default_rng(0)
    deltas = generator.standard_normal((len(prompts), model.info.d_model)).astype(np.float32)
    plan = SteeringPlan(layer=case.layer, positions="generated", deltas=deltas / np.linalg.norm(deltas, axis=1, keepdims=True))
    answers = benchmark.pedantic(steered_answers, args=(model, prompts, plan, NEW_TOKENS), rounds=ROUNDS, warmup_rounds=1)
    assert len(answers) == len(prompts)


@pytest.mark.declares(layer=True)
@pytest.mark.benchmark(group="generation")
def test_plain_generation_speed(benchmark: BenchmarkFixture, model: "LoadedModel", prompts: list[Prompt]) -> None:
    import torch

    encoding = model.tokenizer([prompt.text for prompt in prompts], return_tensors="pt", padding=True).to(model.device)

    def generate() -> "torch.Tensor":
        with torch.no_grad():
            return model.module.generate(**encoding, max_new_tokens=NEW_TOKENS, do_sample=False)

    assert len(benchmark.pedantic(generate, rounds=ROUNDS, warmup_rounds=1)) == len(prompts)


@pytest.mark.declares(layer=True)
@pytest.mark.benchmark(group="sweep")
def test_sweep_speed(benchmark: BenchmarkFixture, case: Case, model: "LoadedModel", prompts: list[Prompt]) -> None:
    from harness.model.engine.measuring import measure_margins
    from harness.model.engine.rows import SteeredRow

    generator = np.random.default_rng(0)
    deltas = generator.standard_normal((STRENGTHS, model.info.d_model)).astype(np.float32)
    rows = [SteeredRow(prompt=prompt, layer=case.layer, delta=delta) for prompt in prompts for delta in deltas]
    margins = benchmark.pedantic(measure_margins, args=(model, rows, "generated"), rounds=ROUNDS, warmup_rounds=1)
    assert len({margin.margin for margin in margins}) == len(rows)


@pytest.mark.declares(layer=True)
@pytest.mark.benchmark(group="sweep")
def test_plain_pass_speed(benchmark: BenchmarkFixture, model: "LoadedModel", prompts: list[Prompt]) -> None:
    import torch

    encoding = model.tokenizer([prompt.text for prompt in prompts], return_tensors="pt", padding=True).to(model.device)
    last_logits = {"logits_to_keep": 1} if model.takes("logits_to_keep") else {}

    def forward() -> "torch.Tensor":
        with torch.no_grad():
            return model.module(**encoding, **last_logits, use_cache=False).logits

    assert len(benchmark.pedantic(forward, rounds=ROUNDS, warmup_rounds=1)) == len(prompts)
