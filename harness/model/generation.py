"""How decoding ends, and that it is greedy whatever the model's own settings say."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.records import Finish

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Continuation(NamedTuple):
    """What a model generated after one prompt: text, its tokens (the end-of-text token among them), and why it ended."""

    text: str
    tokens: tuple[int, ...]
    finish: Finish


def end_tokens(module: Any, tokenizer: "PreTrainedTokenizerBase") -> tuple[int, ...]:
    """Every token that ends a text: what the generation settings, else the configuration, say, and the tokenizer's own."""
    stated = module.generation_config.eos_token_id
    if stated is None:
        stated = module.config.get_text_config().eos_token_id
    ends = [] if stated is None else [stated] if isinstance(stated, int) else list(stated)
    return tuple(sorted({*ends, *([] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id])}))


def greedy_by_default(module: Any, tokenizer: "PreTrainedTokenizerBase", ends: tuple[int, ...]) -> None:
    """Replaces the model's generation settings.

    Those of Qwen hold a repetition penalty that would bend greedy decoding, those of MPT forgo the cache, without which no step sees
    only its own token.
    """
    from transformers import GenerationConfig

    module.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        use_cache=True,
        eos_token_id=list(ends) or None,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
    )


def continuation(tokenizer: "PreTrainedTokenizerBase", generated: Sequence[int], ends: tuple[int, ...]) -> Continuation:
    """One row of generated tokens, cut behind its first end-of-text token (what follows is padding)."""
    ended = next((number for number, token in enumerate(generated) if token in ends), None)
    tokens = tuple(generated if ended is None else generated[: ended + 1])
    said = tokens if ended is None else tokens[:-1]
    text = tokenizer.decode(list(said), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return Continuation(text=str(text), tokens=tokens, finish="length" if ended is None else "end-of-text")


@contextmanager
def ending_early() -> Iterator[None]:
    """Lets all rows end before the last step: nnsight then warns that the loop over the steps was cut short."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*was never reached: the loop asked for a step", category=UserWarning)
        yield
