"""What pytest loads, by the entry point or by a conftest.py that names it: the options always, all else where there are evals.

Every run of pytest pays for what this module imports, in an environment that has the harness installed.
"""

from pathlib import Path

import pytest

from harness.plugin.targets import holds_evals, is_file_of_evals

pytest_plugins = ["harness.plugin.options"]
OF_EVALS = (
    "harness.plugin.threads",
    "harness.plugin.session",
    "harness.plugin.writing",
    "fixtures.models",
    "fixtures.gates",
    "fixtures.pins",
    "fixtures.runs",
)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if holds_evals(config):
        load_fixtures(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Evals outside the folders of evals: their fixtures are there to say how they are run."""
    tests = any(file_path.match(pattern) for pattern in parent.config.getini("python_files"))
    if tests and is_file_of_evals(file_path):
        load_fixtures(parent.config)


def load_fixtures(config: pytest.Config) -> None:
    """Registers all that evals need; what is there already stays."""
    for module in OF_EVALS:
        config.pluginmanager.import_plugin(module)
