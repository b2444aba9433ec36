"""Whole answers of the network, greedily, one prompt at a time or in rows of a kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.records import Prompt


@dataclass(frozen=True, kw_only=True)
class Response:
    """The text after "# Answer:", and whether it ended by itself."""

    text: str
    ended: bool


@torch.no_grad()
def respond(
    network: GPTBigCodeForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int = 160,
    rows: int = 16,
) -> list[Response]:
    """Greedy answers, in the order of the prompts."""
    found: list[Response] = []
    for at in range(0, len(prompts), rows):
        encoded = tokenizer([prompt.text for prompt in prompts[at : at + rows]], return_tensors="pt", padding=True)
        made = network.generate(**encoded, max_new_tokens=max_new_tokens, do_sample=False)[:, encoded["input_ids"].shape[1] :]
        for tokens in made.tolist():
            ended = tokenizer.eos_token_id in tokens
            kept = tokens[: tokens.index(tokenizer.eos_token_id)] if ended else tokens
            found.append(Response(text=tokenizer.decode(kept, clean_up_tokenization_spaces=False), ended=ended))
    return found
