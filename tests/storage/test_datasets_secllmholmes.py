"""What the real SecLLMHolmes holds, counted in its folders or stated by its authors. Skipped where it is absent."""

import hashlib
from collections import Counter, defaultdict

import pytest

from harness.storage.datasets import contrast_pairs, load_dataset
from harness.storage.manifest import read_manifest
from harness.storage.paths import data_folder
from harness.storage.secllmholmes import COMMIT, doubt_about, pin

SIX = {"CWE-22", "CWE-77", "CWE-190", "CWE-416", "CWE-476", "CWE-787"}


@pytest.fixture(scope="module")
def everything(secllmholmes):
    return load_dataset("secllmholmes", secllmholmes)


def test_the_pinned_files_are_those_of_the_checkout(secllmholmes):
    pinned = read_manifest(data_folder() / "secllmholmes.toml")
    assert pinned == pin(secllmholmes)
    assert COMMIT in pinned.source
    assert len(pinned.files) == 294 + 294 + 1


def test_the_environment_leads_to_the_same_examples(secllmholmes, everything, monkeypatch):
    monkeypatch.setenv("SECLLMHOLMES_DIR", str(secllmholmes / "datasets"))
    assert load_dataset("secllmholmes") == everything


@pytest.mark.parametrize(
    ("split", "count"),
    [
        (None, 294),
        ("hand-crafted", 48),
        ("trivial", 84),
        ("non-trivial", 132),
        ("augmented", 84 + 132),
        ("real-world", 30),
        ("seed138", 138),
    ],
)
def test_each_split_has_its_files(secllmholmes, split, count):
    loaded = load_dataset("secllmholmes", secllmholmes, split)
    assert len(loaded) == len({example.path for example in loaded}) == count


def test_labels_are_as_many_as_the_names_in_the_folders(secllmholmes, everything):
    datasets = secllmholmes / "datasets"
    names = {
        "hand-crafted": ("hand-crafted/dataset/*/[0-9].*", "hand-crafted/dataset/*/p_*"),
        "trivial": ("augmented/trivial/*/dataset/*/[0-9].*", "augmented/trivial/*/dataset/*/p_*"),
        "non-trivial": ("augmented/non-trivial/*/*/dataset/*/[0-9].*", "augmented/non-trivial/*/*/dataset/*/p_*"),
        "real-world": ("real-world/*/*/vuln.c", "real-world/*/*/patch.c"),
    }
    loaded = Counter((example.split, example.label) for example in everything)
    for split, (vulnerable, patched) in names.items():
        assert loaded[split, "vulnerable"] == len(list(datasets.glob(vulnerable)))
        assert loaded[split, "patched"] == len(list(datasets.glob(patched)))
    assert (loaded["non-trivial", "vulnerable"], loaded["non-trivial", "patched"]) == (72, 60)


def test_cwes_are_as_many_as_the_tables_say(everything):
    counted = Counter((example.split, example.cwe) for example in everything)
    assert {cwe: count for (split, cwe), count in counted.items() if split == "hand-crafted"} == dict.fromkeys(
        SIX | {"CWE-79", "CWE-89"}, 6
    )
    assert {cwe: count for (split, cwe), count in counted.items() if split == "trivial"} == {"CWE-787": 42, "CWE-89": 42}
    assert {cwe: count for (split, cwe), count in counted.items() if split == "non-trivial"} == {
        "CWE-22": 12, "CWE-77": 6, "CWE-79": 18, "CWE-89": 12, "CWE-416": 36, "CWE-787": 48
    }  # fmt: skip
    assert {cwe: count for (split, cwe), count in counted.items() if split == "real-world"} == {
        "CWE-190": 8, "CWE-416": 2, "CWE-476": 8, "CWE-787": 12
    }  # fmt: skip


def test_python_is_the_language_of_two_cwes(everything):
    assert {example.cwe for example in everything if example.language == "python"} == {"CWE-79", "CWE-89"}
    assert {example.cwe for example in everything if example.language == "c"} == SIX


def test_the_early_subset_is_138_files_of_18_scenarios(secllmholmes):
    subset = load_dataset("secllmholmes", secllmholmes, "seed138")
    assert Counter(example.split for example in subset) == {"hand-crafted": 36, "non-trivial": 102}
    assert {example.cwe for example in subset} == SIX
    assert len({example.scenario for example in subset}) == 18


def test_a_scenario_holds_the_original_and_its_rewrites(everything):
    scenarios = defaultdict(set)
    for example in everything:
        scenarios[example.scenario].add(example.variant)
    assert len(scenarios) == 24 + 15
    twice = {f"non-trivial/{rewrite}_{step}" for rewrite in ("A1", "A2", "A3", "A4", "A5", "A6") for step in (0, 1)}
    for number in (1, 2, 3):
        assert scenarios[f"cwe787/{number}"] == {"original"} | {f"trivial/A{rewrite}" for rewrite in range(1, 8)} | twice
        assert scenarios[f"cwe77/{number}"] == {"original", "non-trivial/A6_0", "non-trivial/A6_1"}
    assert {variants == {"original"} for scenario, variants in scenarios.items() if "/cve-" in scenario} == {True}


def test_files_equal_up_to_white_space_share_scenario_and_label(everything):
    same = defaultdict(list)
    for example in everything:
        same[" ".join(example.code.split())].append(example)
    groups = [group for group in same.values() if len(group) > 1]
    assert len(groups) == 29
    assert all(len({(example.scenario, example.cwe, example.label) for example in group}) == 1 for group in groups)


def test_every_code_is_the_file_that_its_hash_names(secllmholmes, everything):
    for example in everything:
        assert hashlib.sha256(example.code.encode()).hexdigest() == example.sha256
        assert (secllmholmes / "datasets" / example.path).read_bytes() == example.code.encode()


def test_every_file_has_a_rationale(everything):
    assert all(example.rationale for example in everything)
    originals = {(one.scenario, one.label): one.rationale for one in everything if one.split == "hand-crafted"}
    # Rewrite A7 only adds white space: its rationales, in a folder of another name, are the original's.
    unchanged = [one for one in everything if one.variant == "trivial/A7"]
    assert len(unchanged) == 12
    assert all(one.rationale == originals[one.scenario, one.label] for one in unchanged)


def test_the_patched_file_is_the_longer_one_in_most_pairs(secllmholmes):
    for split, pairs, longer in (("hand-crafted", 24, 18), ("real-world", 15, 14)):
        paired = contrast_pairs(load_dataset("secllmholmes", secllmholmes, split))
        assert (len(paired.pairs), paired.alone) == (pairs, ())
        assert sum(len(pair.patched.code) > len(pair.vulnerable.code) for pair in paired.pairs) == longer


def test_rewrites_with_one_label_a_cwe_are_left_without_partners(everything):
    paired = contrast_pairs(everything)
    assert len(paired.pairs) == 24 + 42 + 24 + 15
    assert Counter(example.variant.rpartition("_")[0] for example in paired.alone) == {
        "non-trivial/A2": 24, "non-trivial/A3": 24, "non-trivial/A5": 18, "non-trivial/A6": 18
    }  # fmt: skip
    assert 2 * len(paired.pairs) + len(paired.alone) == 294


def test_doubtful_files_are_those_whose_rationale_tells_of_another_weakness(everything):
    doubtful = [example for example in everything if doubt_about(example)]
    assert len(doubtful) == 30
    for example in doubtful:
        # Use after free and path traversal, judged by a text about bounds; CWE-787, named patched and told to write out of bounds.
        assert "bound" in example.rationale
        assert example.cwe != "CWE-787" or (example.label == "patched" and "can lead to an out-of-bound" in example.rationale)
    told_of_bounds = {
        example.path for example in everything if example.cwe in ("CWE-416", "CWE-22") and "out-of-bound" in example.rationale
    }
    assert told_of_bounds == {example.path for example in doubtful if example.cwe != "CWE-787"}
