"""Whether the direction of "favourable" changes what a model says about reviews that it was not fitted on, and by more than placebos do."""

import pytest


@pytest.mark.declares(layer=True, strength=True, shift=True, text=True)
def test_shift(sweep, gate):
    gate("shift", sweep)


@pytest.mark.declares(layer=True, strength=True, shift=True)
def test_sensitivity(sweep, gate):
    gate("sensitivity", sweep)


@pytest.mark.declares(layer=True, strength=True, prompt=True)
def test_prompt(sweep, gate):
    gate("prompt", sweep)
