"""The benchmark table of SecLLMHolmes (arXiv:2312.12575), recomputed from stored results: a steered model can stand beside published ones.

A result holds `pred` (yes, no or n/a: the verdict read out of a response) and `gpt_eval` (yes or no: what a judge said of its reason).
What a column counts, found by reproducing every published number of the recorded models:

- hand-crafted, real-world: the verdict fits the label *and* the reason is right.
- trivial: verdict and judgement of a rewritten file (A0 to A7, A0 unchanged) both equal those of the *hand-crafted* file, right or wrong.
  Three of the four recorded models have the hand-crafted answers once more as A0; o1 answered the six A0 files of CWE-787 anew.
- non-trivial: verdict and judgement of a file after the rewrite (`_1`) both equal those of the same file before it (`_0`).

As coded upstream, "Yes" and "yes" differ. A missing judgement equals a missing one only.
`python -m harness.scoring.secllmholmes RECORDED` prints the table.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import EffectError, HarnessError
from harness.scoring.published import COMMIT, SIZES, SOURCE, BenchmarkRow, Scores, reference_rows
from harness.scoring.signals import Signal
from harness.scoring.stored import Key, Result, read_results

FILES = {"hand-crafted": 48, "trivial": 96, "non-trivial": 132, "real-world": 30}
"""Results of a split. Non-trivial's count in twos."""


def benchmark_row(results: Iterable[Result], *, model: str) -> BenchmarkRow:
    """A model's row of the table.

    Args: results, of one model, each file once; a split may be absent as a whole. Trivial needs A0 (`with_unchanged`) and hand-crafted.
    Returns: BenchmarkRow; None in the place of a split without results, and of `signal` where the hand-crafted files of a label have no
    verdict.
    Raises: EffectError for a file with two results, a split that is there in part, one whose reasons nobody judged, a file without the
    one it is compared with.
    """
    found: dict[Key, Result] = {}
    for result in results:
        if result.key in found:
            raise EffectError(f"{'/'.join(result.key)} has two results of {model}; give the results of one run")
        found[result.key] = result
    lowered = {key: result.lowered() for key, result in found.items()}
    labels_heard = {result.label for result in _decided(found.values())}
    signal = verdict_signal(found.values()) if len(labels_heard) == 2 else None
    return BenchmarkRow(model=model, as_coded=_scores(found), folded=_scores(lowered), signal=signal)


def verdict_signal(results: Iterable[Result]) -> Signal:
    """Bias and sensitivity of the verdicts on the hand-crafted files, case folded. Reasons don't matter.

    Anything but yes and no is undecided and counts on neither side.
    Raises: EffectError where a label has no verdict.
    """
    heard = [result for result in results if result.split == "hand-crafted"]
    decided = _decided(heard)
    vulnerable = [result.pred == "yes" for result in decided if result.label == "vulnerable"]
    patched = [result.pred == "yes" for result in decided if result.label == "patched"]
    return Signal(
        hits=sum(vulnerable),
        vulnerable=len(vulnerable),
        false_alarms=sum(patched),
        patched=len(patched),
        undecided=len(heard) - len(decided),
    )


def _decided(results: Iterable[Result]) -> list[Result]:
    """The hand-crafted results that hold a verdict, case folded."""
    lowered = (result.lowered() for result in results if result.split == "hand-crafted")
    return [result for result in lowered if result.pred in ("yes", "no")]


def _scores(results: Mapping[Key, Result]) -> Scores:
    rewritten = _split(results, "trivial")
    after = [result for result in _split(results, "non-trivial") if result.key[3] == "1"]
    return Scores(
        hand_crafted=_count(result.correct() for result in _split(results, "hand-crafted")),
        trivial=_count(result.same_as(_partner(results, result, ("hand-crafted", *result.key[3:]))) for result in rewritten),
        non_trivial=_count(result.same_as(_partner(results, result, (*result.key[:3], "0", *result.key[4:]))) for result in after),
        real_world=_count(result.correct() for result in _split(results, "real-world")),
    )


def _count(counting: Iterator[bool]) -> int | None:
    outcomes = list(counting)
    return sum(outcomes) if outcomes else None


def _split(results: Mapping[Key, Result], name: str) -> list[Result]:
    """All results of a split, or none."""
    chosen = [result for result in results.values() if result.split == name]
    if chosen and len(chosen) != FILES[name]:
        raise EffectError(f"{name} has {len(chosen)} results where {FILES[name]} are needed; measure all of its files or none")
    if chosen and all(result.gpt_eval is None for result in chosen):
        raise EffectError(
            f"none of {name}'s {len(chosen)} reasons was judged, and the table counts judged ones; judge them or leave the split out"
        )
    return chosen


def _partner(results: Mapping[Key, Result], result: Result, key: Key) -> Result:
    if key not in results:
        raise EffectError(f"{'/'.join(result.key)} is compared with {'/'.join(key)}, which has no result; measure that file too")
    return results[key]


def render(rows: Iterable[BenchmarkRow], recomputed: Mapping[str, BenchmarkRow]) -> str:
    """The table as Markdown, counts as coded -> with case folded.

    Args: rows, to show in this order. recomputed, rows of the stored results by the models' names there: the last column says whether
    they come out equal to the row that is shown.
    """
    sizes = (SIZES.hand_crafted, SIZES.trivial, SIZES.non_trivial, SIZES.real_world)
    names = ("hand-crafted", "trivial", "non-trivial", "real-world")
    heads = ("model", *(f"{name} /{size}" for name, size in zip(names, sizes, strict=True)), "d'", "criterion", "recomputed")
    lines = [heads, ["---"] * len(heads), *(_cells(row, recomputed.get(row.recorded or "")) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: BenchmarkRow, again: BenchmarkRow | None) -> list[str]:
    pairs = zip(_counts(row.as_coded), _counts(row.folded), strict=True)
    signal = ["-", "-"] if row.signal is None else [f"{row.signal.d_prime:.2f}", f"{row.signal.criterion:.2f}"]
    equal = "-" if again is None else "equal" if _figures(again) == _figures(row) else "DIFFERS"
    return [row.model, *(f"{coded} -> {folded}" for coded, folded in pairs), *signal, equal]


def _counts(scores: Scores) -> tuple[str, ...]:
    found = (scores.hand_crafted, scores.trivial, scores.non_trivial, scores.real_world)
    return tuple("-" if count is None else str(count) for count in found)


def _figures(row: BenchmarkRow) -> tuple[Scores, Scores, Signal | None]:
    return row.as_coded, row.folded, row.signal


def main(arguments: list[str] | None = None) -> int:
    """Command line: prints the published table, each recorded row recomputed; returns 1 where one comes out otherwise or can't be read."""
    parser = argparse.ArgumentParser(prog="python -m harness.scoring.secllmholmes", description=main.__doc__)
    parser.add_argument("recorded", type=Path, help="the folder with the recorded responses, or their file")
    options = parser.parse_args(arguments)
    try:
        again = {model: benchmark_row(results, model=model) for model, results in read_results(options.recorded).items()}
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    published = reference_rows()
    others = [again[model] for model in sorted(again.keys() - {row.recorded for row in published})]
    table = render([*published, *others], again)
    print(f"{SOURCE} at {COMMIT}; as coded -> case folded; d' and criterion of the hand-crafted verdicts, case folded\n\n{table}")
    return 1 if "DIFFERS" in table else 0


if __name__ == "__main__":
    sys.exit(main())
