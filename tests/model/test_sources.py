"""Where models come from, and how soon a missing one is said to be missing."""

import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from harness.errors import ModelError
from harness.model import sources
from harness.model.loading import inspect_model, load_model

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
