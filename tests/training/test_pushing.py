"""A push reaches questions and answers, each question its own, and nothing of the code."""

import torch

from training.branches import PADDING, TRUNK, Branch, Tree, lay_out
from training.network import build_network
from training.pushing import LARGEST, Push
from training.recipe import Recipe

TREES = [
    Tree(trunk=(1, 2, 3, 4), branches=(Branch(question=(5, 6), yes=0.9), Branch(question=(5, 7), answer=(8, 9, 0), yes=0.1))),
    Tree(trunk=(1, 2), branches=(Branch(question=(5, 6), yes=0.5),)),
]


def test_code_and_padding_are_left_alone_and_questions_are_pushed_each_its_own_way(recipe: Recipe) -> None:
    batch, network = lay_out(TREES), build_network(recipe.shape, seed=1)
    push = Push.draw(batch, network, torch.Generator().manual_seed(0))
    lengths = push.direction.norm(dim=-1)
    quiet = (batch.segments == TRUNK) | (batch.segments == PADDING)
    assert (lengths[quiet] == 0).all()
    assert (lengths[~quiet] > 0).all()
    assert (lengths <= LARGEST + 1e-6).all()
    first, second = push.direction[0][batch.segments[0] == 1], push.direction[0][batch.segments[0] == 2]
    assert (first == first[0]).all()
    assert not torch.equal(first[0], second[0])


def test_the_network_runs_pushed_inside_and_as_ever_outside(recipe: Recipe) -> None:
    batch, network = lay_out(TREES), build_network(recipe.shape, seed=1).eval()
    push = Push.draw(batch, network, torch.Generator().manual_seed(0))

    def run() -> torch.Tensor:
        with torch.no_grad():
            return network.transformer(batch.ids, attention_mask=batch.mask, position_ids=batch.positions).last_hidden_state

    before = run()
    with push.applied(network):
        pushed = run()
    assert torch.equal(run(), before)
    trunk = batch.segments == TRUNK
    assert torch.allclose(pushed[trunk], before[trunk], atol=1e-6)
    assert not torch.allclose(pushed[batch.segments > TRUNK], before[batch.segments > TRUNK], atol=1e-3)
