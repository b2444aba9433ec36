"""What the installed plugin does in projects of others: nothing, where they hold no evals."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugin.conftest import ROOT

HEAVY = ("torch", "transformers", "nnsight", "scipy", "sklearn", "pyarrow", "numpy")
LIGHT = f"import sys\n\n\ndef test_what_is_loaded():\n    assert not [name for name in {HEAVY!r} if name in sys.modules]\n"
EVAL = "def test_generation(sweep, gate):\n    gate('generation', sweep)\n"
Pytest = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_pytest(tmp_path: Path) -> Pytest:
    """Runs pytest in a project with the given test file, and with the plugin, whether or not its entry point is installed."""

    def run(file: str, text: str, *args: str, conftest: str = "") -> "subprocess.CompletedProcess[str]":
        for name, content in ((file, text), ("conftest.py", conftest), ("pytest.ini", "[pytest]\n")):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        environment = {"PATH": "", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", "-p", "harness.plugin", "-p", "no:cacheprovider", "-p", "no:benchmark", *args]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    return run


@pytest.mark.parametrize("args", [(), ("tests",)])
def test_a_project_without_evals_pays_for_options_alone(run_pytest: Pytest, tmp_path: Path, args: tuple[str, ...]) -> None:
    done = run_pytest("tests/test_light.py", LIGHT, *args)
    assert done.returncode == 0, done.stdout
    assert "secsteer:" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conftest.py", "pytest.ini", "tests"]


def test_tests_that_others_call_evals_are_left_alone(run_pytest: Pytest, tmp_path: Path) -> None:
    done = run_pytest("evals/test_light.py", LIGHT, "evals")
    assert done.returncode == 0, done.stdout
    assert "secsteer:" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conftest.py", "evals", "pytest.ini"]


def test_a_conftest_that_names_the_plugin_registers_it_once(run_pytest: Pytest) -> None:
    done = run_pytest("tests/test_light.py", LIGHT, conftest='pytest_plugins = ["harness.plugin"]\n')
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_project_of_others_collects_its_own_evals(run_pytest: Pytest) -> None:
    done = run_pytest("evals/test_mine.py", EVAL, "evals", "--collect-only", "-q", "-k", "cwe787")
    assert done.stdout.splitlines()[0] == "evals/test_mine.py::test_generation[nano-verified-cwe787]", done.stdout + done.stderr


@pytest.mark.parametrize("folder", ["evals", "checks"])
def test_evals_that_are_not_named_say_how_they_run(run_pytest: Pytest, tmp_path: Path, folder: str) -> None:
    done = run_pytest(f"{folder}/test_mine.py", EVAL)
    assert "evals run when they are named on the command line, such as `pytest evals`" in done.stdout
    assert not (tmp_path / "reports").exists()
