"""The tiny models of a calibration want one thread."""

from collections.abc import Iterator

import pytest
import torch

from harness.calibration.studies import single_thread


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Tiny tensors: threads would spend their time waiting for each other."""
    threads = torch.get_num_threads()
    single_thread()
    yield
    torch.set_num_threads(threads)
