"""Options over protocol over pyproject.toml over defaults, and what is refused before anything is loaded."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import PlanError
from harness.numerics.gates.limits import changed_limits
from harness.plans import Cell
from harness.plugin.settings import DEFAULT_CLAIMS, DEFAULTS, Settings, all_gates, cells_of, limits_of_project


def options(**said: Any) -> SimpleNamespace:
    """What pytest parses where the command line says only this."""
    others = ("device_map", "dataset_dir", "gate", "extraction_threshold", "protocol", "baseline", "keyword", "markexpr", "deselect")
    silent = dict.fromkeys([*DEFAULTS, *others])
    return SimpleNamespace(**{**silent, "choose": False, "strict_gates": False, **said})


def test_whoever_names_a_baseline_claims_its_gate(root: Path) -> None:
    assert Settings.from_options(options(baseline="old", claims="shift"), root).claims == ("shift", "baseline")
    assert "baseline" not in Settings.from_options(options(), root).claims


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a pyproject.toml that says nothing of the harness."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n', encoding="utf-8")
    return tmp_path


def protocol(root: Path, text: str) -> str:
    path = root / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def project(root: Path, text: str) -> None:
    (root / "pyproject.toml").write_text(text, encoding="utf-8")


def test_saying_nothing_gives_the_defaults(root: Path) -> None:
    found = Settings.from_options(options(), root)
    assert [(model.name, model.revision, model.dtype, model.device_map) for model in found.models] == [("nano", None, "float32", None)]
    assert found == Settings(models=found.models)  # the defaults of the record are those of the options
    assert found.claims == DEFAULT_CLAIMS == ("extraction", "identity", "generation", "pinned_text", "shift")
    assert (found.strengths, found.layers, found.placebos, found.limits, found.deviations) == ((1.0, 5.0, 10.0, 20.0), (), 39, {}, ())


def test_the_command_line_wins_over_the_protocol_and_that_over_the_default(root: Path) -> None:
    path = protocol(root, 'strength = [10, 20]\nplacebos = 59\nfit = "pooled"\nseed = 3\n')
    found = Settings.from_options(options(protocol=path, placebos=19, strength=[5.0]), root)
    assert (found.strengths, found.placebos) == ((5.0,), 19)
    assert (found.fit, found.seed) == ("pooled", 3)
    assert found.positions == "generated"
    assert found.protocol is not None
    assert found.protocol.name == "mine.toml"
    assert found.deviations == ("--strength 5 instead of 10 20", "--placebos 19 instead of 59")


def test_a_selection_from_a_protocol_is_a_deviation_and_without_one_is_none(root: Path) -> None:
    path = protocol(root, "seed = 3")
    found = Settings.from_options(options(protocol=path, keyword="cwe787", deselect=["a", "b"]), root)
    assert found.deviations == ("-k 'cwe787': only a part of the cases", "--deselect 'a b': only a part of the cases")
    assert Settings.from_options(options(keyword="cwe787"), root).deviations == ()


def test_seed_zero_on_the_command_line_is_said_and_not_left_out(root: Path) -> None:
    found = Settings.from_options(options(protocol=protocol(root, "seed = 3"), seed=0), root)
    assert (found.seed, found.deviations) == (0, ("--seed 0 instead of 3",))


def test_a_protocol_that_is_followed_has_no_deviations(root: Path) -> None:
    path = protocol(
        root, 'model = "nano"\nlayer = 4\nstrength = 10\nchoose = true\nclaims = ["shift", "harm"]\n[gates]\n"shift.p" = 0.05\n'
    )
    found = Settings.from_options(options(protocol=path, strength=[10.0], claims="shift, harm"), root)
    assert found.deviations == ()
    assert (found.layers, found.strengths, found.choose, found.claims, found.limits) == ((4,), (10.0,), True, ("shift", "harm"), {})


def test_choose_on_the_command_line_is_a_deviation_from_a_protocol_that_says_no(root: Path) -> None:
    found = Settings.from_options(options(protocol=protocol(root, "choose = false"), choose=True), root)
    assert (found.choose, found.deviations) == (True, ("--choose True instead of False",))


def test_thresholds_of_project_protocol_and_command_line_lie_over_each_other(root: Path) -> None:
    project(root, '[tool.secsteer.gates]\n"shift.p" = 0.04\n"harm.undecided" = 0.03\n"retention.share" = 0.6\n')
    path = protocol(root, '[gates]\n"shift.p" = 0.02\n"harm.undecided" = 0.02\n')
    found = Settings.from_options(options(protocol=path, gate=["shift.p=0.01"]), root)
    assert found.limits == {"shift.p": 0.01, "harm.undecided": 0.02, "retention.share": 0.6}
    assert found.deviations == ("--gate shift.p=0.01 instead of 0.02",)
    assert changed_limits(found.limits) == (
        "harm.undecided = 0.02 (declared: 0.05)",
        "retention.share = 0.6 (declared: 0.5)",
        "shift.p = 0.01 (declared: 0.05)",
    )


def test_a_threshold_said_as_it_is_declared_is_no_change(root: Path) -> None:
    found = Settings.from_options(options(gate=["shift.p = 0.05"]), root)
    assert (found.limits, changed_limits(found.limits)) == ({}, ())


def test_the_short_option_of_extraction_is_its_threshold(root: Path) -> None:
    assert Settings.from_options(options(extraction_threshold=0.5), root).limits == {"extraction.share": 0.5}


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("shift.p", r"--gate 'shift\.p' sets nothing; write --gate NAME=VALUE"),
        ("shift.q=1", r"threshold 'shift\.q' of --gate is unknown"),
        ("shift.p=few", r"threshold shift\.p = 'few' of --gate is no number"),
        ("shift.p=2", r"--gate, gate shift: threshold 2\.0 for the p is outside 0\.\.1"),
    ],
)
def test_a_threshold_on_the_command_line_is_checked(root: Path, gate: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        Settings.from_options(options(gate=[gate]), root)


def test_what_is_repeated_counts_once_and_in_order(root: Path) -> None:
    found = Settings.from_options(
        options(model=["b", "a", "b"], strength=[10.0, 5.0, 10.0], layer=[4, 3, 4], claims="harm,shift,harm,"), root
    )
    assert [model.name for model in found.models] == ["b", "a"]
    assert (found.strengths, found.layers, found.claims) == ((10.0, 5.0), (4, 3), ("harm", "shift"))


def test_all_claims_are_all_gates(root: Path) -> None:
    assert Settings.from_options(options(claims="all"), root).claims == all_gates()
    assert Settings.from_options(options(protocol=protocol(root, 'claims = ["all"]')), root).claims == all_gates()


def test_revision_dtype_and_map_go_with_every_model(root: Path) -> None:
    path = protocol(root, 'model = ["a", "b"]\nrevision = "main"\ndtype = "bfloat16"\n')
    found = Settings.from_options(options(protocol=path, device_map="auto"), root)
    assert [(model.name, model.revision, model.dtype, model.device_map) for model in found.models] == [
        ("a", "main", "bfloat16", "auto"),
        ("b", "main", "bfloat16", "auto"),
    ]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"positions": "some"}, "--positions 'some' is none of generated, prompt, all"),
        ({"fit": "both"}, "--fit 'both' is none of cwe, pooled"),
        ({"estimator": "median"}, "--estimator 'median' is none of"),
        ({"prompt": "why"}, "--prompt 'why' is none of vulnerable, safe"),
        ({"claims": "shift,sharpness"}, "--claims 'sharpness' is none of identity, extraction"),
        ({"strength": [10.0, 0.0]}, r"strength 0\.0 is not a finite number above 0"),
        ({"strength": [float("nan")]}, "strength nan is not a finite number"),
        ({"placebos": 0}, "--placebos 0 is below 1"),
        ({"max_new_tokens": 0}, "--max-new-tokens 0 is below 1"),
        ({"seed": -1}, "--seed -1 is below 0"),
        ({"model": ["x/m-1", "y/m1"]}, "the models x/m-1 and y/m1 share the short name 'm1'"),
    ],
)
def test_an_option_that_cannot_be_carried_out_is_refused_with_what_can(root: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        Settings.from_options(options(**said), root)


def test_what_a_protocol_declares_is_checked_as_options_are(root: Path) -> None:
    for text, message in (("placebos = 0", "--placebos 0 is below 1"), ('fit = "both"', "--fit 'both'"), ("strength = -1", "strength -1")):
        with pytest.raises(PlanError, match=message):
            Settings.from_options(options(protocol=protocol(root, text)), root)


@pytest.mark.parametrize("text", ['[tool.secsteer.gates]\n"shift.p" = 0.01\n', "[tool.secsteer.gates]\nshift.p = 0.01\n"])
def test_the_thresholds_of_a_project_may_be_quoted_or_not(root: Path, text: str) -> None:
    project(root, text)
    assert limits_of_project(root) == {"shift.p": 0.01}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[tool.secsteer.gates]\n"shift.q" = 1\n', r"threshold 'shift\.q' of \[tool\.secsteer\.gates\] in pyproject\.toml is unknown"),
        ('[tool.secsteer.gates]\n"shift.p" = "x"\n', r"shift\.p = 'x' of \[tool\.secsteer\.gates\] in pyproject\.toml is no number"),
        ("[tool.secsteer.gates]\nharm.undecided = 7\n", r"\[tool\.secsteer\.gates\] in pyproject\.toml, gate harm: threshold 7"),
        ("[tool.secsteer]\ngates = 3\n", r"gates = 3 .*pyproject\.toml is no table"),
    ],
)
def test_the_thresholds_of_a_project_are_refused_with_their_place(root: Path, text: str, message: str) -> None:
    project(root, text)
    with pytest.raises(PlanError, match=message):
        limits_of_project(root)


def test_a_project_without_thresholds_or_without_a_file_has_none(root: Path) -> None:
    assert limits_of_project(root) == {}
    assert limits_of_project(root / "elsewhere") == {}


def test_cells_are_every_layer_with_every_strength() -> None:
    assert cells_of((3, 4), (5.0, 10.0)) == tuple(Cell(layer=layer, strength=s) for layer, s in ((3, 5.0), (3, 10.0), (4, 5.0), (4, 10.0)))


@pytest.mark.parametrize(
    "changed",
    [{"question": "safe"}, {"positions": "all"}, {"max_new_tokens": 8}, {"fit": "pooled"}, {"choose": True}, {"split": "variants"}],
)
def test_texts_are_comparable_with_the_pinned_ones_only_where_they_came_about_alike(root: Path, changed: dict[str, Any]) -> None:
    models = Settings.from_options(options(), root).models
    assert Settings(models=models).text_as_pinned
    assert not Settings(models=models, **changed).text_as_pinned
