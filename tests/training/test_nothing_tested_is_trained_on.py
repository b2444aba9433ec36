"""Nothing of the embedded corpus, of SecLLMHolmes and of the neutral code is in what the model is trained on, compared line by line.

A line counts by what it says, without white space. Lines that any program may have tell nothing: short ones (a brace, `return -1;`), and
idioms, which stand in several programs of the training that have nothing else in common (the head of `main`, an import).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from harness.storage.datasets import load_dataset
from harness.storage.neutral import load_neutral
from training.distractors import distractors
from training.programs import CWES, families, generate_pair
from training.twins import twins

TELLING = 25
"""Characters of a line that says something."""
IDIOM = 3
"""Bases and families that must have a line before it is an idiom."""
SHARED = 0.2
"""Largest share of a file's telling lines that may stand in any one program."""
FEW = 8
"""Characters of a line that neutral code, which needs no idiom of a weakness, may not share; less is a brace or a `break`."""
ANYWHERE = re.compile(r"#include|import|from|return|case\d|default:|@|typedefstruct\{|intmain\(|defmain\(|if__name__")
"""How lines without white space begin that any program may have."""


def lines_of(code: str, least: int = TELLING) -> frozenset[str]:
    found = ("".join(line.split()) for line in code.splitlines())
    return frozenset(line for line in found if len(line) >= least)


@dataclass(frozen=True)
class Trained:
    """Lines of each program of the training, without idioms."""

    programs: tuple[frozenset[str], ...]
    idioms: frozenset[str]

    @classmethod
    def of(cls, lines: Sequence[tuple[str, frozenset[str]]]) -> "Trained":
        """lines: what a program descends from, a base or a family, and its lines."""
        origins: dict[str, set[str]] = {}
        for origin, found in lines:
            for line in found:
                origins.setdefault(line, set()).add(origin)
        idioms = frozenset(line for line, where in origins.items() if len(where) >= IDIOM)
        return cls(tuple(found - idioms for _, found in lines), idioms)

    def largest_share(self, code: str) -> float:
        """Share of the telling lines of `code` that stand in the program that has most of them."""
        mine = lines_of(code) - self.idioms
        return max(len(mine & theirs) for theirs in self.programs) / max(len(mine), 1)


@pytest.fixture(scope="module")
def trained_on() -> Trained:
    """Every twin, programs of every family, and what stands in front of them."""
    found = [(twin.base, lines_of(code)) for twin in twins() for code in (twin.vulnerable, twin.patched)]
    rng = Random("tested")
    for cwe in CWES:
        for family in families(cwe):
            for _ in range(12):
                pair = generate_pair(rng, cwe, family)
                found += [(family, lines_of(pair.vulnerable.code)), (family, lines_of(pair.patched.code))]
        found += [("distractors", lines_of(distractors(rng, generate_pair(rng, cwe)))) for _ in range(40)]
    return Trained.of(found)


def test_a_file_that_takes_a_third_of_a_twin_would_be_found(trained_on: Trained) -> None:
    twin = next(twin for twin in twins() if len(lines_of(twin.patched)) > 8)
    example = next(one for one in load_dataset("verified") if len(lines_of(one.code)) > 8)
    taken = twin.patched.splitlines()
    copied = [line for line in taken if lines_of(line)][: len(lines_of(example.code)) // 2]
    assert trained_on.largest_share(example.code) <= SHARED
    assert trained_on.largest_share(example.code + "\n".join(line.replace(" ", "  ") for line in copied)) > SHARED


def test_every_file_of_the_embedded_corpus_has_lines_that_tell_something() -> None:
    assert [one.path for one in load_dataset("verified") if len(lines_of(one.code)) < 4] == []


def test_no_file_of_the_embedded_corpus_shares_its_lines_with_a_program_of_the_training(trained_on: Trained) -> None:
    shares = {example.path: trained_on.largest_share(example.code) for example in load_dataset("verified")}
    assert {path: share for path, share in shares.items() if share > SHARED} == {}


def test_no_file_of_secllmholmes_shares_its_lines_with_a_program_of_the_training(secllmholmes: Path, trained_on: Trained) -> None:
    shares = {example.path: trained_on.largest_share(example.code) for example in load_dataset("secllmholmes", secllmholmes)}
    assert {path: share for path, share in shares.items() if share > SHARED} == {}


def test_no_line_of_the_neutral_code_stands_in_the_training_or_the_embedded_corpus() -> None:
    rng = Random("neutral")
    programs = [code for twin in twins() for code in (twin.vulnerable, twin.patched)]
    pairs = [generate_pair(rng, cwe, family) for cwe in CWES for family in families(cwe) for _ in range(12)]
    programs += [code for pair in pairs for code in (pair.vulnerable.code, pair.patched.code, distractors(rng, pair))]
    programs += [example.code for example in load_dataset("verified")]
    elsewhere = frozenset[str]().union(*(lines_of(code, FEW) for code in programs))
    shared = {file.name: {line for line in lines_of(file.code, FEW) & elsewhere if not ANYWHERE.match(line)} for file in load_neutral()}
    assert {name: lines for name, lines in shared.items() if lines} == {}
    twin = next(iter(twins())).patched
    assert [line for line in lines_of(twin, FEW) & elsewhere if not ANYWHERE.match(line)], "a copied program would be found"
