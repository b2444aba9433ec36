"""Programs under test, run once each in a folder of their own, with an empty environment and limits on time, memory and written bytes."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PROCESSOR_SECONDS = 5
RUN_SECONDS = 20  # by the clock: a loaded machine is slow, and only a sleeping program gets this far
MEMORY_MB = 512
WRITTEN_BLOCKS = 2048  # of 512 bytes, the unit of ulimit -f
PYTHON = (sys.executable, "-s", "-E", "-B", "-X", "utf8")


@dataclass(frozen=True, kw_only=True)
class Feed:
    """What a program is given. `files` lie in its folder when it starts: contents by path."""

    arguments: tuple[str, ...] = ()
    stdin: bytes = b""
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended. `exit` is None after the time limit, negative after a signal.

    `made`: files in its folder that it wrote, those that it was given and changed among them.
    """

    exit: int | None
    stdout: str
    stderr: str
    made: frozenset[str]


def run_limited(command: Sequence[str], feed: Feed, *, environment: Mapping[str, str], limit_addresses: bool) -> Ended:
    """Runs a command in a new folder, which is gone afterwards.

    Args: limit_addresses, whether the memory limit may be one on addresses; a sanitizer reserves terabytes of those and keeps its own.
    """
    memory = f"ulimit -v {MEMORY_MB * 1024} && " if limit_addresses else ""
    # A shell sets the limits: a preexec_fn is unsafe in a process with threads. Files instead of pipes bound what is read back.
    limits = f'{memory}ulimit -c 0 && ulimit -t {PROCESSOR_SECONDS} && ulimit -f {WRITTEN_BLOCKS} && exec "$0" "$@"'
    with (
        tempfile.TemporaryDirectory(prefix="secsteer-run-") as name,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        folder = Path(name)
        for path, content in feed.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content, encoding="utf-8")
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", limits, *command, *feed.arguments],
                cwd=folder,
                env=dict(environment),
                input=feed.stdin,
                stdout=stdout,
                stderr=stderr,
                timeout=RUN_SECONDS,
                check=False,
            )
            status: int | None = done.returncode
        except subprocess.TimeoutExpired:
            status = None
        return Ended(exit=status, stdout=_read_back(stdout), stderr=_read_back(stderr), made=_made(folder, feed.files))


def _made(folder: Path, given: Mapping[str, str]) -> frozenset[str]:
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    before = {name: content.encode() for name, content in given.items()}
    return frozenset(name for name, path in found.items() if before.get(name) != path.read_bytes())


def _read_back(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
