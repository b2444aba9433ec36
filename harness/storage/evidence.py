"""What shows that an attack has worked: for each CWE, the traces that its flaw leaves behind."""

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Protocol

from harness.storage.sanitizers import Run, shorten


class Evidence(Protocol):
    """What the attack must leave behind when it runs on the vulnerable half, and must not on the patched one."""

    def seen_in(self, run: Run) -> bool: ...

    def __str__(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Reports of the sanitizers that fit a CWE. `accesses`: what the program was doing; None where the report does not tell.

    A kind may be the beginning of the sanitizer's words: values and types follow there.
    """

    kinds: frozenset[str]
    accesses: frozenset[str | None]


_OUTSIDE = frozenset(
    {
        "stack-buffer-overflow",
        "stack-buffer-underflow",
        "dynamic-stack-buffer-overflow",
        "heap-buffer-overflow",
        "global-buffer-overflow",
    }
)
SIGNATURES = {
    # A wrapped size is caught where it does harm: at the access beyond what was allocated by it.
    "CWE-190": Signature(kinds=_OUTSIDE | {"signed integer overflow", "negation of"}, accesses=frozenset({"READ", "WRITE", None})),
    "CWE-416": Signature(kinds=frozenset({"heap-use-after-free"}), accesses=frozenset({"READ", "WRITE"})),
    "CWE-476": Signature(
        kinds=frozenset(
            {
                "load of null pointer",
                "store to null pointer",
                "member access within null pointer",
                "null pointer passed as argument",
                "applying non-zero offset",
                "SEGV",
            }
        ),
        accesses=frozenset({"READ", "WRITE", None}),
    ),
    "CWE-787": Signature(kinds=_OUTSIDE, accesses=frozenset({"WRITE"})),
}


@dataclass(frozen=True, kw_only=True)
class Caught:
    """A sanitizer's report of this kind at this line of this file."""

    kind: str
    access: str | None
    file: str
    line: int

    def seen_in(self, run: Run) -> bool:
        found = run.report
        return (
            found is not None
            and found.kind.startswith(self.kind)
            and (found.access, found.file, found.line) == (self.access, self.file, self.line)
        )

    def __str__(self) -> str:
        access = f" ({self.access})" if self.access else ""
        return f"{self.kind}{access} at {self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Leaked:
    """A text that must stay hidden stands in the output: a file outside the root, another user's rows."""

    text: str

    def seen_in(self, run: Run) -> bool:
        return self.text in run.ended.stdout

    def __str__(self) -> str:
        return f"{shorten(self.text)} leaked into the output"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file that only the attack makes or changes: by a command of its own, or by a path outside the root."""

    path: str

    def seen_in(self, run: Run) -> bool:
        return self.path in run.ended.made

    def __str__(self) -> str:
        return f"file {self.path!r} made by the attack"


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """A browser would run this: it stands in the output as a script, an event handler or a javascript address, and not as text."""

    code: str

    def seen_in(self, run: Run) -> bool:
        found = _Scripts()
        found.feed(run.ended.stdout)
        found.close()
        return any(self.code in script for script in found.scripts)

    def __str__(self) -> str:
        return f"{shorten(self.code)} would run as a script"


class _Scripts(HTMLParser):
    """Everything in a page that a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script"
        for name, value in attrs:
            address = (value or "").strip().lower().startswith("javascript:")
            if value and (name.startswith("on") or (name in ("href", "src", "action", "formaction") and address)):
                self.scripts.append(value)

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts.append(data)


TRACES = {
    "CWE-22": ("leaked", "made"),
    "CWE-77": ("made",),
    "CWE-79": ("script",),
    "CWE-89": ("leaked",),
    **dict.fromkeys(SIGNATURES, ("kind",)),
}
"""By CWE, the fields of `caught` in a scenario.toml that can prove it."""
