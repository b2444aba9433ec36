"""Other names for what a program names itself."""

import re
from dataclasses import replace
from random import Random

from harness.storage.rewrites.syntax import all_names, own_names, renamed
from harness.storage.rewrites.text import Pair

WORDS = """
    acorn anvil apron arbor aspen atlas badge barge basin beacon birch bloom bower brook cabin candle canyon castle cedar cellar chalk
    cliff clover cobalt comet copper coral cotton crane delta ember fable falcon fern fiddle flint forge garnet glade grove harbor
    hazel heron indigo island ivory jasper kettle lagoon lantern larch ledger lemon lilac linen lotus maple marble meadow mosaic
    nectar olive orchid otter pebble pepper pine plume poplar prism quartz quill raven reed ribbon river rowan saddle sage sierra
    silver slate spruce summit thistle timber topaz tulip velvet willow winter zephyr
    """.split()  # noqa: SIM905 - a list of words reads better than a list of strings


def rename(pair: Pair, rng: Random) -> Pair | None:
    """Both halves with the same new names. Names that a driver uses stay, and so does everything from outside the file."""
    taken = {name for half in pair.halves for name in all_names(half.code, pair.language)}
    own = {name for half in pair.halves for name in own_names(half.code, pair.language)} - pair.kept
    fresh = [word for word in rng.sample(WORDS, len(WORDS)) if word not in taken and word.upper() not in taken]
    if not own or len(fresh) < len(own):
        return None
    names = {name: _dressed(word, name) for name, word in zip(sorted(own), fresh, strict=False)}
    changed = pair.with_halves(lambda half, _: half.with_code(renamed(half.code, pair.language, names)))
    return replace(changed, names=names)


def _dressed(word: str, like: str) -> str:
    """A word in the case of the name whose place it takes."""
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[0].isupper() else word


def in_prose(text: str, names: dict[str, str]) -> str:
    """A rationale that speaks of the new names. Words that are no names of the code stay."""
    return re.sub(r"\w+", lambda found: names.get(found.group(), found.group()), text)
