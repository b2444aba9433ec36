import gzip
import json
import os
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from harness.records import Verdict
from harness.scoring.verdicts import read_verdict

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
def test_text_that_claims_nothing_is_undecided(response: str, asks: str) -> None:
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


def recorded_folder() -> Path:
    return Path(os.environ.get("RECORDED_RESPONSES_DIR") or Path(__file__).parents[2].parent / "shared" / "recorded-responses")


# Floors are a point below what was measured: over all 90.2%, worst model (codellama7b) 81.4%, vulnerable read as secure .7%;
# over every twelfth response 89.9%, 80.0% and 1.3%.
@pytest.mark.parametrize(
    ("every", "all_models", "worst_model", "missed"),
    [pytest.param(1, 0.892, 0.804, 0.017, marks=pytest.mark.heavy), (12, 0.889, 0.790, 0.023)],
)
def test_agreement_with_independent_readings_of_real_responses(every: int, all_models: float, worst_model: float, missed: float) -> None:
    path = recorded_folder() / "responses.jsonl.gz"
    if not path.is_file():
        pytest.skip("recorded responses are not here; set RECORDED_RESPONSES_DIR to their folder")
    meanings = {"yes": VULNERABLE, "no": SECURE, "n/a": UNDECIDED}
    agreed, read, dangerous = Counter[str](), Counter[str](), 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in islice(lines, None, None, every):
            record = json.loads(line)
            expected = meanings.get(str(record["pred"]).strip().lower())
            if expected is None:  # the independent reading itself is broken: 43 of 12,924
                continue
            verdict = read_verdict(record["content"]).verdict
            read[record["model"]] += 1
            agreed[record["model"]] += verdict == expected
            dangerous += (expected, verdict) == (VULNERABLE, SECURE)
    assert read.total() > 12_000 / every
    assert agreed.total() / read.total() >= all_models
    assert min(agreed[model] / read[model] for model in read) >= worst_model
    assert dangerous / read.total() <= missed
