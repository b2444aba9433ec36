"""The questions put to a model. A prompt shows the code first, so that every question about one file shares its prefix."""

from dataclasses import dataclass

from harness.errors import PlanError
from harness.records import Asks, Example, Prompt

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


@dataclass(frozen=True, kw_only=True)
class Question:
    """A phrasing. `asks` is the polarity: what "Yes" means."""

    asks: Asks
    text: str


QUESTIONS = {
    "vulnerable": Question(asks="vulnerable", text="Does this code contain {weakness} ({cwe})?"),
    "safe": Question(asks="safe", text="Is this code safe from {weakness} ({cwe})?"),
    "vulnerable-review": Question(asks="vulnerable", text="Reviewing the code above, is there {weakness} ({cwe}) in it?"),
    "safe-review": Question(asks="safe", text="Reviewing the code above, is it free of {weakness} ({cwe})?"),
}
CAUTION = "Look closely at every step before you answer: code like this is often unsafe, and a weakness that is missed is costly."
"""What the prompt arm says ahead of the question, instead of steering."""
LANGUAGE_NAMES = {"c": "C", "cpp": "C++", "python": "Python"}


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
    head = f"# Code ({LANGUAGE_NAMES.get(language, language)})\n"
    body = code.rstrip("\n")
    asked = chosen.text.format(weakness=WEAKNESSES[cwe], cwe=cwe)
    return Prompt(
        text=f"{head}{body}\n\n# Question\n{f'{CAUTION} ' if caution else ''}{asked}\n\n# Answer:",
        asks=chosen.asks,
        vulnerable_answer=YES if chosen.asks == "vulnerable" else NO,
        secure_answer=NO if chosen.asks == "vulnerable" else YES,
        code_start=len(head),
        code_end=len(head) + len(body),
    )


def prompt_for(example: Example, question: str = "vulnerable", *, caution: bool = False) -> Prompt:
    """The prompt that asks `question` about an example's own CWE, with an instruction that asks for caution where it is wanted."""
    return build_prompt(code=example.code, language=example.language, cwe=example.cwe, question=question, caution=caution)
