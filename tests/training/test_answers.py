"""What the model is taught to say."""

import pytest

from training.answers import sizes_as_n


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("table has 128 elements. The range 0 to 127 is checked.", "table has N elements. The range 0 to N is checked."),
        ("A text of 12 bytes fits, one of 13 does not.", "A text of 12 bytes fits, one of N does not."),
        ("buf[64] and x64, uint32_t, item_20 and 2.50 stay.", "buf[N] and x64, uint32_t, item_20 and 2.50 stay."),
    ],
)
def test_numbers_above_twelve_become_n_and_names_stay(reason: str, expected: str) -> None:
    assert sizes_as_n(reason) == expected
