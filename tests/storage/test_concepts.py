"""Pairs of one's own: a JSONL file or a folder, any concept, and errors that name line and field."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import DataError
from harness.records import Example, Question
from harness.storage.datasets import contrast_pairs, data_hash, dataset_name, load_dataset, load_fitting

LINE = {"scenario": "refund", "question": "Is it polite?", "positive": "Thank you, we will.", "negative": "No. Go away."}
Written = Callable[..., str]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """The path of a JSONL file with these lines."""

    def write(*lines: dict[str, Any] | str) -> str:
        path = tmp_path / "polite.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
        return str(path)

    return write


def facts(examples: list[Example]) -> list[tuple[str, str, str, str, str]]:
    return [(one.cwe, one.scenario, one.label, one.language, one.code) for one in examples]


def test_a_line_is_a_pair_and_its_positive_half_stands_where_vulnerable_code_stands(written: Written) -> None:
    found = load_dataset(written(LINE))
    assert facts(found) == [
        ("polite", "refund", "vulnerable", "text", "Thank you, we will."),
        ("polite", "refund", "patched", "text", "No. Go away."),
    ]
    assert [one.path for one in found] == ["polite/refund/positive", "polite/refund/negative"]
    assert len(contrast_pairs(found).pairs) == 1
    assert load_fitting(written(LINE)) == found


@pytest.mark.parametrize(("asks", "meaning"), [("positive", "vulnerable"), ("negative", "safe")])
def test_the_data_say_what_yes_means(written: Written, asks: str, meaning: str) -> None:
    (example, _) = load_dataset(written(LINE | {"asks": asks, "instruction": "Be kind."}))
    assert example.question == Question(asks=meaning, text="Is it polite?", instruction="Be kind.")  # type: ignore[arg-type]


def test_lines_may_be_of_several_concepts_and_variants(written: Written) -> None:
    other = LINE | {"concept": "formal", "positive": "Yours faithfully.", "negative": "cheers"}
    variant = LINE | {"variant": "shouted", "positive": "THANK YOU.", "negative": "GO AWAY."}
    found = load_dataset(written(LINE, "", other, variant))
    assert [(one.cwe, one.variant) for one in found[::2]] == [("polite", "original"), ("formal", "original"), ("polite", "shouted")]
    assert len({one.path for one in found}) == 6


def test_a_cwe_needs_no_question_since_the_harness_has_some(written: Written) -> None:
    line = {"concept": "CWE-787", "language": "c", "scenario": "copy", "positive": "strcpy(a, b);", "negative": "strlcpy(a, b, n);"}
    assert {one.question for one in load_dataset(written(line))} == {None}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: no JSON .*; write one object a line"),
        ("[1]", "line 2: list instead of an object"),
        (LINE | {"scenario": "b", "positive": 3}, "line 2: field 'positive' is 3 and no text"),
        (LINE | {"scenario": "b", "negative": " "}, "line 2: field 'negative' is ' ' and no text"),
        ({"scenario": "b", "positive": "a", "question": "?"}, "line 2: field 'negative' is missing"),
        ({"scenario": "b", "positive": "a", "negative": "b"}, "line 2: field 'question' is missing"),
        (LINE | {"questoin": "?"}, "line 2: field 'questoin' is unknown; a pair has scenario, positive, negative, variant"),
        (LINE | {"concept": "Very polite"}, "line 2: field 'concept' is 'Very polite'; use small letters"),
        (LINE | {"concept": "cwe787"}, "line 2: field 'concept' is 'cwe787'; use small letters"),
        (LINE | {"asks": "yes"}, "line 2: field 'asks' is 'yes'; \"Yes\" means 'positive' or 'negative'"),
        (LINE | {"positive": "x", "negative": "y"}, "line 2: the same pair as in .*line 1"),
        (LINE | {"scenario": "b", "negative": "z"}, "line 2: the same text as in .*line 1"),
        (LINE | {"scenario": "b", "positive": "z", "negative": "z "}, "line 2: the same text as in .*line 2"),
    ],
)
def test_an_error_names_line_and_field(written: Written, line: dict[str, Any] | str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_dataset(written(LINE, line))


def test_a_file_of_nothing_is_refused(written: Written) -> None:
    with pytest.raises(DataError, match="holds no pair"):
        load_dataset(written(""))


def test_splits_and_another_folder_are_refused_for_a_path(written: Written) -> None:
    with pytest.raises(DataError, match="leave --dataset-dir and --split out"):
        load_dataset(written(LINE), split="variants")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pairs, one of them Python."""
    root = tmp_path / "Polite-replies"
    for half, text in (("positive", "thanks"), ("negative", "no")):
        (root / half).mkdir(parents=True)
        (root / half / "refund.txt").write_text(text)
        (root / half / "bot.py").write_text(f"print('{text}!')\n")
    (root / "concept.toml").write_text('concept = "polite"\nquestion = "Is it polite?"\n')
    return root


def test_files_of_the_same_name_are_a_pair(folder: Path) -> None:
    assert facts(load_dataset(str(folder))) == [
        ("polite", "bot", "vulnerable", "python", "print('thanks!')\n"),
        ("polite", "bot", "patched", "python", "print('no!')\n"),
        ("polite", "refund", "vulnerable", "text", "thanks"),
        ("polite", "refund", "patched", "text", "no"),
    ]


def test_a_file_without_its_partner_is_named(folder: Path) -> None:
    (folder / "negative" / "bot.py").unlink()
    with pytest.raises(DataError, match=r"negative/bot\.py is missing"):
        load_dataset(str(folder))


def test_a_description_keeps_to_what_all_its_pairs_share(folder: Path) -> None:
    (folder / "concept.toml").write_text('scenario = "one"\n')
    with pytest.raises(DataError, match=r"concept\.toml: field 'scenario' is unknown; it may hold concept, question"):
        load_dataset(str(folder))


@pytest.mark.parametrize(
    ("dataset", "name"),
    [("verified", "verified"), ("data/My-pairs v2.jsonl", "mypairsv2"), ("./polite/", "polite"), ("/x/%%%.jsonl", "data")],
)
def test_a_path_has_a_name_without_a_dash_so_that_k_selects_it(dataset: str, name: str) -> None:
    assert dataset_name(dataset) == name


def test_another_question_is_other_data(written: Written) -> None:
    one, other = (data_hash(load_dataset(written(LINE | {"question": question}))) for question in ("Is it polite?", "Is it kind?"))
    assert one != other
