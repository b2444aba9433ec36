"""Where two responses part, and the gap of logits there, held against transformers and a hook of this file."""

from typing import Any

import numpy as np
import pytest
import torch

from harness.model.divergence import first_divergence
from harness.model.engine.rows import SteeredRow
from harness.numerics.gates.pinned import Response
from harness.records import FloatArray
from tests.model import tiny
from tests.model.conftest import Loaded, PlainOf
from tests.model.plain import Plain

PROMPT = tiny.PROMPTS[1]
LAYER = 1
SAID, PINNED = Response(" Yes, it overflows", "end-of-text"), Response(" Yes, it does", "end-of-text")
DELTA: FloatArray = (6 * np.random.default_rng(3).standard_normal(tiny.WIDTH) / np.sqrt(tiny.WIDTH)).astype(np.float32)


def logits_behind(reference: Plain, answer: str, delta: FloatArray) -> torch.Tensor:
    """Logits behind prompt and answer, the delta added from the last token of the prompt on."""
    prompt = reference.ids(PROMPT.text)
    whole = torch.cat(
        [prompt, torch.tensor([reference.tokenizer(answer, add_special_tokens=False)["input_ids"]], dtype=torch.int64)], dim=1
    )

    def hook(_module: Any, _inputs: Any, output: Any) -> Any:
        residual = output[0] if isinstance(output, tuple) else output
        residual = torch.cat([residual[:, : prompt.shape[1] - 1], residual[:, prompt.shape[1] - 1 :] + torch.from_numpy(delta)], dim=1)
        return (residual, *output[1:]) if isinstance(output, tuple) else residual

    handle = reference.blocks[LAYER].register_forward_hook(hook)
    try:
        with torch.no_grad():
            logits: torch.Tensor = reference.model(whole).logits[0, -1]
        return logits
    finally:
        handle.remove()


@pytest.mark.parametrize("architecture", ["gpt_bigcode", "llama"])
@pytest.mark.parametrize("steered", [False, True])
def test_the_gap_is_that_of_the_logits_behind_what_both_share(loaded: Loaded, plain: PlainOf, architecture: str, steered: bool) -> None:
    reference = plain(architecture)
    row = SteeredRow(prompt=PROMPT, layer=LAYER, delta=DELTA) if steered else SteeredRow(prompt=PROMPT)
    found = first_divergence(loaded(architecture), "r", row, "generated", SAID, PINNED)
    assert found is not None
    ours, theirs = (reference.tokenizer(one.text)["input_ids"] for one in (SAID, PINNED))
    assert ours[: found.place] == theirs[: found.place]
    assert ours[found.place] != theirs[found.place]
    assert 0 < found.place < len(theirs)
    logits = logits_behind(reference, reference.tokenizer.decode(ours[: found.place]), DELTA if steered else 0 * DELTA)
    assert found.gap == pytest.approx(abs(float(logits[ours[found.place]] - logits[theirs[found.place]])), abs=1e-3)
    assert (found.said, found.pinned) == tuple(reference.tokenizer.decode([one[found.place]]) for one in (ours, theirs))


def test_a_response_that_goes_on_parts_from_one_that_ends(loaded: Loaded, plain: PlainOf) -> None:
    reference = plain("gpt_bigcode")
    short = Response(" Yes", "end-of-text")
    found = first_divergence(loaded("gpt_bigcode"), "r", SteeredRow(prompt=PROMPT), "generated", SAID, short)
    assert found is not None
    assert found.pinned == "end-of-text"
    logits = logits_behind(reference, " Yes", 0 * DELTA)
    following = reference.tokenizer(SAID.text)["input_ids"][found.place]
    assert found.gap == pytest.approx(abs(float(logits[following] - logits[reference.tokenizer.eos_token_id])), abs=1e-3)


def test_equal_responses_do_not_part(loaded: Loaded) -> None:
    assert first_divergence(loaded("gpt_bigcode"), "r", SteeredRow(prompt=PROMPT), "generated", SAID, SAID) is None


def test_one_text_that_is_cut_at_different_lengths_has_no_known_gap(loaded: Loaded) -> None:
    cut = Response(SAID.text, "length")
    found = first_divergence(loaded("gpt_bigcode"), "r", SteeredRow(prompt=PROMPT), "generated", SAID, cut)
    assert found is not None
    assert (found.said, found.pinned, found.gap) == ("end-of-text", "length", None)
