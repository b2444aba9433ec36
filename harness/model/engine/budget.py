"""How much is run at once, and what happens when the memory does not hold it: half as much, and the result says so."""

import gc
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch

from harness.errors import ModelError, PlanError
from harness.model.engine.rows import Query

TOKEN_BUDGET = 8192
BYTES = 1 << 28
"""What the logits and the mask of one pass, or the keys and values of the answers of one batch, may take at first."""
CPU_WORDS = ("not enough memory", "can't allocate memory")
"""What the CPU's allocator says, in a RuntimeError, as the platforms word it."""
Found = TypeVar("Found")
Part = list[tuple[Query, Found]]
"""Some of the rows with what was found for them."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How rows share a prompt in a model.

    difference: largest difference of logits between the two ways on the probe, None if the first could not be run. tolerance: what was
    allowed. cause: why the repeated cache was taken, None where it was not.
    """

    name: Literal["parallel queries", "repeated cache"]
    difference: float | None
    tolerance: float
    cause: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.cause})" if self.cause else f"{self.name} (logits differ by {self.difference:.2g} at most)"


@dataclass(kw_only=True)
class Budget:
    """What one batch may take, and what a report can say about the runs.

    tokens: of a batch's prompts, padding included. halvings: how often the memory did not hold a batch. way: how rows shared the run of a
    prompt, None before any did.
    """

    tokens: int = TOKEN_BUDGET
    halvings: int = 0
    way: Way | None = None

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise PlanError(f"token budget {self.tokens} is below 1; a few thousand suit a CPU")

    @property
    def bytes(self) -> int:
        """What a pass may take beside the prompts."""
        return max(1, BYTES >> self.halvings)

    def halve(self) -> None:
        self.tokens = max(1, self.tokens // 2)
        self.halvings += 1


def is_out_of_memory(trouble: BaseException) -> bool:
    """Whether the accelerator's memory, or that of the CPU's allocator, did not suffice."""
    return isinstance(trouble, torch.OutOfMemoryError | MemoryError) or (
        isinstance(trouble, RuntimeError) and any(words in str(trouble) for words in CPU_WORDS)
    )


def adapting(
    queries: Sequence[Query],
    plan: Callable[[Sequence[Query], int], list[list[Query]]],
    run: Callable[[list[Query]], Iterator["Part[Found]"]],
    budget: Budget,
) -> "Iterator[Part[Found]]":
    """Runs rows in batches; what a batch has not given when the memory ends is planned again under half the budget.

    Args: plan, batches of rows for a number of tokens; run, gives a batch's rows in parts.
    Raises: ModelError if the memory does not hold a single row.
    """
    pending = deque(plan(queries, budget.tokens))
    while pending:
        batch = pending.popleft()
        done: set[int] = set()
        try:
            for part in run(batch):
                done.update(query.number for query, _ in part)
                yield part
            continue
        except (RuntimeError, MemoryError) as trouble:
            if not is_out_of_memory(trouble):
                raise
            if len(batch) == 1 or budget.tokens == 1:
                raise ModelError(
                    f"the memory does not hold one row of {len(batch[0].tokens)} tokens ({str(trouble).splitlines()[0]}); choose a smaller "
                    "model, or --dtype bfloat16"
                ) from None
        # Behind the except clause: the traceback holds the tensors that were too many.
        free()
        budget.halve()
        left = [query for query in batch if query.number not in done] + [query for later in pending for query in later]
        pending = deque(plan(left, budget.tokens))


def free() -> None:
    """Gives back what the failed batch held."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
