"""Where a case stands in the page."""

import re


def anchor_of(id: str) -> str:
    """The fragment of a case, by its id: one that needs no escaping, the same in every run."""
    return "case-" + re.sub(r"[^A-Za-z0-9._-]+", "-", id).strip("-")
