"""What the model is taught to say: a verdict sentence that starts with Yes or No, then why."""

import re
from random import Random
from typing import Literal

from harness.prompts import WEAKNESSES
from harness.records import Asks

Verdict = Literal["vulnerable", "secure"]

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


def write_answer(rng: Random, *, asks: Asks, verdict: Verdict, cwe: str, reason: str) -> str:
    """An answer of at least two sentences. `asks` is what Yes means; `verdict` is what the answer says; `reason` argues for it."""
    bare = WEAKNESSES[cwe]
    article = _ARTICLES.get(bare)
    sentence = rng.choice(_SENTENCES[asks, verdict]).format(bare=bare, a=f"{article} {bare}" if article else bare)
    return f"{sentence} {reason}"


def sizes_as_n(reason: str) -> str:
    """A reason in which numbers above twelve are N."""
    return re.sub(r"(?<![\w.])\d+(?![\w.]*\w)", lambda found: "N" if int(found.group()) > 12 else found.group(), reason)


def yes_means(asks: Asks) -> Verdict:
    """The verdict that " Yes" gives to a question of this polarity."""
    return "vulnerable" if asks == "vulnerable" else "secure"
