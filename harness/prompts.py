"""The questions put to a model. A prompt shows the code first, so that every question about one file shares its prefix."""

from harness.errors import PlanError
from harness.records import Example, Prompt, Question

WEAKNESSES = {
    "CWE-22": "path traversal",
    "CWE-77": "command injection",
    "CWE-79": "cross-site scripting",
    "CWE-89": "SQL injection",
    "CWE-190": "integer overflow",
    "CWE-416": "use after free",
    "CWE-476": "null pointer dereference",
    "CWE-787": "out-of-bounds write",
}

YES, NO = " Yes", " No"

QUESTIONS = {
    "vulnerable": Question(asks="vulnerable", text="Does this code contain {weakness} ({cwe})?"),
    "safe": Question(asks="safe", text="Is this code safe from {weakness} ({cwe})?"),
    "vulnerable-review": Question(asks="vulnerable", text="Reviewing the code above, is there {weakness} ({cwe}) in it?"),
    "safe-review": Question(asks="safe", text="Reviewing the code above, is it free of {weakness} ({cwe})?"),
}
CAUTION = "Look closely at every step before you answer: code like this is often unsafe, and a weakness that is missed is costly."
"""What the prompt arm says ahead of the question, instead of steering."""
LANGUAGE_NAMES = {"c": "C", "cpp": "C++", "python": "Python"}
TEXT = "text"
"""The language of what is no code."""


def build_prompt(*, code: str, language: str, cwe: str, question: str = "vulnerable", caution: bool = False) -> Prompt:
    """The prompt that asks `question` about `code`.

    Args: code, any text; language, "c" or "python"; cwe such as "CWE-787"; question, a key of QUESTIONS.
    Raises: PlanError for a CWE or question the harness does not know.
    """
    if question not in QUESTIONS:
        raise PlanError(f"prompt {question!r} is unknown; choose one of {', '.join(QUESTIONS)}")
    if cwe not in WEAKNESSES:
        raise PlanError(f"{cwe} has no question; the harness asks about {', '.join(WEAKNESSES)}")
    chosen = QUESTIONS[question]
    asked = Question(asks=chosen.asks, text=chosen.text.format(weakness=WEAKNESSES[cwe], cwe=cwe))
    return _put(asked, code, language, CAUTION if caution else None)


def _put(question: Question, code: str, language: str, instruction: str | None) -> Prompt:
    head = "# Text\n" if language == TEXT else f"# Code ({LANGUAGE_NAMES.get(language, language)})\n"
    body = code.rstrip("\n")
    return Prompt(
        text=f"{head}{body}\n\n# Question\n{f'{instruction} ' if instruction else ''}{question.text}\n\n# Answer:",
        asks=question.asks,
        vulnerable_answer=YES if question.asks == "vulnerable" else NO,
        secure_answer=NO if question.asks == "vulnerable" else YES,
        code_start=len(head),
        code_end=len(head) + len(body),
    )


def prompt_for(example: Example, question: str = "vulnerable", *, caution: bool = False) -> Prompt:
    """The prompt that asks `question` about an example's own CWE, with an instruction that asks for caution where it is wanted.

    Data that put a question of their own have that one asked, and their own instruction ahead of it.
    Raises: PlanError for an instruction that is wanted and that such data do not give.
    """
    own = example.question
    if own is None:
        return build_prompt(code=example.code, language=example.language, cwe=example.cwe, question=question, caution=caution)
    if caution and not own.instruction:
        raise PlanError(
            f"{example.path} has no instruction to compare steering with; give its line one, or leave prompt=True out of the eval"
        )
    return _put(own, example.code, example.language, own.instruction if caution else None)
