"""Decides every gate of a run again, from its records alone: `python -m harness.judge RUN`."""

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, StoreError
from harness.judge.claims import Claim, decide
from harness.storage.runs import DATABASE, SUMMARY, RunStore


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A case as it was judged in the run, and what the records say of it now. changed: names of what differs; empty where nothing does."""

    id: str
    status: str
    reason: str
    changed: tuple[str, ...]


def main(arguments: list[str] | None = None) -> int:
    """0: every gate says the same as in the run. 1: one does not. 2: the run cannot be judged."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.judge",
        description="Recomputes every gate of a run from its records, without a model, and tells whether it still says the same.",
        epilog="Cases that left no records to decide by are counted apart: timings, errors, texts that nothing is pinned for, and too few "
        "scenarios to fit on.",
    )
    parser.add_argument("run", type=Path, help="folder of the run, such as reports/20260101-120000")
    options = parser.parse_args(arguments)
    try:
        judged, without = judge_run(options.run)
    except HarnessError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    for one in judged:
        print(f"{one.status} {one.id}: {one.reason}")
        if one.changed:
            print(f"  CHANGED since the run: {'; '.join(one.changed)}")
    changed = sum(bool(one.changed) for one in judged)
    print(f"\n{len(judged)} gates judged again, {changed} changed" + (f"; {without} cases left no records to decide by" if without else ""))
    return 1 if changed else 0


def judge_run(folder: Path) -> tuple[list[Judgement], int]:
    """Every case that holds a claim, judged again, and how many hold none.

    Raises: StoreError for a folder that is no run, or whose records are incomplete.
    """
    if not (folder / DATABASE).exists():
        raise StoreError(f"{folder} is no folder of a run: it holds no {DATABASE}; give one below reports/")
    store = RunStore(folder)
    cases: list[dict[str, Any]] = store.read_json(SUMMARY) or []
    claims = [case for case in cases if case.get("rests_on")]
    if not claims:
        raise StoreError(
            f"{folder / SUMMARY} names no gate that could be judged: the run was interrupted, or measured none; run the evals again with "
            "this --run-dir"
        )
    judged = [_judge(case, store) for case in claims]
    return judged, len(cases) - len(claims)


def _judge(case: dict[str, Any], store: RunStore) -> Judgement:
    result = decide(Claim.from_dict(case["rests_on"]), store)
    now = {"status": result.status.value, "reason": result.reason, "statistic": result.statistic, "p_value": result.largest_p}
    changed = tuple(f"{name} was {case[name]}" for name, value in now.items() if not _same(case[name], value))
    return Judgement(id=case["id"], status=result.status.value, reason=result.reason, changed=changed)


def _same(before: Any, now: Any) -> bool:
    if isinstance(now, float) and not math.isfinite(now):
        return before is None  # JSON knows no such number
    return bool(before == now)


if __name__ == "__main__":
    sys.exit(main())
