"""A generated program, and the pair that differs only by the fix."""

from dataclasses import dataclass
from typing import Literal

Label = Literal["vulnerable", "patched"]
Hardness = Literal["clear", "hard", "ambiguous"]
Language = Literal["c", "python"]


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program, its label for `cwe`, and an argument for either verdict.

    `absent` holds, for other CWEs the program is known to be free of, a reason why.
    """

    cwe: str
    family: str
    language: Language
    label: Label
    hardness: Hardness
    code: str
    reason_vulnerable: str
    reason_patched: str
    absent: tuple[tuple[str, str], ...] = ()

    def reason_absent(self, cwe: str) -> str | None:
        """Why this program is free of another CWE, or None where that is not known."""
        return dict(self.absent).get(cwe)


@dataclass(frozen=True, kw_only=True)
class ProgramPair:
    """The same program with and without the flaw."""

    vulnerable: Program
    patched: Program
