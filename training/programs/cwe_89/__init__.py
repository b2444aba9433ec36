"""CWE-89, SQL injection: families by what reaches the text of a statement."""

from collections.abc import Callable

from training.programs.cwe_89 import builders, checks, names, programs, values
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    **values.FAMILIES,
    **checks.FAMILIES,
    **names.FAMILIES,
    **builders.FAMILIES,
    **programs.FAMILIES,
}
HELD_OUT: tuple[str, ...] = ("run_helper", "fallback_branch")
