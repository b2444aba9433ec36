"""The scale of the residual stream changes residuals and nothing that is said."""

import pytest
import torch

from training.network import build_network
from training.recipe import Shape
from training.rescale import rescale

SHAPE = Shape(vocabulary=97, layers=3, width=32, heads=2, context=128)


@pytest.mark.parametrize("factor", [0.2, 1.0, 37.5])
def test_logits_stay_and_residuals_grow_by_the_factor(factor: float) -> None:
    network = build_network(SHAPE, seed=3).eval()
    # Fresh biases are zero and fresh norms are one: only changed ones show a weight that was forgotten.
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel())))
    ids = torch.randint(97, (2, 40), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        before = network(ids, output_hidden_states=True)
        rescale(network, factor)
        after = network(ids, output_hidden_states=True)
    torch.testing.assert_close(after.logits, before.logits, atol=1e-5, rtol=1e-5)
    for small, large in zip(before.hidden_states[:-1], after.hidden_states[:-1], strict=True):
        torch.testing.assert_close(large, small * factor, atol=1e-5 * factor, rtol=1e-4)


@pytest.mark.parametrize("factor", [0.0, -1.0, float("inf"), float("nan")])
def test_a_factor_that_is_not_positive_and_finite_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="not positive"):
        rescale(build_network(SHAPE, seed=3), factor)
