"""The calibration's fast way gives what the product's own sweep gives, on the same model, pairs and draws."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.calibration.codes import FLAWS, CodePair, contrast_pair, draw_pairs
from harness.calibration.planted import CWE, STEERED_LAYER, Planted, plant
from harness.calibration.replicates import Design, Replicate, run_replicate
from harness.calibration.transfers import CWES, run_transfers
from harness.model import fitting
from harness.model.sweep import run_sweep
from harness.numerics.slices import steered_verdicts, transfer_of
from harness.plans import PLACEBO_ARMS, Cell
from harness.prompts import prompt_for
from harness.records import Example, Measurement, Prompt
from harness.storage.runs import RunStore
from tests.calibration.product import plan_of, rng_of_the_product, saved

PLACEBOS = 3
Key = tuple[str, int, str, str, str, float]


def pairs_and_replicate() -> tuple[Planted, list[CodePair], Replicate]:
    planted, pairs = plant(1, size=2.0), draw_pairs(5, np.random.default_rng(0), copies=2)
    return planted, pairs, run_replicate(planted, pairs, Design(placebos=PLACEBOS), rng_of_the_product())


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Replicate, tuple[Measurement, ...], Cell]:
    planted, pairs, replicate = pairs_and_replicate()
    folder: Path = tmp_path_factory.mktemp("planted")
    cell = Cell(layer=STEERED_LAYER, strength=replicate.strength)
    found = run_sweep(plan_of(pairs, [cell], placebos=PLACEBOS), saved(planted, folder / "model"), RunStore(folder / "run"), _silent)
    return replicate, found.measurements, cell


def _silent(_what: str, _done: int, _total: int) -> None: ...


def margins_of(replicate: Replicate) -> dict[Key, float]:
    arms = {("treatment", 0): replicate.treatment}
    arms |= {(arm, index): pairs for arm in PLACEBO_ARMS for index, pairs in enumerate(replicate.placebos[arm])}
    return {
        (arm if strength else "baseline", index, pair.scenario, pair.variant, label, strength): margin
        for (arm, index), pairs in arms.items()
        for pair in pairs
        for label, half in (("vulnerable", pair.vulnerable), ("patched", pair.patched))
        for strength, margin in half.items()
    }


def test_every_margin_equals_that_of_the_sweep(both: tuple[Replicate, tuple[Measurement, ...], Cell]) -> None:
    replicate, measurements, _ = both
    expected = {
        (one.arm, one.index, one.scenario, one.variant, one.label, one.strength): one.margin
        for one in measurements
        if one.endpoint == "margin" and one.arm != "reversed"  # the treatment once more, which no gate ranks
    }
    found = margins_of(replicate)
    assert found.keys() == expected.keys()
    assert len(found) == 20 * (1 + 4 + 3 * PLACEBOS * 2)
    assert found == pytest.approx(expected, abs=1e-4)
    assert np.std(list(found.values())) > 0.1  # logits that tell rows apart


def test_the_likelier_answer_is_what_the_sweep_reads_out_of_the_text(both: tuple[Replicate, tuple[Measurement, ...], Cell]) -> None:
    replicate, measurements, cell = both
    read = steered_verdicts([one for one in measurements if one.endpoint == "text"], cell)
    assert read is not None
    assert len(read) == 40
    assert set(read) == set(replicate.verdicts)
    assert len({one.steered for one in read}) == 2


def test_transfers_equal_those_of_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted, rng = plant(5, size=4.0, flaws=3, reads="bowl"), np.random.default_rng(1)
    pairs = {cwe: draw_pairs(4, rng, flaw=flaw) for cwe, flaw in zip(CWES, FLAWS, strict=True)}
    replicate = run_transfers(planted, pairs, rng)

    def about_one_cwe(example: Example, question: str = "vulnerable") -> Prompt:
        return prompt_for(replace(example, cwe=CWE), question)

    monkeypatch.setattr(fitting, "prompt_for", about_one_cwe)  # the made-up CWEs have one question
    first, *others = CWES
    cell = Cell(layer=STEERED_LAYER, strength=replicate.strength)
    other_pairs = tuple(contrast_pair(pair, cwe) for cwe in others for pair in pairs[cwe])
    plan = plan_of(pairs[first], [cell], placebos=1, text_cells=(), transfer_cells=(cell,), other_pairs=other_pairs)
    found = run_sweep(plan, saved(planted, tmp_path / "model"), RunStore(tmp_path / "run"), _silent)
    expected, transfer = transfer_of(found.measurements, first, cell), replicate.transfers[first]
    assert transfer.own == pytest.approx(expected.own, abs=1e-4)
    assert transfer.others.keys() == expected.others.keys()
    for cwe in others:
        assert transfer.others[cwe] == pytest.approx(expected.others[cwe], abs=1e-4)
    assert len({round(moved, 3) for moved in transfer.row.values()}) == 3
