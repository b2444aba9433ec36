"""repeng reads what we write and we read what it writes: the same vectors, at the same blocks, in the same sense."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from harness.model.loading import load_model
from harness.model.steering import steered_margins
from harness.model.tokens import answer_tokens
from harness.records import SteeringPlan
from harness.storage.control_vectors import read_gguf
from harness.storage.vectors import load_directions, read_directions
from harness.vectors.__main__ import main
from tests.model import tiny
from tests.vectors.conftest import direction


def test_repeng_reads_what_was_exported(repeng: ModuleType, fitted: Path, model_folder: Path, tmp_path: Path) -> None:
    assert main(["export", str(fitted), "--model", str(model_folder), "--out", str(tmp_path / "x.gguf")]) == 0
    read = repeng.ControlVector.import_gguf(tmp_path / "x.gguf")
    assert read.model_type == "gpt_bigcode"
    assert list(read.directions) == [1, 2]
    for layer, vector in read.directions.items():
        np.testing.assert_array_equal(vector, direction(layer, "any").vector)


def test_what_repeng_exports_comes_in_with_its_layers_and_its_sign(repeng: ModuleType, model_folder: Path, tmp_path: Path) -> None:
    lengths = {1: 2.0, 2: 0.25}
    made = {layer: length * direction(layer, "any").vector for layer, length in lengths.items()}
    repeng.ControlVector(model_type="gpt_bigcode", directions=made).export_gguf(tmp_path / "theirs.gguf")
    out = tmp_path / "ours.safetensors"
    arguments = ["import", str(tmp_path / "theirs.gguf"), "--model", str(model_folder), "--cwe", "CWE-787", "--made-by", "repeng"]
    assert main([*arguments, "--out", str(out)]) == 0
    found = read_directions(out)
    assert [(one.layer, one.estimator, one.cwe, one.fitted_on) for one in found] == [
        (1, "repeng", "CWE-787", ()),
        (2, "repeng", "CWE-787", ()),
    ]
    for one in found:
        assert one.norm == pytest.approx(lengths[one.layer], rel=1e-6)
        np.testing.assert_allclose(one.norm * one.vector, made[one.layer], atol=1e-6)


def test_a_vector_goes_to_repeng_and_back_without_a_changed_bit(
    repeng: ModuleType, fitted: Path, model_folder: Path, tmp_path: Path
) -> None:
    main(["export", str(fitted), "--model", str(model_folder), "--out", str(tmp_path / "x.gguf")])
    repeng.ControlVector.import_gguf(tmp_path / "x.gguf").export_gguf(tmp_path / "y.gguf")
    ours, theirs = (read_gguf(tmp_path / name).vectors for name in ("x.gguf", "y.gguf"))
    assert list(ours) == list(theirs) == [1, 2]
    assert all(ours[layer].tobytes() == theirs[layer].tobytes() for layer in ours)


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("strength", [-6.0, 6.0])
def test_repeng_steers_a_model_as_the_harness_does_at_all_positions(
    repeng: ModuleType, fitted: Path, model_folder: Path, tmp_path: Path, layer: int, strength: float
) -> None:
    main(["export", str(fitted), "--model", str(model_folder), "--layer", str(layer), "--out", str(tmp_path / "x.gguf")])
    loaded, prompt = load_model(model_folder), tiny.PROMPTS[1]
    (unit,) = [one.vector for one in load_directions(fitted, model=loaded.fingerprint) if one.layer == layer and one.held_out is None]
    (ours,) = steered_margins(loaded, [prompt], SteeringPlan(layer=layer, positions="all", deltas=np.float32(strength) * unit[None]))

    plain = AutoModelForCausalLM.from_pretrained(model_folder).eval()
    steered = repeng.ControlModel(plain, [layer])
    steered.set_control(repeng.ControlVector.import_gguf(tmp_path / "x.gguf"), strength)
    with torch.no_grad():
        logits = steered(**loaded.tokenizer(prompt.text, return_tensors="pt")).logits[0, -1]
    vulnerable, secure = answer_tokens(loaded, prompt)
    assert ours.margin == pytest.approx(float(logits[vulnerable] - logits[secure]), abs=1e-3)
    steered.reset()
    with torch.no_grad():
        unsteered = steered(**loaded.tokenizer(prompt.text, return_tensors="pt")).logits[0, -1]
    assert abs(ours.margin - float(unsteered[vulnerable] - unsteered[secure])) > 0.05
