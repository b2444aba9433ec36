"""CWE-22, path traversal: families by language and by what is tested, the name or the finished path, and where it ends up."""

from collections.abc import Callable

from training.programs.cwe_22 import c_places, c_tests, python_names, python_places, python_trees
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    **python_names.FAMILIES,
    **python_trees.FAMILIES,
    **python_places.FAMILIES,
    **c_tests.FAMILIES,
    **c_places.FAMILIES,
}
HELD_OUT: tuple[str, ...] = ("request_handler", "helper_answer")
