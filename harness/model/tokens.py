"""Prompts as token ids: lengths, batches with left padding, the first tokens of the answers, the tokens of the code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from harness.errors import ModelError, PlanError
from harness.records import Prompt

if TYPE_CHECKING:
    from harness.model.loading import LoadedModel

PromptLike = Prompt | str


class AnswerTokens(NamedTuple):
    """The first token of each answer, as it follows the prompt."""

    vulnerable: int
    secure: int


@dataclass(frozen=True, kw_only=True)
class TooLong:
    """A prompt that is skipped: `length` and `room` tokens do not fit into `context`."""

    index: int
    length: int
    room: int
    context: int

    def __str__(self) -> str:
        asked = f" and {self.room} to generate" if self.room else ""
        return f"prompt {self.index} has {self.length} tokens{asked}, the context holds {self.context}"


@dataclass(frozen=True, kw_only=True)
class EncodedPrompt:
    """The tokens of one prompt and which of them show the code (empty for a plain string)."""

    tokens: tuple[int, ...]
    code: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Prompts as tokens, in their order; None stands for one that is too long, which `too_long` describes."""

    prompts: tuple[EncodedPrompt | None, ...]
    too_long: tuple[TooLong, ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows of token ids, padded on the left.

    ids, mask, positions: (rows, longest), int64; mask is 0 on padding, positions count from 0 after it.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    positions: torch.Tensor


def text_of(prompt: PromptLike) -> str:
    return prompt if isinstance(prompt, str) else prompt.text


def token_length(model: "LoadedModel", prompt: PromptLike) -> int:
    """Number of tokens of a prompt, special tokens included."""
    return len(model.tokenizer(text_of(prompt))["input_ids"])


def encode(model: "LoadedModel", prompts: Sequence[PromptLike], *, room: int = 0) -> Encoded:
    """Prompts as tokens, with those set aside that leave less than `room` tokens of the context for an answer. Nothing is ever cut.

    Raises: PlanError for an empty prompt.
    """
    encoded: list[EncodedPrompt | None] = []
    too_long = []
    for index, prompt in enumerate(prompts):
        one = _encode_one(model, prompt, index)
        if len(one.tokens) + room > model.info.context:
            too_long.append(TooLong(index=index, length=len(one.tokens), room=room, context=model.info.context))
            encoded.append(None)
        else:
            encoded.append(one)
    return Encoded(prompts=tuple(encoded), too_long=tuple(too_long))


def encode_fitting(model: "LoadedModel", prompts: Sequence[PromptLike], *, room: int = 0) -> tuple[EncodedPrompt, ...]:
    """Prompts as tokens, all of which must fit.

    Raises: PlanError naming the first that does not, with both lengths.
    """
    encoded = encode(model, prompts, room=room)
    if encoded.too_long:
        raise PlanError(f"{encoded.too_long[0]}; leave out the {len(encoded.too_long)} that `encode` reports as too long")
    return tuple(one for one in encoded.prompts if one is not None)


def _encode_one(model: "LoadedModel", prompt: PromptLike, index: int) -> EncodedPrompt:
    offsets_wanted = isinstance(prompt, Prompt) and model.tokenizer.is_fast
    encoding = model.tokenizer(text_of(prompt), return_offsets_mapping=offsets_wanted)
    tokens = tuple(encoding["input_ids"])
    if not tokens:
        raise PlanError(f"prompt {index} has no tokens; ask about some text")
    if not isinstance(prompt, Prompt) or not offsets_wanted:
        return EncodedPrompt(tokens=tokens, code=())
    overlapping = (start < prompt.code_end and end > prompt.code_start for start, end in encoding["offset_mapping"])
    return EncodedPrompt(tokens=tokens, code=tuple(token for token, shows_code in enumerate(overlapping) if shows_code))


def answer_tokens(model: "LoadedModel", prompt: Prompt) -> AnswerTokens:
    """The first token of each answer, tokenised after the prompt.

    Raises: ModelError if the answers share their first token, or if the prompt's own tokens change when an answer follows.
    """
    before = model.tokenizer(prompt.text)["input_ids"]
    firsts = []
    for answer in (prompt.vulnerable_answer, prompt.secure_answer):
        joined = model.tokenizer(prompt.text + answer)["input_ids"]
        if joined[: len(before)] != before or len(joined) == len(before):
            raise ModelError(
                f"the tokenizer of {model.info.name} merges the answer {answer!r} into the end of the prompt {prompt.text[-20:]!r}; "
                "the margin needs a prompt that ends where a token ends"
            )
        firsts.append(joined[len(before)])
    if firsts[0] == firsts[1]:
        raise ModelError(
            f"the answers {prompt.vulnerable_answer!r} and {prompt.secure_answer!r} both begin with token {firsts[0]} "
            f"({model.tokenizer.decode([firsts[0]])!r}) of {model.info.name}; choose answers that differ in their first token"
        )
    return AnswerTokens(*firsts)


def batches(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Indices of rows, in batches of similar length whose padded size stays within the budget (a single longer row stands alone).

    Raises: PlanError for a budget below 1.
    """
    if token_budget < 1:
        raise PlanError(f"token budget {token_budget} is below 1; a few thousand suit a CPU")
    gathered: list[list[int]] = []
    # Longest first: a row that exhausts the memory does so at once.
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        if gathered and (len(gathered[-1]) + 1) * lengths[gathered[-1][0]] <= token_budget:
            gathered[-1].append(index)
        else:
            gathered.append([index])
    return gathered


def pad(model: "LoadedModel", rows: Sequence[Sequence[int]], *, longest: int | None = None) -> Batch:
    """Rows of tokens as one batch, padded on the left, to the length of the longest row or to a given one that none exceeds."""
    longest = max(len(row) for row in rows) if longest is None else longest
    ids = torch.full((len(rows), longest), model.pad_token, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, longest - len(row) :] = torch.tensor(row, dtype=torch.int64)
        mask[number, longest - len(row) :] = 1
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    return Batch(ids=ids.to(model.device), mask=mask.to(model.device), positions=positions.to(model.device))
