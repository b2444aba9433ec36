"""A tiny random transformer whose answer reads one planted axis, and a character that writes along it.

Everything follows from a seed. The prompts are the harness's own, so that the same replicate can go through the product's sweep: the head
and the question are one token each, every character of the code is one, and the answers are one each.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import GPTBigCodeConfig, GPTBigCodeForCausalLM, PreTrainedTokenizerFast

from harness.calibration.codes import FLAW, LETTERS, MENDED
from harness.errors import PlanError
from harness.numerics.pairs import Float64Array
from harness.prompts import NO, YES, build_prompt

LAYERS, WIDTH, HEADS, CONTEXT = 3, 32, 4, 256
STEERED_LAYER = 1
LAST_LAYER = LAYERS - 1
CWE = "CWE-787"

END = "<|end|>"
MERGES = (("\u0120", "Y"), ("\u0120Y", "e"), ("\u0120Ye", "s"), ("\u0120", "N"), ("\u0120N", "o"))
"""Byte-level merges that make " Yes" and " No" one token each; U+0120 stands for the space."""

READING = 0.8
"""Cosine of the planted axis and the difference of the answers: the axis is read, and is not all that is read."""
COPYING = 4.0
"""How strongly the first block carries the planted axis from the characters to the last token."""
WRITING = 0.5
"""How strongly the blocks write what isn't planted into the residual, beside a map that keeps the variance."""
LEAKING = 0.15
"""How much of its own share along the planted axis a letter keeps: what is not the flaw writes along it too, but less."""
LIKELY = 8.0
"""How far the answers stand out along the mean final state, so that one of them is always the likeliest token."""


class AnswerIds(NamedTuple):
    """Token ids of the two answers."""

    vulnerable: int
    secure: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Planted:
    """A model with a planted axis.

    module: in evaluation mode, float32. axis: (WIDTH,), unit norm, along which FLAW writes. answers: token ids. difference: (WIDTH,),
    unembedding of the vulnerable answer minus that of the secure one.
    """

    module: GPTBigCodeForCausalLM
    axis: Float64Array
    answers: AnswerIds

    @property
    def difference(self) -> Float64Array:
        rows = self.module.lm_head.weight.detach().double().numpy()
        return np.asarray(rows[self.answers.vulnerable] - rows[self.answers.secure])


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """One token for the head of a prompt, one for its question, one for each answer, and one for every other byte."""
    vocabulary = [END, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in MERGES)]
    made = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(vocabulary)}, merges=list(MERGES)))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    prompt = build_prompt(code=MENDED, language="c", cwe=CWE)
    made.add_tokens([AddedToken(part, normalized=False) for part in (prompt.text[: prompt.code_start], prompt.text[prompt.code_end :])])
    return made


def saved_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer as transformers saves it beside a model."""
    made: PreTrainedTokenizerFast = PreTrainedTokenizerFast(tokenizer_object=tokenizer(), eos_token=END)  # type: ignore[no-untyped-call]
    return made


def plant(seed: int, *, size: float = 0.0, axes: int | None = None) -> Planted:
    """A random model in which FLAW lies `size` further along the planted axis than MENDED does.

    Args: size, length in the embedding, where a character has about norm 5.7; 0 makes the two characters the same to the model. axes, how
        many axes the letters span, of which the planted one is the first; None for all. Few of them are the harder null: every difference
        of two files then lies where the answer reads.
    Raises: PlanError for axes the width does not have.
    """
    if axes is not None and not 1 <= axes <= WIDTH:
        raise PlanError(f"letters can't span {axes} axes of a residual of width {WIDTH}; give 1..{WIDTH}")
    chance = torch.Generator().manual_seed(seed)
    module = _random_module(chance)
    axis, other = _two_axes(chance)
    transformer: Any = module.transformer
    embedding = transformer.wte.weight
    with torch.no_grad():
        rows = [tokenizer().token_to_id(letter) for letter in LETTERS]
        if axes is None:
            embedding[rows] -= (1 - LEAKING) * torch.outer(embedding[rows] @ axis, axis)
        else:
            embedding[rows] = _confined(embedding[rows], axis, axes, chance)
        ids = {character: tokenizer().token_to_id(character) for character in (FLAW, MENDED)}
        embedding[ids[FLAW]] = embedding[ids[MENDED]] + size * axis
        _copy_along(transformer.h[0].attn, axis)
        answers = AnswerIds(*(tokenizer().encode(answer).ids[0] for answer in (YES, NO)))
        difference = READING * axis + (1 - READING**2) ** 0.5 * other
        _set_answers(module, answers, difference, chance)
    return Planted(module=module, axis=axis.double().numpy(), answers=answers)


def _random_module(chance: torch.Generator) -> GPTBigCodeForCausalLM:
    config = GPTBigCodeConfig(
        n_layer=LAYERS,
        n_embd=WIDTH,
        n_head=HEADS,
        n_positions=CONTEXT,
        vocab_size=tokenizer().get_vocab_size(),
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    module = GPTBigCodeForCausalLM(config)
    module.train(False)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim == 2:
                parameter.copy_(_spread(name, parameter.shape[1]) * torch.randn(parameter.shape, generator=chance))
    return module


def _spread(name: str, inputs: int) -> float:
    """Standard deviation of a weight. The usual start of .02 would make the blocks do nothing."""
    if "wte" in name or "wpe" in name:
        return 1.0 if "wte" in name else 0.3
    return float((WRITING if "c_proj" in name else 1.0) * inputs**-0.5)


def _two_axes(chance: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    # zero-mean: a LayerNorm takes the mean away, and nothing would be read of it
    drawn = torch.randn(WIDTH, 2, generator=chance)
    axes, _ = torch.linalg.qr(drawn - drawn.mean(dim=0))
    return axes[:, 0], axes[:, 1]


def _confined(letters: torch.Tensor, axis: torch.Tensor, axes: int, chance: torch.Generator) -> torch.Tensor:
    others = torch.randn(WIDTH, axes - 1, generator=chance)
    basis, _ = torch.linalg.qr(torch.cat([axis[:, None], others - others.mean(dim=0)], dim=1))  # (WIDTH, axes)
    confined: torch.Tensor = letters @ basis @ basis.T * (WIDTH / axes) ** 0.5  # as long as they were
    return confined


def _copy_along(attention: Any, axis: torch.Tensor) -> None:
    """Makes the first value dimension read the axis, and every head write it back."""
    width = WIDTH // HEADS
    attention.c_attn.weight[WIDTH + width] = axis  # rows: queries, then the one key and the one value of multi-query attention
    for head in range(HEADS):
        attention.c_proj.weight[:, head * width] = COPYING / HEADS * axis


def _set_answers(module: GPTBigCodeForCausalLM, answers: AnswerIds, difference: torch.Tensor, chance: torch.Generator) -> None:
    """Unembeddings of the answers: apart by `difference`, even on the mean final state, and above all other tokens there."""
    transformer: Any = module.transformer
    codes = [LETTERS[start:] + LETTERS[:start] for start in range(len(LETTERS))]
    rows = [tokenizer().encode(build_prompt(code=code[:8] + MENDED, language="c", cwe=CWE).text).ids for code in codes]
    mean = transformer(torch.tensor(rows)).last_hidden_state[:, -1].mean(dim=0)
    mean = mean / mean.norm()
    even = difference - (difference @ mean) * mean
    common = LIKELY * mean + 0.1 * torch.randn(WIDTH, generator=chance)
    module.lm_head.weight[answers.vulnerable] = common + even / 2
    module.lm_head.weight[answers.secure] = common - even / 2
