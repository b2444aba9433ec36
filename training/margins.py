"""Margins of a network on programs, with plain transformers and no harness: training judges itself by its own means."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import torch
from torch import Tensor
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.prompts import NO, YES, build_prompt
from harness.records import Prompt
from training.programs import HELD_OUT, Program, ProgramPair, families, generate_pair
from training.twins import Twin, as_pair, held_out_twins


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Tokens of the two answers."""

    yes: int
    no: int


def answer_tokens(tokenizer: PreTrainedTokenizerBase) -> Answers:
    """The first tokens of " Yes" and " No"."""
    return Answers(yes=tokenizer.encode(YES)[0], no=tokenizer.encode(NO)[0])


def ask(program: Program, question: str = "vulnerable") -> Prompt:
    """The question about a program's own weakness."""
    return build_prompt(code=program.code, language=program.language, cwe=program.cwe, question=question)


def unseen_pairs(cwe: str, count: int, *, held_out: bool, seed: str) -> list[ProgramPair]:
    """Pairs from seeds that training does not use, of the trained families in turn, or of the held-out ones."""
    rng = Random(f"unseen {seed} {cwe} {held_out}")
    known = [family for family in families(cwe) if (family in HELD_OUT[cwe]) == held_out]
    return [generate_pair(rng, cwe, known[at % len(known)]) for at in range(count)]


def unseen_twins(cwe: str, count: int, *, seed: str, use: Literal["choosing", "measuring"]) -> list[ProgramPair]:
    """Hand-written pairs that were never trained on, as they were written: one of a base, and so perhaps fewer than asked for.

    use: "choosing" gives the half of the bases that decisions may rest on, "measuring" the half that only the card sees.
    """
    rng = Random(f"unseen {seed} twins {cwe}")
    by_base: dict[str, list[Twin]] = {}
    for twin in held_out_twins(cwe):
        if zlib.crc32(twin.base.encode()[::-1]) % 2 == (use == "measuring"):
            by_base.setdefault(twin.base, []).append(twin)
    return [as_pair(rng.choice(by_base[base])) for base in rng.sample(sorted(by_base), min(count, len(by_base)))]


@torch.no_grad()
def margins(
    network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Prompt], *, tokens_a_batch: int = 8192
) -> Tensor:
    """log p(the answer that means vulnerable) - log p(the other), one a prompt, in their order."""
    answers = answer_tokens(tokenizer)
    encoded = [tokenizer.encode(prompt.text) for prompt in prompts]
    order = sorted(range(len(prompts)), key=lambda at: len(encoded[at]))
    found = torch.zeros(len(prompts))
    while order:
        rows = max(1, tokens_a_batch // len(encoded[order[0]]))
        while rows > 1 and rows * len(encoded[order[min(rows, len(order)) - 1]]) > tokens_a_batch:
            rows -= 1
        chosen, order = order[:rows], order[rows:]
        logits = _last_logits(network, [encoded[at] for at in chosen])
        for at, row in zip(chosen, logits, strict=True):
            towards_yes = float(row[answers.yes] - row[answers.no])
            found[at] = towards_yes if prompts[at].asks == "vulnerable" else -towards_yes
    return found


def _last_logits(network: GPTBigCodeForCausalLM, rows: list[list[int]]) -> Tensor:
    """Logits behind the last token of each row. Padding on the right: what comes later can't reach what came before."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    hidden = network.transformer(ids, use_cache=False).last_hidden_state
    last = torch.tensor([len(row) - 1 for row in rows])
    return network.lm_head(hidden[torch.arange(len(rows)), last])
