"""The embedded corpus as it is shipped, and what its loader refuses."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from harness.errors import DataError
from harness.numerics.surface import surface_probe
from harness.storage.verified import SUFFIXES, load_verified, read_scenario, scenario_folders

CORPUS = Path(__file__).parents[2] / "data" / "verified"
REVEALING = re.compile(
    r"vulnerab|overflow|underrun|overrun|out.of.bounds|patch|secure|unsafe|insecure|danger|attack|exploit|malicious|cwe"
    r"|\bfix|\bbugs?\b|\bflaw|\bsafe|todo|xxx|\bwrong\b|careful|sanitiz",
    re.IGNORECASE,
)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A corpus of one scenario that a test may spoil."""
    shutil.copytree(CORPUS / "cwe787" / "job_queue", tmp_path / "cwe787" / "job_queue")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new))


LANGUAGES = {
    "CWE-22": {"c", "python"},
    "CWE-77": {"c", "python"},
    "CWE-79": {"python"},
    "CWE-89": {"python"},
    "CWE-190": {"c"},
    "CWE-416": {"c"},
    "CWE-476": {"c"},
    "CWE-787": {"c"},
}


def test_every_cwe_has_at_least_eight_scenarios_in_its_languages() -> None:
    scenarios = {example.scenario: example for example in load_verified()}.values()
    for cwe, languages in LANGUAGES.items():
        mine = [example.language for example in scenarios if example.cwe == cwe]
        assert len(mine) >= 8, cwe
        assert set(mine) == languages, cwe
    assert {example.cwe for example in scenarios} == set(LANGUAGES)


def test_every_scenario_has_two_halves() -> None:
    examples = load_verified()
    scenarios = {example.scenario for example in examples}
    assert sorted((example.scenario, example.label) for example in examples) == sorted(
        (scenario, label) for scenario in scenarios for label in ("patched", "vulnerable")
    )


def test_examples_hold_the_files_of_the_folder() -> None:
    for example in load_verified():
        content = (CORPUS / example.path).read_bytes()
        assert example.code.encode() == content
        assert example.sha256 == hashlib.sha256(content).hexdigest()
        assert example.path == f"{example.scenario}/{example.label}{SUFFIXES[example.language]}"
        assert (example.dataset, example.split, example.variant) == ("verified", "verified", "original")


def test_order_does_not_depend_on_the_file_system(copied: Path) -> None:
    for name in ("b", "a", "c"):
        shutil.copytree(copied / "cwe787" / "job_queue", copied / "cwe787" / name)
    labels = [(example.scenario, example.label) for example in load_verified(copied)]
    assert labels == [(f"cwe787/{name}", label) for name in ("a", "b", "c", "job_queue") for label in ("vulnerable", "patched")]


def test_rationales_have_two_sentences_and_name_something_in_their_file() -> None:
    for example in load_verified():
        assert example.rationale is not None
        assert "\n" not in example.rationale
        assert len(re.findall(r"[.](?: |$)", example.rationale)) >= 2
        words = set(re.findall(r"\w*_\w+", example.rationale)) or set(re.findall(r"\w+", example.rationale))
        assert words & set(re.findall(r"\w+", example.code)), f"{example.path}: {example.rationale}"


def test_length_does_not_give_the_label_away() -> None:
    sizes = {(example.scenario, example.label): len(example.code) for example in load_verified()}
    scenarios = {scenario for scenario, _ in sizes}
    longer = sum(sizes[scenario, "patched"] > sizes[scenario, "vulnerable"] for scenario in scenarios)
    assert 0.4 <= longer / len(scenarios) <= 0.6


def test_length_and_a_bag_of_words_do_not_tell_the_labels_of_scenarios_it_has_not_seen() -> None:
    examples = load_verified()
    labels = np.array([example.label == "vulnerable" for example in examples])
    scenarios = [example.scenario for example in examples]
    code = [example.code for example in examples]
    found = cross_val_predict(surface_probe(), code, labels, groups=scenarios, cv=GroupKFold(9), method="decision_function")
    assert roc_auc_score(labels, found) < 0.6
    # The two halves share most words; what differs between them is the harder question.
    order = found[labels] > found[~labels]
    assert order.mean() < 0.6


def test_twins_differ_by_a_few_lines_of_otherwise_equal_code() -> None:
    for folder in scenario_folders():
        halves = [half.code.splitlines() for half in read_scenario(folder).halves]
        changed = [len([line for line in half if line not in other]) for half, other in (halves, halves[::-1])]
        assert sum(changed) <= 8, f"{folder.name}: {changed}"


def test_files_are_of_readable_length() -> None:
    for example in load_verified():
        assert 15 <= len(example.code.splitlines()) <= 80, example.path


def test_no_word_in_the_code_gives_the_label_away() -> None:
    for example in load_verified():
        assert not REVEALING.search(example.code), f"{example.path}: {REVEALING.search(example.code)}"
        assert not REVEALING.search(example.scenario.split("/")[1])


def test_a_quarter_of_the_flaws_spans_two_functions() -> None:
    shapes = [read_scenario(folder).shape for folder in scenario_folders()]
    assert sum("two functions" in shape for shape in shapes) * 4 >= len(shapes)


def test_table_of_the_readme_lists_every_scenario_with_its_shape_and_longer_file() -> None:
    expected = set()
    for folder in scenario_folders():
        scenario = read_scenario(folder)
        longer = max(scenario.halves, key=lambda half: len(half.code)).label
        expected.add(f"| {scenario.cwe.removeprefix('CWE-')} | `{folder.name}` | {scenario.shape} | {longer} |")
    assert expected == {line for line in (CORPUS / "README.md").read_text().splitlines() if re.match(r"\| \d+ \| `\w+` \|", line)}


def in_description(old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder / "scenario.toml", old, new)


def equal_halves(folder: Path) -> None:
    shutil.copy(folder / "vulnerable.c", folder / "patched.c")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(lambda folder: (folder / "patched.c").unlink(), "patched.c cannot be read", id="file missing"),
        pytest.param(lambda folder: (folder / "scenario.toml").unlink(), "scenario.toml cannot be read", id="description missing"),
        pytest.param(in_description('patched = """', 'patchd = """'), "has no 'patched'", id="rationale missing"),
        pytest.param(in_description("[rationale]", '[rationale]\nwhy = "x"'), "unknown fields: why", id="unknown field"),
        pytest.param(in_description('"off by one"', '" "'), "'shape' .* is empty", id="empty field"),
        pytest.param(in_description('"off by one"', "3"), "'shape' .* is 3; a value of type str", id="field of another type"),
        pytest.param(in_description('"off by one"', "off"), "is not TOML", id="no TOML"),
        pytest.param(in_description("CWE-787", "CWE-79"), "declares CWE-79 but lies in the folder 'cwe787'", id="folder of another CWE"),
        pytest.param(in_description('language = "c"', 'language = "cobol"'), "knows c, python", id="unknown language"),
        pytest.param(equal_halves, "both halves of cwe787/job_queue are the same", id="equal halves"),
        pytest.param(lambda folder: (folder / "patched.c").write_bytes(b"int \xff;"), "not UTF-8 at byte 4", id="not UTF-8"),
    ],
)
def test_loader_refuses_a_spoilt_scenario(copied: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(copied / "cwe787" / "job_queue")
    with pytest.raises(DataError, match=message):
        load_verified(copied)


def test_loader_refuses_a_missing_or_empty_root(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load_verified(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no scenario"):
        load_verified(tmp_path)


def test_a_package_without_its_data_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.storage.paths.PACKAGE", tmp_path / "site-packages" / "harness")
    with pytest.raises(DataError, match="install the package anew, or run from a whole checkout"):
        load_verified()
