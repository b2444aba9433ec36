"""CWE-476, null pointer dereference: families by where the pointer comes from and where its test stands."""

from collections.abc import Callable

from training.programs.cwe_476 import checks, fields, lookups, results
from training.programs.scene import Draft, Scene

FAMILIES: dict[str, Callable[[Scene], Draft]] = {**results.FAMILIES, **lookups.FAMILIES, **checks.FAMILIES, **fields.FAMILIES}
HELD_OUT: tuple[str, ...] = ("optional_callback", "environment_default")
