"""`python -m benchmarks`: times the engine beside what others do for a sweep, prints the page, compares with committed ratios."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.baseline import BASELINE, Ratios, read_baseline, write_baseline
from benchmarks.clock import CLOCKS
from benchmarks.errors import BenchmarkError
from benchmarks.models import RECIPES, recipe_of
from benchmarks.page import page
from benchmarks.ratios import regressions
from benchmarks.targets import STARTUP, chosen, targets_of
from benchmarks.work import Size
from harness.errors import HarnessError

if TYPE_CHECKING:
    from benchmarks.page import Section


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where a ratio is worse than the committed one beyond the tolerance, 2 for what can't be carried out or compared."""
    options = _parser().parse_args(arguments)
    # Nothing here is fetched; without this, a hub that can't be reached would cost half a minute.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        return _run(options)
    except HarnessError as refusal:
        print(refusal, file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    size = Size(**{name: getattr(options, name) for name in Size.__dataclass_fields__})
    models = _models(options)
    committed = _committed(options, size)
    # Behind the checks, because these take seconds to import.
    from benchmarks.jobs import Sample
    from benchmarks.methods.listed import all_methods
    from benchmarks.run import STARTUP_NAME, measure_model, measure_startup
    from benchmarks.stored import read_sections, with_section, write_sections

    methods, missing = all_methods()
    offered = targets_of(size, [method.name for method in methods])
    wanted = chosen([*offered, *STARTUP], options.only)
    of_models, of_startup = [one for one in wanted if one in offered], [one for one in wanted if one in STARTUP]
    sections, measured = read_sections(options.json, size) if options.json else [], []

    def keep(section: "Section") -> None:
        """At once, so that a run that is stopped keeps the models it has finished."""
        nonlocal sections
        measured.append(section)
        sections = with_section(sections, section, [STARTUP_NAME, *RECIPES])
        if options.json:
            write_sections(options.json, size, sections)
        if options.out:
            options.out.write_text(page(sections, size, [*methods, *missing]), encoding="utf-8")

    if of_startup:
        keep(measure_startup(of_startup, options.rounds, _tell, options.clock))
    if of_models:
        sample = Sample(cells=options.sample_cells, prompts=options.sample_prompts)
        given = {"sample": sample, "device_map": options.device_map, "clock": options.clock}
        for name in models:
            keep(measure_model(name, of_models, methods, size, options.rounds, _tell, **given))
    print(page(sections, size, [*methods, *missing]))
    return _compared(measured, committed, options)


def _models(options: argparse.Namespace) -> list[str]:
    """Raises: BenchmarkError for an unknown model, or a heavy one that was not asked for as such."""
    named = options.models or [name for name, recipe in RECIPES.items() if options.heavy or not recipe.heavy]
    for name in named:
        if recipe_of(name).heavy and not options.heavy:
            raise BenchmarkError(f"{name} needs gigabytes of memory and, without an accelerator, hours; add --heavy")
    return list(dict.fromkeys(named))


def _committed(options: argparse.Namespace, size: Size) -> Ratios | None:
    """The committed ratios, read before anything runs.

    Raises: BenchmarkError where they are missing, or belong to other work than is asked for.
    """
    if (options.compare or options.update_baseline) and size != Size():
        raise BenchmarkError("committed ratios belong to the declared amount of work; leave out --prompts, --length and the like")
    return read_baseline(options.baseline) if options.compare and not options.update_baseline else None


def _compared(sections: "Sequence[Section]", committed: Ratios | None, options: argparse.Namespace) -> int:
    if options.update_baseline:
        write_baseline(options.baseline, {section.name: section.found for section in sections})
    if committed is None:
        return 0
    told = [f"{section.name}: {one}" for section in sections for one in regressions(section.found, committed.get(section.name, {}))]
    for line in told:
        _tell(line)
    return 1 if told else 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--models", nargs="+", metavar="NAME", help=f"among {', '.join(RECIPES)} (default: all that are not heavy)")
    parser.add_argument("--heavy", action="store_true", help="heavy models too")
    parser.add_argument("--rounds", type=_positive, default=3, help="of every job (default: 3)")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="targets whose id holds one of these words")
    parser.add_argument(
        "--sample-cells",
        type=_positive,
        default=2,
        help="cells a round, in turns, for methods that run the prompt for every cell (default: 2)",
    )
    parser.add_argument(
        "--sample-prompts",
        type=_positive,
        default=4,
        help="prompts a round, in turns, where the work for each is its own (default: 4)",
    )
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="what time is told by; cpu where others use the machine too (default: wall)"
    )
    parser.add_argument("--device-map", metavar="MAP", help="where the weights go, such as cuda:0 (default: cpu)")
    parser.add_argument("--out", type=Path, help="write the page here, such as docs/performance.md")
    parser.add_argument(
        "--json",
        type=Path,
        help="write every round of every job here; models it holds already and that are not measured now keep their place on the page",
    )
    parser.add_argument("--compare", action="store_true", help="hold the ratios against the committed ones; exit status 1 beyond tolerance")
    parser.add_argument("--update-baseline", action="store_true", help="commit to the measured ratios, and hold them against nothing")
    parser.add_argument("--baseline", type=Path, default=BASELINE, help="the committed ratios (default: benchmarks/baseline.json)")
    work = parser.add_argument_group("amount of work; another than the declared one is for trying things out")
    for name, field in Size.__dataclass_fields__.items():
        work.add_argument(f"--{name.replace('_', '-')}", type=_positive, default=field.default, help=f"(default: {field.default})")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
