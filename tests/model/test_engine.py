"""No row runs a prompt again that another has run, and every row gets what a full run of its own would give."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from harness.errors import PlanError, SteeringError
from harness.model import addition
from harness.model.engine import queries, upper
from harness.model.engine.budget import Budget
from harness.model.engine.measuring import measure_margins
from harness.model.engine.prefixes import prefixes_of, prompts_of
from harness.model.engine.queries import ask
from harness.model.engine.repeated import ask_repeated
from harness.model.engine.rows import SteeredRow, ready
from harness.model.loading import LoadedModel, load_model
from harness.model.steering import SteeredMargin, steered_margins
from harness.records import FloatArray, Positions, SteeringPlan
from tests.model import tiny
from tests.model.conftest import Loaded
from tests.model.test_steering import dropped, halved

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
def test_rows_of_mixed_prompts_and_layers_equal_full_runs_of_their_own(loaded: Loaded, architecture: str, positions: Positions) -> None:
    model = loaded(architecture)
    rows = mixed_rows(model)
    assert_same(measure_margins(model, rows, positions), full_runs(model, rows, positions))


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("architecture", ["gpt_bigcode", "qwen2", "gemma2", "mpt", "falcon"])
def test_bfloat16_rows_differ_from_full_runs_by_rounding_alone(loaded: Loaded, architecture: str, positions: Positions) -> None:
    model = loaded(architecture, "bfloat16")
    rows = mixed_rows(model)
    found, expected = measure_margins(model, rows, positions), full_runs(model, rows, positions)
    spread = np.std([one.margin for one in expected])
    # 8 bits of mantissa, and logits of about 4: a step is 1/64.
    assert max(abs(one.margin - other.margin) for one, other in zip(found, expected, strict=True)) < min(0.08, spread / 2)
    assert [one.added_norm for one in found] == pytest.approx([one.added_norm for one in expected], rel=2e-2)


@pytest.mark.parametrize(
    ("architecture", "changes"),
    [
        ("mistral", {"sliding_window": 16}),
        ("gemma2", {"sliding_window": 60}),
        ("gemma3", {"layer_types": ["full_attention", "sliding_attention", "full_attention"]}),
        ("qwen2", {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1}),
    ],
)
def test_prompts_beyond_a_sliding_window_are_shared_too(tmp_path: Path, architecture: str, changes: dict[str, Any]) -> None:
    model = load_model(tiny.save(tmp_path, architecture, **changes))
    lengths = [len(model.tokenizer(prompt.text)["input_ids"]) for prompt in tiny.PROMPTS]
    assert max(lengths) > model.module.config.sliding_window
    rows, budget = mixed_rows(model), Budget()
    assert_same(measure_margins(model, rows, "generated", budget=budget), full_runs(model, rows, "generated"))
    assert budget.way is not None
    assert budget.way.name == "parallel queries"
    # A window that is not kept shows.
    wide = load_model(tiny.save(tmp_path / "wide", architecture, **{**changes, "sliding_window": 500}))
    other = measure_margins(wide, rows, "generated")
    assert max(abs(one.margin - two.margin) for one, two in zip(other, full_runs(model, rows, "generated"), strict=True)) > 10 * TOLERANCE


def passes_of(model: LoadedModel, rows: list[SteeredRow], positions: Positions, budget: Budget | None = None) -> list[tuple[int, ...]]:
    """Shapes of the token ids of all forward passes."""
    measure_margins(model, rows[:1], positions)  # the way is measured beforehand
    shapes: list[tuple[int, ...]] = []
    embedding = model.module.get_input_embeddings()
    hook = embedding.register_forward_pre_hook(lambda _module, arguments: shapes.append(tuple(arguments[0].shape)))
    try:
        measure_margins(model, rows, positions, budget=budget)
    finally:
        hook.remove()
    return shapes


def test_all_layers_and_strengths_of_all_prompts_take_one_pass_over_the_prompts(loaded: Loaded) -> None:
    model = loaded("gpt_bigcode")
    rows = mixed_rows(model)
    longest = max(len(model.tokenizer(prompt.text)["input_ids"]) for prompt in tiny.PROMPTS)
    most = max(sum(row.prompt == prompt for row in rows) for prompt in tiny.PROMPTS)
    # Without their last tokens; the last tokens, as far as all rows are alike; all rows.
    assert passes_of(model, rows, "generated") == [(4, longest - 1), (4, 1), (4, most)]


@pytest.mark.parametrize("positions", ["generated", "all"])
def test_blocks_up_to_the_steered_one_run_once_a_prompt(loaded: Loaded, positions: Positions) -> None:
    model, prompt = loaded("gpt_bigcode"), tiny.PROMPTS[1]
    rows = [SteeredRow(prompt=prompt, layer=1, delta=vector(seed, 3.0)) for seed in range(6)]
    measure_margins(model, rows[:1], positions)  # the way is measured beforehand
    runs: list[tuple[int, int]] = []
    hooks = [
        block._module.attn.register_forward_pre_hook(
            lambda _module, arguments, layer=layer: runs.append((layer, arguments[0].shape[:2].numel())),
        )
        for layer, block in enumerate(model.blocks)
    ]
    try:
        measure_margins(model, rows, positions)
    finally:
        for hook in hooks:
            hook.remove()
    tokens = len(model.tokenizer(prompt.text)["input_ids"])
    before_last = [(layer, tokens - 1) for layer in range(3)]
    whole = [(layer, tokens) for layer in range(3)]
    assert runs == ([*before_last, (0, 1), (1, 1), (2, 6)] if positions == "generated" else [*whole, (2, 6 * tokens)])


def test_rows_that_do_not_fit_the_budget_are_asked_in_several_passes(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("gpt_bigcode")
    rows = mixed_rows(model)
    monkeypatch.setattr(queries, "MOST_AT_ONCE", 4)
    assert len(passes_of(model, rows, "generated", Budget(tokens=200))) > 6
    assert_same(measure_margins(model, rows, "generated", budget=Budget(tokens=200)), full_runs(model, rows, "generated"))


@pytest.mark.parametrize("architecture", ["gpt_bigcode", "gemma2"])
def test_passes_over_a_cache_leave_it_as_it_was(loaded: Loaded, architecture: str) -> None:
    model = loaded(architecture)
    asked = ready(model, mixed_rows(model), "generated")
    prefixes = prefixes_of(model, prompts_of(asked))
    before = [(layer.keys.clone(), layer.values.clone()) for layer in prefixes.cache.layers]
    for way in (ask, ask_repeated):
        assert list(way(model, prefixes, asked, 1 << 20))
        for (keys, values), layer in zip(before, prefixes.cache.layers, strict=True):
            assert torch.equal(keys, layer.keys)
            assert torch.equal(values, layer.values)


LEDGER = r"row \d+ was steered by .* at layer \d of .*, but \d.* was planned"


@pytest.mark.parametrize("architecture", ["gpt_bigcode", "falcon", "mpt", "gemma2"])
@pytest.mark.parametrize("sabotage", [dropped, halved])
def test_steering_that_queries_lost_is_an_error(loaded: Loaded, monkeypatch: pytest.MonkeyPatch, architecture: str, sabotage: Any) -> None:
    model = loaded(architecture)
    monkeypatch.setattr(addition, "with_residual", sabotage)
    with pytest.raises(SteeringError, match=LEDGER):
        measure_margins(model, mixed_rows(model), "generated")


@pytest.mark.parametrize("places", [0, 1])
def test_a_delta_given_to_a_neighbouring_query_is_an_error(loaded: Loaded, monkeypatch: pytest.MonkeyPatch, places: int) -> None:
    genuine = addition.with_residual
    monkeypatch.setattr(addition, "with_residual", lambda output, residual: genuine(output, residual.roll(1, places)))
    with pytest.raises(SteeringError, match=LEDGER):
        measure_margins(loaded("gpt_bigcode"), mixed_rows(loaded("gpt_bigcode")), "generated")


@pytest.mark.parametrize("positions", ["prompt", "all"])
@pytest.mark.parametrize("architecture", ["gpt_bigcode", "falcon", "mpt", "gemma2"])
@pytest.mark.parametrize(
    "change", [lambda residual: residual.roll(1, 0), lambda residual: residual.roll(1, 1), lambda residual: residual / 2]
)
def test_another_residual_above_skipped_layers_is_an_error(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, architecture: str, positions: Positions, change: Any
) -> None:
    model, genuine = loaded(architecture), upper.with_residual
    monkeypatch.setattr(upper, "with_residual", lambda output, residual: genuine(output, change(residual)))
    with pytest.raises(SteeringError, match=LEDGER):
        measure_margins(model, mixed_rows(model), positions)


def test_rows_that_do_not_fit_the_model_are_refused_before_it_runs(loaded: Loaded) -> None:
    model, prompt = loaded("gpt_bigcode"), tiny.PROMPTS[0]
    with pytest.raises(PlanError, match=r"layer 3 is outside 0\.\.2"):
        measure_margins(model, [SteeredRow(prompt=prompt, layer=3, delta=vector(0, 1.0))], "generated")
    narrow = [SteeredRow(prompt=prompt), SteeredRow(prompt=prompt, layer=0, delta=np.ones(5, dtype=np.float32))]
    with pytest.raises(PlanError, match=r"row 1 has shape \(5,\)"):
        measure_margins(model, narrow, "generated")
    with pytest.raises(PlanError, match="delta of row 0 is not finite"):
        measure_margins(model, [SteeredRow(prompt=prompt, layer=0, delta=np.full(tiny.WIDTH, np.nan, dtype=np.float32))], "generated")
    with pytest.raises(PlanError, match="give both, or neither"):
        SteeredRow(prompt=prompt, layer=1)
    with pytest.raises(PlanError, match="is none of generated"):
        measure_margins(model, [], "everywhere")  # type: ignore[arg-type]
