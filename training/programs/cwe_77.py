from collections.abc import Callable
from training.programs.scene import Draft, Scene
FAMILIES: dict[str, Callable[[Scene], Draft]] = {}
HELD_OUT: tuple[str, ...] = ()
