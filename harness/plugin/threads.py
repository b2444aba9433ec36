"""Processor threads of xdist workers."""

import os

import pytest

from harness.plugin.targets import names_evals


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Workers share the cores, except in evals.

    There each keeps as many threads as one process alone would have: sums in another order round otherwise, and the records of two
    workers would not equal those of one process.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1 and not names_evals(config):
        # Read by torch when it is first imported, which nothing has done yet.
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
