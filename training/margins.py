"""Margins of a network on programs, with plain transformers and no harness: training judges itself by its own means."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import torch
from torch import Tensor
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.prompts import NO, YES, build_prompt
from harness.records import Prompt
from training.branches import Branch, Tree, lay_out
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
    """log p(the answer that means vulnerable) - log p(the other), one a prompt, in their order.

    Prompts about the same code share one pass over it: their questions are branches behind one trunk.
    """
    answers = answer_tokens(tokenizer)
    asked: dict[str, list[int]] = {}
    for at, prompt in enumerate(prompts):
        asked.setdefault(prompt.text[: prompt.code_end], []).append(at)
    trees = [(_tree(tokenizer, code, [prompts[at] for at in spots]), spots) for code, spots in asked.items()]
    found = torch.zeros(len(prompts))
    for batch in _batches(sorted(trees, key=lambda pair: len(pair[0])), tokens_a_batch):
        laid = lay_out([tree for tree, _ in batch])
        hidden = network.transformer(laid.ids, attention_mask=laid.mask, position_ids=laid.positions, use_cache=False).last_hidden_state
        logits = network.lm_head(hidden.flatten(0, 1)[laid.verdict_at])  # (prompts, vocabulary)
        for at, row in zip([at for _, spots in batch for at in spots], logits, strict=True):
            towards_yes = float(row[answers.yes] - row[answers.no])
            found[at] = towards_yes if prompts[at].asks == "vulnerable" else -towards_yes
    return found


def _tree(tokenizer: PreTrainedTokenizerBase, code: str, prompts: Sequence[Prompt]) -> Tree:
    questions = [tuple(tokenizer.encode(prompt.text[prompt.code_end :])) for prompt in prompts]
    return Tree(trunk=tuple(tokenizer.encode(code)), branches=tuple(Branch(question=question, yes=0.5) for question in questions))


def _batches(trees: Sequence[tuple[Tree, list[int]]], tokens: int) -> Iterator[list[tuple[Tree, list[int]]]]:
    """Trees in order of length, as many as fit into so many tokens with their padding, one at least."""
    batch: list[tuple[Tree, list[int]]] = []
    for tree, spots in trees:
        if batch and (len(batch) + 1) * len(tree) > tokens:
            yield batch
            batch = []
        batch.append((tree, spots))
    if batch:
        yield batch
