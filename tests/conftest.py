"""What every test of the harness shares: no hub is ever asked, and public data are where they are pointed at or beside the checkout."""

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"

REPOSITORY = Path(__file__).resolve().parents[1]
POINTED = os.environ.get("SECLLMHOLMES_DIR")
RECORDED = os.environ.get("RECORDED_RESPONSES_DIR")


def pytest_configure(config: pytest.Config) -> None:
    """A warning fails a test. Evals are run by users, whose models may warn of this and that."""
    config.getini("filterwarnings").insert(0, "error")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "heavy" not in config.getoption("-m"):
        for item in items:
            if "heavy" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs gigabytes of memory or minutes of time; run with -m heavy"))


@pytest.fixture(scope="session")
def secllmholmes() -> Path:
    """The real dataset; tests that need it are skipped where it is absent."""
    folder = Path(POINTED) if POINTED else REPOSITORY.parent / "shared" / "secllmholmes"
    if not folder.is_dir():
        pytest.skip(f"SecLLMHolmes is not at {folder}; set SECLLMHOLMES_DIR to a checkout")
    return folder


@pytest.fixture(scope="session")
def recorded_responses() -> Path:
    """Recorded responses of real models; tests that need them are skipped where they are absent."""
    folder = Path(RECORDED) if RECORDED else REPOSITORY.parent / "shared" / "recorded-responses"
    if not (folder / "responses.jsonl.gz").is_file():
        pytest.skip(f"recorded responses are not at {folder}; set RECORDED_RESPONSES_DIR to their folder")
    return folder
