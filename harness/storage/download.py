"""Downloads the files of a manifest; each is checked before it gets its name, so that a stopped download goes on where it was."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pooch

from harness.errors import DataError
from harness.storage.manifest import Manifest, sha256_of

Announce = Callable[[str], None]

CONNECT_SECONDS, READ_SECONDS = 2.0, 30.0
RETRIES = 3
CONNECTIONS = 8
SECONDS_BETWEEN_LINES = 2.0


def download(manifest: Manifest, wanted: Sequence[str], cache: Path, *, announce: Announce, remedy: str) -> None:
    """Brings the wanted files into `cache`; those that are there and right are left alone, and need no network.

    Args: announce, given a progress line every few seconds; remedy, what the reader of an error can do instead.
    Raises: DataError when the server is out of reach (at once), refuses a file, or sends one that is not the pinned one.
    """
    try:
        lacking = [name for name in wanted if not _is_held(cache / name, manifest.files[name])]
        if lacking:
            announce(f"{manifest.name}: downloading {len(lacking)} files of commit {manifest.commit[:10]} into {cache}")
            with _quiet_pooch():
                _fetch_all(manifest, lacking, cache, announce)
    except (OSError, ValueError) as error:
        raise DataError(f"{manifest.name} cannot be had from {urlsplit(manifest.source).netloc}: {_cause(error)}; {remedy}") from error


def _is_held(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path.read_bytes()) == sha256


def _fetch_all(manifest: Manifest, lacking: Sequence[str], cache: Path, announce: Announce) -> None:
    # The first file is fetched without a second try: a network that is not there shall be reported at once.
    first, *others = lacking
    _fetcher(manifest, cache, retries=0)(first)
    fetch = _fetcher(manifest, cache, retries=RETRIES)
    # pooch makes a missing folder itself, but two of its threads would race for it.
    for folder in {(cache / name).parent for name in others}:
        folder.mkdir(parents=True, exist_ok=True)
    spoken = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        fetches = [pool.submit(fetch, name) for name in others]
        try:
            for done, fetched in enumerate(as_completed(fetches), start=2):
                fetched.result()
                if time.monotonic() - spoken > SECONDS_BETWEEN_LINES:
                    spoken = time.monotonic()
                    announce(f"{manifest.name}: {done} of {len(lacking)} files")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    announce(f"{manifest.name}: {len(lacking)} of {len(lacking)} files")


def _fetcher(manifest: Manifest, cache: Path, retries: int) -> Callable[[str], None]:
    store = pooch.create(
        path=cache,
        base_url=manifest.source,
        registry={name: f"sha256:{sha256}" for name, sha256 in manifest.files.items()},
        retry_if_failed=retries,
    )
    # The files are small; read whole, a refused one leaves no open connection behind.
    downloader = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, READ_SECONDS), stream=False)

    def fetch(name: str) -> None:
        store.fetch(name, downloader=downloader)

    return fetch


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """pooch logs two lines a file; the progress line says enough."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _cause(error: Exception) -> str:
    """One clause; what the HTTP library says of a failed connection fills a paragraph of its own."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"it answered {status}"
    if "Connect" in type(error).__name__:
        return "no connection could be made"
    if "Timeout" in type(error).__name__:
        return f"it sent nothing for {READ_SECONDS:g} s"
    return " ".join(str(error).split())
