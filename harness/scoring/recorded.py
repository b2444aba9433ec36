"""Recorded responses of real models, each with an independent reading of its verdict. A folder outside the project holds them."""

import ast
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.records import Verdict
from harness.scoring.stored import FILE, stored_lines

FOLDER_VARIABLE = "RECORDED_RESPONSES_DIR"
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "recorded-responses"
"""Where they are looked for without being told: beside the checkout."""

_MEANINGS = {"yes": Verdict.VULNERABLE, "no": Verdict.SECURE, "n/a": Verdict.UNDECIDED}
_CWE_OF_CVE = {
    "CVE-2023-1452": "CWE-787",
    "CVE-2023-2908": "CWE-476",
    "CVE-2023-3012": "CWE-476",
    "CVE-2023-3316": "CWE-476",
    "CVE-2023-23143": "CWE-787",
    "CVE-2023-23144": "CWE-190",
    "CVE-2023-26966": "CWE-787",
    "CVE-2023-27585": "CWE-787",
    "CVE-2023-40283": "CWE-416",
    "CVE-2023-40745": "CWE-190",
    "CVE-2023-41175": "CWE-190",
    "CVE-2023-42753": "CWE-190",
    "CVE-2023-42754": "CWE-476",
    "CVE-2023-45863": "CWE-787",
    "CVE-2023-45871": "CWE-787",
}
_ASKED_OTHERWISE = {"A4": "CWE-416", "A6": "CWE-22"}
"""Rewrites that add a call which overflows memory: the models were asked about an out-of-bounds write, the independent reader was not."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A response and what an independent reader, GPT-4 or GPT-4o, made of it.

    `cwe` is what that reader was asked about; `misasked`, that the model had been asked about something else. `verdict` is None where
    the reading is broken ("eason: the code ...").
    """

    model: str
    cwe: str
    misasked: bool
    text: str
    reading: str
    verdict: Verdict | None


def recorded_file(folder: Path | None = None) -> Path:
    """Where the responses of a folder are, by default of the one that the environment variable names or that lies beside the checkout."""
    return (folder or Path(os.environ.get(FOLDER_VARIABLE) or BESIDE)) / FILE


def read_recorded(folder: Path | None = None) -> list[Recorded]:
    """All recorded responses of a folder.

    Raises: DataError where there are none, or a path in the file names no known weakness.
    """
    file = recorded_file(folder)
    if not file.is_file():
        raise DataError(f"{file} is not there; set {FOLDER_VARIABLE} to the folder that holds {FILE}")
    return [_recorded(line) for line in stored_lines(file)]


def _recorded(line: dict[str, Any]) -> Recorded:
    steps = line["path"] if isinstance(line["path"], list) else ast.literal_eval(line["path"])
    cwe = _cwe([str(step).upper() for step in steps])
    reading = str(line["pred"]).strip().lower()
    misasked = "non-trivial" in (line["experiment"].split("/")[-1], *steps) and any(
        cwe == other and rewrite in steps for rewrite, other in _ASKED_OTHERWISE.items()
    )
    return Recorded(
        model=line["model"], cwe=cwe, misasked=misasked, text=line["content"] or "", reading=reading, verdict=_MEANINGS.get(reading)
    )


def _cwe(steps: Sequence[str]) -> str:
    for step in steps:
        if step.startswith("CWE-") or step in _CWE_OF_CVE:
            return _CWE_OF_CVE.get(step, step)
    raise DataError(f"{'/'.join(steps)} names no CWE and no CVE that is known here; add it to harness/scoring/recorded.py")
