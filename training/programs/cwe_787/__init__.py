"""CWE-787, out-of-bounds write: families by the shape of the flaw."""

from collections.abc import Callable

from training.programs.cwe_787 import indices, loops, strings
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {**indices.FAMILIES, **loops.FAMILIES, **strings.FAMILIES}
HELD_OUT: tuple[str, ...] = ("loop_terminator_at_size", "string_length_of_other")
