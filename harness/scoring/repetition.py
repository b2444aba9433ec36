"""How much a text repeats itself."""

WORDS = 4


def repetition_rate(text: str) -> float | None:
    """Share of the runs of four words in a text that stood in it before: 1 - distinct / all, from 0 to just below 1.

    Words are what white space separates, as they stand; runs overlap, so n words have n - 3 of them.
    Returns: None for a text of fewer than four words, which has no such run. That is not a rate of 0.
    Source: seq-rep-4 of Welleck et al., "Neural text generation with unlikelihood training", arXiv:1908.04319; there over tokens.
    """
    words = text.split()
    runs = [tuple(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else None
