"""`python -m harness.calibration`: runs every study and prints the page; `--out` and `--figures` write it.

With `--gate`, what these files say of other gates is kept.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.calibration.judges import GATES
from harness.calibration.studies import SCENARIOS, Outcome, all_studies, run_study, some_workers
from harness.calibration.table import assembled, calibrations, failures, gate_sections, kept_sections
from harness.errors import HarnessError
from harness.numerics.calibrated import Calibration, read_calibrations, write_calibrations


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where a gate is wrong too often or sees too little, 2 for a request that can't be carried out."""
    options = _parser().parse_args(arguments)
    try:
        kept = _kept_sections(options)
        outcomes = _run(options)
        text = assembled(kept | gate_sections(outcomes), seed=options.seed)
        print(text)
        if options.out:
            options.out.write_text(text, encoding="utf-8")
        if options.figures:
            write_calibrations(options.figures, _kept_figures(options) | calibrations(outcomes))
    except HarnessError as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 1 if failures(outcomes) else 0


def _run(options: argparse.Namespace) -> list[Outcome]:
    studies = all_studies(options.replicates, gates=_gates(options), scenarios=options.scenarios, placebos=options.placebos)
    with some_workers(options.jobs) as workers:
        return [
            outcome
            for study, gates in studies.items()
            for outcome in run_study(study, gates, options.seed, workers=workers, progress=_tell)
        ]


def _gates(options: argparse.Namespace) -> list[str]:
    return [gate for gate in GATES if not options.gate or gate in options.gate]


def _kept_sections(options: argparse.Namespace) -> dict[str, str]:
    """Read before the run, so that a page that can't be completed is refused at once."""
    if not (options.gate and options.out and options.out.exists()):
        return {}
    return kept_sections(options.out.read_text(encoding="utf-8"), seed=options.seed)


def _kept_figures(options: argparse.Namespace) -> dict[str, tuple[Calibration, ...]]:
    return read_calibrations(options.figures) if options.gate and options.figures.exists() else {}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.calibration", description=__doc__)
    parser.add_argument(
        "--replicates", type=int, default=400, help="of a null; of other studies half as many, of copies a quarter (default: 400)"
    )
    parser.add_argument("--scenarios", type=int, nargs="+", default=list(SCENARIOS), help=f"among {', '.join(map(str, SCENARIOS))}")
    parser.add_argument("--placebos", type=int, default=39, help="of each kind (default: 39, as in a run)")
    parser.add_argument(
        "--gate",
        action="append",
        choices=sorted(GATES),
        help="one gate only, keeping what --out and --figures say of others; may be given again",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--out", type=Path, help="write the page here")
    parser.add_argument("--figures", type=Path, help="write the figures the gates read here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
