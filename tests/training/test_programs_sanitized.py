"""Labels of generated CWE-787 programs, checked by running them on hostile input under the address and bounds sanitizers."""

from random import Random

import pytest

from tests.training.sanitizing import writes_outside
from training.programs import families, generate_pair

UNDECIDABLE = {"outside_size"}  # ambiguous
WITHIN_ONE_STRUCT = {"wrong_sizeof"}  # the write stays inside the struct, which the address sanitizer does not see
QUICK = ("loop_off_by_one", "struct_slots", "string_wrong_bound")
RUNNABLE = [family for family in families("CWE-787") if family not in UNDECIDABLE]


def check(family, seed, folder):
    pair = generate_pair(Random(f"sanitized-{family}-{seed}"), "CWE-787", family)
    assert not writes_outside(pair.patched.code, pair.vulnerable.code, folder)
    if family not in WITHIN_ONE_STRUCT:
        assert writes_outside(pair.vulnerable.code, pair.patched.code, folder)


@pytest.mark.parametrize("family", QUICK)
def test_the_sanitizers_agree_with_the_labels(family, tmp_path):
    check(family, 0, tmp_path)


@pytest.mark.heavy
@pytest.mark.parametrize("family", RUNNABLE)
def test_the_sanitizers_agree_with_the_labels_of_every_family(family, tmp_path):
    for seed in range(1, 4):
        check(family, seed, tmp_path)
