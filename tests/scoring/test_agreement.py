"""The reader against independent readings of real responses, and what its weights are learnt from."""

import gzip
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.records import Verdict
from harness.scoring.agreement import PAGE, answers_of, judge_all, page_of
from harness.scoring.fitting import features_of, fit_weights, keep_weights
from harness.scoring.learnt import FILE, VERDICTS, stored_weights
from harness.scoring.recorded import FOLDER_VARIABLE, Recorded, read_recorded, recorded_file
from harness.scoring.verdicts import read_verdict
from harness.scoring.weaknesses import mark_weaknesses

CWES = ("CWE-22", "CWE-77", "CWE-79", "CWE-89", "CWE-190", "CWE-416", "CWE-476", "CWE-787")
FLOORS = {"starchat-beta": 0.91}
"""Share of agreement a model must reach, where it is not .93: a tenth of what this one wrote claims nothing, or is code alone."""


@pytest.fixture(scope="module")
def recorded() -> list[Recorded]:
    if not recorded_file().is_file():
        pytest.skip(f"recorded responses are not at {recorded_file()}; set {FOLDER_VARIABLE} to their folder")
    return read_recorded()


def shares_of_the_page() -> dict[str, list[float]]:
    """Model to the four shares of its row: rules, reader, reader without broken readings, reader not told the weakness."""
    rows = re.findall(r"^\| (\S+) \| [\d,]+ \| (.*%) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {model: [float(share.rstrip("%")) / 100 for share in shares.split(" | ")] for model, shares in rows}


def test_the_committed_page_shows_the_agreement_that_is_asked_for() -> None:
    shares = shares_of_the_page()
    assert len(shares) == 8
    assert shares["all"][2] >= 0.96
    for model, (_, reader, _, _) in shares.items():
        assert reader >= FLOORS.get(model, 0.93), model


def test_few_responses_that_tell_a_weakness_are_read_secure_by_the_committed_page() -> None:
    rows = re.findall(r"^\| \S+ \| vulnerable \| (\d+) \| (\d+) \| (\d+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 7
    assert sum(int(secure) for _, secure, _ in rows) / 12_924 <= 0.017


@pytest.mark.heavy
def test_the_page_is_what_leaving_each_model_out_gives(recorded: list[Recorded]) -> None:
    answers = answers_of(recorded)
    judged = judge_all(recorded, answers, features_of(recorded, answers), say=lambda _: None)
    for model, shares in shares_of_the_page().items():
        whole = [one for one in judged if model in ("all", one.recorded.model)]
        agreed = sum(one.known == one.recorded.verdict for one in whole) / len(whole)
        assert agreed == pytest.approx(shares[1], abs=0.001), model
    assert page_of(judged).splitlines()[:4] == PAGE.read_text(encoding="utf-8").splitlines()[:4]


def test_the_reader_of_the_package_agrees_on_a_sample_of_real_responses(recorded: list[Recorded]) -> None:
    sample = [one for one in recorded[::24] if one.verdict is not None]
    agreed, read = Counter[str](), Counter[str]()
    for one in sample:
        read[one.model] += 1
        agreed[one.model] += read_verdict(one.text, cwe=one.cwe).verdict == one.verdict
    assert read.total() > 500
    assert agreed.total() / read.total() >= 0.96
    assert min(agreed[model] / read[model] for model in read) >= 0.91


def response(model: str, cwe: str, verdict: Verdict, text: str) -> Recorded:
    return Recorded(model=model, cwe=cwe, misasked=False, text=text, reading=verdict, verdict=verdict)


OPENINGS = ("The function copies its argument into a local array and returns the length. ", "It then walks over every entry of the list. ")
MADE_UP = [
    response(model, cwe, verdict, "".join(OPENINGS) + ending)
    for model in ("a", "b", "c", "d")
    for cwe in CWES
    for verdict, ending in (
        (Verdict.VULNERABLE, "Nothing keeps an intruder from steering it wherever he likes."),
        (Verdict.SECURE, "Everything that comes from abroad is looked at with care before."),
        (Verdict.UNDECIDED, "Whoever wants to know must wait until somebody has tried it."),
    )
]


def test_weights_learnt_without_a_model_do_not_depend_on_it() -> None:
    told = dict(zip(VERDICTS, (*VERDICTS[1:], VERDICTS[0]), strict=True))
    other = [replace(one, verdict=told[one.verdict]) if one.model == "d" and one.verdict else one for one in MADE_UP]
    answers = answers_of(MADE_UP)
    assert fit_weights(MADE_UP, features_of(MADE_UP, answers), without="d") == fit_weights(other, features_of(other, answers), without="d")
    assert fit_weights(MADE_UP, features_of(MADE_UP, answers)) != fit_weights(other, features_of(other, answers))


def test_weights_are_not_learnt_where_a_verdict_is_missing() -> None:
    certain = [one for one in MADE_UP if one.verdict is not Verdict.UNDECIDED]
    with pytest.raises(DataError, match="none of 64 responses to learn from reads undecided"):
        fit_weights(certain, features_of(certain, answers_of(certain)))


def test_weights_tell_apart_what_they_were_learnt_from_and_point_at_the_sentence() -> None:
    answers = answers_of(MADE_UP)
    weights = fit_weights(MADE_UP, features_of(MADE_UP, answers))
    for one, answer in zip(MADE_UP, answers, strict=True):
        reading = answer.read(weights)
        assert reading.verdict is one.verdict
        assert reading.evidence == one.text.removeprefix("".join(OPENINGS))


def test_weights_come_back_from_their_file_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = fit_weights(MADE_UP, features_of(MADE_UP, answers_of(MADE_UP)))
    keep_weights(weights, tmp_path / "weights.json")
    monkeypatch.setattr("harness.scoring.learnt.FILE", tmp_path / "weights.json")
    assert stored_weights.__wrapped__() == weights
    (tmp_path / "weights.json").write_text('{"verdicts": ["yes", "no"]}')
    with pytest.raises(DataError, match="make it anew"):
        stored_weights.__wrapped__()


def test_the_stored_weights_know_no_weakness_by_its_name_and_no_name_from_code() -> None:
    features = stored_weights().features
    assert len(features) > 1000
    assert [name for name in features if not name.startswith("=") and mark_weaknesses(name, None) != name] == []
    assert [name for name in features if re.search(r"\w_\w|\w\(\)|\d", name) and not name.startswith("=")] == []
    assert FILE.stat().st_size < 1_000_000


def test_a_file_of_responses_is_read_with_its_weakness_and_its_reading(tmp_path: Path) -> None:
    lines = [
        {"experiment": "prompts", "model": "m", "path": ["cwe-89", "1.py", "promptS1"], "content": "No.", "pred": "No"},
        {"experiment": "real-world", "model": "m", "path": "['linux', 'CVE-2023-42753', 'vuln', 'ZS']", "content": None, "pred": "n/a"},
        {
            "experiment": "robustness/non-trivial",
            "model": "m",
            "path": ["ZS", "A4", "1", "cwe-416", "1.c"],
            "content": "?",
            "pred": "eason:",
        },
    ]
    with gzip.open(tmp_path / "responses.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    first, second, third = read_recorded(tmp_path)
    assert (first.cwe, first.verdict, first.misasked) == ("CWE-89", Verdict.SECURE, False)
    assert (second.cwe, second.verdict, second.text) == ("CWE-190", Verdict.UNDECIDED, "")
    assert (third.cwe, third.verdict, third.misasked, third.reading) == ("CWE-416", None, True, "eason:")


def test_a_folder_without_responses_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=FOLDER_VARIABLE):
        read_recorded(tmp_path)
