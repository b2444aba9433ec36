"""Where models come from, and how soon a missing one is said to be missing."""

import shutil
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

from harness.errors import ModelError
from harness.model import sources
from harness.model.loading import inspect_model, load_model
from tests.model.conftest import Loaded, Saved

HUB_NAME = "nobody-here/no-such-model"


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the hub might be asked; each test says what it answers."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


def answering(monkeypatch: pytest.MonkeyPatch, answer: Exception | Any) -> None:
    def model_info(*_args: Any, **_kwargs: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    monkeypatch.setattr(HfApi, "model_info", model_info)


def refusal(kind: type[Exception]) -> Exception:
    response = httpx.Response(404, request=httpx.Request("GET", "https://example.invalid"))
    return kind("refused\nwith many more lines", response=response)  # type: ignore[call-arg]


@pytest.mark.parametrize("action", [inspect_model, load_model])
def test_a_hub_model_is_refused_at_once_when_the_hub_is_switched_off(action: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"nobody-here/no-such-model.*out of reach \(HF_HUB_OFFLINE is set\)"):
        action(HUB_NAME)
    assert time.monotonic() - started < 10  # the import of a library included


@pytest.mark.usefixtures("online")
def test_a_hub_that_does_not_answer_is_given_up_within_its_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "HUB_PATIENCE", 0.2)
    answering(monkeypatch, lambda: time.sleep(5))
    started = time.monotonic()
    with pytest.raises(ModelError, match="no answer within"):
        inspect_model(HUB_NAME)
    assert time.monotonic() - started < 4


@pytest.mark.usefixtures("online")
def test_a_connection_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, httpx.ConnectError("no route to host"))
    with pytest.raises(ModelError, match=r"out of reach \(ConnectError\)"):
        inspect_model(HUB_NAME)


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (RepositoryNotFoundError, r"unknown to the hub \(refused\)"),
        (RevisionNotFoundError, "no such revision"),
        (GatedRepoError, "is gated on the hub"),
    ],
)
def test_what_the_hub_refuses_becomes_one_paragraph(monkeypatch: pytest.MonkeyPatch, kind: type[Exception], message: str) -> None:
    answering(monkeypatch, refusal(kind))
    with pytest.raises(ModelError, match=message) as raised:
        load_model(HUB_NAME, revision="main")
    assert "\n" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.usefixtures("online")
def test_a_repository_without_configuration_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, SimpleNamespace(siblings=[SimpleNamespace(rfilename="README.md")]))
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        inspect_model(HUB_NAME)


@pytest.mark.parametrize("name", ["not a valid name", "a--b..c/d"])
def test_a_name_that_no_model_can_have_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="is unknown to the hub"):
        inspect_model(name)


@pytest.fixture
def cached(saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The snapshot folder of a tiny model in a hub cache of its own."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--somebody--tiny"
    snapshot = Path(shutil.copytree(saved("gpt_bigcode"), repository / "snapshots" / commit))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return snapshot


@pytest.mark.usefixtures("cached")
def test_a_hub_model_in_the_cache_needs_no_hub(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, AssertionError("the hub was asked"))
    model = load_model("somebody/tiny")
    assert (model.info.source, model.info.layers) == ("somebody/tiny", 3)
    assert model.fingerprint == loaded("gpt_bigcode").fingerprint


@pytest.mark.usefixtures("cached")
def test_a_cached_model_in_another_revision_is_not_taken_for_it() -> None:
    with pytest.raises(ModelError, match="out of reach"):
        inspect_model("somebody/tiny", revision="v2")


def test_a_half_cached_hub_model_is_not_taken_for_a_whole(cached: Path) -> None:
    (cached / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="out of reach"):
        load_model("somebody/tiny")


@pytest.mark.usefixtures("online")
def test_a_hub_model_is_fetched_with_safetensors_alone_where_there_are_some(
    saved: Saved, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched: list[list[str]] = []

    def snapshot_download(_name: str, *, revision: str | None, local_files_only: bool = False, allow_patterns: Any = None) -> str:
        if local_files_only:
            raise LocalEntryNotFoundError(f"nothing of {revision} is cached")
        fetched.append(allow_patterns)
        return str(saved("gpt_bigcode"))

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    files = ("config.json", "model.safetensors", "pytorch_model.bin")
    answering(monkeypatch, SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in files]))
    assert sources.find_model("somebody/tiny") == saved("gpt_bigcode")
    assert fetched == [["*.json", "*.txt", "*.model", "*.safetensors"]]
