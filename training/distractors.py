"""Code to stand in front of a pair, the same for both halves: plain, right, or with a weakness of another kind."""

from random import Random

from training.programs import ProgramPair, generate_benign, generate_pair
from training.twins import trained_twins, vary

LONGEST = 2600
"""Characters of distracting code, all pieces together."""
_IN_C = ("CWE-190", "CWE-416", "CWE-476", "CWE-787")
OTHERS = {
    "CWE-22": ("CWE-79", "CWE-89", *_IN_C),
    "CWE-77": ("CWE-22", "CWE-79", "CWE-89", *_IN_C),
    "CWE-79": ("CWE-22", "CWE-77", "CWE-89"),
    "CWE-89": ("CWE-22", "CWE-77", "CWE-79"),
    "CWE-190": ("CWE-22", "CWE-77"),
    "CWE-416": ("CWE-190", "CWE-476", "CWE-787"),
    "CWE-476": (),
    "CWE-787": ("CWE-416", "CWE-476"),
}
"""Weaknesses whose programs, vulnerable or not, don't have this one. An allocation that nobody tests and a sum that may wrap stand in
programs of many kinds, what wraps is often a size that is then written beyond, and a command is often given the name of a file."""


def distractors(rng: Random, pair: ProgramPair) -> str:
    """One to five pieces of code in the pair's language, none with the pair's weakness, each with an empty line behind it."""
    code = ""
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        piece = f"{_piece(rng, pair).rstrip()}\n\n"
        if len(code) + len(piece) > LONGEST:
            break
        code += piece
    return code


def _piece(rng: Random, pair: ProgramPair) -> str:
    cwe, language = pair.vulnerable.cwe, pair.vulnerable.language
    roll = rng.random()
    if roll < 0.3 and OTHERS[cwe]:
        return _of_another(rng, cwe, language)
    if roll < 0.55 and (twins := [twin for twin in trained_twins(cwe) if twin.language == language]):
        return vary(rng, rng.choice(twins)).patched.code
    return generate_benign(rng, language)


def _of_another(rng: Random, cwe: str, language: str) -> str:
    """Either half of a generated pair of another CWE."""
    while True:
        other = generate_pair(rng, rng.choice(OTHERS[cwe]))
        if other.vulnerable.language == language:
            return rng.choice((other.vulnerable, other.patched)).code
