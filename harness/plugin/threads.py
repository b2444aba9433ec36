"""Processor threads: xdist workers share the cores instead of each taking all of them."""

import os


def pytest_configure() -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        # Read by torch when it is first imported, which nothing has done yet.
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
