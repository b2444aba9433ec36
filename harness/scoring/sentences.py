"""How a response is built: its sentences."""

import re

_END = re.compile(r"[.!?](?=\s|$)")


def count_sentences(response: str) -> int:
    """Sentences that end with a full stop, a question or an exclamation mark before a space or the end; an unfinished one doesn't count."""
    return len(_END.findall(response.strip()))
