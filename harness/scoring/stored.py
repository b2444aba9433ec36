"""Results in the format SecLLMHolmes stores them: a verdict and a judgement of its reason, under a key of split, rewrite, CWE and file."""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.records import Label, Verdict

FILE = "responses.jsonl.gz"
EXPERIMENT = "benchmark"

Key = tuple[str, ...]
"""("hand-crafted", "cwe-787", "1.c"), ("augmented", "non-trivial", "A1", "0", "cwe-787", "1.c") or ("real-world", "gpac", CVE, "vuln")."""
_PREDICTIONS = {Verdict.VULNERABLE: "yes", Verdict.SECURE: "no", Verdict.UNDECIDED: "n/a"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """One stored result. `key` is its path in the results: split, rewrite, CWE, file. gpt_eval is None where no judge was heard."""

    key: Key
    pred: str
    gpt_eval: str | None

    @property
    def label(self) -> Label:
        """What the file's name says."""
        return "patched" if self.key[-1].startswith(("p_", "patch")) else "vulnerable"

    @property
    def split(self) -> str:
        return self.key[1] if self.key[0] == "augmented" else self.key[0]

    def lowered(self) -> "Result":
        return replace(self, pred=self.pred.lower(), gpt_eval=self.gpt_eval and self.gpt_eval.lower())

    def correct(self) -> bool:
        """The verdict fits the label and the reason was judged right."""
        return self.pred == ("yes" if self.label == "vulnerable" else "no") and self.gpt_eval == "yes"

    def same_as(self, other: "Result") -> bool:
        return (self.pred, self.gpt_eval) == (other.pred, other.gpt_eval)


def key_of(path: str) -> Key:
    """The key in the results of a file of the dataset, by its path relative to the folder `datasets`.

    Raises: DataError for a path that is no labelled file.
    """
    match path.split("/"):
        case ["hand-crafted", "dataset", cwe, file]:
            return "hand-crafted", cwe.lower(), file
        case ["augmented", "trivial", rewrite, "dataset", cwe, file]:
            return "augmented", "trivial", rewrite, cwe.lower(), file
        case ["augmented", "non-trivial", rewrite, sided, "dataset", cwe, file]:
            return "augmented", "non-trivial", rewrite, sided.rpartition("_")[2], cwe.lower(), file
        case ["real-world", project, cve, file] if Path(file).stem in ("vuln", "patch"):
            return "real-world", project, cve, Path(file).stem
        case _:
            raise DataError(f"{path} is no labelled file of SecLLMHolmes; give a path relative to its folder datasets")


def result_of(path: str, verdict: Verdict, *, reason_right: bool | None = None) -> Result:
    """A result from a verdict of the harness on a file of the dataset, and from what a judge said of its reason (None: nobody judged)."""
    judged = None if reason_right is None else ("yes" if reason_right else "no")
    return Result(key=key_of(path), pred=_PREDICTIONS[verdict], gpt_eval=judged)


def with_unchanged(results: Iterable[Result]) -> list[Result]:
    """The results, with A0 of trivial filled in from the hand-crafted answers where it is missing.

    The data files hold no A0: it is the unchanged file. A model that decodes greedily answers it as before, and all 12 count.
    """
    found = {result.key: result for result in results}
    rewritten = {result.key[3:] for result in found.values() if result.split == "trivial"}
    for rest in sorted(rewritten):
        before = found.get(("hand-crafted", *rest))
        key = ("augmented", "trivial", "A0", *rest)
        if before is not None:
            found.setdefault(key, replace(before, key=key))
    return list(found.values())


def stored_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The responses of a recorded file, as they stand there. Raises: DataError for a file that is missing or unreadable."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"{file} can't be read as stored results ({error!r}); give the folder that holds {FILE}") from error


def read_results(recorded: Path, experiment: str = EXPERIMENT) -> dict[str, list[Result]]:
    """Stored results of an experiment, by model.

    Args: recorded, a folder with responses.jsonl.gz, or such a file: a JSON object a line with experiment, model, path, pred, gpt_eval.
    Raises: DataError for a file that is missing, unreadable or without results of the experiment.
    """
    file = recorded / FILE if recorded.is_dir() else recorded
    found: dict[str, list[Result]] = {}
    try:
        for fields in stored_lines(file):
            if fields["experiment"] == experiment:
                result = Result(key=tuple(fields["path"]), pred=fields["pred"], gpt_eval=fields.get("gpt_eval"))
                found.setdefault(fields["model"], []).append(result)
    except KeyError as error:
        raise DataError(f"{file} can't be read as stored results ({error!r}); give the folder that holds {FILE}") from error
    if not found:
        raise DataError(f"{file} holds no results of the experiment {experiment!r}; give the file of the benchmark")
    return found
