"""Differences between two texts, in pieces: what was said stays what was said."""

import pytest

from harness.report.marking import Line, lines_of, side_by_side


def test_words_that_changed_are_marked_on_their_side() -> None:
    before, after = side_by_side("Yes, the copy is bounded.", "Yes, the loop is bounded.", (None, None))
    assert [piece.text for piece in before if piece.changed] == ["copy "]
    assert [piece.text for piece in after if piece.changed] == ["loop "]


def test_the_phrase_of_the_verdict_is_marked_across_a_change() -> None:
    _, after = side_by_side("It is safe here.", "It is not safe here.", (None, "is not safe"))
    assert [(piece.text, piece.changed) for piece in after if piece.evidence] == [("is ", False), ("not ", True), ("safe", False)]


def test_a_phrase_that_the_text_does_not_hold_marks_nothing() -> None:
    before, _ = side_by_side("It is safe.", "It is safe.", ("it is broken", None))
    assert not any(piece.evidence or piece.changed for piece in before)


@pytest.mark.parametrize("texts", [("", ""), ("", "Yes."), ("  a\n\tb  ", "a b"), ("<b>&amp;</b>", "été — 漢字")])
def test_the_pieces_of_a_text_are_the_text(texts: tuple[str, str]) -> None:
    for pieces, text in zip(side_by_side(*texts, ("a", "b")), texts, strict=True):
        assert "".join(piece.text for piece in pieces) == text


def test_lines_of_one_file_alone_say_whose_they_are() -> None:
    assert lines_of("int n;\nread(n);\n", "int n;\ncheck(n);\nread(n);\n") == [
        Line(text="int n;", side="both"),
        Line(text="check(n);", side="patched"),
        Line(text="read(n);", side="both"),
    ]
