"""The curves of the training: their means, their points and their picture."""

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from harness.prompts import WEAKNESSES
from training.curve import START, Lesson, taught
from training.figures.curve import draw_curves, means_of
from training.recipe import Shape


def test_means_are_of_the_cwes_asked_for_that_have_such_programs() -> None:
    check = {"CWE-22": {"auc": 0.5}, "CWE-77": {"auc": 0.7}, "CWE-77 held-out": {"auc": 0.9}, "CWE-77 twins": {"auc": 0.1}}
    assert means_of(check, ("CWE-22", "CWE-77")) == {"known families": 0.6, "held-out families": 0.9, "twins": 0.1}
    assert means_of(check, ("CWE-22",)) == {"known families": 0.5}


def test_a_point_says_what_was_taught_and_what_came_of_it(tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(START)
    point = taught(Shape(layers=3, width=16, heads=2), tokenizer, Lesson(steps=2, pairs=2), tmp_path)
    assert (point["layers"], point["width"], point["steps"]) == (3, 16, 2)
    assert point["cwes"] == ["CWE-787", "CWE-416", "CWE-476", "CWE-77"]
    # tied embeddings of 8,192 tokens and 2,048 positions, and three blocks of little beside them
    assert 16 * (8192 + 2048) < point["parameters"] < 16 * (8192 + 2048) + 3 * 16 * 16 * 16
    assert point["auc"].keys() == {"known families", "held-out families", "twins", "held-out twins"}


@pytest.mark.parametrize("checked", [WEAKNESSES, ("CWE-787",)])
def test_the_picture_is_drawn_whether_or_not_the_log_asked_about_every_cwe(tmp_path: Path, checked: tuple[str, ...]) -> None:
    log, picture = tmp_path / "log.jsonl", tmp_path / "curve.png"
    entries = [{"step": 1, "tokens": 10**6}, {"step": 1, "check": {cwe: {"auc": 0.6} for cwe in checked}}]
    log.write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    draw_curves(picture, [{"parameters": 10**6, "steps": 1, "cwes": ["CWE-787"], "auc": {"known families": 0.7}}], log)
    assert picture.read_bytes().startswith(b"\x89PNG")
