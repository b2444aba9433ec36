"""The generated programs: pairs differ by the fix alone, parse, and do not give their label away by length or words."""

import ast
import re
import subprocess
from random import Random

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from harness.prompts import WEAKNESSES
from tests.training.sanitizing import PREAMBLE
from training.programs import CWES, HELD_OUT, families, generate_benign, generate_pair, reason_absent

EVERY_FAMILY = [(cwe, family) for cwe in CWES for family in families(cwe)]
SIZES_ELSEWHERE = {"outside_size"}  # ambiguous by leaving a size undefined

PLAIN_WORDS = {"a", "is", "in", "if", "for", "while", "not", "and", "or", "return", "at", "first", "last", "into", "free"}


def pairs(cwe, family, count):
    return [generate_pair(Random(f"{family}-{seed}"), cwe, family) for seed in range(count)]


def c_syntax_errors(code):
    command = ["gcc", "-fsyntax-only", "-w", "-std=gnu11", "-xc", "-"]
    return subprocess.run(command, input=PREAMBLE + code, text=True, capture_output=True, timeout=30).stderr


def test_every_weakness_has_twelve_families_or_more_and_some_are_held_out():
    assert set(CWES) == set(WEAKNESSES)
    for cwe in CWES:
        assert len(families(cwe)) >= 12
        assert HELD_OUT[cwe]
        assert set(HELD_OUT[cwe]) < set(families(cwe))


def test_languages_are_those_of_the_weakness():
    spoken = {cwe: {generate_pair(Random(0), cwe, family).vulnerable.language for family in families(cwe)} for cwe in CWES}
    assert spoken["CWE-22"] == spoken["CWE-77"] == {"c", "python"}
    assert spoken["CWE-79"] == spoken["CWE-89"] == {"python"}
    assert spoken["CWE-190"] == spoken["CWE-416"] == spoken["CWE-476"] == spoken["CWE-787"] == {"c"}


def test_one_seed_always_gives_one_pair():
    for cwe in CWES:
        assert generate_pair(Random(5), cwe) == generate_pair(Random(5), cwe)
        assert generate_benign(Random(5)) == generate_benign(Random(5))


def test_a_held_out_family_is_never_drawn_unasked():
    for cwe in CWES:
        drawn = {generate_pair(Random(seed), cwe).vulnerable.family for seed in range(300)}
        assert drawn == set(families(cwe)) - set(HELD_OUT[cwe])


def test_an_unknown_family_is_refused():
    with pytest.raises(KeyError):
        generate_pair(Random(0), "CWE-787", "no_such_family")


@pytest.mark.parametrize(("cwe", "family"), EVERY_FAMILY)
def test_the_halves_share_everything_but_the_fix(cwe, family):
    for pair in pairs(cwe, family, 40):
        vulnerable, patched = pair.vulnerable, pair.patched
        assert (vulnerable.label, patched.label) == ("vulnerable", "patched")
        assert vulnerable.reason_vulnerable == patched.reason_vulnerable
        shared = set(vulnerable.code.splitlines()) & set(patched.code.splitlines())
        assert len(shared) >= len(set(vulnerable.code.splitlines())) / 2
        assert vulnerable.code != patched.code
        for text in (vulnerable.code, patched.code, vulnerable.reason_vulnerable, patched.reason_patched):
            assert not re.search("[\x00-\x08]", text)
            assert 15 < len(text) <= 2200


@pytest.mark.parametrize(("cwe", "family"), [named for named in EVERY_FAMILY if named[1] not in SIZES_ELSEWHERE])
def test_programs_are_accepted_by_the_parser_of_their_language(cwe, family):
    for pair in pairs(cwe, family, 2):
        for program in (pair.vulnerable, pair.patched):
            if program.language == "python":
                ast.parse(program.code)
            else:
                assert not c_syntax_errors(program.code)


def test_benign_code_is_accepted_by_the_parser_of_its_language():
    for seed in range(40):
        ast.parse(generate_benign(Random(seed), "python"))
    for seed in range(6):
        assert not c_syntax_errors(generate_benign(Random(seed), "c"))


def test_reasons_name_something_of_the_program():
    for cwe, family in EVERY_FAMILY:
        for pair in pairs(cwe, family, 5):
            names = set(re.findall(r"\w+", pair.vulnerable.code + pair.patched.code)) - PLAIN_WORDS
            assert names & set(re.findall(r"\w+", pair.vulnerable.reason_vulnerable))
            assert not pair.vulnerable.reason_vulnerable.startswith(("Yes", "No,"))


def test_a_program_is_never_said_to_be_free_of_its_own_cwe():
    for cwe in CWES:
        for seed in range(100):
            assert reason_absent(generate_pair(Random(seed), cwe).vulnerable, cwe) is None


def test_a_program_that_frees_memory_is_not_called_free_of_use_after_free_for_freeing_none():
    for seed in range(300):
        program = generate_pair(Random(seed), "CWE-787").patched
        if re.search(r"\b(?:free|realloc)\(", program.code):
            assert reason_absent(program, "CWE-416") is None


def mixed_sample(cwe, count):
    rng = Random(11)
    programs = [program for pair in (generate_pair(rng, cwe) for _ in range(count)) for program in (pair.vulnerable, pair.patched)]
    return [program.code for program in programs], [program.label == "vulnerable" for program in programs]


@pytest.mark.parametrize("cwe", CWES)
def test_length_does_not_tell_the_label(cwe):
    codes, labels = mixed_sample(cwe, 800)
    assert abs(roc_auc_score(labels, [len(code) for code in codes]) - 0.5) < 0.06


def test_a_bag_of_words_hardly_tells_an_out_of_bounds_write():
    codes, labels = mixed_sample("CWE-787", 1500)
    words = CountVectorizer(token_pattern=r"\w+", min_df=3).fit_transform(codes)
    probe = LogisticRegression(max_iter=300, C=0.1).fit(words[:2000], labels[:2000])
    assert roc_auc_score(labels[2000:], probe.decision_function(words[2000:])) < 0.7
