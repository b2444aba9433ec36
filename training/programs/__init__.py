"""Short C and Python programs with and without a known flaw, drawn from seeds. The embedded model learns on them."""

from training.programs.generate import CWES, HELD_OUT, families, generate_benign, generate_pair
from training.programs.records import Program, ProgramPair

__all__ = ["CWES", "HELD_OUT", "Program", "ProgramPair", "families", "generate_benign", "generate_pair", "reason_absent"]


def reason_absent(program: Program, cwe: str) -> str | None:
    """Why a program is free of a CWE other than its own, or None where that is not known."""
    return program.reason_absent(cwe)
