"""A tiny model, directions of it, and repeng where it is installed."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from harness.model.fingerprint import fingerprint
from harness.records import Direction
from harness.storage.vectors import save_directions
from tests.model import tiny


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random GPTBigCode of three layers."""
    return tiny.save(tmp_path_factory.mktemp("models") / "tiny", "gpt_bigcode")


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the same width and another architecture."""
    return tiny.save(tmp_path_factory.mktemp("models") / "other", "llama")


def direction(layer: int, model: str, *, held_out: str | None = None, cwe: str = "CWE-787") -> Direction:
    """A direction that no other layer or fold shares."""
    vector = np.random.default_rng([layer, len(held_out or ""), len(cwe)]).normal(size=tiny.WIDTH)
    return Direction(
        vector=(vector / np.linalg.norm(vector)).astype(np.float32), norm=3.5 + layer, layer=layer, estimator="mean-difference",
        position="last", model=model, cwe=cwe, held_out=held_out, fitted_on=("ab" * 32,),
    )  # fmt: skip


@pytest.fixture
def fitted(model_folder: Path, tmp_path: Path) -> Path:
    """A direction file as a run writes it: two folds and the fit on all, at every layer."""
    print_ = fingerprint(model_folder)
    path = tmp_path / "tiny-verified-cwe787.safetensors"
    save_directions(path, [direction(layer, print_, held_out=held_out) for held_out in ("a", "bb", None) for layer in range(tiny.LAYERS)])
    return path


@pytest.fixture
def repeng(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """repeng 0.4.0. It asks for NumPy below 2 on account of one annotation, which is given to it here."""
    monkeypatch.setattr(np, "float_", np.float64, raising=False)
    return pytest.importorskip("repeng", reason="repeng is not installed: make interop installs it, without the old NumPy it asks for")
