"""The rows of a plan, counted one by one: which arms, at which strengths, for which files."""

from collections import Counter
from typing import Any

import pytest

from harness.errors import PlanError
from harness.plans import Cell, ModelRequest, Row, SweepPlan, cwe_number, cwe_of
from tests.contrast import contrast_pair

PAIRS = tuple(contrast_pair(name) for name in ("a", "b", "c"))
OTHERS = tuple(contrast_pair(name, cwe=cwe) for name, cwe in (("q", "CWE-89"), ("r", "CWE-22"), ("s", "CWE-416"), ("t", "CWE-89")))
VARIANTS = (contrast_pair("a", variant="renamed"), contrast_pair("b", variant="renamed"))
TEN, FIVE = Cell(layer=4, strength=10.0), Cell(layer=4, strength=5.0)


def plan(**changes: Any) -> SweepPlan:
    values: dict[str, Any] = {
        "model": ModelRequest(name="nano", revision=None, dtype="float32", device_map=None), "dataset": "made-up", "data_hash": "d",
        "cwe": "CWE-787", "pairs": PAIRS, "fitting_pairs": PAIRS, "question": "vulnerable", "positions": "generated", "layers": (4,),
        "shift_cells": (), "text_cells": (), "placebos": 5, "max_new_tokens": 4, "seed": 0,
    }  # fmt: skip
    return SweepPlan(**(values | changes))


def rows_of(path: str, **changes: Any) -> Counter[tuple[Any, ...]]:
    """The rows of one file, and how often each stands in the plan."""
    return Counter(said(row) for row in plan(**changes).rows() if row.example.path == path)


def said(row: Row) -> tuple[Any, ...]:
    return row.endpoint, row.arm, row.index, row.layer, row.strength


BASELINE = ("margin", "baseline", 0, None, 0.0)
ENDS = {("margin", "treatment", 0, 4, -10.0), ("margin", "treatment", 0, 4, 10.0)}


def test_a_plan_that_wants_nothing_measures_every_file_unsteered() -> None:
    assert [said(row) for row in plan().rows()] == [BASELINE] * 6


def test_one_reversed_row_stands_in_a_shift_cell_at_the_full_strength() -> None:
    found = rows_of("a/original/vulnerable.c", shift_cells=(TEN, FIVE))
    assert {row for row in found if row[1] == "reversed"} == {("margin", "reversed", 0, 4, 10.0), ("margin", "reversed", 0, 4, 5.0)}
    assert not [row for row in rows_of("a/original/vulnerable.c", text_cells=(TEN,)) if row[1] == "reversed"]


def test_a_shift_cell_has_the_ladder_and_placebos_at_both_ends() -> None:
    found = rows_of("c/original/patched.c", shift_cells=(TEN,))
    ladder = {("margin", "treatment", 0, 4, s) for s in (-10.0, -5.0, 5.0, 10.0)}
    counts = {"random": 5, "nuisance": 5, "label-flip": 3}  # three scenarios have three relabellings
    placebos = {("margin", arm, index, 4, s) for arm, count in counts.items() for index in range(count) for s in (-10.0, 10.0)}
    assert found == Counter({BASELINE, *ladder, *placebos, ("margin", "reversed", 0, 4, 10.0)})


def test_a_prompt_is_measured_once_a_file_and_in_words_where_texts_are() -> None:
    only = rows_of("a/original/patched.c", prompted=True)
    assert only == Counter({BASELINE, ("margin", "prompt", 0, None, 0.0)})
    with_texts = rows_of("a/original/patched.c", prompted=True, text_cells=(TEN, FIVE))
    assert with_texts["text", "prompt", 0, None, 0.0] == with_texts["margin", "prompt", 0, None, 0.0] == 1
    assert not [row for row in rows_of("a/original/patched.c", text_cells=(TEN,)) if row[1] == "prompt"]


def test_the_direction_of_every_other_cwe_is_tried_once_at_both_ends_under_its_number() -> None:
    found = rows_of("b/original/vulnerable.c", transfer_cells=(TEN,), other_pairs=OTHERS)
    others = {("margin", "other-cwe", number, 4, s) for number in (22, 89, 416) for s in (-10.0, 10.0)}
    assert found == Counter({BASELINE, *ENDS, *others})
    assert plan(other_pairs=OTHERS).other_cwes == ("CWE-22", "CWE-89", "CWE-416")


def test_variants_are_measured_beside_their_originals_at_both_ends_only() -> None:
    changes = {"variant_cells": (TEN,), "variant_pairs": VARIANTS}
    assert rows_of("a/renamed/vulnerable.c", **changes) == Counter({BASELINE, *ENDS})
    assert rows_of("a/original/vulnerable.c", **changes) == Counter({BASELINE, *ENDS})
    assert rows_of("c/renamed/vulnerable.c", **changes) == Counter()


def test_variants_without_a_cell_are_not_measured_at_all() -> None:
    assert plan(variant_pairs=VARIANTS).variants == ()
    assert rows_of("a/renamed/vulnerable.c", variant_pairs=VARIANTS, shift_cells=(TEN,)) == Counter()


def test_no_row_stands_twice_however_many_needs_share_a_cell() -> None:
    cells = dict.fromkeys(("shift_cells", "text_cells", "transfer_cells", "variant_cells"), (TEN, FIVE))
    found = [(row.example.path, *said(row)) for row in plan(**cells, other_pairs=OTHERS, variant_pairs=VARIANTS, prompted=True).rows()]
    assert len(found) == len(set(found))
    ladder, ends = 6, 2 * 2  # 5 and 10 share -5 and 5
    tested = (
        2 + 3 + ladder + 2 + ends * (5 + 5 + 3) + ends + ends * 3
    )  # unsteered margins and texts, ladder, reversed, placebos, texts, others
    assert len(found) == 6 * tested + 4 * (1 + ends)


def test_tested_files_come_before_their_variants() -> None:
    order = [row.example.variant for row in plan(variant_cells=(TEN,), variant_pairs=VARIANTS).rows()]
    assert order == sorted(order)  # "original" before "renamed"


@pytest.mark.parametrize(("cwe", "number"), [("CWE-22", 22), ("CWE-787", 787)])
def test_a_cwe_has_its_number(cwe: str, number: int) -> None:
    assert cwe_number(cwe) == number


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": "some"}, "positions 'some' is none of"),
        ({"placebos": 0}, "--placebos 0 leaves nothing to rank against"),
        ({"max_new_tokens": 0}, "--max-new-tokens 0 generates nothing"),
        ({"estimator": "median"}, "estimator 'median' is none of"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        plan(**changes)


def test_a_concept_has_a_number_of_its_own_above_all_cwes_and_is_found_by_it() -> None:
    numbers = [cwe_number(name) for name in ("CWE-787", "polite", "formal")]
    assert numbers[0] == 787
    assert len(set(numbers)) == 3
    assert min(numbers[1:]) >= 2**32
    assert max(numbers) < 2**63  # records hold it as int64
    assert [cwe_of(number, ("polite",)) for number in numbers] == ["CWE-787", "polite", f"concept {numbers[2]}"]
