"""What a protocol may declare, and what counts as a deviation from it."""

import hashlib
from pathlib import Path

import pytest
from statsmodels.stats.proportion import proportion_confint

from harness.errors import PlanError
from harness.numerics.gates.limits import declared_limits
from harness.plugin.protocol import KEYS, Protocol, read_protocol
from harness.plugin.settings import DEFAULTS
from harness.storage.datasets import contrast_pairs, load_dataset

PROTOCOLS = sorted((Path(__file__).parents[2] / "protocols").glob("*.toml"))
DECLARED = Protocol(
    name="mine.toml",
    sha256="0" * 64,
    values={"strength": [10, 20], "layer": [4], "placebos": 39, "claims": ["shift", "harm"], "choose": True},
    limits={"shift.p": 0.05},
)


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_protocol_may_declare_every_option_that_has_a_default_and_no_other() -> None:
    assert KEYS.keys() == DEFAULTS.keys()


def test_a_protocol_holds_what_the_file_says_under_the_hash_of_its_bytes(tmp_path: Path) -> None:
    text = 'model = "nano"\nstrength = [5, 10.5]\nlayer = 4\nchoose = true\nclaims = ["shift"]\n[gates]\n"shift.p" = 0.01\n'
    found = read_protocol(write(tmp_path, text))
    assert (found.name, found.sha256) == ("mine.toml", hashlib.sha256(text.encode()).hexdigest())
    assert found.values == {"model": ["nano"], "strength": [5, 10.5], "layer": [4], "choose": True, "claims": ["shift"]}
    assert found.limits == {"shift.p": 0.01}


def test_one_byte_more_is_another_protocol(tmp_path: Path) -> None:
    first = read_protocol(write(tmp_path, "placebos = 39\n"))
    second = read_protocol(write(tmp_path, "placebos = 39 # as before\n"))
    assert first.values == second.values
    assert first.sha256 != second.sha256


@pytest.mark.parametrize("text", ['[gates]\n"shift.p" = 0.01\n', "[gates]\nshift.p = 0.01\n", "[gates.shift]\np = 0.01\n"])
def test_thresholds_may_be_written_with_quotes_or_without(tmp_path: Path, text: str) -> None:
    assert read_protocol(write(tmp_path, text)).limits == {"shift.p": 0.01}


@pytest.mark.parametrize("path", PROTOCOLS, ids=lambda path: path.stem)
def test_the_protocols_of_the_repository_can_be_read_and_change_no_declared_limit(path: Path) -> None:
    found = read_protocol(path)
    assert {"model", "dataset", "layer", "strength", "claims", "seed"} <= found.values.keys()
    assert found.limits
    assert found.limits.items() <= declared_limits().items()


@pytest.mark.parametrize("path", PROTOCOLS, ids=lambda path: path.stem)
def test_shift_could_pass_for_every_cwe_of_a_protocol_of_the_repository(path: Path) -> None:
    """With as many scenarios as the data has, none of them against the push must lie below the limit, by Wilson's upper bound."""
    found = read_protocol(path)
    scenarios: dict[str, set[str]] = {}
    for pair in contrast_pairs(load_dataset(found.values["dataset"])).pairs:
        scenarios.setdefault(pair.cwe, set()).add(pair.scenario)
    assert len(scenarios) == 8
    for these in scenarios.values():
        assert proportion_confint(0, len(these), method="wilson")[1] <= found.limits["shift.anti_steerable"]


def test_there_are_protocols() -> None:
    assert "nano" in [path.stem for path in PROTOCOLS]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strenght = 10", r"'strenght' of protocol .*mine\.toml is unknown; it may declare model, .* and the table \[gates\]"),
        ("placebos = 1.5", r"placebos = 1\.5 of protocol .* is no int; mend the file"),
        ('seed = "0"', "seed = '0' of protocol .* is no int"),
        ("seed = true", "seed = True of protocol .* is no int"),
        ("choose = 1", "choose = 1 of protocol .* is no bool"),
        ('claims = "shift"', "claims = 'shift' of protocol .* is no list"),
        ("claims = [1]", r"claims = \[1\] of protocol .* is no list of str"),
        ('layer = ["four"]', r"layer = \['four'\] of protocol .* is no int or list of int"),
        ("layer = 4.0", "layer = 4.0 of protocol .* is no int or list"),
        ('strength = ["ten"]', r"strength = \['ten'\] of protocol .* is no int or float or list of int or float"),
        ("strength = [true]", r"strength = \[True\] of protocol"),
        ("model = [3]", r"model = \[3\] of protocol .* is no str or list of str"),
        ("positions = ['all']", r"positions = \['all'\] of protocol .* is no str"),
        ("strength = []", "strength of protocol .* is an empty list, so nothing would run"),
        ("model = []", "model of protocol .* is an empty list"),
        ("gates = 3", r'"gates" of protocol .* is no table; write \[gates\]'),
        ('[gates]\n"shift.q" = 1', r"threshold 'shift\.q' of protocol .*mine\.toml is unknown"),
        ('[gates]\n"shift.p" = 2', r"protocol .*mine\.toml, gate shift: threshold 2\.0 for the p is outside 0\.\.1"),
        ('[gates]\n"shift.p" = true', r"threshold shift\.p = True of protocol .* is no number"),
        ("placebos", r"protocol .*mine\.toml is no TOML: .*; see protocols/nano\.toml"),
    ],
)
def test_what_no_protocol_can_declare_is_refused_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        read_protocol(write(tmp_path, text))


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.toml cannot be read \(No such file or directory\)"):
        read_protocol(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"model = \xff")
    with pytest.raises(PlanError, match=r"broken\.toml is no TOML"):
        read_protocol(broken)


def test_what_is_left_to_the_protocol_is_no_deviation() -> None:
    assert DECLARED.deviations({}, {}) == ()
    assert DECLARED.deviations({"placebos": None, "strength": None}, {}) == ()


def test_saying_the_same_again_is_no_deviation() -> None:
    assert DECLARED.deviations({"strength": [10.0, 20.0], "layer": [4], "claims": ["shift", "harm"]}, {"shift.p": 0.05}) == ()


def test_every_option_that_differs_is_told_beside_what_was_declared() -> None:
    said = {"strength": [10.5], "layer": [3, 5], "placebos": 19, "claims": ["shift"]}
    assert DECLARED.deviations(said, {}) == (
        "--strength 10.5 instead of 10 20",
        "--layer 3 5 instead of 4",
        "--placebos 19 instead of 39",
        "--claims shift instead of shift harm",
    )


def test_an_option_the_protocol_is_silent_on_is_no_deviation() -> None:
    assert DECLARED.deviations({"seed": 7}, {}) == ()


def test_every_threshold_that_differs_is_told_also_where_the_protocol_is_silent() -> None:
    assert DECLARED.deviations({}, {"shift.p": 0.1, "harm.undecided": 0.2}) == (
        "--gate harm.undecided=0.2",
        "--gate shift.p=0.1 instead of 0.05",
    )
