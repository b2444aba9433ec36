import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Asks, Verdict
from harness.scoring import rules
from harness.scoring.verdicts import read_answer, read_verdict

VULNERABLE, SECURE, UNDECIDED = Verdict.VULNERABLE, Verdict.SECURE, Verdict.UNDECIDED

YES_NO = [
    ("Yes, the index is not checked before the write.", VULNERABLE),
    ("No. Every index is compared with the length first.", SECURE),
    ("  **Yes**", VULNERABLE),
    ("no", SECURE),
    ("Answer: No, the copy stops at the end of the buffer.", SECURE),
    ("The final answer is: yes", VULNERABLE),
]


@pytest.mark.parametrize(("response", "verdict"), YES_NO)
def test_a_leading_yes_or_no_decides_by_the_polarity_of_the_question(response: str, verdict: Verdict) -> None:
    opposite = {VULNERABLE: SECURE, SECURE: VULNERABLE}
    assert read_verdict(response).verdict is verdict
    assert read_verdict(response, asks="safe").verdict is opposite[verdict]


@pytest.mark.parametrize(
    "response",
    [
        "This function is vulnerable to an out-of-bounds write.",
        "The code contains a potential buffer overflow in the loop.",
        "There is a use-after-free in the error path.",
        "This way of building the query is insecure.",
        "The program is not safe from path traversal.",
        "The code isn't secure.",
        "The check is unlikely to be enough, so the code is vulnerable to an overflow.",
        "The code is vulnerable to an overflow. By implementing these changes, it is now safe from overflows.",
        "After a close look: the code remains susceptible to SQL injection.",
        "The missing check could lead to an integer overflow.",
        "It copies the name first. Then it frees it.\n\nSo, the code is vulnerable.",
    ],
)
def test_statements_of_a_weakness_read_vulnerable(response: str) -> None:
    assert read_verdict(response).verdict is VULNERABLE
    assert read_verdict(response, asks="safe").verdict is VULNERABLE


@pytest.mark.parametrize(
    "response",
    [
        "This function is not insecure.",
        "There are no instances of out-of-bounds write in this code.",
        "The code is not vulnerable to command injection.",
        "The code isn\u2019t vulnerable to command injection.",
        "It does not contain any instance of the weakness.",
        "The program is safe from SQL injection.",
        "I do not believe that this code contains any significant security vulnerabilities.",
        "Therefore, it is unlikely that the code is vulnerable to path traversal attacks.",
        "I could not find any buffer overflow here.",
        "The buffer overflow vulnerability is not present in the given code.",
        "This code is secure.",
        "It appears to be safe.",
    ],
)
def test_denials_of_a_weakness_read_secure(response: str) -> None:
    assert read_verdict(response).verdict is SECURE
    assert read_verdict(response, asks="safe").verdict is SECURE


def test_secure_is_not_read_inside_insecure() -> None:
    assert read_verdict("The code is insecure.").verdict is VULNERABLE
    assert read_verdict("The code is secure.").verdict is SECURE


@pytest.mark.parametrize("asks", ["vulnerable", "safe"])
@pytest.mark.parametrize(
    "response",
    [
        "",
        "   \n\n",
        "The function reads a line and prints it.",
        "Does this code contain an out-of-bounds write (CWE-787)?",
        "Let us determine whether the code is vulnerable.",
        "```c\n/* yes, this is vulnerable to overflow */\n```",
        "```c\n// insecure, and the fence never ends",
        "Nothing known.",
        "Yesterday it was fine.",
        "Yes and no.",
    ],
)
def test_text_that_claims_nothing_is_undecided(response: str, asks: Asks) -> None:
    assert read_verdict(response, asks=asks).verdict is UNDECIDED


def test_contradictions_are_undecided() -> None:
    assert read_verdict("The code is vulnerable to injection. The code is not vulnerable to injection.").verdict is UNDECIDED
    assert read_verdict("Yes, the code is safe from injection.").verdict is UNDECIDED
    assert read_verdict("Yes, the code is safe from injection.", asks="safe").verdict is SECURE


def test_a_late_answer_weighs_more_than_hints() -> None:
    response = "The copy could lead to an overflow.\nThe loop could cause an overflow.\n\nNo, the length is checked before both."
    assert read_verdict(response).verdict is SECURE
    assert read_verdict(response).evidence.startswith("No, the length")


def test_a_conclusion_outweighs_what_came_before_it() -> None:
    response = (
        "The sink is vulnerable to injection. The input is prone to injection. In conclusion, the code is not vulnerable to injection."
    )
    assert read_verdict(response).verdict is SECURE


def test_praise_of_the_mended_code_is_not_praise_of_the_code() -> None:
    response = (
        "The query is vulnerable to SQL injection. To fix this, use placeholders.\n"
        "The new query is safe from SQL injection. It is secure. It is protected from injection."
    )
    assert read_verdict(response).verdict is VULNERABLE


def test_the_evidence_is_a_sentence_of_the_response() -> None:
    response = "The code copies a name. It is vulnerable to an out-of-bounds write. It returns 0."
    assert read_verdict(response).evidence == "It is vulnerable to an out-of-bounds write."
    assert read_verdict("It copies.").evidence == ""


def test_code_blocks_say_nothing() -> None:
    assert read_verdict("```\nthis is insecure\n```\nThe code is not vulnerable to overflow.").verdict is SECURE


def test_a_reader_that_reads_secure_inside_insecure_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "STATES_SECURE", re.compile("secure", re.IGNORECASE))
    with pytest.raises(AssertionError):
        test_secure_is_not_read_inside_insecure()


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        ("Does this code contain an out-of-bounds write? No, each index is checked.", SECURE),
        ("You ask whether the code is vulnerable to SQL injection.\n\nYes, it is vulnerable.", VULNERABLE),
        ("The code is vulnerable to an out-of-bo", VULNERABLE),
        ("Yes, the", VULNERABLE),
        ("The code might be vulnerable to path traversal.", VULNERABLE),
        ("The code seems to be free of injections.", SECURE),
        ("The given code contains a weakness known as an integer overflow, which occurs when a sum is too large.", VULNERABLE),
        ("An integer overflow occurs when a sum is too large.", UNDECIDED),
    ],
)
def test_restated_questions_hedges_explanations_and_cut_ends(response: str, verdict: Verdict) -> None:
    assert read_verdict(response).verdict is verdict


FLAW = "The loop writes one entry past the end of the array. A check against the size before the write would fix it."
CHECK = "The index is compared with the length of the array before each write. Nothing needs to be changed."


@pytest.mark.parametrize(
    ("response", "asks", "verdict"),
    [
        (f" Yes, this code contains an out-of-bounds write. {FLAW}", "vulnerable", VULNERABLE),
        (f" No, this code is not vulnerable to an out-of-bounds write. {CHECK}", "vulnerable", SECURE),
        (f" Yes, this code is safe from an out-of-bounds write. {CHECK}", "safe", SECURE),
        (f" No, this code is not safe from an out-of-bounds write. {FLAW}", "safe", VULNERABLE),
    ],
)
def test_short_answers_of_the_embedded_model_are_read_as_they_are_meant(response: str, asks: Asks, verdict: Verdict) -> None:
    reading = read_verdict(response, asks=asks, cwe="CWE-787")
    assert reading.verdict is verdict
    assert reading.evidence == response.split(".")[0].strip() + "."


PARTS = (
    "The function takes the title from the form and asks the database for it. The first statement builds the query from a fixed text. "
    "The second statement hands the title over as a parameter. "
)


@pytest.mark.parametrize("asks", ["vulnerable", "safe"])
@pytest.mark.parametrize(
    ("conclusion", "verdict"),
    [
        ("In conclusion, the code is not vulnerable to SQL injection.", SECURE),
        ("### Conclusion\nThe code does **not** contain a SQL injection.", SECURE),
        ("In conclusion, the code is vulnerable to SQL injection.", VULNERABLE),
        ("### Conclusion\nThe code contains a **SQL injection** vulnerability.", VULNERABLE),
    ],
)
def test_a_conclusion_at_the_end_of_a_long_answer_decides(conclusion: str, verdict: Verdict, asks: Asks) -> None:
    reading = read_verdict(PARTS + "\n\n" + conclusion, asks=asks)
    assert reading.verdict is verdict
    assert reading.evidence in conclusion
    assert "SQL injection" in reading.evidence


def test_a_late_yes_means_what_the_question_asked() -> None:
    response = PARTS + "\n\nFinal answer: yes"
    assert read_verdict(response).verdict is VULNERABLE
    assert read_verdict(response, asks="safe").verdict is SECURE


def test_a_yes_that_the_rest_denies_again_and_again_is_taken_back() -> None:
    denials = (
        "The first query is safe from SQL injection. The second query is not vulnerable. No SQL injection exists here. "
        "The code as written does not contain a SQL injection."
    )
    assert read_verdict(f"Yes, the code contains a SQL injection. {denials}").verdict is SECURE
    assert (
        read_verdict("Yes, the code contains a SQL injection. The first query is safe from it, the second joins the name in.").verdict
        is VULNERABLE
    )


def test_a_long_description_that_claims_nothing_is_read_secure_with_a_sentence_of_it() -> None:
    description = (
        "This code is a function that takes two names as arguments and joins them to a full name. It first allocates memory for the "
        "full name. Then it copies both names into it and prints a greeting. Overall, this code is a simple way to greet a user by name."
    )
    reading = read_verdict(description)
    assert reading.verdict is SECURE
    assert reading.evidence
    assert reading.evidence in description


@pytest.mark.parametrize(
    "response",
    [
        "The function returns the sum of the list. " * 30,
        "Rain fell on the hills for seven days. The river rose and took the bridge, and nobody crossed it until the summer came again.",
        "Here is a possible solution:\n\n```c\nint main(void) {\n    return 0;\n}\n```",
        "int main(void) {\n    int buffer[3];\n    buffer[3] = 1;\n    return 0;\n}\n" * 5,
    ],
)
def test_repeated_text_text_about_something_else_and_code_alone_are_undecided(response: str) -> None:
    assert read_verdict(response).verdict is UNDECIDED


def test_a_response_that_asks_for_more_is_undecided_and_says_where() -> None:
    response = (
        "Thank you for the code. It appears to be incomplete, and several definitions that it uses are missing. "
        "Please provide the rest of the function, then I will look at it."
    )
    reading = read_verdict(response)
    assert reading.verdict is UNDECIDED
    assert "appears to be incomplete" in reading.evidence


@pytest.mark.parametrize(
    ("cwe", "verdict"), [(None, VULNERABLE), ("CWE-89", VULNERABLE), ("CWE-79", SECURE), ("CWE-787", SECURE), ("CWE-502", VULNERABLE)]
)
def test_another_weakness_alone_says_no_to_the_one_that_was_asked_about(cwe: str | None, verdict: Verdict) -> None:
    assert read_verdict("This code is vulnerable to a SQL injection attack.", cwe=cwe).verdict is verdict


def test_an_overflow_of_a_buffer_may_stand_for_an_out_of_bounds_write() -> None:
    assert read_verdict("The code contains a buffer overflow.", cwe="CWE-787").verdict is VULNERABLE
    assert read_verdict("The code contains a buffer overflow.", cwe="CWE-416").verdict is SECURE
    assert read_verdict("The code is insecure.", cwe="CWE-416").verdict is VULNERABLE


@pytest.mark.parametrize(
    "response",
    [
        "The code does **not** contain an out-of-bounds write.",
        "# Verdict\n\nThe `copy` function isn\u2019t _safe_.",
        PARTS + "So the `find` function is **vulnerable** to an injection.\n```\nfind()\n```\n",
    ],
)
def test_the_evidence_stands_in_the_response_as_it_is_quoted(response: str) -> None:
    evidence = read_verdict(response).evidence
    assert evidence
    assert evidence in response


@given(st.text())
def test_any_text_has_a_reading_whose_evidence_stands_in_it(response: str) -> None:
    assert read_verdict(response).evidence in response


def test_reading_needs_no_library_of_learning() -> None:
    program = (
        "import sys; from harness.scoring.verdicts import read_verdict; read_verdict('The code is fine. ' * 30);"
        "print([name for name in ('sklearn', 'scipy', 'torch', 'pytest') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("response", "verdict", "evidence"),
    [
        ("Yes. The guest would come again.", VULNERABLE, "Yes."),
        ("No, the soup was cold.", SECURE, "No, the soup was cold."),
        ("The soup was unsafe to eat, and a command injection of pepper.", UNDECIDED, ""),
        ("", UNDECIDED, ""),
    ],
)
def test_an_answer_about_another_concept_is_its_yes_or_no_and_nothing_else(response: str, verdict: Verdict, evidence: str) -> None:
    found = read_answer(response)
    assert (found.verdict, found.evidence) == (verdict, evidence)
