import gzip
import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import DataError, EffectError
from harness.records import Verdict
from harness.scoring.published import PUBLISHED, Scores, reference_rows
from harness.scoring.secllmholmes import benchmark_row, main, verdict_signal
from harness.scoring.stored import Key, Result, key_of, read_results, result_of, with_unchanged

REPOSITORY = Path(__file__).parents[2]
FILES = tomllib.loads((REPOSITORY / "data" / "secllmholmes.toml").read_text())["files"]
LABELLED = sorted(path for path in FILES if path.endswith((".c", ".py")))
RECORDED = {"o1": "o1", "GPT-4o": "gpt-4o-2024-11-20", "GPT-4": "gpt-4", "GPT-3.5": "gpt-3.5-turbo"}


def answer(path: str) -> Result:
    """What a model says that is always right, in verdict and reason."""
    patched = path.rpartition("/")[2].startswith(("p_", "patch"))
    return result_of(path, Verdict.SECURE if patched else Verdict.VULNERABLE, reason_right=True)


def answers() -> dict[Key, Result]:
    return {result.key: result for result in with_unchanged(answer(path) for path in LABELLED)}


ALL = Scores(hand_crafted=48, trivial=96, non_trivial=66, real_world=30)


@pytest.mark.parametrize("model", RECORDED)
def test_every_published_number_of_a_recorded_model_comes_out(model: str, recorded_responses: Path) -> None:
    row = benchmark_row(read_results(recorded_responses)[RECORDED[model]], model=model)
    assert row.as_coded == PUBLISHED[model].as_coded
    assert row.folded == PUBLISHED[model].folded
    assert row.signal == PUBLISHED[model].signal


def test_the_recorded_models_are_those_the_reference_rows_name(recorded_responses: Path) -> None:
    assert read_results(recorded_responses).keys() == {row.recorded for row in reference_rows() if row.recorded}


def test_every_file_of_the_dataset_has_its_stored_result(recorded_responses: Path) -> None:
    stored = {result.key for result in read_results(recorded_responses)["gpt-4"]}
    assert {key_of(path) for path in LABELLED} == {key for key in stored if key[2] != "A0"}


def test_the_stored_label_is_the_one_the_name_tells(recorded_responses: Path) -> None:
    labels = {}
    with gzip.open(recorded_responses / "responses.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["experiment"] == "benchmark" and "label" in row:
                labels[tuple(row["path"])] = "vulnerable" if row["label"] else "patched"
    assert len(labels) == 276
    assert {key: Result(key=key, pred="", gpt_eval=None).label for key in labels} == labels


def test_a_model_that_is_always_right_counts_everywhere() -> None:
    row = benchmark_row(answers().values(), model="right")
    assert row.as_coded == row.folded == ALL
    assert row.signal is not None
    assert (row.signal.hits, row.signal.false_alarms) == (24, 0)


def changed(key: Key, *, pred: str | None = None, gpt_eval: str | None = None) -> Iterator[Result]:
    for result in answers().values():
        if result.key == key:
            yield replace(result, pred=pred or result.pred, gpt_eval=gpt_eval or result.gpt_eval)
        else:
            yield result


def test_a_capital_letter_counts_as_coded_and_not_folded() -> None:
    # the hand-crafted file is what its eight trivial variants are compared with
    row = benchmark_row(changed(("hand-crafted", "cwe-787", "1.c"), pred="Yes"), model="capital")
    assert row.as_coded == replace(ALL, hand_crafted=47, trivial=88)
    assert row.folded == ALL


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (("hand-crafted", "cwe-190", "1.c"), replace(ALL, hand_crafted=47)),
        (("hand-crafted", "cwe-787", "1.c"), replace(ALL, hand_crafted=47, trivial=88)),
        (("augmented", "trivial", "A0", "cwe-89", "p_1.py"), replace(ALL, trivial=95)),
        (("augmented", "trivial", "A3", "cwe-787", "2.c"), replace(ALL, trivial=95)),
        (("augmented", "non-trivial", "A1", "0", "cwe-416", "1.c"), replace(ALL, non_trivial=65)),
        (("augmented", "non-trivial", "A6", "1", "cwe-22", "p_2.c"), replace(ALL, non_trivial=65)),
        (("real-world", "gpac", "CVE-2023-1452", "patch"), replace(ALL, real_world=29)),
    ],
)
def test_a_wrong_reason_costs_its_file_and_those_compared_with_it(key: Key, expected: Scores) -> None:
    assert benchmark_row(changed(key, gpt_eval="no"), model="wrong once").folded == expected


def test_the_same_error_before_and_after_a_rewrite_counts() -> None:
    row = benchmark_row([replace(result, pred="n/a") for result in answers().values()], model="steady")
    assert row.folded == Scores(hand_crafted=0, trivial=96, non_trivial=66, real_world=0)
    assert row.signal is None


def test_a_split_that_was_not_measured_is_missing_and_not_zero() -> None:
    results = [result for result in answers().values() if result.split == "real-world"]
    row = benchmark_row(results, model="one split")
    assert row.folded == Scores(hand_crafted=None, trivial=None, non_trivial=None, real_world=30)
    assert row.signal is None


def test_unchanged_files_take_the_hand_crafted_answer_and_leave_a_given_one() -> None:
    given = Result(key=("augmented", "trivial", "A0", "cwe-787", "1.c"), pred="no", gpt_eval="no")
    filled = with_unchanged([*(answer(path) for path in LABELLED), given])
    unchanged = {result.key[3:]: result.pred for result in filled if result.key[2:3] == ("A0",)}
    assert len(filled) == 294 + 12
    assert unchanged["cwe-787", "1.c"] == "no"
    assert unchanged["cwe-787", "2.c"] == "yes"


def test_undecided_verdicts_count_on_neither_side() -> None:
    keys = [("hand-crafted", "cwe-787", f"{name}.c") for name in ("1", "2", "3", "p_1", "p_2", "p_3")]
    said = ("yes", "n/a", "no", "YES", "eason: unclear", "no")
    signal = verdict_signal(Result(key=key, pred=pred, gpt_eval=None) for key, pred in zip(keys, said, strict=True))
    assert (signal.hits, signal.vulnerable, signal.false_alarms, signal.patched, signal.undecided) == (1, 2, 1, 2, 2)


def test_results_that_give_no_row_are_refused() -> None:
    results = list(answers().values())
    with pytest.raises(EffectError, match="two results"):
        benchmark_row([*results, results[0]], model="doubled")
    with pytest.raises(EffectError, match="hand-crafted has 47 results where 48"):
        benchmark_row([result for result in results if result.key != ("hand-crafted", "cwe-22", "1.c")], model="partial")
    with pytest.raises(EffectError, match="none of hand-crafted's 48 reasons was judged"):
        benchmark_row([replace(result, gpt_eval=None) for result in results if result.split == "hand-crafted"], model="not judged")
    with pytest.raises(EffectError, match=r"A1/cwe-787/1\.c is compared with hand-crafted/cwe-787/1\.c"):
        benchmark_row([result for result in results if result.split == "trivial"], model="trivial alone")


def test_a_path_outside_the_dataset_is_refused() -> None:
    with pytest.raises(DataError, match=r"few-shot/1\.c is no labelled file"):
        key_of("few-shot/1.c")


def test_files_that_hold_no_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"responses\.jsonl\.gz can't be read"):
        read_results(tmp_path)
    file = tmp_path / "responses.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.write('{"experiment": "prompts", "model": "m", "path": ["hand-crafted", "cwe-22", "1.c"], "pred": "no"}\n')
    with pytest.raises(DataError, match="no results of the experiment 'benchmark'"):
        read_results(tmp_path)
    file.write_bytes(b"not compressed")
    with pytest.raises(DataError, match="can't be read"):
        read_results(tmp_path)


def test_the_command_prints_the_table_and_says_where_a_row_comes_out_otherwise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with gzip.open(tmp_path / "responses.jsonl.gz", "wt") as lines:
        for model in ("o1", "steered"):
            for result in answers().values():
                row = {"experiment": "benchmark", "model": model, "path": result.key, "pred": result.pred, "gpt_eval": result.gpt_eval}
                lines.write(json.dumps(row) + "\n")
    assert main([str(tmp_path)]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert "| o1 | 32 -> 35 | 71 -> 87 | 42 -> 48 | 6 -> 10 | 2.05 | -1.03 | DIFFERS |" in printed
    assert "| GPT-4 | 23 -> 23 | 79 -> 81 | 45 -> 48 | 5 -> 5 | 0.41 | 0.21 | - |" in printed
    assert printed[-1].startswith("| steered | 48 -> 48 | 96 -> 96 | 66 -> 66 | 30 -> 30 | 4.1")
    assert main([str(tmp_path / "nowhere")]) == 1


def test_the_command_finds_every_recorded_row_equal(recorded_responses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(recorded_responses)]) == 0
    assert capsys.readouterr().out.count("| equal |") == 4
