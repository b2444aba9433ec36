"""The probe that residuals must beat, on code whose length or words give the label away and on code that gives nothing away."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from harness.errors import DirectionError
from harness.numerics.surface import TOKENS, surface_accuracy, surface_points, surface_probe
from harness.records import ContrastPair, Example

NAMES = ("count", "limit", "index", "total", "width", "depth", "row", "slot", "size", "step", "first", "last")


def pair(scenario: str, vulnerable: str, patched: str, variant: str = "original") -> ContrastPair:
    halves = {
        label: Example(
            dataset="made up", split="made up", cwe="CWE-787", label=label, scenario=scenario, variant=variant, language="c",
            code=code, rationale=None, sha256=code, path=f"{scenario}/{variant}/{label}.c",
        )
        for label, code in (("vulnerable", vulnerable), ("patched", patched))
    }  # fmt: skip
    return ContrastPair(**halves)


def body(seed: int, lines: int = 6) -> str:
    """Assignments between a few names, no two seeds alike."""
    rng = np.random.default_rng(seed)
    return "".join(f"{rng.choice(NAMES)} = {rng.choice(NAMES)} + {rng.integers(9)};\n" for _ in range(lines))


def test_an_operator_that_only_the_flawed_half_has_tells_every_pair() -> None:
    pairs = [pair(f"s{row}", body(row) + "if (a <= b) run();", body(row) + "if (a < b) run();") for row in range(8)]
    assert surface_accuracy(pairs) == 1.0


def test_length_alone_tells_every_pair_where_the_words_are_the_same() -> None:
    """Blank lines are no words."""
    pairs = [pair(f"s{row}", body(row, 6), body(row, 6) + "\n\n\n\n") for row in range(8)]
    assert surface_accuracy(pairs) == 1.0
    words = CountVectorizer(token_pattern=TOKENS, lowercase=False).fit([body(0)])
    assert (words.transform([body(0)]) != words.transform([body(0) + "\n\n\n\n"])).nnz == 0


def test_words_that_no_other_scenario_has_decide_nothing() -> None:
    pairs = [pair(f"s{row}", body(row) + f"x{row} = 1;", body(row) + f"y{row} = 1;") for row in range(8)]
    assert surface_points(pairs) == {f"s{row}": 1 for row in range(8)}
    assert surface_accuracy(pairs) == 0.5


def test_a_scenario_is_told_by_what_the_others_show_and_not_by_itself() -> None:
    """Seven scenarios have `<=` in the vulnerable half, the eighth in the patched one: it alone is told wrong."""
    halves = [(body(row) + "a <= b;", body(row) + "a < b;") for row in range(8)]
    pairs = [pair(f"s{row}", *(half[::-1] if row == 5 else half)) for row, half in enumerate(halves)]
    assert surface_points(pairs) == {f"s{row}": 0 if row == 5 else 2 for row in range(8)}


def test_a_scenario_with_many_variants_weighs_no_more_than_another() -> None:
    """In one scenario the sign is the other way round, in thirty variants; by count it would outvote the three others."""
    pairs = [pair(f"s{row}", body(row) + "a <= b;", body(row) + "a < b;") for row in range(4)]
    turned = [pair("turned", body(9) + "a < b;", body(9) + "a <= b;", variant=f"v{copy}") for copy in range(30)]
    assert surface_points([*pairs, *turned]) == {**{f"s{row}": 2 for row in range(4)}, "turned": 0}


def test_identifiers_numbers_and_operators_are_words() -> None:
    assert CountVectorizer(token_pattern=TOKENS, lowercase=False).build_tokenizer()("p->Len >>= n_1 && (x<=2);") == [
        "p", "->", "Len", ">>=", "n_1", "&&", "(", "x", "<=", "2", ")", ";",
    ]  # fmt: skip


def test_the_class_that_scores_high_is_the_vulnerable_one() -> None:
    probe = surface_probe().fit(["a <= b", "a < b"] * 3, [True, False] * 3)
    assert probe.decision_function(["c <= d"])[0] > probe.decision_function(["c < d"])[0]


def test_one_scenario_can_not_be_left_out() -> None:
    with pytest.raises(DirectionError, match="1 scenario can't be left out"):
        surface_accuracy([pair("s", "a", "b"), pair("s", "c", "d", variant="v")])
