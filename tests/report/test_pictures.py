"""Which pictures a run has, and that their words tell the figures they show."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from harness.report.pictures import ON_DARK, Picture
from harness.report.pictures.coverage import coverage
from harness.report.pictures.dose import dose_responses
from harness.report.pictures.heat import layers_and_strengths, transfers
from harness.report.pictures.margins import margins
from harness.report.pictures.retention import retentions
from harness.report.pictures.signal import signals
from harness.report.records import Case, RunRecords
from tests.report.made_up_run import made_up_run


@pytest.fixture
def run(tmp_path: Path) -> RunRecords:
    return RunRecords(made_up_run(tmp_path))


def case(gate: str, details: dict[str, Any], **changes: Any) -> Case:
    values = {"gate": gate, "dataset": "verified", "model_name": "nano", "cwe": "CWE-79", "layer": 4, "strength": 10.0, "threshold": 0.5}
    return {**values, "details": details, **changes}


def svg(uri: str) -> str:
    return base64.b64decode(uri.partition(",")[2]).decode()


def test_the_dose_response_tells_margins_and_placebos(run: RunRecords) -> None:
    (found,) = dose_responses(run.cases)
    # the 95th of a hundred parts between .1, .2 and .3
    assert found.words == (
        "Mean margin in logits by strength: -2.00 at -10, 0.00 at 0, 2.00 at 10. "
        "95% of placebos shift it by less than: nuisance 0.29 at 10."
    )


def test_strengths_of_one_layer_share_a_picture_and_layers_do_not(run: RunRecords) -> None:
    (one,) = run.cases
    dose = [{"strength": strength, "margin": strength} for strength in (-5.0, 0.0, 5.0)]
    weaker = {**one, "strength": 5.0, "details": {**one["details"], "dose": dose, "strength": 5.0}}
    found = dose_responses([one, weaker, {**one, "layer": 3}])
    assert [picture.id for picture in found] == ["dose-nano-CWE-79-4", "dose-nano-CWE-79-3"]
    assert "-2.00 at -10, -5.00 at -5, 0.00 at 0, 5.00 at 5, 2.00 at 10" in found[0].words


def test_one_cell_has_no_map_of_layers_and_strengths(run: RunRecords) -> None:
    (one,) = run.cases
    assert layers_and_strengths([one]) == []
    (found,) = layers_and_strengths([one, {**one, "layer": 3, "details": {**one["details"], "signed": -0.25}}])
    assert "-0.25 at layer 3, strength 10" in found.words
    assert "+1.50 at layer 4, strength 10" in found.words


def test_margins_of_both_labels_are_told_before_and_after(run: RunRecords) -> None:
    (found,) = margins(run)
    # -.5, .5 and 1.5 unsteered, 1 logit less and more at the ends
    assert "vulnerable -0.50 at -10, vulnerable +0.50 unsteered, vulnerable +1.50 at +10" in found.words
    assert "patched -0.50 at -10" in found.words


def test_layers_that_failed_are_named_with_their_cause() -> None:
    details = {"layers": 6, "ok_layers": 5, "failures": {"3": "not finite"}}
    (found,) = coverage([case("extraction", details, layer=None, strength=None)])
    assert found.words == "CWE-79: 5 of 6 layers came out; layer 3 failed: not finite."


def test_the_transfer_of_a_cell_is_drawn_once() -> None:
    table = {"CWE-79": {"CWE-79": 1.5, "CWE-416": -0.25}, "CWE-416": {"CWE-79": 0.5, "CWE-416": 2.0}}
    (found,) = transfers([case("specificity", {"transfer": table}), case("specificity", {"transfer": table}, cwe="CWE-416")])
    assert "files of CWE-79: +1.50 by that of CWE-79, -0.25 by that of CWE-416" in found.words


def discriminating(**changes: Any) -> Case:
    ends = [{"strength": s, "criterion": -s / 10, "d_prime": 0.5} for s in (-10.0, 0.0, 10.0)]
    return case("sensitivity", {"discrimination": ends}, **changes)


def test_bias_and_sensitivity_stand_beside_published_models_of_the_same_files_alone() -> None:
    (own,) = signals([discriminating()])
    (public,) = signals([discriminating(dataset="secllmholmes")])
    assert "CWE-79 from criterion +0.00, d' +0.50 to criterion -1.00, d' +0.50" in own.words
    assert "Published" not in own.words
    # 19 of 24 called vulnerable on both sides: the quantile of 19.5 / 25 is .772
    assert "GPT-3.5 criterion -0.77, d' +0.00" in public.words


def test_what_each_rewrite_keeps_is_told_with_its_interval() -> None:
    kept = {"renamed": {"kept": 0.9, "low": 0.85, "high": 0.95}, "moved": {"kept": 1.0, "low": None, "high": None}}
    (found,) = retentions([case("retention", {"variants": kept})])
    assert found.words.endswith("CWE-79: renamed 90% (85% to 95%), moved 100%.")
    assert "must reach 50%" in found.words


@pytest.mark.parametrize("draw", [dose_responses, layers_and_strengths, transfers, coverage, signals, retentions])
def test_what_was_not_measured_is_not_drawn(draw: Any) -> None:
    assert draw([case("shift", {}), case("retention", {"variants": {}}), case("harm", {})]) == []


def test_a_dark_page_has_no_colour_of_the_light_one(run: RunRecords) -> None:
    pictures: list[Picture] = [*dose_responses(run.cases), *margins(run), *signals([discriminating()])]
    for one in pictures:
        assert set(re.findall("#[0-9a-f]{6}", svg(one.light))) & ON_DARK.keys()
        assert not set(re.findall("#[0-9a-f]{6}", svg(one.dark))) & ON_DARK.keys()


def test_a_dollar_in_a_name_is_a_dollar() -> None:
    kept = {"$a$_{1": {"kept": 0.9, "low": None, "high": None}}
    (found,) = retentions([case("retention", {"variants": kept})])
    assert "$a$_{1" in svg(found.light)
