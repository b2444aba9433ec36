"""CWE-79, cross-site scripting in Python: families by the shape of the flaw."""

from collections.abc import Callable

from training.programs.cwe_79 import checks, contexts, handlers, pages
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {**pages.FAMILIES, **checks.FAMILIES, **contexts.FAMILIES, **handlers.FAMILIES}
HELD_OUT: tuple[str, ...] = ("query_handler", "fields_one_missed")
