"""The door to the datasets, contrast pairs and the data's hash, on a made-up tree."""

import random
from dataclasses import replace

import pytest

from harness.errors import DataError
from harness.records import Example
from harness.storage.datasets import contrast_pairs, data_hash, load_dataset


def example(label: str, scenario: str = "cwe787/1", variant: str = "original", **changes: str) -> Example:
    facts = {
        "dataset": "made-up",
        "split": "only",
        "cwe": "CWE-787",
        "language": "c",
        "code": "int a;\n",
        "rationale": None,
        "sha256": "0" * 64,
    }
    return Example(
        **facts | {"label": label, "scenario": scenario, "variant": variant, "path": f"{variant}/{scenario}/{label}.c"} | changes
    )


@pytest.mark.usefixtures("pin_made_up")
def test_secllmholmes_is_loaded_from_a_folder_and_by_split(made_up):
    everything = load_dataset("secllmholmes", made_up.checkout)
    assert len(everything) == 7
    for split in ("hand-crafted", "trivial", "non-trivial", "real-world"):
        assert load_dataset("secllmholmes", str(made_up.checkout), split) == [one for one in everything if one.split == split]


@pytest.mark.parametrize("name", ["SecLLMHolmes", "big-vul", ""])
def test_an_unknown_dataset_is_refused_with_those_that_exist(name):
    with pytest.raises(DataError, match=f"dataset '{name}' is unknown; choose one of secllmholmes, verified"):
        load_dataset(name)


def test_a_split_of_the_embedded_corpus_is_refused():
    with pytest.raises(DataError, match="'hand-crafted' is unknown; dataset 'verified' has 'variants'"):
        load_dataset("verified", split="hand-crafted")


def test_the_embedded_corpus_comes_through_the_same_door():
    loaded = load_dataset("verified")
    assert {one.dataset for one in loaded} == {"verified"}
    assert {one.label for one in loaded} == {"vulnerable", "patched"}


def test_pairs_share_scenario_and_variant_and_the_rest_is_named():
    first, second = example("vulnerable"), example("patched")
    rewritten, other = example("patched", variant="trivial/A1"), example("vulnerable", scenario="cwe787/2")
    paired = contrast_pairs([rewritten, second, other, first])
    assert [pair.examples for pair in paired.pairs] == [(first, second)]
    assert paired.alone == (rewritten, other)


def test_examples_of_another_dataset_or_cwe_are_no_partners():
    strangers = [example("vulnerable"), example("patched", dataset="other"), example("patched", cwe="CWE-416")]
    assert contrast_pairs(strangers).pairs == ()
    assert contrast_pairs(strangers).alone == tuple(strangers)


def test_two_examples_for_one_half_of_a_pair_are_refused():
    with pytest.raises(DataError, match=r"one\.c and two\.c are both the vulnerable example of scenario cwe787/1, variant original"):
        contrast_pairs([example("vulnerable", path="one.c"), example("vulnerable", path="two.c")])


def test_the_hash_does_not_depend_on_order_or_place():
    examples = [example(label, f"cwe787/{number}", sha256=f"{number:064}") for number in range(9) for label in ("vulnerable", "patched")]
    shuffled = [replace(one, path=f"elsewhere/{one.path}") for one in random.Random(0).sample(examples, len(examples))]
    assert data_hash(shuffled) == data_hash(examples)


@pytest.mark.parametrize("change", [{"label": "patched"}, {"scenario": "cwe787/2"}, {"sha256": "1" * 64}])
def test_the_hash_changes_with_content_label_and_scenario(change):
    examples = [example("vulnerable"), example("vulnerable", "cwe787/3")]
    assert data_hash([replace(examples[0], **change), examples[1]]) != data_hash(examples)


def test_the_hash_counts_an_example_that_is_there_twice():
    assert data_hash([example("patched")] * 2) != data_hash([example("patched")])
