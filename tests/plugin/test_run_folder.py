"""A run folder that is used again: the same question may be asked of more, another one needs a folder of its own."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import StoreError
from harness.plans import ModelRequest
from harness.plugin.session import ONE_A_FOLDER, EvalRun
from harness.plugin.settings import Settings
from harness.storage.runs import MANIFEST, RunStore

NANO = ModelRequest(name="nano", revision=None, dtype="float32", device_map=None)


@pytest.fixture
def settings(corpus: Path) -> Settings:
    return Settings(models=(NANO,), dataset_dir=str(corpus))


@pytest.fixture
def used(settings: Settings, tmp_path: Path) -> Path:
    """A folder that a run with these settings has left."""
    RunStore(tmp_path).write_json(MANIFEST, {"settings": asdict(settings)})
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"seed": 7}, "seed 0, not 7"),
        ({"placebos": 19}, "placebos 39, not 19"),
        ({"estimator": "logistic-probe"}, "estimator mean-difference, not logistic-probe"),
        ({"fit": "pooled", "split": "variants"}, "split None, not variants; fit cwe, not pooled"),
    ],
)
def test_other_settings_need_another_folder(settings: Settings, used: Path, changed: dict[str, Any], told: str) -> None:
    with pytest.raises(StoreError, match=rf"holds a run of other settings \({told}\); give another --run-dir"):
        EvalRun(replace(settings, **changed), used).check()


@pytest.mark.parametrize("changed", [{}, {"layers": (3,)}, {"strengths": (7.0,)}, {"claims": ("shift",)}, {"limits": {"shift.p": 0.01}}])
def test_other_cells_claims_and_thresholds_do_not(settings: Settings, used: Path, changed: dict[str, Any]) -> None:
    EvalRun(replace(settings, **changed), used).check()


def test_a_folder_without_a_manifest_is_resumed(settings: Settings, tmp_path: Path) -> None:
    RunStore(tmp_path)
    EvalRun(replace(settings, seed=7), tmp_path).check()


def test_what_is_one_a_folder_is_a_setting(settings: Settings) -> None:
    assert set(ONE_A_FOLDER) <= asdict(settings).keys()
