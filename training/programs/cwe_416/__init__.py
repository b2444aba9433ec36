"""CWE-416, use after free: families by what keeps the freed pointer in use."""

from collections.abc import Callable

from training.programs.cwe_416 import kept, lists, order, owners
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {**order.FAMILIES, **lists.FAMILIES, **kept.FAMILIES, **owners.FAMILIES}
HELD_OUT: tuple[str, ...] = ("stale_after_realloc", "pop_reads_node")
