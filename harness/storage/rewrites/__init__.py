"""Meaning-preserving rewrites of contrast pairs: the same program in other words.

A rewrite changes both halves alike, so that their difference stays the fix, and keeps account of where each line came from, so that a proof
still knows the line of the flaw. What makes it a rewrite is not believed but proven: `harness.storage.proofs --variants` runs every one.
"""

from collections.abc import Callable
from random import Random

from harness.storage.rewrites.insertion import comment, pad_with_dead_code
from harness.storage.rewrites.layout import reformat
from harness.storage.rewrites.order import reorder
from harness.storage.rewrites.renaming import rename
from harness.storage.rewrites.text import Pair, Text

__all__ = ["REWRITES", "Pair", "Text", "rewritten"]

REWRITES: dict[str, Callable[[Pair, Random], Pair | None]] = {
    "renamed": rename,
    "reordered": reorder,
    "padded": pad_with_dead_code,
    "commented": comment,
    "reformatted": reformat,
}
"""By variant name. A rewrite gives None where a pair has nothing that it could change."""


def rewritten(pair: Pair, variant: str, *, seed: str) -> Pair | None:
    """A pair in one variant; None where that variant does not exist for it. Raises: KeyError for an unknown variant."""
    found = REWRITES[variant](pair, Random(f"{seed} {variant}"))
    return None if found is None or found.same_code(pair) else found
