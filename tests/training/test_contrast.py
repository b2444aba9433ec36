"""The contrast of a pair looks at the difference between its halves alone."""

import math

import pytest
import torch

from training.branches import Branch, Flaw, Tree, lay_out
from training.objective import _contrast_loss

YES, NO = 0, 1


def tree(present: float, *yes: float, own: bool = True) -> Tree:
    branches = tuple(Branch(question=(5, 6), yes=target, own=own) for target in yes)
    return Tree(trunk=(1, 2, 3), branches=branches, flaw=Flaw(since=1, weakness=0, present=present))


def loss(trees: list[Tree], toward_yes: list[float]) -> float | None:
    logits = torch.tensor([[value, 0.0] for value in toward_yes])
    found = _contrast_loss(logits, lay_out(trees), YES, NO)
    return None if found is None else float(found)


def test_it_is_the_softplus_of_the_negative_difference_of_margins() -> None:
    found = loss([tree(0.9, 0.9), tree(0.1, 0.1)], [1.5, 0.5])
    assert found == pytest.approx(math.log1p(math.exp(-(1.5 - 0.5))))


def test_what_both_halves_share_cancels() -> None:
    pair = [tree(0.9, 0.9), tree(0.1, 0.1)]
    assert loss(pair, [1.5, 0.5]) == pytest.approx(loss(pair, [11.5, 10.5]))


def test_a_question_for_safety_counts_the_other_way() -> None:
    asked_safe = [tree(0.9, 0.1), tree(0.1, 0.9)]
    assert loss(asked_safe, [-1.5, -0.5]) == pytest.approx(math.log1p(math.exp(-1.0)))


def test_questions_about_other_weaknesses_have_no_say() -> None:
    assert loss([tree(0.9, 0.05, own=False), tree(0.1, 0.05, own=False)], [1.5, 0.5]) is None
