"""How a made-up tree of SecLLMHolmes' shape is read, found and refused."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.storage.manifest import read_manifest
from harness.storage.secllmholmes import load_secllmholmes, main, pin
from tests.storage.made_up_secllmholmes import MADE_UP_FILES, MadeUp


def load(made_up: MadeUp, split: str | None = None, root: Path | None = None):
    return load_secllmholmes(root or made_up.checkout, split, manifest=made_up.manifest)


def test_names_and_folders_say_label_cwe_scenario_and_variant(made_up):
    found = {example.path: (example.split, example.cwe, example.label, example.scenario, example.variant) for example in load(made_up)}
    assert found == {
        "hand-crafted/dataset/CWE-787/1.c": ("hand-crafted", "CWE-787", "vulnerable", "cwe787/1", "original"),
        "hand-crafted/dataset/CWE-787/p_1.c": ("hand-crafted", "CWE-787", "patched", "cwe787/1", "original"),
        "augmented/trivial/A7/dataset/CWE-787/1.c": ("trivial", "CWE-787", "vulnerable", "cwe787/1", "trivial/A7"),
        "augmented/trivial/A7/dataset/CWE-787/p_1.c": ("trivial", "CWE-787", "patched", "cwe787/1", "trivial/A7"),
        "augmented/non-trivial/A2/A2_1/dataset/CWE-89/p_3.py": ("non-trivial", "CWE-89", "patched", "cwe89/3", "non-trivial/A2_1"),
        "real-world/project/CVE-2000-0001/vuln.c": ("real-world", "CWE-476", "vulnerable", "project/cve-2000-0001", "original"),
        "real-world/project/CVE-2000-0001/patch.c": ("real-world", "CWE-476", "patched", "project/cve-2000-0001", "original"),
    }


def test_code_and_hash_are_those_of_the_bytes(made_up):
    for example in load(made_up):
        assert example.code == MADE_UP_FILES[example.path]
        assert example.sha256 == hashlib.sha256((made_up.datasets / example.path).read_bytes()).hexdigest()


def test_a_rationale_is_found_in_either_spelling_of_its_folder_and_may_be_absent(made_up):
    rationales = {example.path.removeprefix("augmented/"): example.rationale for example in load(made_up)}
    assert rationales == {
        "hand-crafted/dataset/CWE-787/1.c": "a[2] lies behind the end",
        "hand-crafted/dataset/CWE-787/p_1.c": "a[1] is the last element",
        "trivial/A7/dataset/CWE-787/1.c": "behind the end, spaced out",
        "trivial/A7/dataset/CWE-787/p_1.c": None,
        "non-trivial/A2/A2_1/dataset/CWE-89/p_3.py": "a bound parameter",
        "real-world/project/CVE-2000-0001/vuln.c": "p is not checked",
        "real-world/project/CVE-2000-0001/patch.c": None,
    }


def test_the_suffix_says_the_language(made_up):
    assert {example.language for example in load(made_up, "non-trivial")} == {"python"}
    assert {example.language for example in load(made_up, "real-world")} == {"c"}


def test_a_checkout_and_its_datasets_folder_give_the_same(made_up):
    assert load(made_up, root=made_up.checkout) == load(made_up, root=made_up.datasets)


def test_the_environment_names_the_folder(made_up, monkeypatch):
    monkeypatch.setenv("SECLLMHOLMES_DIR", str(made_up.checkout))
    assert load_secllmholmes(manifest=made_up.manifest) == load(made_up)


def test_a_given_folder_beats_the_environment(made_up, monkeypatch, tmp_path):
    monkeypatch.setenv("SECLLMHOLMES_DIR", str(tmp_path / "nowhere"))
    assert len(load(made_up)) == 7


@pytest.mark.parametrize("split", ["hand-crafted", "augmented"])
def test_an_altered_byte_is_refused_with_both_hashes(made_up, split):
    name = next(path for path in sorted(made_up.manifest.files) if path.startswith(split) and path.endswith(".c"))
    content = bytearray((made_up.datasets / name).read_bytes())
    content[0] ^= 1
    (made_up.datasets / name).write_bytes(content)
    with pytest.raises(DataError) as refusal:
        load(made_up, split)
    for said in (name, made_up.manifest.files[name], hashlib.sha256(content).hexdigest(), "c0ffee"):
        assert said in str(refusal.value)


def test_an_altered_rationale_is_refused(made_up):
    (made_up.datasets / "hand-crafted/ground-truth/CWE-787/1.txt").write_text("nothing is wrong here")
    with pytest.raises(DataError, match=r"ground-truth/CWE-787/1\.txt .* is not the pinned file"):
        load(made_up)


def test_missing_files_are_named_and_counted(made_up):
    (made_up.datasets / "hand-crafted/dataset/CWE-787/1.c").unlink()
    (made_up.datasets / "hand-crafted/dataset/CWE-787/p_1.c").unlink()
    with pytest.raises(DataError, match=r"hand-crafted/dataset/CWE-787/1\.c \(and 1 more\) is missing .* restore it"):
        load(made_up)


def test_only_the_files_of_the_split_are_read(made_up):
    for path in made_up.datasets.glob("hand-crafted/**/*.*"):
        path.unlink()
    (made_up.datasets / "real-world/cve_details.json").unlink()
    assert [example.variant for example in load(made_up, "augmented")] == ["non-trivial/A2_1", "trivial/A7", "trivial/A7"]


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_folder_that_is_not_there_is_refused_and_never_replaced_by_a_download(made_up, monkeypatch, tmp_path, how):
    nowhere = tmp_path / "nowhere"
    if how == "environment":
        monkeypatch.setenv("SECLLMHOLMES_DIR", str(nowhere))
    with pytest.raises(DataError, match=r"nowhere, .* does not exist; check out commit"):
        load_secllmholmes(nowhere if how == "argument" else None, manifest=made_up.manifest)


def test_a_folder_without_any_part_of_the_dataset_is_refused(made_up, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no part of secllmholmes"):
        load(made_up, root=tmp_path / "empty")


def test_an_unknown_split_is_refused_with_those_that_exist(made_up):
    with pytest.raises(
        DataError,
        match="'handmade' of secllmholmes is unknown; choose one of hand-crafted, augmented, trivial, non-trivial, real-world, seed138",
    ):
        load(made_up, "handmade")


def test_a_cve_without_a_cwe_is_refused(made_up):
    details = b'{"project": {}}'
    (made_up.datasets / "real-world/cve_details.json").write_bytes(details)
    hashes = {**made_up.manifest.files, "real-world/cve_details.json": hashlib.sha256(details).hexdigest()}
    with pytest.raises(DataError, match="names no CWE for project/cve-2000-0001"):
        load_secllmholmes(made_up.checkout, manifest=replace(made_up.manifest, files=hashes))


def test_pinning_knows_exactly_the_files_that_are_read(made_up, tmp_path, capsys):
    assert pin(made_up.checkout).files == made_up.manifest.files
    assert main(["pin", str(made_up.checkout), "--to", str(tmp_path / "pinned.toml")]) == 0
    assert "13 files pinned, 7 of them labelled" in capsys.readouterr().out
    assert read_manifest(tmp_path / "pinned.toml").files == made_up.manifest.files


def test_pinning_a_folder_that_is_not_there_is_one_line_and_an_exit_code(tmp_path, capsys):
    assert main(["pin", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("text", [None, "commit = ", 'commit = "c0ffee"\n'])
def test_a_manifest_that_is_missing_or_damaged_is_refused(tmp_path, text):
    path = tmp_path / "secllmholmes.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match="restore it from the repository"):
        read_manifest(path)
