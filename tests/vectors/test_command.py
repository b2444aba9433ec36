"""python -m harness.vectors: which directions leave, and into which model others come."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.model.fingerprint import fingerprint
from harness.storage.control_vectors import read_gguf
from harness.storage.vectors import load_directions, read_directions, save_directions
from harness.vectors.__main__ import main
from tests.model import tiny
from tests.vectors.conftest import direction

PAGE = Path(__file__).parents[2] / "docs" / "vectors.md"


def run(*arguments: object) -> int:
    return main([str(one) for one in arguments])


def test_the_fit_on_all_scenarios_leaves_unless_a_fold_is_named(fitted: Path, model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.gguf"
    assert run("export", fitted, "--model", model_folder, "--out", out) == 0
    assert [(one.layer, one.held_out) for one in read_gguf(out).directions] == [(1, None), (2, None)]
    assert run("export", fitted, "--model", model_folder, "--held-out", "bb", "--layer", 2, "--out", out) == 0
    found = read_gguf(out)
    assert [(one.layer, one.held_out) for one in found.directions] == [(2, "bb")]
    np.testing.assert_array_equal(found.vectors[2], direction(2, "any", held_out="bb").vector)


def test_a_run_says_which_model_it_used(fitted: Path, model_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "directions").mkdir(parents=True)
    fitted.rename(folder / "directions" / fitted.name)
    (folder / "run.json").write_text(json.dumps({"models": {str(model_folder): fingerprint(model_folder)}}))
    assert run("export", folder, "--out", tmp_path / "x.gguf") == 0
    assert read_gguf(tmp_path / "x.gguf").model_type == "gpt_bigcode"
    assert sorted(path.name for path in folder.iterdir()) == ["directions", "run.json"]


EXPORTS = {
    "layer 0": (("--layer", "0"), "layer 0 has no place in a control vector"),
    "a layer that was not fitted": (("--layer", "9"), "layer 9 is not among the fitted layers 0, 1, 2"),
    "a fold that is not there": (("--held-out", "c"), "no direction holds out c; choose one of None, a, bb"),
    "another CWE": (("--cwe", "CWE-22"), "0 CWEs fit (none of CWE-787)"),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_that_cannot_be_is_refused(
    name: str, fitted: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, message = EXPORTS[name]
    assert run("export", fitted, "--model", model_folder, *arguments, "--out", tmp_path / "x.gguf") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x.gguf").exists()


def test_an_export_under_the_name_of_another_model_is_refused(
    fitted: Path, other_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("export", fitted, "--model", other_folder, "--out", tmp_path / "x.gguf") == 2
    assert f"{other_folder} is {fingerprint(other_folder)}" in capsys.readouterr().err


def test_what_was_exported_comes_back_as_the_same_file(fitted: Path, model_folder: Path, tmp_path: Path) -> None:
    run("export", fitted, "--model", model_folder, "--out", tmp_path / "x.gguf")
    assert run("import", tmp_path / "x.gguf", "--model", model_folder, "--out", tmp_path / "back.safetensors") == 0
    save_directions(tmp_path / "expected.safetensors", [direction(layer, fingerprint(model_folder)) for layer in (1, 2)])
    assert (tmp_path / "back.safetensors").read_bytes() == (tmp_path / "expected.safetensors").read_bytes()


def test_another_model_is_refused_unless_told(
    fitted: Path, model_folder: Path, other_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("export", fitted, "--model", model_folder, "--out", tmp_path / "x.gguf")
    arguments = ("import", tmp_path / "x.gguf", "--model", other_folder, "--out", tmp_path / "y.safetensors")
    assert run(*arguments) == 2
    assert f"fitted on model {fingerprint(model_folder)}" in capsys.readouterr().err
    assert run(*arguments, "--any-model") == 0
    assert {one.model for one in read_directions(tmp_path / "y.safetensors")} == {fingerprint(other_folder)}


def test_a_file_of_another_model_is_loaded_where_told(fitted: Path) -> None:
    taken = load_directions(fitted, model="another", any_model=True)
    assert len(taken) == 3 * tiny.LAYERS
    assert "another" not in {one.model for one in taken}


IMPORTS = {
    "another width": ({"direction.1": np.ones(16, np.float32)}, (), "16 entries, "),
    "a layer the model has not": ({"direction.3": np.ones(32, np.float32)}, (), "layer 3 is outside 0..2"),
    "no name of what it points at": ({"direction.1": np.ones(32, np.float32)}, None, "name it with --cwe"),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_that_cannot_be_is_refused(name: str, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tensors, more, message = IMPORTS[name]
    save_file(tensors, tmp_path / "x.safetensors")
    cwe = () if more is None else ("--cwe", "CWE-787", *more)
    assert run("import", tmp_path / "x.safetensors", "--model", model_folder, *cwe, "--out", tmp_path / "y.safetensors") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "y.safetensors").exists()


def test_a_plain_vector_keeps_its_sign_and_its_length(model_folder: Path, tmp_path: Path) -> None:
    vector = -7.0 * direction(1, "any").vector
    save_file({"caa": vector}, tmp_path / "x.safetensors")
    cwe = ("--cwe", "CWE-416", "--layer", 1, "--position", "code")
    assert run("import", tmp_path / "x.safetensors", "--model", model_folder, *cwe, "--out", tmp_path / "y.safetensors") == 0
    (found,) = load_directions(tmp_path / "y.safetensors", model=fingerprint(model_folder))
    assert (found.layer, found.cwe, found.position, found.estimator) == (1, "CWE-416", "code", "imported")
    assert found.norm == pytest.approx(7.0, rel=1e-6)
    np.testing.assert_allclose(found.vector, -direction(1, "any").vector, atol=1e-6)


def test_the_page_shows_how_a_script_takes_up_what_came_in(model_folder: Path, tmp_path: Path) -> None:
    vector = 2.0 * direction(2, "any").vector
    save_file({"direction.2": vector}, tmp_path / "x.safetensors")
    run("import", tmp_path / "x.safetensors", "--model", model_folder, "--cwe", "CWE-787", "--out", tmp_path / "theirs.safetensors")
    (example,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "load_directions" in block]
    scope: dict[str, Any] = {}
    exec(example.replace('"nano"', repr(str(model_folder))).replace('"theirs', f'"{tmp_path}/theirs'), scope)
    np.testing.assert_allclose(scope["directions"][2].vector, direction(2, "any").vector, atol=1e-6)


def test_show_tells_what_is_known_of_each_vector(
    fitted: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", fitted) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 * tiny.LAYERS
    assert lines[1] == (
        f"layer 1: CWE-787, mean-difference at position last, norm 4.5 before it was normalised, 32 entries, "
        f"model {fingerprint(model_folder)[:12]}, fitted on 1 files, a held out"
    )
    save_file({"direction.2": np.full(4, 1.5, np.float32)}, tmp_path / "x.safetensors")
    assert run("show", tmp_path / "x.safetensors") == 0
    assert capsys.readouterr().out.splitlines()[1] == "layer 2: 4 entries, length 3"
