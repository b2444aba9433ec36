"""Labelled programs to measure on: generated, written by hand for training, and of both datasets."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.prompts import prompt_for
from harness.records import Example, Prompt
from harness.storage.datasets import VARIANTS, load_dataset
from training.margins import ask, unseen_pairs, unseen_twins
from training.programs import CWES, Program, ProgramPair

KNOWN, HELD_OUT_FAMILIES, HELD_OUT_TWINS = "known families", "held-out families", "written by hand, held out"
POOLED = "all"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One program with its label. unit: what was drawn as one, the pair or scenario that it belongs to; it names the CWE too."""

    source: str
    cwe: str
    unit: str
    vulnerable: bool
    program: Example | Program

    def prompt(self, question: str) -> Prompt:
        """The question about the program's own weakness."""
        return ask(self.program, question) if isinstance(self.program, Program) else prompt_for(self.program, question)


def generated(count: int, *, seed: str) -> list[Sample]:
    """Unseen programs of known and of held-out families, and hand-written ones that were held out.

    Args: count, pairs of each kind and CWE, where there are so many; seed, of the draw.

    Programs made to be undecidable are left out: no label of theirs is true.
    """
    found: list[Sample] = []
    for cwe in CWES:
        for source, pairs in (
            (KNOWN, unseen_pairs(cwe, count, held_out=False, seed=seed)),
            (HELD_OUT_FAMILIES, unseen_pairs(cwe, count, held_out=True, seed=seed)),
            (HELD_OUT_TWINS, unseen_twins(cwe, count, seed=seed, use="measuring")),
        ):
            found.extend(_halves(source, cwe, (pair for pair in pairs if pair.vulnerable.hardness != "ambiguous")))
    return found


def _halves(source: str, cwe: str, pairs: Iterable[ProgramPair]) -> Iterator[Sample]:
    for number, pair in enumerate(pairs):
        for half in (pair.vulnerable, pair.patched):
            yield Sample(source=source, cwe=cwe, unit=f"{cwe} {number}", vulnerable=half.label == "vulnerable", program=half)


def verified() -> list[Sample]:
    """The embedded corpus as it stands, and each kind of rewrite of it."""
    examples = load_dataset("verified", split=VARIANTS)
    return [_sample("verified" if one.variant == "original" else f"verified, {one.variant}", one) for one in examples]


def secllmholmes() -> list[Sample]:
    """SecLLMHolmes, split by split; nothing unless the environment's SECLLMHOLMES_DIR says where it is."""
    if "SECLLMHOLMES_DIR" not in os.environ:
        return []
    return [
        _sample(f"SecLLMHolmes, {split}", one)
        for split in ("hand-crafted", "trivial", "non-trivial", "real-world")
        for one in load_dataset("secllmholmes", split=split)
    ]


def _sample(source: str, example: Example) -> Sample:
    return Sample(
        source=source, cwe=example.cwe, unit=f"{example.cwe} {example.scenario}", vulnerable=example.label == "vulnerable", program=example
    )
