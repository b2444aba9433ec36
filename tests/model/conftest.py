"""Tiny models for the tests of harness.model, each saved and loaded once."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

os.environ["HF_HUB_OFFLINE"] = "1"

from harness.model.loading import LoadedModel, load_model
from tests.model import tiny
from tests.model.plain import Plain

Saved = Callable[[str], Path]
Loaded = Callable[..., LoadedModel]
PlainOf = Callable[[str], Plain]


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The folder of a tiny model of an architecture."""
    folders: dict[str, Path] = {}

    def save(architecture: str) -> Path:
        if architecture not in folders:
            folders[architecture] = tiny.save(tmp_path_factory.mktemp(architecture), architecture)
        return folders[architecture]

    return save


@pytest.fixture(scope="session")
def loaded(saved: Saved) -> Loaded:
    """A tiny model, ready. Shared by all tests: one that alters a model loads its own."""
    models: dict[tuple[str, str], LoadedModel] = {}

    def load(architecture: str, dtype: str = "float32") -> LoadedModel:
        if (architecture, dtype) not in models:
            models[architecture, dtype] = load_model(saved(architecture), dtype=dtype)
        return models[architecture, dtype]

    return load


@pytest.fixture(scope="session")
def plain(saved: Saved) -> PlainOf:
    """The same model as transformers alone loads it."""
    models: dict[str, Plain] = {}

    def load(architecture: str) -> Plain:
        if architecture not in models:
            models[architecture] = Plain(saved(architecture), architecture)
        return models[architecture]

    return load


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Tiny tensors: threads would spend their time waiting for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
