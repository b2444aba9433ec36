"""Several questions about one program in one sequence: they share the code and cannot see each other.

Because a prompt shows the code first, the questions about it are branches behind one trunk. Every branch attends to the trunk and to
itself, and its positions go on where the trunk ends; so each gets the logits it would have had alone, and the code is paid for once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

TRUNK, PADDING = 0, -1


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A question, and the answer if it goes on.

    question: tokens up to and with "# Answer:". answer: tokens of the answer, end-of-text included, or none.
    yes: the target probability of " Yes" as the first answer token. own: whether the program's own weakness is asked about.
    """

    question: tuple[int, ...]
    answer: tuple[int, ...] = ()
    yes: float
    own: bool = False

    @property
    def tokens(self) -> tuple[int, ...]:
        # The last answer token is a target only; nothing is predicted after end-of-text.
        return self.question + self.answer[:-1]


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """What can be known about a program from token `since` of its trunk on: the probability that it has weakness number `weakness`."""

    since: int
    weakness: int
    present: float


@dataclass(frozen=True, kw_only=True)
class Tree:
    """The tokens of the code, and the branches behind it. `start` is the position of the first token."""

    trunk: tuple[int, ...]
    branches: tuple[Branch, ...] = ()
    start: int = 0
    flaw: Flaw | None = None

    def __len__(self) -> int:
        return len(self.trunk) + sum(len(branch.tokens) for branch in self.branches)

    @property
    def depth(self) -> int:
        """Positions in use, which is less than the length: branches lie beside each other."""
        return len(self.trunk) + max((len(branch.tokens) for branch in self.branches), default=0)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Trees side by side, padded on the right.

    ids, positions, segments: (rows, length). mask: (rows, 1, length, length), True where attention may look.
    The targets are flat indices into rows * length, with what stands there: `verdict_yes` is a probability, the others are tokens.
    verdict_half: for questions about a pair's own weakness, twice the number of the pair, plus one for its patched half; else -1.
    """

    ids: Tensor
    positions: Tensor
    segments: Tensor
    mask: Tensor
    verdict_at: Tensor
    verdict_yes: Tensor
    verdict_half: Tensor
    reason_at: Tensor
    reason_token: Tensor
    code_at: Tensor
    code_token: Tensor
    flaw_at: Tensor
    flaw_weakness: Tensor
    flaw_present: Tensor

    @property
    def tokens(self) -> int:
        """Tokens without the padding."""
        return int((self.segments != PADDING).sum())


@dataclass
class _Targets:
    verdict: list[tuple[int, float, int]] = field(default_factory=list)
    reason: list[tuple[int, int]] = field(default_factory=list)
    code: list[tuple[int, int]] = field(default_factory=list)
    flaw: list[tuple[int, int, float]] = field(default_factory=list)


def lay_out(trees: list[Tree]) -> Batch:
    """One batch of all trees, every token and target in its place. Raises: ValueError for an empty list."""
    if not trees:
        raise ValueError("a batch of no trees; give at least one")
    length = max(len(tree) for tree in trees)
    ids = torch.zeros(len(trees), length, dtype=torch.long)
    positions = torch.zeros_like(ids)
    segments = torch.full_like(ids, PADDING)
    targets = _Targets()
    halves = 0
    for row, tree in enumerate(trees):
        here, trunk = row * length, len(tree.trunk)
        ids[row, :trunk] = torch.tensor(tree.trunk)
        positions[row, :trunk] = torch.arange(tree.start, tree.start + trunk)
        segments[row, :trunk] = TRUNK
        targets.code.extend((here + at, tree.trunk[at + 1]) for at in range(trunk - 1))
        if tree.flaw is not None:
            targets.flaw.extend((here + at, tree.flaw.weakness, tree.flaw.present) for at in range(tree.flaw.since, trunk))
        at = trunk
        for number, branch in enumerate(tree.branches, start=1):
            tokens = branch.tokens
            span = slice(at, at + len(tokens))
            ids[row, span] = torch.tensor(tokens)
            positions[row, span] = torch.arange(tree.start + trunk, tree.start + trunk + len(tokens))
            segments[row, span] = number
            asked = here + at + len(branch.question) - 1
            targets.verdict.append((asked, branch.yes, halves if branch.own and tree.flaw is not None else -1))
            targets.reason.extend((asked + step, token) for step, token in enumerate(branch.answer[1:], start=1))
            at += len(tokens)
        halves += tree.flaw is not None  # the halves of a pair stand one behind the other
    return Batch(
        ids=ids,
        positions=positions,
        segments=segments,
        mask=_mask(segments),
        verdict_at=_column(targets.verdict, 0, torch.long),
        verdict_yes=_column(targets.verdict, 1, torch.float32),
        verdict_half=_column(targets.verdict, 2, torch.long),
        reason_at=_column(targets.reason, 0, torch.long),
        reason_token=_column(targets.reason, 1, torch.long),
        code_at=_column(targets.code, 0, torch.long),
        code_token=_column(targets.code, 1, torch.long),
        flaw_at=_column(targets.flaw, 0, torch.long),
        flaw_weakness=_column(targets.flaw, 1, torch.long),
        flaw_present=_column(targets.flaw, 2, torch.float32),
    )


def _mask(segments: Tensor) -> Tensor:
    length = segments.shape[1]
    before = torch.ones(length, length, dtype=torch.bool).tril()
    looking, looked_at = segments[:, :, None], segments[:, None, :]
    return (before & ((looked_at == TRUNK) | (looked_at == looking)))[:, None]  # (rows, 1, length, length)


def _column(rows: Sequence[tuple[float, ...]], which: int, dtype: torch.dtype) -> Tensor:
    return torch.tensor([row[which] for row in rows], dtype=dtype)
