"""Nothing of the embedded corpus and nothing of SecLLMHolmes is in what the model is trained on, compared line by line.

A line counts by what it says, without white space; lines that any program may have (a brace, `return -1;`) are too short to tell anything.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from harness.records import Example
from harness.storage.datasets import load_dataset
from training.distractors import distractors
from training.programs import CWES, families, generate_pair
from training.twins import twins

TELLING = 25
"""Characters of a line that says something."""
SHARED = 0.2
"""Largest share of a file's telling lines that may stand in any one program."""


def lines_of(code: str) -> frozenset[str]:
    found = ("".join(line.split()) for line in code.splitlines())
    return frozenset(line for line in found if len(line) >= TELLING)


@pytest.fixture(scope="module")
def trained_on() -> list[frozenset[str]]:
    """Every twin, programs of every family, and what stands in front of them."""
    found = [lines_of(code) for twin in twins() for code in (twin.vulnerable, twin.patched)]
    rng = Random("tested")
    for cwe in CWES:
        for family in families(cwe):
            for _ in range(12):
                pair = generate_pair(rng, cwe, family)
                found += [lines_of(pair.vulnerable.code), lines_of(pair.patched.code)]
        found += [lines_of(distractors(rng, generate_pair(rng, cwe))) for _ in range(40)]
    return found


def largest_share(example: Example, trained_on: Iterable[frozenset[str]]) -> float:
    mine = lines_of(example.code)
    return max(len(mine & theirs) for theirs in trained_on) / max(len(mine), 1)


def test_a_file_that_takes_a_third_of_a_twin_would_be_found(trained_on: list[frozenset[str]]) -> None:
    twin = next(twin for twin in twins() if len(lines_of(twin.patched)) > 8)
    example = next(one for one in load_dataset("verified") if len(lines_of(one.code)) > 8)
    taken = twin.patched.splitlines()
    copied = [line for line in taken if lines_of(line)][: len(lines_of(example.code)) // 2]
    assert largest_share(example, trained_on) <= SHARED
    assert largest_share(replace(example, code=example.code + "\n".join(line.replace(" ", "  ") for line in copied)), trained_on) > SHARED


def test_every_file_of_the_embedded_corpus_has_lines_that_tell_something() -> None:
    assert [one.path for one in load_dataset("verified") if len(lines_of(one.code)) < 4] == []


def test_no_file_of_the_embedded_corpus_shares_its_lines_with_a_program_of_the_training(trained_on: list[frozenset[str]]) -> None:
    shares = {example.path: largest_share(example, trained_on) for example in load_dataset("verified")}
    assert {path: share for path, share in shares.items() if share > SHARED} == {}


def test_no_file_of_secllmholmes_shares_its_lines_with_a_program_of_the_training(
    secllmholmes: Path, trained_on: list[frozenset[str]]
) -> None:
    shares = {example.path: largest_share(example, trained_on) for example in load_dataset("secllmholmes", secllmholmes)}
    assert {path: share for path, share in shares.items() if share > SHARED} == {}
