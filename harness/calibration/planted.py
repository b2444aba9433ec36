"""A tiny random transformer whose answer reads one planted axis, and a character that writes along it.

Everything follows from a seed. The prompts are the harness's own, so that the same replicate can go through the product's sweep: the head
and the question are one token each, every character of the code is one, and the answers are one each.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import GPTBigCodeConfig, GPTBigCodeForCausalLM, PreTrainedTokenizerFast

from harness.calibration.codes import FLAWS, LETTERS, MENDED
from harness.errors import PlanError
from harness.numerics.pairs import Float64Array
from harness.prompts import NO, YES, build_prompt

LAYERS, WIDTH, HEADS, CONTEXT = 3, 32, 4, 256
STEERED_LAYER = 1
LAST_LAYER = LAYERS - 1
CWE = "CWE-787"
Reads = Literal["axis", "bowl"]
"""How the answer reads a planted axis: straight from the residual, or the square of how far a residual lies along it."""

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
BOTTOM = 0.8
"""Where along the axis the bowl has its bottom: above the mean of mended code by so many standard deviations of a normalised residual."""
WIDENESS = 2.5
"""Up to how many of these from its bottom the bowl is a parabola; beyond, two straight walls."""
DEPTH = 0.7
"""How steep the bowl is: the answer's share of the residual at one standard deviation from the bottom is .8 times this."""
LIKELY = 8.0
"""How far the answers stand out along the mean final state, so that one of them is always the likeliest token."""


class AnswerIds(NamedTuple):
    """Token ids of the two answers."""

    vulnerable: int
    secure: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Planted:
    """A model with planted axes, most often one.

    module: in evaluation mode, float32. axes: (k, WIDTH), orthonormal, along which the first k of FLAWS write; axis: the first. answers:
    token ids. difference: (WIDTH,), unembedding of the vulnerable answer minus that of the secure one.
    """

    module: GPTBigCodeForCausalLM
    axes: Float64Array
    answers: AnswerIds

    @property
    def axis(self) -> Float64Array:
        return np.asarray(self.axes[0])

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


def plant(seed: int, *, size: float = 0.0, axes: int | None = None, flaws: int = 1, reads: Reads = "axis") -> Planted:
    """A random model in which each flaw lies `size` further along its planted axis than MENDED does.

    Args: size, length in the embedding, where a character has about norm 5.7; 0 makes the two characters the same to the model. axes, how
        many axes the letters span, of which the planted one is the first; None for all. Few of them are the harder null: every difference
        of two files then lies where the answer reads. flaws, how many characters have an axis of their own. reads, how the answer reads
        them; in a bowl, steering along an axis moves those files more that lie further along it.
    Raises: PlanError for axes the width does not have, or flaws that have no character.
    """
    if axes is not None and not 1 <= axes <= WIDTH:
        raise PlanError(f"letters can't span {axes} axes of a residual of width {WIDTH}; give 1..{WIDTH}")
    if not 1 <= flaws <= len(FLAWS):
        raise PlanError(f"{flaws} flaws can't be planted; there are characters for 1..{len(FLAWS)}")
    chance = torch.Generator().manual_seed(seed)
    module = _random_module(chance)
    *planted, other = _axes(flaws + 1, chance)
    basis = torch.stack(planted)  # (flaws, WIDTH)
    transformer: Any = module.transformer
    with torch.no_grad():
        _set_letters(transformer.wte.weight, basis, axes, chance)
        mended, *flawed = (tokenizer().token_to_id(character) for character in (MENDED, *FLAWS[:flaws]))
        transformer.wte.weight[flawed] = transformer.wte.weight[mended] + size * basis
        _copy_along(transformer.h[0].attn, basis)
        answers = AnswerIds(*(tokenizer().encode(answer).ids[0] for answer in (YES, NO)))
        if reads == "bowl":
            _dig_bowl(transformer, basis, other)
            difference = other
        else:
            difference = READING / flaws**0.5 * basis.sum(dim=0) + (1 - READING**2) ** 0.5 * other
        _set_answers(module, answers, difference, chance)
    return Planted(module=module, axes=basis.double().numpy(), answers=answers)


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


def _axes(count: int, chance: torch.Generator) -> tuple[torch.Tensor, ...]:
    # zero-mean: a LayerNorm takes the mean away, and nothing would be read of it
    drawn = torch.randn(WIDTH, count, generator=chance)
    axes: torch.Tensor = torch.linalg.qr(drawn - drawn.mean(dim=0))[0]
    return tuple(axes[:, column] for column in range(count))


def _set_letters(embedding: torch.Tensor, basis: torch.Tensor, axes: int | None, chance: torch.Generator) -> None:
    rows = [tokenizer().token_to_id(letter) for letter in LETTERS]
    if axes is None:
        embedding[rows] -= (1 - LEAKING) * (embedding[rows] @ basis.T @ basis)
    else:
        embedding[rows] = _confined(embedding[rows], basis[0], axes, chance)


def _confined(letters: torch.Tensor, axis: torch.Tensor, axes: int, chance: torch.Generator) -> torch.Tensor:
    others = torch.randn(WIDTH, axes - 1, generator=chance)
    basis, _ = torch.linalg.qr(torch.cat([axis[:, None], others - others.mean(dim=0)], dim=1))  # (WIDTH, axes)
    confined: torch.Tensor = letters @ basis @ basis.T * (WIDTH / axes) ** 0.5  # as long as they were
    return confined


def _copy_along(attention: Any, basis: torch.Tensor) -> None:
    """Makes the first value dimensions read the axes, and every head write them back."""
    width = WIDTH // HEADS
    for place, axis in enumerate(basis):
        attention.c_attn.weight[WIDTH + width + place] = axis  # rows: queries, then the one key and the one value of multi-query attention
        for head in range(HEADS):
            attention.c_proj.weight[:, head * width + place] = COPYING / HEADS * axis


def _dig_bowl(transformer: Any, basis: torch.Tensor, answer: torch.Tensor) -> None:
    """Makes two units of the last block for each axis write its square along the answer: GELU(x) + GELU(-x) is about .8 x^2 below 1."""
    mlp, seen = transformer.h[LAST_LAYER].mlp, []
    transformer.h[0].attn.c_attn.weight[:WIDTH] = 0  # no query: without this a flaw is hardly seen in some models
    handle = mlp.register_forward_pre_hook(lambda _mlp, inputs: seen.append(inputs[0][:, -1]))
    try:
        transformer(_mended())
    finally:
        handle.remove()
    bottoms = seen[0].mean(dim=0) @ basis.T + BOTTOM  # (flaws,)
    reading = torch.cat([basis, -basis]) / WIDENESS  # (units, WIDTH)
    units = range(len(reading))
    mlp.c_fc.weight[units] = reading
    mlp.c_fc.bias[units] = torch.cat([-bottoms, bottoms]) / WIDENESS
    mlp.c_proj.weight[:, units] = DEPTH * WIDENESS**2 * answer[:, None]


def _mended() -> torch.Tensor:
    """Prompts about code without a flaw, (prompts, tokens)."""
    codes = [LETTERS[start:] + LETTERS[:start] for start in range(len(LETTERS))]
    rows = [tokenizer().encode(build_prompt(code=code[:8] + MENDED, language="c", cwe=CWE).text).ids for code in codes]
    return torch.tensor(rows)


def _set_answers(module: GPTBigCodeForCausalLM, answers: AnswerIds, difference: torch.Tensor, chance: torch.Generator) -> None:
    """Unembeddings of the answers: apart by `difference`, even on the mean final state, and above all other tokens there."""
    transformer: Any = module.transformer
    mean = transformer(_mended()).last_hidden_state[:, -1].mean(dim=0)
    mean = mean / mean.norm()
    even = difference - (difference @ mean) * mean
    common = LIKELY * mean + 0.1 * torch.randn(WIDTH, generator=chance)
    module.lm_head.weight[answers.vulnerable] = common + even / 2
    module.lm_head.weight[answers.secure] = common - even / 2
