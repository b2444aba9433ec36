"""What stands in front of a pair: no weakness of the pair's kind, the same language, and lengths from one screen to many."""

import ast
import re
from random import Random

import pytest
from transformers import AutoTokenizer

from harness.prompts import WEAKNESSES
from training.distractors import LONGEST, OTHERS, distractors
from training.programs import CWES, generate_pair
from training.train import NANO


@pytest.mark.parametrize("cwe", CWES)
def test_distractors_are_code_of_the_same_language_and_not_too_long(cwe: str) -> None:
    for seed in range(30):
        rng = Random(f"{cwe} {seed}")
        pair = generate_pair(rng, cwe)
        code = distractors(rng, pair)
        assert len(code) <= LONGEST
        if pair.vulnerable.language == "python":
            ast.parse(code)
        else:
            assert not re.search(r"^(?:def|import|from|class) ", code, re.MULTILINE)


def test_a_weakness_is_never_a_distractor_of_itself() -> None:
    assert set(OTHERS) == set(WEAKNESSES)
    for cwe, others in OTHERS.items():
        assert cwe not in others
        assert set(others) < set(WEAKNESSES)
    # What wraps may be a size that is written beyond, a command may be given the name of a file, and every kind of C program may follow
    # what an allocation returned.
    assert "CWE-190" not in OTHERS["CWE-787"]
    assert "CWE-77" not in OTHERS["CWE-22"]
    assert OTHERS["CWE-476"] == ()


def test_programs_with_what_stands_in_front_reach_from_80_tokens_to_a_thousand() -> None:
    tokenizer = AutoTokenizer.from_pretrained(NANO)
    rng = Random("lengths")
    lengths = []
    for at in range(400):
        pair = generate_pair(rng, CWES[at % len(CWES)])
        before = distractors(rng, pair) if at % 4 == 0 else ""
        lengths.append(len(tokenizer.encode(before + pair.patched.code)))
    lengths.sort()
    assert lengths[4] < 80
    assert lengths[-5] > 1000
    assert lengths[-1] < 1800
