"""A progress line on long work: rewritten in place on a terminal, a line every few seconds elsewhere."""

import time
from types import TracebackType

import pytest

QUIET_SECONDS = 2.0
"""Work shorter than this says nothing."""
REDRAW_SECONDS = 0.2
LINE_SECONDS = 10.0


class ProgressLine:
    """Callable with (what, done, total). Silent in xdist workers, whose output nobody sees."""

    def __init__(self, config: pytest.Config) -> None:
        self._terminal = None if hasattr(config, "workerinput") else config.pluginmanager.getplugin("terminalreporter")
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._started = self._shown = time.monotonic()
        self._what, self._since = "", self._started
        self._drawn = False

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._drawn and self._terminal and self._terminal.isatty:
            self._write("\r\x1b[K")

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._since = what, now
        if self._terminal is None or now - self._started < QUIET_SECONDS:
            return
        pause = REDRAW_SECONDS if self._terminal.isatty else LINE_SECONDS
        if self._drawn and now - self._shown < pause:
            return
        self._shown = now
        line = f"{what}: {done}/{total}{_remaining(done, total, now - self._since)}"
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
