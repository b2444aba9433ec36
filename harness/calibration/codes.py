"""The made-up code of a replicate: random letters, and one place where the two halves of a pair say FLAW and MENDED."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.errors import PlanError
from harness.records import ContrastPair, Example, Label

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FLAWS, MENDED = "!?;", "."
"""What a flaw looks like, one for each CWE, and what stands there when it is mended."""
FLAW = FLAWS[0]
LENGTH = 10
OWN = 3
"""Letters that each half of a pair draws for itself; the others it shares with its partner."""


@dataclass(frozen=True, kw_only=True)
class CodePair:
    """Both halves of a pair, LENGTH characters each."""

    scenario: str
    variant: str
    vulnerable: str
    patched: str


def draw_pairs(
    scenarios: int, rng: np.random.Generator, *, copies: int = 1, copies_as_scenarios: bool = False, flaw: str = FLAW
) -> list[CodePair]:
    """Random pairs. The halves differ in nothing but letters drawn alike, and in FLAW and MENDED.

    Args: scenarios, how many; copies, variants of each: one letter differs, the same one in both halves; copies_as_scenarios, whether
        every copy is passed off as a scenario of its own, as must not be done; flaw, one of FLAWS.
    Raises: PlanError for fewer than one of either.
    """
    if scenarios < 1 or copies < 1:
        raise PlanError(f"{scenarios} scenarios of {copies} copies hold no pair; give 1 or more of both")
    pairs = []
    for number in range(scenarios):
        for copy, (vulnerable, patched) in enumerate(_copies(_halves(rng, flaw), copies, rng)):
            name = f"s{number:03}" + (f"-{copy}" if copies_as_scenarios else "")
            variant = "original" if copy == 0 or copies_as_scenarios else f"copy-{copy}"
            pairs.append(CodePair(scenario=name, variant=variant, vulnerable=vulnerable, patched=patched))
    return pairs


def _halves(rng: np.random.Generator, flaw: str) -> tuple[list[str], list[str]]:
    shared = list(rng.choice(list(LETTERS), size=LENGTH))
    places = rng.permutation(LENGTH)
    own = rng.choice(list(LETTERS), size=(2, OWN))
    while (own[0] == own[1]).all():  # halves that are the same file are no pair, and the product refuses them
        own = rng.choice(list(LETTERS), size=(2, OWN))
    halves = []
    for character, letters in zip((flaw, MENDED), own.tolist(), strict=True):
        half = [str(letter) for letter in shared]
        for place, letter in zip(places[1 : 1 + OWN], letters, strict=True):
            half[place] = letter
        half[places[0]] = character
        halves.append(half)
    return halves[0], halves[1]


def _copies(halves: tuple[list[str], list[str]], copies: int, rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    alike = [place for place in range(LENGTH) if halves[0][place] == halves[1][place]]
    for copy in range(copies):
        changed = [half.copy() for half in halves]
        if copy:
            place, letter = int(rng.choice(alike)), str(rng.choice(list(LETTERS)))
            for half in changed:
                half[place] = letter
        yield "".join(changed[0]), "".join(changed[1])


def contrast_pair(pair: CodePair, cwe: str, *, flawless: bool = False) -> ContrastPair:
    """The pair as the product's records hold it. flawless: FLAW shown as MENDED, for what must not see what was planted."""

    def example(label: Label, code: str) -> Example:
        shown = code.translate(dict.fromkeys(map(ord, FLAWS), MENDED)) if flawless else code
        return Example(
            dataset="made-up",
            split="all",
            cwe=cwe,
            label=label,
            scenario=pair.scenario,
            variant=pair.variant,
            language="c",
            code=shown,
            rationale=None,
            sha256=hashlib.sha256(shown.encode()).hexdigest(),
            path=f"{pair.scenario}/{pair.variant}/{label}.c",
        )

    return ContrastPair(vulnerable=example("vulnerable", pair.vulnerable), patched=example("patched", pair.patched))
