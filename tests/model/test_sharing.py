"""One prompt run once for many deltas gives what many full runs give."""

import numpy as np
import pytest

from harness.errors import PlanError, SteeringError
from harness.model import addition, passes
from harness.model.sharing import cache_bytes, repeated
from harness.model.steering import shared_prompt_answers, shared_prompt_margins, steered_answers, steered_margins
from harness.model.tokens import encode_fitting, pad
from harness.records import Positions
from tests.model import tiny
from tests.model.conftest import Loaded
from tests.model.test_steering import NEW_TOKENS, dropped, plan

ROWS = 9
PROMPT = tiny.PROMPTS[1]


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_shared_margins_equal_full_runs(loaded: Loaded, architecture: str) -> None:
    model, steering = loaded(architecture), plan(rows=ROWS)
    full = steered_margins(model, [PROMPT] * ROWS, steering)
    # A budget of three rows or so: the last share is a smaller one.
    shared = shared_prompt_margins(model, PROMPT, steering, cache_budget=100_000)
    for field in ("margin", "logp_vulnerable", "gap", "added_norm", "residual_norm"):
        assert [getattr(one, field) for one in shared] == pytest.approx([getattr(one, field) for one in full], abs=1e-4)


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_shared_answers_equal_full_runs(loaded: Loaded, architecture: str) -> None:
    model, steering = loaded(architecture), plan(rows=ROWS)
    full = steered_answers(model, [PROMPT] * ROWS, steering, NEW_TOKENS)
    shared = shared_prompt_answers(model, PROMPT, steering, NEW_TOKENS, cache_budget=100_000)
    assert [one.tokens for one in shared] == [one.tokens for one in full]
    assert [one.margin for one in shared] == pytest.approx([one.margin for one in full], abs=1e-4)


def test_a_share_of_one_row_is_the_least(loaded: Loaded) -> None:
    model, steering = loaded("gpt_bigcode"), plan(rows=ROWS)
    one_by_one = shared_prompt_margins(model, PROMPT, steering, cache_budget=1)
    at_once = shared_prompt_margins(model, PROMPT, steering)
    assert [one.margin for one in one_by_one] == pytest.approx([one.margin for one in at_once], abs=1e-4)


def test_the_shared_cache_is_copied_for_every_use(loaded: Loaded) -> None:
    model = loaded("qwen2")
    (encoded,) = encode_fitting(model, [PROMPT])
    cache = passes.cache_of(model, pad(model, [encoded.tokens[:-1]]))
    before = cache_bytes(cache)
    own = repeated(cache, 4)
    assert cache_bytes(own) == 4 * before
    passes.forward(model, pad(model, [encoded.tokens] * 4), None, own)
    assert cache_bytes(cache) == before
    assert cache_bytes(own) > 4 * before


@pytest.mark.parametrize("positions", ["prompt", "all"])
def test_rows_steered_before_the_last_token_share_nothing(loaded: Loaded, positions: Positions) -> None:
    with pytest.raises(PlanError, match=f"positions '{positions}' share no prompt"):
        shared_prompt_margins(loaded("gpt_bigcode"), PROMPT, plan(positions=positions, rows=ROWS))


def test_steering_dropped_over_a_shared_prompt_is_an_error(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addition, "with_residual", dropped)
    with pytest.raises(SteeringError, match="was steered by 0 at layer 1"):
        shared_prompt_margins(loaded("gpt_bigcode"), PROMPT, plan(rows=ROWS))
    with pytest.raises(SteeringError, match="was steered by 0 at layer 1"):
        shared_prompt_answers(loaded("gpt_bigcode"), PROMPT, plan(rows=ROWS), NEW_TOKENS)


def test_rows_keep_their_own_deltas(loaded: Loaded) -> None:
    margins = [one.margin for one in shared_prompt_margins(loaded("gpt_bigcode"), PROMPT, plan(rows=ROWS))]
    assert len(np.unique(np.round(margins, 4))) > ROWS // 2
