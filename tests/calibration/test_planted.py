"""What is planted, and that nothing is where nothing was planted."""

import numpy as np
import pytest

from harness.calibration import codes
from harness.calibration.codes import FLAW, FLAWS, LENGTH, LETTERS, MENDED, OWN, contrast_pair, draw_pairs
from harness.calibration.margins import last_residuals, steered_margins, token_ids
from harness.calibration.planted import CWE, STEERED_LAYER, Reads, plant, tokenizer
from harness.calibration.replicates import Design, replicates
from harness.errors import PlanError

CODES = ["ab.cdefghi", "zyxw.vutsr"]
FLAWED = [code.replace(MENDED, FLAW) for code in CODES]


def shift_of(size: float) -> np.ndarray:
    planted = plant(4, size=size)
    residuals = last_residuals(planted, token_ids([*FLAWED, *CODES]), STEERED_LAYER)
    return (residuals[:2] - residuals[2:]) @ planted.axis


def test_without_a_size_the_two_characters_are_one_to_the_model() -> None:
    np.testing.assert_array_equal(shift_of(0.0), 0.0)


def test_the_character_writes_along_the_axis_the_more_the_larger_its_size() -> None:
    small, large = shift_of(1.0), shift_of(4.0)
    assert (small > 0.1).all()
    assert (large > 2 * small).all()


def pushes(reads: Reads) -> np.ndarray:
    """How far a push along the axis moves each margin, flawed ones first; means over models."""
    moved = []
    for seed in range(8):
        planted = plant(seed, size=4.0, reads=reads)
        ids = token_ids([*FLAWED, *CODES])
        ends = np.repeat(np.outer((-1.0, 1.0), planted.axis)[None], len(ids), axis=0)
        moved.append(np.diff(steered_margins(planted, ids, STEERED_LAYER, ends))[:, 0])
    return np.mean(moved, axis=0)


def test_in_a_bowl_a_push_moves_flawed_code_further_and_straight_it_moves_both_alike() -> None:
    straight, bowl = pushes("axis"), pushes("bowl")
    assert (straight > 0).all()
    assert (bowl[:2] - bowl[2:] > 0.2).all()
    assert (straight[:2] - straight[2:] < 0.1).all()


def test_every_flaw_writes_along_an_axis_of_its_own() -> None:
    planted = plant(4, size=4.0, flaws=3)
    np.testing.assert_allclose(planted.axes @ planted.axes.T, np.eye(3), atol=1e-6)
    codes = [code.replace(MENDED, flaw) for flaw in (MENDED, *FLAWS) for code in CODES]
    read = last_residuals(planted, token_ids(codes), STEERED_LAYER).reshape(4, 2, -1).mean(axis=1)
    along = (read[1:] - read[0]) @ planted.axes.T  # (flaws, axes)
    assert (along.argmax(axis=1) == np.arange(3)).all()
    with pytest.raises(PlanError, match="4 flaws can't be planted"):
        plant(4, flaws=4)


def test_what_is_planted_can_be_hidden_from_the_surface() -> None:
    (pair,) = draw_pairs(1, np.random.default_rng(1), flaw=FLAWS[1])
    shown, hidden = contrast_pair(pair, CWE), contrast_pair(pair, CWE, flawless=True)
    assert (shown.vulnerable.code, shown.patched.code) == (pair.vulnerable, pair.patched)
    assert hidden.vulnerable.code == pair.vulnerable.replace(FLAWS[1], MENDED)
    assert hidden.patched.code == pair.patched


def test_a_seed_gives_one_model_and_another_seed_another() -> None:
    first, again, other = (plant(seed).module.state_dict() for seed in (5, 5, 6))
    assert all((first[name] == again[name]).all() for name in first)
    assert not (first["transformer.wte.weight"] == other["transformer.wte.weight"]).all()


def test_letters_of_few_axes_span_no_more_of_them_and_the_planted_one_is_among_them() -> None:
    planted = plant(2, axes=3)
    rows = [tokenizer().token_to_id(letter) for letter in LETTERS]
    letters = planted.module.transformer.wte.weight.detach().double().numpy()[rows]
    assert np.linalg.matrix_rank(letters, tol=1e-3) == 3
    along = letters @ planted.axis
    assert np.linalg.matrix_rank(letters - np.outer(along, planted.axis), tol=1e-3) == 2
    with pytest.raises(PlanError, match="can't span 33 axes"):
        plant(2, axes=33)


def test_the_answers_lie_apart_along_the_axis_and_are_even_on_average() -> None:
    planted = plant(3)
    cosine = planted.difference @ planted.axis / np.linalg.norm(planted.difference)
    assert 0.5 < cosine < 0.95
    margins = [half[0.0] for one in replicates(Design(placebos=1), range(20), 0) for pair in one.treatment for half in (pair.vulnerable,)]
    assert abs(np.mean(margins)) < np.std(margins) / 2


def test_the_halves_of_a_pair_share_all_but_their_own_letters() -> None:
    for pair in draw_pairs(50, np.random.default_rng(1)):
        different = [place for place in range(LENGTH) if pair.vulnerable[place] != pair.patched[place]]
        assert len(different) <= OWN + 1
        (place,) = (place for place in different if pair.vulnerable[place] == FLAW)
        assert pair.patched[place] == MENDED


def test_halves_differ_in_more_than_the_planted_character_even_with_few_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "LETTERS", "ab")
    for pair in draw_pairs(50, np.random.default_rng(1)):
        assert pair.vulnerable.replace(FLAW, MENDED) != pair.patched


def test_a_copy_changes_one_letter_in_both_halves_alike() -> None:
    first, second = draw_pairs(1, np.random.default_rng(1), copies=2)
    assert (first.scenario, first.variant, second.scenario, second.variant) == ("s000", "original", "s000", "copy-1")
    halves = ((first.vulnerable, second.vulnerable), (first.patched, second.patched))
    changes = [[place for place in range(LENGTH) if one[place] != other[place]] for one, other in halves]
    assert changes[0] == changes[1]
    assert len(changes[0]) == 1
    counted = draw_pairs(1, np.random.default_rng(1), copies=2, copies_as_scenarios=True)
    assert [(one.scenario, one.variant) for one in counted] == [("s000-0", "original"), ("s000-1", "original")]
    assert [one.vulnerable for one in counted] == [first.vulnerable, second.vulnerable]


def test_a_replicate_does_not_depend_on_which_others_are_run() -> None:
    design = Design(scenarios=3, placebos=2)
    *_, third = replicates(design, range(3), 7)
    (alone,) = replicates(design, [2], 7)
    assert (alone.treatment, alone.placebos, alone.seed) == (third.treatment, third.placebos, third.seed)


def test_code_of_two_lengths_is_refused() -> None:
    with pytest.raises(PlanError, match=r"prompts of \[4, 5\] tokens"):
        token_ids(["ab", "abc"])
