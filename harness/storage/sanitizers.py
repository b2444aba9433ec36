"""C programs built with the address and undefined-behaviour sanitizers, and what those say when a program runs."""

import functools
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.storage.programs import MEMORY_MB, RUN_SECONDS, Ended, Feed, run_limited

FLAGS = (
    "-std=gnu11",
    "-g",
    "-O1",
    "-fno-omit-frame-pointer",
    "-U_FORTIFY_SOURCE",  # some distributions set it, and its checks come before the sanitizer's
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=undefined",
    "-fsanitize-recover=bounds,object-size",  # they don't tell a read from a write; the address sanitizer behind them does
)
COMPILE_SECONDS = 60
SANITIZER_EXIT = 86
SANITIZER_OPTIONS = {
    "exitcode": SANITIZER_EXIT,
    "detect_leaks": 0,  # the leak checker needs ptrace, which containers often forbid
    "abort_on_error": 0,
    "hard_rss_limit_mb": MEMORY_MB,  # the sanitizer reserves terabytes of addresses, so a limit on those cannot work
    "max_allocation_size_mb": MEMORY_MB,
    "allocator_may_return_null": 1,
}

UNDEFINED = re.compile(r"^(?:.*/)?(?P<file>[^/\n]+):(?P<line>\d+):\d+: runtime error: (?P<kind>.*)$", re.MULTILINE)
ADDRESS = re.compile(r"ERROR: AddressSanitizer: (?P<kind>[\w-]+)")
ACCESS = re.compile(r"^(?P<access>READ|WRITE) of size \d+", re.MULTILINE)
FRAME = re.compile(r"^\s*#\d+ .* (?:\S*/)?(?P<file>[^/\s:]+):(?P<line>\d+)(?::\d+)?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the sanitizers said. `file` and `line` are None where no frame lies in a file of the scenario."""

    kind: str
    access: str | None
    file: str | None
    line: int | None

    def __str__(self) -> str:
        place = f"at {self.file}:{self.line}" if self.file else "in no file of the scenario"
        return " ".join(part for part in (self.kind, self.access and f"({self.access})", place) if part)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a program did: how it ended, and what the sanitizers said, where it was built with them."""

    ended: Ended
    report: Report | None = None

    def __str__(self) -> str:
        if self.report:
            return str(self.report)
        end = f"no end within {RUN_SECONDS} s" if self.ended.exit is None else f"exit status {self.ended.exit}"
        words = f", error output {shorten(self.ended.stderr[-200:])}" if self.ended.stderr else ""
        return f"{end}, output {shorten(self.ended.stdout)}{words}"


@functools.cache
def find_compiler() -> str:
    """The path of a gcc whose sanitizers work here: a trivial program is built and run once.

    Raises: DataError with the remedy when there is no gcc or its programs do not run.
    """
    compiler = shutil.which("gcc")
    if compiler is None:
        raise DataError(
            "no gcc on the PATH; the proofs of the verified corpus compile C with it, so install gcc with its sanitizers (libasan)"
        )
    with tempfile.TemporaryDirectory(prefix="secsteer-proof-") as name:
        source = Path(name) / "empty.c"
        source.write_text("int main(void) { return 0; }\n")
        seen = run(build(compiler, source, "empty"), Feed(files={}))
    if seen.ended.exit != 0:
        raise DataError(
            f"programs built by {compiler} with the address sanitizer do not run here ({seen}); "
            "it reserves terabytes of addresses, so lift a limit on virtual memory (ulimit -v unlimited), "
            "use a newer gcc, or set TMPDIR to a folder from which programs may run"
        )
    return compiler


def build(compiler: str, source: Path, program: str, *flags: str) -> Path:
    """The program built from `source`, beside it.

    Raises: DataError with the compiler's words when the code does not compile.
    """
    command = [compiler, *FLAGS, *flags, source.name, "-o", program]
    environment = {"PATH": f"{Path(compiler).parent}:/usr/bin:/bin", "TMPDIR": str(source.parent), "LC_ALL": "C"}
    try:
        done = subprocess.run(command, cwd=source.parent, env=environment, capture_output=True, timeout=COMPILE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DataError(f"{compiler} took more than {COMPILE_SECONDS} s for {source.name}; use a less loaded machine") from error
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()
        raise DataError(
            f"{compiler} cannot build {program!r} from {source.name}; mend the code, or install libasan and libubsan. It says: {words}"
        )
    return source.parent / program


def run(program: Path, feed: Feed) -> Run:
    """Runs a program that `build` made. Raises: DataError for a sanitizer report that cannot be read."""
    options = ":".join(f"{name}={value}" for name, value in SANITIZER_OPTIONS.items())
    environment = {"ASAN_OPTIONS": options, "UBSAN_OPTIONS": options}
    ended = run_limited([str(program)], feed, environment=environment, limit_addresses=False)
    report = read_report(ended.stderr, program.parent)
    if report is None and ended.exit == SANITIZER_EXIT:
        raise DataError(
            f"a sanitizer stopped {program.name} with words the prover cannot read: {shorten(ended.stderr, 600)}; "
            "mend the scenario so that its declared flaw is what stops it"
        )
    return Run(ended=ended, report=report)


def read_report(words: str, folder: Path) -> Report | None:
    """What the sanitizers report in a program's standard error, or None when they report nothing.

    The address sanitizer's word counts. The undefined-behaviour one may speak before it, of an index or an object's size at the
    same line; anything else it says is returned instead.

    Args: words, the standard error; folder, where the program's sources lie.
    """
    report = _read_address(words, {path.name for path in folder.glob("*.c")})
    for undefined in UNDEFINED.finditer(words):
        place = undefined["file"], int(undefined["line"])
        harbinger = "out of bounds" in undefined["kind"] or "insufficient space" in undefined["kind"]
        if report is None or not harbinger or place != (report.file, report.line):
            return Report(kind=undefined["kind"], access=None, file=place[0], line=place[1])
    return report


def _read_address(words: str, sources: set[str]) -> Report | None:
    error = ADDRESS.search(words)
    if error is None:
        return None
    stack = words[error.start() :].split("\n\n", 1)[0]  # the stacks after the first one tell of allocations
    access = ACCESS.search(stack)
    frame = next((frame for frame in FRAME.finditer(stack) if frame["file"] in sources), None)
    return Report(
        kind=error["kind"],
        access=access["access"] if access else None,
        file=frame["file"] if frame else None,
        line=int(frame["line"]) if frame else None,
    )


def shorten(text: str, room: int = 200) -> str:
    """A text for an error message, at most `room` characters of it."""
    return repr(text if len(text) <= room else text[:room] + "...")
