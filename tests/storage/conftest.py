"""SecLLMHolmes where this machine has it, and a made-up tree of the same shape for all that must not depend on it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from harness.storage.manifest import Manifest, write_manifest
from tests.storage.made_up_secllmholmes import MADE_UP_FILES, UNREAD_FILES, MadeUp


@pytest.fixture
def made_up(tmp_path: Path) -> MadeUp:
    checkout = tmp_path / "checkout"
    for name, text in (MADE_UP_FILES | UNREAD_FILES).items():
        path = checkout / "datasets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in MADE_UP_FILES.items()}
    return MadeUp(checkout=checkout, manifest=Manifest(name="secllmholmes", commit="c0ffee", source="http://127.0.0.1:9/", files=hashes))


@pytest.fixture
def pin_made_up(made_up: MadeUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up tree stands in for the public dataset wherever the pinned hashes are asked for."""
    data = tmp_path / "data"
    data.mkdir()
    write_manifest(made_up.manifest, data / "secllmholmes.toml", "made up")
    monkeypatch.setattr("harness.storage.secllmholmes.data_folder", lambda: data)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the machine's own settings or writes into its cache."""
    monkeypatch.delenv("SECLLMHOLMES_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = tmp_path / "cache"
    monkeypatch.setattr("harness.storage.secllmholmes.cache_folder", lambda: folder)
    return folder


@dataclass(frozen=True, kw_only=True)
class Server:
    """A web server over a folder, and the paths it was asked for."""

    address: str
    asked: list[str]
    close: Callable[[], None]


@pytest.fixture
def server(made_up: MadeUp) -> Iterator[Server]:
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.lstrip("/"))
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=made_up.datasets))
    listening.daemon_threads = False
    serving = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()

    def close() -> None:
        listening.shutdown()
        listening.server_close()
        serving.join()

    try:
        yield Server(address=f"http://127.0.0.1:{listening.server_port}/", asked=asked, close=close)
    finally:
        close()
