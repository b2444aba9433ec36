"""What the model is taught to say: a verdict sentence that starts with Yes or No, then why."""

import re
from random import Random
from typing import Literal

from harness.prompts import WEAKNESSES
from harness.records import Asks
from harness.scoring.sentences import count_sentences

Verdict = Literal["vulnerable", "secure"]

LONGEST_ANSWER = 4
"""Sentences."""

_ARTICLES = {"out-of-bounds write": "an", "integer overflow": "an", "use after free": "a", "null pointer dereference": "a"}

_SENTENCES: dict[tuple[Asks, Verdict], tuple[str, ...]] = {
    ("vulnerable", "vulnerable"): (
        " Yes, this code contains {a}.",
        " Yes, there is {a} in this code.",
        " Yes, the code has {a}.",
        " Yes, this code is vulnerable to {bare}.",
    ),
    ("vulnerable", "secure"): (
        " No, this code does not contain {a}.",
        " No, there is no {bare} in this code.",
        " No, the code has no {bare}.",
        " No, this code is not vulnerable to {bare}.",
    ),
    ("safe", "vulnerable"): (
        " No, this code is not safe from {bare}.",
        " No, there is {a} in this code.",
        " No, the code has {a}.",
        " No, this code is vulnerable to {bare}.",
    ),
    ("safe", "secure"): (
        " Yes, this code is safe from {bare}.",
        " Yes, there is no {bare} in this code.",
        " Yes, the code has no {bare}.",
        " Yes, this code is not vulnerable to {bare}.",
    ),
}


_REMEDIES: dict[str, tuple[str, ...]] = {
    "CWE-22": (
        "Resolving the path and comparing it with the folder would fix it.",
        "The resolved path must be tested to lie below the folder.",
        "It should be refused unless the final path stays in the folder.",
    ),
    "CWE-77": (
        "Passing the value as an argument of its own, without a shell, would fix it.",
        "The value must be quoted for the shell or kept away from it.",
        "A list of arguments should take the place of the command line.",
    ),
    "CWE-79": (
        "Escaping the value where it enters the page would fix it.",
        "The value must be escaped for the place it is written to.",
        "It should go through html.escape before it is written.",
    ),
    "CWE-89": (
        "Binding the value to a placeholder would fix it.",
        "The value must be passed as a parameter and not as text.",
        "A name that can't be bound should be taken from a fixed list.",
    ),
    "CWE-190": (
        "Testing the operands before the arithmetic would fix it.",
        "A wider type or a check against the maximum is needed.",
        "The limit must be tested before the values are combined.",
    ),
    "CWE-416": (
        "Freeing it after the last use would fix it.",
        "The pointer must be cleared, or not be used again, once it was freed.",
        "What is still needed should be read before the memory is freed.",
    ),
    "CWE-476": (
        "A test for NULL before the first use would fix it.",
        "The pointer must be tested before it is followed.",
        "The function should leave when there is nothing to point to.",
    ),
    "CWE-787": (
        "A check against the size before the write would fix it.",
        "The write must be kept below the size of its target.",
        "The length should be limited to what the target can hold.",
    ),
}
_NOTHING_TO_DO = ("Nothing needs to be changed.", "No change is needed here.", "It can stay as it is.")


def write_answer(rng: Random, *, asks: Asks, verdict: Verdict, cwe: str, reason: str) -> str:
    """An answer of two to four sentences: the verdict, where and why, and now and then what would mend it.

    `asks` is what Yes means; `verdict` is what the answer says; `reason` argues for it.
    """
    bare = WEAKNESSES[cwe]
    article = _ARTICLES.get(bare)
    sentence = rng.choice(_SENTENCES[asks, verdict]).format(bare=bare, a=f"{article} {bare}" if article else bare)
    answer = f"{sentence} {reason}"
    if rng.random() < 0.4 and count_sentences(answer) < LONGEST_ANSWER:
        answer += f" {rng.choice(_REMEDIES[cwe] if verdict == 'vulnerable' else _NOTHING_TO_DO)}"
    return answer


def sizes_as_n(reason: str) -> str:
    """A reason in which numbers above twelve are N."""
    return re.sub(r"(?<![\w.])\d+(?![\w.]*\w)", lambda found: "N" if int(found.group()) > 12 else found.group(), reason)


def yes_means(asks: Asks) -> Verdict:
    """The verdict that " Yes" gives to a question of this polarity."""
    return "vulnerable" if asks == "vulnerable" else "secure"
