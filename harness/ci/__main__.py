"""Tells a CI system how a run went: `python -m harness.ci RUN` writes a summary in Markdown, and annotations at the cases that failed.

Where GITHUB_STEP_SUMMARY is set, the Markdown is appended to the file it names, as GitHub asks; else it is printed. Annotations
are workflow commands of GitHub, `::error title=...::message`, on standard output.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.ci import Case
from harness.ci.annotations import annotation, annotations
from harness.ci.summary import markdown
from harness.errors import HarnessError, StoreError
from harness.storage.runs import MANIFEST, SUMMARY


def main(arguments: Sequence[str] | None = None) -> int:
    """0: told, whatever the gates say; pytest's own exit code decides. 2: there is no run to tell of."""
    parser = argparse.ArgumentParser(prog="python -m harness.ci", description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("run", type=Path, help="folder of the run, such as reports/ci")
    parser.add_argument("--evals", type=Path, default=Path("evals"), help="where the tests are, so that annotations find them")
    options = parser.parse_args(arguments)
    try:
        cases, manifest = read_run(options.run)
    except HarnessError as error:
        print(annotation("error", "no records", str(error)))
        return 2
    _tell(markdown(cases, manifest), os.environ.get("GITHUB_STEP_SUMMARY"))
    for line in annotations(cases, options.evals):
        print(line)
    return 0


def read_run(folder: Path) -> tuple[list[Case], dict[str, Any]]:
    """The cases and the manifest of a run. Raises: StoreError for a folder without them."""
    found = []
    for name in (SUMMARY, MANIFEST):
        try:
            found.append(json.loads((folder / name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise StoreError(
                f"{folder} holds no {name}: the run was refused, or ended before its first case; see the log of pytest"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"{folder / name} cannot be read ({error}); start the run again") from None
    return found[0], found[1]


def _tell(text: str, path: str | None) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
