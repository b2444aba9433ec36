"""What a wheel holds: all that the harness reads, and the plugin's entry point."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_file_of_the_data_is_in_the_package(installed: Path) -> None:
    assert files_of(installed / "harness" / "data") == files_of(ROOT / "data")


def test_figures_that_lie_beside_modules_are_in_the_package(installed: Path) -> None:
    for name in ("scoring/weights.json", "numerics/calibration.json"):
        assert (installed / "harness" / name).read_bytes() == (ROOT / "harness" / name).read_bytes()


def test_a_wheel_brings_no_package_but_those_of_the_plugin(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {"harness", "fixtures"}


def test_the_entry_point_is_named_after_its_module(installed: Path) -> None:
    """pytest takes a conftest.py that names the module for the plugin that it has registered already."""
    (points,) = installed.glob("*.dist-info/entry_points.txt")
    assert points.read_text().split() == ["[pytest11]", "harness.plugin", "=", "harness.plugin"]


def test_the_package_finds_its_own_data_far_from_a_checkout(installed: Path, tmp_path: Path) -> None:
    script = (
        "import harness; from harness.model.sources import find_model; from harness.storage.datasets import load_dataset; "
        "from harness.storage.neutral import load_neutral; "
        "print(harness.__file__, find_model('nano'), len(load_dataset('verified')), len(load_neutral()), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    module, model, examples, neutral = done.stdout.split()
    assert module == str(installed / "harness" / "__init__.py"), done.stderr
    assert model == str(installed / "harness" / "data" / "models" / "nano")
    assert int(examples) == len(list((ROOT / "data" / "verified").glob("*/*/vulnerable.*"))) * 2
    assert int(neutral) == len(list((ROOT / "data" / "neutral").glob("*.[cp]*")))
