import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import DataError, EffectError
from harness.records import ContrastPair, Example
from harness.scoring.rationale import rouge1_precision, score_rationale
from harness.scoring.stored import key_of
from harness.storage.datasets import load_dataset

VULNERABLE = Example(
    dataset="written here",
    split="test",
    cwe="CWE-787",
    label="vulnerable",
    scenario="cwe787/1",
    variant="original",
    language="c",
    code="void fill(char *cells, int count) {\n    for (int i = 0; i <= count; i++)\n        cells[i] = 0;\n}\n",
    rationale="The loop in `fill` runs to `count` and not below it, so the last write to `cells` is past the end.",
    sha256="0" * 64,
    path="1.c",
)
PATCHED = replace(VULNERABLE, label="patched", code=VULNERABLE.code.replace("<=", "<"), sha256="1" * 64, path="p_1.c")
PAIR = ContrastPair(vulnerable=VULNERABLE, patched=PATCHED)


class Fixed:
    """An embedder that gives what it was made with and keeps what it was asked."""

    def __init__(self, vectors: Sequence[Sequence[float]]) -> None:
        self.vectors, self.asked = vectors, [""]

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked = list(texts)
        return np.array(self.vectors, dtype=np.float32)


def test_published_rouge_values_come_out_equal(secllmholmes: Path, recorded_responses: Path) -> None:
    rationales = {key_of(example.path): example.rationale for example in load_dataset("secllmholmes", secllmholmes, "hand-crafted")}
    equal: Counter[str] = Counter()
    with gzip.open(recorded_responses / "responses.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            rationale = rationales.get(tuple(row["path"])) if row["experiment"] == "benchmark" else None
            if rationale is not None:
                equal[row["model"]] += rouge1_precision(row["reason"], rationale) == row["rouge"]
    assert equal == {"gpt-3.5-turbo": 48, "gpt-4": 48, "gpt-4o-2024-11-20": 48, "o1": 48}


def test_rouge_is_the_share_of_the_rationales_stems_that_the_reason_holds() -> None:
    # of the, loop, wrote, past, the, buffer the reason holds one "the", "loop", "past" and "buffer"
    assert rouge1_precision("The loop writes past buffers", "the loops wrote past the buffer") == 4 / 6
    assert rouge1_precision("The loop writes past buffers " + "and more " * 50, "the loops wrote past the buffer") == 4 / 6
    assert rouge1_precision("", "the loops wrote past the buffer") == 0


def test_a_reason_is_scored_by_what_it_names() -> None:
    score = score_rationale("On line 2 count is still reached, so `cells[i]` on line 3 is an out-of-bounds write.", VULNERABLE, pair=PAIR)
    assert score.names_cwe
    assert score.variables == ("cells",)  # `i` is not in the rationale, and `count` is unquoted in a text that quotes
    assert score.lines == (2,)
    assert score.similarity is None


def test_a_reason_that_names_nothing_scores_empty_and_not_missing() -> None:
    score = score_rationale("It looks wrong.", VULNERABLE, pair=PAIR)
    assert (score.names_cwe, score.variables, score.lines) == (False, (), ())


def test_lines_are_missing_without_a_pair() -> None:
    assert score_rationale("On line 2.", VULNERABLE).lines is None


def test_the_patched_half_is_scored_by_the_line_that_mends_it() -> None:
    patched = replace(PATCHED, code="\n" + PATCHED.code)
    pair = ContrastPair(vulnerable=VULNERABLE, patched=patched)
    assert score_rationale("Lines 2 to 4 are fine.", patched, pair=pair).lines == (3,)


def test_similarity_is_the_cosine_of_reason_and_rationale() -> None:
    embedder = Fixed([[2.0, 0.0], [1.0, 1.0]])
    score = score_rationale("It runs too far.", VULNERABLE, embedder=embedder)
    assert score.similarity == pytest.approx(np.cos(np.pi / 4))
    assert embedder.asked == ["It runs too far.", VULNERABLE.rationale]


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1.0, 0.0]], r"shape \(1, 2\)"),
        ([1.0, 0.0], r"shape \(2,\)"),
        ([[1.0, 0.0], [0.0, 0.0]], "norm 1.0 and 0.0"),
        ([[1.0, 0.0], [float("nan"), 0.0]], "norm 1.0 and nan"),
    ],
)
def test_embeddings_without_a_cosine_are_refused(vectors: Sequence[Sequence[float]], message: str) -> None:
    with pytest.raises(EffectError, match=message):
        score_rationale("It runs too far.", VULNERABLE, embedder=Fixed(vectors))


def test_an_example_without_a_rationale_is_refused() -> None:
    with pytest.raises(DataError, match=r"1\.c has no rationale"):
        score_rationale("Reason.", replace(VULNERABLE, rationale=None))


def test_the_pair_of_another_example_is_refused() -> None:
    with pytest.raises(DataError, match=r"2\.c is no half of the pair 1\.c, p_1\.c"):
        score_rationale("Reason.", replace(VULNERABLE, path="2.c"), pair=PAIR)
