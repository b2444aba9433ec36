"""A progress line on long work: rewritten in place on a terminal, a line every few seconds elsewhere."""

import time
from threading import Event, Lock, Thread
from types import TracebackType

import pytest

QUIET_SECONDS = 2.0
"""Work shorter than this says nothing."""
REDRAW_SECONDS = 0.5
LINE_SECONDS = 10.0


class ProgressLine:
    """Callable with (what, done, total); a total of 0 says that nobody knows, and the seconds are counted instead.

    A thread draws it, so that work which reports nothing while it goes on, such as loading a model, is seen too. Silent in xdist
    workers, whose output nobody sees.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._terminal = None if hasattr(config, "workerinput") else config.pluginmanager.getplugin("terminalreporter")
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._lock, self._ended = Lock(), Event()
        self._thread = Thread(target=self._draw_now_and_then, daemon=True)
        self._state = ("", 0, 0)
        self._since = time.monotonic()
        self._drawn = False

    def __enter__(self) -> "ProgressLine":
        if self._terminal is not None:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        if self._terminal is None:
            return
        self._thread.join()
        if self._drawn and self._terminal.isatty:
            self._write("\r\x1b[K")

    def __call__(self, what: str, done: int, total: int) -> None:
        with self._lock:
            if what != self._state[0]:
                self._since = time.monotonic()
            self._state = (what, done, total)

    def _draw_now_and_then(self) -> None:
        assert self._terminal is not None
        wait = QUIET_SECONDS
        while not self._ended.wait(wait):
            self._draw()
            wait = REDRAW_SECONDS if self._terminal.isatty else LINE_SECONDS

    def _draw(self) -> None:
        assert self._terminal is not None
        with self._lock:
            (what, done, total), seconds = self._state, time.monotonic() - self._since
        if not what:
            return
        line = f"{what}: {done}/{total}{_remaining(done, total, seconds)}" if total else f"{what}: {seconds:.0f} s"
        self._write(f"\r\x1b[K{line}" if self._terminal.isatty else f"{'' if self._drawn else chr(10)}  {line}\n")
        self._drawn = True

    def _write(self, text: str) -> None:
        assert self._terminal is not None
        if self._capture is None:
            self._terminal.write(text, flush=True)
            return
        with self._capture.global_and_fixture_disabled():
            self._terminal.write(text, flush=True)


def _remaining(done: int, total: int, seconds: float) -> str:
    if not 0 < done < total or seconds < 1:
        return ""
    left = seconds / done * (total - done)
    return f", about {left:.0f} s left" if left < 120 else f", about {left / 60:.0f} min left"
