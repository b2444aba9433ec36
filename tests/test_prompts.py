"""The instruction that asks for caution stands ahead of the question and changes nothing else; data may put a question of their own."""

from dataclasses import replace

import pytest

from harness.errors import PlanError
from harness.prompts import CAUTION, QUESTIONS, WEAKNESSES, build_prompt, prompt_for
from harness.records import Question
from tests.contrast import contrast_pair

CODE = "int a[2];\nvoid f(void) { a[2] = 1; }\n"


@pytest.mark.parametrize("question", QUESTIONS)
def test_caution_is_one_sentence_more_before_the_question(question: str) -> None:
    plain = build_prompt(code=CODE, language="c", cwe="CWE-787", question=question)
    careful = build_prompt(code=CODE, language="c", cwe="CWE-787", question=question, caution=True)
    head, asked = plain.text.split("# Question\n")
    assert careful.text == f"{head}# Question\n{CAUTION} {asked}"
    assert (careful.asks, careful.vulnerable_answer, careful.secure_answer) == (plain.asks, plain.vulnerable_answer, plain.secure_answer)
    assert careful.text[careful.code_start : careful.code_end] == plain.text[plain.code_start : plain.code_end] == CODE.rstrip("\n")


def test_caution_names_no_weakness_and_no_answer() -> None:
    """It asks to look closely; it must not say what to say."""
    said = CAUTION.lower()
    assert not [name for name in WEAKNESSES.values() if name in said]
    assert not {"yes", "no", "vulnerable", "secure"} & set(said.replace(",", " ").replace(".", " ").replace(":", " ").split())


def test_without_caution_the_prompt_is_as_it_was() -> None:
    example = contrast_pair("a").vulnerable
    assert CAUTION not in prompt_for(example).text
    assert prompt_for(example) == prompt_for(example, caution=False)
    assert prompt_for(example, caution=True) == build_prompt(code=example.code, language="c", cwe="CWE-787", caution=True)


def test_what_yes_means_goes_with_the_question() -> None:
    for question, asks in (("vulnerable", "vulnerable"), ("safe", "safe")):
        found = build_prompt(code=CODE, language="c", cwe="CWE-787", question=question)
        assert found.asks == asks
        assert found.vulnerable_answer == (" Yes" if asks == "vulnerable" else " No")


@pytest.mark.parametrize(
    ("given", "message"), [({"cwe": "CWE-1"}, "CWE-1 has no question"), ({"question": "why"}, "prompt 'why' is unknown")]
)
def test_what_cannot_be_asked_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        build_prompt(**{"code": CODE, "language": "c", "cwe": "CWE-787", **given})


def test_a_question_of_the_data_is_put_with_the_answer_they_chose() -> None:
    asked = Question(asks="safe", text="Is it rude?", instruction="Be kind.")
    example = replace(contrast_pair("a").vulnerable, cwe="polite", language="text", code="Thank you.", question=asked)
    plain, instructed = prompt_for(example, "safe-review"), prompt_for(example, caution=True)
    assert plain.text == "# Text\nThank you.\n\n# Question\nIs it rude?\n\n# Answer:"
    assert instructed.text == "# Text\nThank you.\n\n# Question\nBe kind. Is it rude?\n\n# Answer:"
    assert (plain.vulnerable_answer, plain.secure_answer) == (" No", " Yes")


def test_an_instruction_that_the_data_do_not_give_is_refused() -> None:
    example = replace(contrast_pair("a").vulnerable, cwe="polite", question=Question(asks="vulnerable", text="Is it polite?"))
    with pytest.raises(PlanError, match="has no instruction to compare steering with"):
        prompt_for(example, caution=True)
