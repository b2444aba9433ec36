"""A tiny model for the benchmark's adapters, loaded as the benchmark loads any, and by a route of its own."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from benchmarks.models import Subject, ready
from benchmarks.work import Cell, unit
from tests.model import tiny
from tests.model.plain import Plain

STRENGTHS = (-6.0, 2.0, 6.0)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def subject_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Subject, Plain]]:
    """A tiny model of an architecture as the benchmark has it, and as plain transformers has it."""
    made: dict[str, tuple[Subject, Plain]] = {}

    def load(architecture: str) -> tuple[Subject, Plain]:
        if architecture not in made:
            folder = tiny.save(tmp_path_factory.mktemp(architecture), architecture)
            made[architecture] = ready(architecture, folder, "float32"), Plain(folder, architecture)
        return made[architecture]

    return load


@pytest.fixture(scope="session")
def subject(subject_of: Callable[[str], tuple[Subject, Plain]]) -> Subject:
    return subject_of("gpt_bigcode")[0]


@pytest.fixture(scope="session")
def cells() -> tuple[Cell, ...]:
    """Two layers with three strengths each."""
    draws = np.random.default_rng(3)
    directions = {layer: unit(draws, tiny.WIDTH) for layer in (0, 2)}
    return tuple(
        Cell(layer=layer, strength=strength, direction=direction) for layer, direction in directions.items() for strength in STRENGTHS
    )
