import pytest

from harness.errors import DataError, PlanError
from harness.prompts import WEAKNESSES
from harness.scoring.naming import changed_lines, identifiers, named_identifiers, named_lines, names_weakness

C_CODE = """\
#include <string.h>
#define LIMIT 16
struct node { struct node *next; char text[LIMIT]; };
/* never mind the ghost */
int copy(struct node *tail, const char *data_ptr) {
    const char *note = "phantom";
    strcpy(tail->text, data_ptr);
    return note != 0;
}
"""


@pytest.mark.parametrize(
    ("text", "cwe"),
    [
        ("This is CWE-787.", "CWE-787"),
        ("see cwe 22", "CWE-22"),
        ("It has out-of-bounds writes.", "CWE-787"),
        ("An out of bound write follows.", "CWE-787"),
        ("A classic buffer overflow.", "CWE-787"),
        ("There is no Use-After-Free here.", "CWE-416"),
        ("It dereferences a null pointer.", "CWE-476"),
        ("a NULL-pointer dereference", "CWE-476"),
        ("an XSS hole", "CWE-79"),
        ("directory traversal", "CWE-22"),
        ("OS command\ninjection", "CWE-77"),
        ("SQL injections", "CWE-89"),
        ("signed overflow of the sum", "CWE-190"),
    ],
)
def test_a_weakness_is_named_by_number_name_or_common_name(text: str, cwe: str) -> None:
    assert names_weakness(text, cwe)
    assert [other for other in WEAKNESSES if names_weakness(text, other)] == [cwe]


@pytest.mark.parametrize(
    ("text", "cwe"),
    [
        ("This is CWE-78.", "CWE-787"),
        ("This is CWE-7870.", "CWE-787"),
        ("an out-of-bounds read", "CWE-787"),
        ("the file is used once it was freed", "CWE-416"),
        ("injection of some kind", "CWE-89"),
        ("the stack of plates may overflow", "CWE-190"),
        ("", "CWE-22"),
    ],
)
def test_what_only_resembles_a_name_names_no_weakness(text: str, cwe: str) -> None:
    assert not names_weakness(text, cwe)


def test_a_weakness_without_a_name_is_refused() -> None:
    with pytest.raises(PlanError, match="CWE-20 has no name"):
        names_weakness("anything", "CWE-20")


def test_identifiers_are_names_of_the_code_and_not_its_comments_strings_or_keywords() -> None:
    expected = {"LIMIT", "node", "next", "text", "copy", "tail", "data_ptr", "note", "strcpy"}
    assert identifiers(C_CODE, "c") == expected
    python = 'class Shop:\n    def find(self, key):  # ghost\n        return self.rows[key] + "phantom"\n'
    assert identifiers(python, "python") == {"Shop", "find", "key", "rows"}


def test_a_language_without_a_grammar_is_refused() -> None:
    with pytest.raises(DataError, match="'rust' has no grammar"):
        identifiers("fn main() {}", "rust")


NAMES = {"data", "text", "next", "tail", "copy", "data_ptr", "LIMIT", "userId", "i", "path", "User", "to", "s"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("the `data` is too long", {"data"}),
        ("the 'data' variable and \u2018text\u2019", {"data", "text"}),
        ("\u201cstrcpy(text, data_ptr)\u201d has no limit", {"text", "data_ptr"}),
        ("tail->next is read after copy(x)", {"tail", "next", "copy"}),
        ("text[i] goes too far", {"text", "i"}),
        ("it follows *tail too late", {"tail"}),
        ("a data_ptr beyond LIMIT, and a userId", {"data_ptr", "LIMIT", "userId"}),
        ("copies data to text", {"data", "text"}),
        ("the data variable is read", {"data"}),
        ("runs to tail's end", {"tail"}),
        ("A text of text is written past the end of text.", {"text"}),
    ],
)
def test_names_are_found_where_they_stand_as_names(text: str, named: set[str]) -> None:
    assert named_identifiers(text, NAMES) == named


@pytest.mark.parametrize(
    "text",
    [
        "The data is copied.",
        "a longer text",
        "The next step. User input is read. I see a path traversal.",
        "Data, Text and TAIL are other words; datatext too; 0xi is none.",
        "the programme's end",
        "```c\ncopy(tail->next, data_ptr);\n```",
        "```\nLIMIT and a fence that never ends",
        "",
    ],
)
def test_prose_and_repeated_code_name_nothing(text: str) -> None:
    assert named_identifiers(text, NAMES) == frozenset()


def test_a_text_that_quotes_names_means_no_unquoted_plain_word() -> None:
    assert named_identifiers("`copy` moves data to text", NAMES) == {"copy"}
    assert named_identifiers("copy moves data to text", NAMES) == {"copy", "data", "text"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("the write at line 12", {12}),
        ("Line 3: no check. See line number 8.", {3, 8}),
        ("lines 3, 5 and 7 and lines 20-22", {3, 5, 7, 20, 21, 22}),
        ("from lines 4 to 6", {4, 5, 6}),
        ("lines 1-400 hold it", set()),
        ("lines 9-2", set()),
        ("line[256] takes 12 bytes, the line is 80 wide, deadline 7, the 3rd line", set()),
    ],
)
def test_lines_are_found_by_number(text: str, lines: set[int]) -> None:
    assert named_lines(text) == lines


def test_a_run_of_separators_is_read_in_no_time() -> None:
    assert named_lines("line 1" + " , and" * 5_000) == {1}


VULNERABLE = "int f(int n) {\n    int a[4];\n\n    a[n] = 1;\n    return a[0];\n}\n"


def test_changed_lines_are_those_the_twin_has_otherwise() -> None:
    patched = "int f(int n) {\n  int a[4];\n    a[n & 3] = 1;\n\n\n    return a[0];\n}\n"
    assert changed_lines(VULNERABLE, patched) == (4,)
    assert changed_lines(patched, VULNERABLE) == (3,)


def test_a_missing_check_lies_between_the_lines_around_it() -> None:
    patched = "int f(int n) {\n    int a[4];\n    if (n > 3)\n        return 0;\n\n    a[n] = 1;\n    return a[0];\n}\n"
    assert changed_lines(VULNERABLE, patched) == (2, 4)
    assert changed_lines(patched, VULNERABLE) == (3, 4)


def test_lines_that_only_move_by_white_space_do_not_differ() -> None:
    assert changed_lines(VULNERABLE, VULNERABLE.replace("    ", "\t").replace("\n\n", "\n")) == ()
