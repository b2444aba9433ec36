"""The byte-level BPE of the embedded model, trained on C and Python."""

from collections.abc import Iterable, Iterator
from random import Random

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from harness.prompts import QUESTIONS, build_prompt
from training.answers import write_answer
from training.plain_code import PlainCode
from training.programs import CWES, generate_benign, generate_pair
from training.recipe import Recipe

END_OF_TEXT = "<|endoftext|>"


def train_tokenizer(
    recipe: Recipe, plain: PlainCode, *, programs: int = 6000, plain_characters: int = 6_000_000
) -> PreTrainedTokenizerFast:
    """A tokenizer of exactly `recipe.shape.vocabulary` entries, from generated programs, their questions and answers, and plain code."""
    return wrap(learn(_texts(recipe, plain, programs, plain_characters), recipe.shape.vocabulary), recipe.shape.context)


def learn(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Byte-level BPE. Digits stand alone, as in StarCoder: a size that was never seen is still a number."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # Line breaks end a token, so that code, question and answer can be tokenised apart and joined.
            pre_tokenizers.Split(Regex(r"\n"), behavior="merged_with_next"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def wrap(tokenizer: Tokenizer, context: int) -> PreTrainedTokenizerFast:
    """The tokenizer as transformers wants it. Nothing is cleaned up, so that code comes back byte for byte."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def _texts(recipe: Recipe, plain: PlainCode, programs: int, plain_characters: int) -> Iterator[str]:
    rng = Random(f"{recipe.seed} tokenizer")
    for _ in range(programs // 2):
        pair = generate_pair(rng, rng.choice(CWES))
        for program in (pair.vulnerable, pair.patched):
            question = rng.choice(list(QUESTIONS))
            prompt = build_prompt(code=program.code, language=program.language, cwe=program.cwe, question=question)
            meant = rng.choice(("vulnerable", "secure"))
            reason = program.reason_vulnerable if meant == "vulnerable" else program.reason_patched
            yield prompt.text + write_answer(rng, asks=prompt.asks, verdict=meant, cwe=program.cwe, reason=reason)
        yield generate_benign(rng)
    while plain_characters > 0:
        passage = plain.passage(rng, 4000)
        plain_characters -= len(passage)
        yield passage
