"""Hand-written contrast pairs for training, and their endless variants with other names, sizes and layout.

The generator's families teach shapes of a flaw in short programs; twins show them in code as people write it.
"""

from training.twins.reading import Twin, draw_twin, held_out_twins, trained_twins, twins
from training.twins.variants import TWIN, as_pair, vary

__all__ = ["TWIN", "Twin", "as_pair", "draw_twin", "held_out_twins", "trained_twins", "twins", "vary"]
