"""What greedy answers are like: whether they end, how long they are, and whether a verdict can be read from them."""

from collections.abc import Sequence
from random import Random
from statistics import fmean
from typing import Any

from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.numerics.intervals import share
from harness.prompts import QUESTIONS
from harness.records import Verdict
from harness.scoring.sentences import count_sentences
from harness.scoring.verdicts import read_verdict
from training.figures.samples import Sample
from training.generation import respond

SHOWN = 8
"""Answers that the card shows of each source."""


def answering(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """A row for each source. The four questions are asked in turn, one of each program."""
    return [
        _row(network, tokenizer, source, [one for one in samples if one.source == source])
        for source in dict.fromkeys(one.source for one in samples)
    ]


def _row(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, source: str, samples: Sequence[Sample]) -> dict[str, Any]:
    questions = list(QUESTIONS)
    # Halves of a pair follow each other: both get the same question.
    prompts = [one.prompt(questions[at // 2 % len(questions)]) for at, one in enumerate(samples)]
    responses = respond(network, tokenizer, prompts)
    good = sum(response.ended and count_sentences(response.text) >= 2 for response in responses)
    undecided = sum(
        read_verdict(response.text, asks=prompt.asks).verdict is Verdict.UNDECIDED
        for prompt, response in zip(prompts, responses, strict=True)
    )
    shown = sorted(Random(0).sample(range(len(samples)), min(SHOWN, len(samples))))
    return {
        "source": source,
        "of": len(responses),
        "good": _share(good, len(responses)),
        "undecided": _share(undecided, len(responses)),
        "sentences": fmean(count_sentences(response.text) for response in responses),
        "tokens": fmean(len(tokenizer.encode(response.text)) for response in responses),
        "samples": [
            {"cwe": samples[at].cwe, "vulnerable": samples[at].vulnerable, "asks": prompts[at].asks, "answer": responses[at].text}
            for at in shown
        ],
    }


def _share(count: int, of: int) -> dict[str, float]:
    found = share(count, of)
    return {"count": count, "value": found.value, "low": found.interval.low, "high": found.interval.high}
