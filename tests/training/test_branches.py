"""Questions that share the code of a program get what they would have got alone."""

from random import Random

import torch

from training.branches import Branch, Tree, lay_out
from training.network import build_network
from training.objective import Student
from training.recipe import Shape

SHAPE = Shape(vocabulary=97, layers=3, width=32, heads=2, context=128)


def _tokens(rng: Random, count: int) -> tuple[int, ...]:
    return tuple(rng.randrange(1, 97) for _ in range(count))


def _trees() -> list[Tree]:
    rng = Random(5)
    branches = [Branch(question=_tokens(rng, 6 + at), answer=_tokens(rng, 3 * at), yes=0.1 * at) for at in range(4)]
    return [Tree(trunk=_tokens(rng, 20), branches=tuple(branches), start=9), Tree(trunk=_tokens(rng, 11), branches=tuple(branches[:2]))]


def test_branch_logits_equal_those_of_separate_sequences() -> None:
    network = build_network(SHAPE, seed=3).eval()
    trees = _trees()
    batch = lay_out(trees)
    with torch.no_grad():
        together = network.lm_head(Student(network, weaknesses=2).run(batch)[0]).view(*batch.ids.shape, -1)
        for row, tree in enumerate(trees):
            at = len(tree.trunk)
            for branch in tree.branches:
                alone = torch.tensor([tree.trunk + branch.tokens])
                positions = torch.arange(tree.start, tree.start + alone.shape[1])[None]
                expected = network(alone, position_ids=positions).logits[0, len(tree.trunk) :]
                torch.testing.assert_close(together[row, at : at + len(branch.tokens)], expected, atol=1e-5, rtol=1e-5)
                at += len(branch.tokens)


def test_targets_stand_where_the_next_token_is_predicted() -> None:
    trees = _trees()
    batch = lay_out(trees)
    flat = batch.ids.flatten()
    ends = [branch.question[-1] for tree in trees for branch in tree.branches]
    assert flat[batch.verdict_at].tolist() == ends
    assert batch.verdict_yes.tolist() == torch.tensor([branch.yes for tree in trees for branch in tree.branches]).tolist()
    inputs = [token for tree in trees for branch in tree.branches for token in branch.answer[:-1]]
    targets = [token for tree in trees for branch in tree.branches for token in branch.answer[1:]]
    assert flat[batch.reason_at].tolist() == inputs
    assert batch.reason_token.tolist() == targets


def test_tokens_count_without_padding() -> None:
    trees = _trees()
    assert lay_out(trees).tokens == sum(map(len, trees))
