"""CWE-190, integer overflow: families by the arithmetic that wraps."""

from collections.abc import Callable

from training.programs.cwe_190 import counts, products, sums, totals, widths
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    **counts.FAMILIES,
    **products.FAMILIES,
    **sums.FAMILIES,
    **totals.FAMILIES,
    **widths.FAMILIES,
}
HELD_OUT: tuple[str, ...] = ("header_plus_length", "quota_handler")
