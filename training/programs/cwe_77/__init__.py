"""CWE-77, command injection: families by the shape of the flaw."""

from collections.abc import Callable

from training.programs.cwe_77 import checks, commands, filters, shells
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {**shells.FAMILIES, **checks.FAMILIES, **commands.FAMILIES, **filters.FAMILIES}
HELD_OUT: tuple[str, ...] = ("pipeline", "python_weak_filter")
