"""Rebuilds the page of a run from its records, or compares two runs: `python -m harness.report RUN [RUN2]`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.report.comparison import Comparison, write_comparison
from harness.report.page import write_report

EXAMPLES = """\
examples:
  python -m harness.report reports/20260101-120000
      writes reports/20260101-120000/report.html anew, from summary.json, run.json and measurements.sqlite
  python -m harness.report reports/before reports/after
      writes reports/before/comparison.html, and prints what changed
  python -m harness.report reports/before reports/after --output /tmp/comparison.html

Needs neither the model nor pytest. Cases are compared where gate, data, CWE, layer and strength are the same, and the model's name,
unless the runs share none. A page is one file without anything beside it, and opens from disk. A message that begins with StoreError
names the file that is missing.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: the page is written, whatever the gates say. 2: there is no run to tell of, or no place to write to."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.report",
        description="Makes the page of a run from its records alone; of two runs, the page that compares them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of the run, such as reports/20260101-120000")
    parser.add_argument("other", type=Path, metavar="RUN2", nargs="?", help="folder of a second run, to compare the first one with")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where the page goes (default: report.html, or comparison.html, in the folder of RUN)"
    )
    options = parser.parse_args(arguments)
    try:
        page = _write(options.run, options.other, options.output)
    except (HarnessError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(page)
    return 0


def _write(run: Path, other: Path | None, target: Path | None) -> Path:
    if other is None:
        return write_report(run, target)
    page, found = write_comparison(run, other, target)
    for line in _told(found):
        print(line)
    return page


def _told(found: Comparison) -> list[str]:
    """The comparison for a terminal."""
    return [
        *(f"{name}: {first} -> {second}" for name, first, second in found.settings),
        f"{len(found.changed)} of {len(found.cases)} gates changed",
        *(f"  {one.first.id}: {one.first.status} -> {one.second.status}" for one in found.changed),
        f"{len(found.turned)} of {found.compared} verdicts turned",
        *(f"{one.gate}, {one.where}, second minus first: {one.words}" for one in found.differences),
    ]


if __name__ == "__main__":
    sys.exit(main())
