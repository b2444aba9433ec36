"""What one decoding step takes, told from when the model's own forward passes end: the same measure for any way of generating."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.clock import CLOCKS, Clock
from benchmarks.errors import BenchmarkError


class Steps:
    """Watches a model's forward passes. A step is the time between the ends of two passes that belong to one generation: the later one was
    given as many tokens for each row of the batch as the cache, which is the same, has grown by: one, or one for each of the texts that
    share a prompt and so stand side by side."""

    def __init__(self, clock: Clock = CLOCKS["wall"]) -> None:
        self._clock = clock
        self.seconds = 0.0
        self.row_steps = 0
        self._before: tuple[Any, int, float] | None = None

    def watch(self, module: nn.Module, run: Callable[[], object]) -> float:
        """Seconds of a step for one row: all steps' time, over the rows they moved on.

        Raises: BenchmarkError if nothing was generated.
        """
        handle = module.register_forward_hook(self._passed, with_kwargs=True)
        try:
            run()
        finally:
            handle.remove()
        if not self.row_steps:
            raise BenchmarkError("no decoding step was seen; generate at least 2 new tokens over a cache (--new-tokens)")
        return self.seconds / self.row_steps

    def _passed(self, _module: nn.Module, _inputs: Any, given: dict[str, Any], output: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now, cache, ids = self._clock(), getattr(output, "past_key_values", None), given.get("input_ids")
        if cache is None or ids is None:
            self._before = None
            return
        length = int(cache.get_seq_length())
        if self._before is not None and self._before[0] is cache and length == self._before[1] + ids.shape[1]:
            self.seconds += now - self._before[2]
            self.row_steps += ids.numel()
        # The cache itself is kept, not its id: that of a freed one may come again.
        self._before = (cache, length, now)
