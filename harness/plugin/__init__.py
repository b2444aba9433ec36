"""What pytest loads, by the entry point or by a conftest.py that names it: the options always, all else in a project that holds evals.

Every run of pytest pays for what this module imports, in an environment that has the harness installed.
"""

import pytest

from harness.plugin.targets import holds_evals

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
        for module in OF_EVALS:
            config.pluginmanager.import_plugin(module)
