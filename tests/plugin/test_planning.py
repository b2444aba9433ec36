"""From declarations and options to cases and plans, without a model."""

import json
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import PlanError
from harness.model.description import ModelInfo
from harness.plans import ModelRequest, distinct_flips
from harness.plugin.planning import Needs, Planner
from harness.plugin.settings import DEFAULT_NEW_TOKENS, Settings, short_name

NANO = ModelRequest(name="nano", revision=None, dtype="float32", device_map=None)
SETTINGS: dict[str, Any] = {
    "models": (NANO,), "dataset": "verified", "dataset_dir": None, "split": None, "strengths": (5.0, 10.0), "layers": (),
    "positions": "generated", "fit": "cwe", "estimator": "mean-difference", "question": "vulnerable", "max_new_tokens": 8,
    "placebos": 39, "seed": 0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _on_the_small_corpus(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETTINGS, "dataset_dir", str(corpus))


SHIFT = Needs(layer=True, strength=True, shift=True, text=True)


def planner(**changes: Any) -> Planner:
    def inspect(name: str, revision: str | None) -> ModelInfo:  # noqa: ARG001
        return ModelInfo(name=name, source=name, architecture="GPTBigCode", layers=6, d_model=8, context=2048, declared_layer=4)

    return Planner(Settings(**(SETTINGS | changes)), inspect)


def test_ids_are_built_from_model_dataset_cwe_layer_and_strength() -> None:
    assert [case.id for case in planner().cases(SHIFT)] == ["nano-verified-cwe787-l4-s5", "nano-verified-cwe787-l4-s10"]
    assert [case.id for case in planner().cases(Needs())] == ["nano-verified-cwe787"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("bigcode/starcoderbase-1b", "starcoderbase1b"), ("Qwen/Qwen2.5-Coder-1.5B", "qwen2.5coder1.5b"), ("./models/My_Model", "mymodel")],
)
def test_a_short_name_has_no_dash_so_that_k_selects_it(name: str, expected: str) -> None:
    assert short_name(name).replace("_", "") == expected
    assert "-" not in short_name(name)


def test_selected_cases_of_one_cwe_share_one_plan() -> None:
    made = planner()
    cases = made.cases(SHIFT)
    plans = made.plan([(case, SHIFT) for case in cases] + [(made.cases(Needs())[0], Needs())])
    assert list(plans) == ["nano-verified-cwe787"]
    assert [cell.strength for cell in plans["nano-verified-cwe787"].shift_cells] == [5.0, 10.0]


def test_the_rows_of_a_plan_are_distinct_and_counted_by_hand() -> None:
    made = planner()
    (plan,) = made.plan([(case, SHIFT) for case in made.cases(SHIFT)]).values()
    rows = [(row.example.path, row.arm, row.index, row.layer, row.strength, row.endpoint) for row in plan.rows()]
    assert len(rows) == len(set(rows))
    # 5 and 10 share the ladder's rows at -5 and 5
    ladder, reversed_, placebos, texts = 6, 2, 2 * 2 * 3 * 39, 2 + 4
    assert len(rows) == 16 * (1 + ladder + reversed_ + placebos + texts)


def test_label_flips_are_no_more_than_exist() -> None:
    made = planner()
    (plan,) = made.plan([(case, SHIFT) for case in made.cases(SHIFT)]).values()
    three = replace(plan, pairs=plan.pairs[:3], fitting_pairs=plan.pairs[:3])
    assert three.placebo_counts == {"random": 39, "nuisance": 39, "label-flip": 3}
    assert distinct_flips(3) == 3


def test_a_layer_outside_the_model_is_refused_with_its_range() -> None:
    with pytest.raises(PlanError, match=r"--layer 6 is outside 0\.\.5 of nano"):
        planner(layers=(6,)).cases(SHIFT)


def test_two_models_with_one_short_name_are_refused() -> None:
    with pytest.raises(PlanError, match="models a/m and b/m share the short name 'm'"):
        planner(models=(NANO, replace(NANO, name="a/m"), replace(NANO, name="b/m")))


def test_wanting_texts_without_a_layer_is_refused() -> None:
    with pytest.raises(PlanError, match="layer=True, strength=True"):
        Needs(text=True)


def test_the_estimator_of_the_options_stands_in_every_plan() -> None:
    for estimator in ("mean-difference", "principal-component", "logistic-probe"):
        made = planner(estimator=estimator)
        (plan,) = made.plan([(case, SHIFT) for case in made.cases(SHIFT)]).values()
        assert plan.estimator == estimator


def test_an_unknown_estimator_is_refused_by_option_and_by_plan() -> None:
    with pytest.raises(PlanError, match="--estimator 'median' is none of mean-difference, principal-component, logistic-probe"):
        planner(estimator="median")
    made = planner()
    (plan,) = made.plan([(case, SHIFT) for case in made.cases(SHIFT)]).values()
    with pytest.raises(PlanError, match="estimator 'median' is none of"):
        replace(plan, estimator="median")


def test_the_option_is_read_and_is_the_mean_difference_where_it_is_left_out(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    given = copy(pytestconfig.option)
    assert Settings.from_options(given, tmp_path).estimator == "mean-difference"
    given.estimator = "logistic-probe"
    assert Settings.from_options(given, tmp_path).estimator == "logistic-probe"


def test_texts_along_another_estimator_are_not_compared_with_the_pinned_ones() -> None:
    assert replace(planner().settings, dataset_dir=None).text_as_pinned is False  # 8 new tokens here
    pinned = replace(planner().settings, dataset_dir=None, max_new_tokens=DEFAULT_NEW_TOKENS)
    assert pinned.text_as_pinned
    assert not replace(pinned, estimator="principal-component").text_as_pinned


def test_what_only_a_comparison_measures_is_in_no_family_of_specificity() -> None:
    """Its groups measure their own direction in the same cell, and none of another CWE."""
    made = planner(dataset_dir=None, models=(NANO, replace(NANO, name="other")), strengths=(10.0,))
    transfer, rival = Needs(layer=True, strength=True, transfer=True), Needs(layer=True, strength=True, rival=True)
    own = [case for case in made.cases(transfer) if case.model == NANO and case.cwe in ("CWE-77", "CWE-89")]
    plans = made.plan([*((case, transfer) for case in own), *((case, rival) for case in made.cases(rival))])
    assert len(plans) == 16  # eight CWEs of two models
    assert made.family(plans, own[0]) == {"CWE-77": "nano-verified-cwe77", "CWE-89": "nano-verified-cwe89"}


@pytest.fixture
def replies(tmp_path: Path) -> str:
    """Four pairs of one's own, of two concepts."""
    lines = [
        {
            "concept": concept,
            "scenario": name,
            "question": "Is it so?",
            "positive": f"{concept} {name}",
            "negative": f"not {concept} {name}",
        }
        for concept in ("polite", "formal")
        for name in ("refund", "delay")
    ]
    path = tmp_path / "My-replies.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return str(path)


def test_a_concept_stands_where_a_cwe_stands(replies: str) -> None:
    made = planner(dataset=replies, dataset_dir=None)
    transfer = Needs(layer=True, strength=True, transfer=True)
    cases = [case for case in made.cases(transfer) if case.strength == 10]
    assert sorted(case.id for case in cases) == ["nano-myreplies-formal-l4-s10", "nano-myreplies-polite-l4-s10"]
    plans = made.plan([(case, transfer) for case in cases])
    polite = plans["nano-myreplies-polite"]
    assert (polite.cwe, polite.other_cwes, polite.scenarios) == ("polite", ("formal",), ("refund", "delay"))
    assert made.family(plans, cases[0]) == {"polite": "nano-myreplies-polite", "formal": "nano-myreplies-formal"}


def test_another_phrasing_of_the_question_about_weaknesses_is_refused_for_data_with_their_own(replies: str) -> None:
    with pytest.raises(PlanError, match="--prompt safe asks about weaknesses"):
        planner(dataset=replies, dataset_dir=None, question="safe").cases(SHIFT)
