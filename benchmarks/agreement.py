"""Before any time counts: all methods give the same margins and the same texts, and the cells differ enough for that to mean something."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.errors import BenchmarkError
from benchmarks.jobs import Bench, sample_of, some_of
from benchmarks.methods import floor, ours
from benchmarks.methods.batch import forward_arguments
from benchmarks.methods.hook import steered
from benchmarks.methods.kinds import Method, Texts
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.records import FloatArray, Positions, Prompt

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.05}
"""Largest difference of margins, in nats, and of the logits of two tokens that may take each other's place, by number type."""
APART = 4
"""How many tolerances the margins of a prompt must range over from cell to cell: below that, a wrong cell would pass for the right one."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How well a method agrees with the harness' engine.

    difference: largest of all margins; range_: median over the prompts of how far the margins range over the cells, None for a single cell;
    both None where texts were compared. texts: how many were, and parted: how many of them part where two logits nearly tie; both None
    where margins were.
    """

    method: str
    positions: Positions
    difference: float | None = None
    range_: float | None = None
    texts: int | None = None
    parted: int | None = None


def check_margins(method: str, positions: Positions, expected: FloatArray, found: FloatArray, dtype: torch.dtype) -> Agreement:
    """Args: expected, found, (prompts, cells).

    Raises: BenchmarkError for margins that differ, have another shape, are not finite, or are alike in all cells.
    """
    if expected.shape != found.shape:
        raise BenchmarkError(f"{method} gives margins of shape {found.shape}, {expected.shape} was due; mend its adapter")
    if not np.isfinite(found).all() or not np.isfinite(expected).all():
        raise BenchmarkError(f"margins of {method} are not finite at positions {positions}; lower the strengths in benchmarks/work.py")
    difference, allowed = float(np.abs(expected - found).max()), TOLERANCE[dtype]
    range_ = float(np.median(np.ptp(expected, axis=1))) if expected.shape[1] > 1 else None
    if difference > allowed:
        prompt, cell = np.unravel_index(int(np.abs(expected - found).argmax()), found.shape)
        raise BenchmarkError(
            f"{method} gives {found[prompt, cell]:.4g} for prompt {prompt} in cell {cell} at positions {positions}, the engine "
            f"{expected[prompt, cell]:.4g}: {allowed:g} is allowed between them; times of methods that disagree mean nothing"
        )
    if range_ is not None and range_ < APART * allowed:
        raise BenchmarkError(
            f"the margins range over {range_:.3g} from cell to cell, less than {APART} tolerances of {allowed:g}: a wrong cell would not "
            "show; raise the strengths in benchmarks/work.py"
        )
    return Agreement(method=method, positions=positions, difference=difference, range_=range_)


def check_texts(
    subject: Subject, method: str, positions: Positions, prompts: Sequence[Prompt], cells: Sequence[Cell], expected: Texts, found: Texts
) -> tuple[int, int]:
    """How many texts there are, and how many part at a token whose logits nearly tie.

    Raises: BenchmarkError for a text that parts elsewhere.
    """
    pairs = [
        (prompt, cell, one, other)
        for prompt, of_prompt, others in zip(prompts, expected, found, strict=True)
        for cell, one, other in zip(cells, of_prompt, others, strict=True)
    ]
    different = [pair for pair in pairs if pair[2] != pair[3]]
    for prompt, cell, one, other in different:
        common, gap = parting(subject, prompt, cell, positions, one, other)
        if gap > TOLERANCE[subject.ours.dtype]:
            raise BenchmarkError(
                f"{method} and the engine part at token {common} of an answer at positions {positions}, layer {cell.layer}, where the "
                f"logits of the two tokens lie {gap:.3g} apart ({TOLERANCE[subject.ours.dtype]:g} is a tie); their times mean nothing"
            )
    return len(pairs), len(different)


def parting(
    subject: Subject, prompt: Prompt, cell: Cell, positions: Positions, one: Sequence[int], other: Sequence[int]
) -> tuple[int, float]:
    """Where two texts part, and how far the logits of their tokens lie apart there, by a pass of its own over all before.

    An answer that only goes on longer than another differs from it where that ended, with nothing to compare: infinitely far.
    """
    common = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if common is None:
        return min(len(one), len(other)), float("inf")
    tokens = [*subject.ours.tokenizer(prompt.text)["input_ids"], *one[:common]]
    ids = torch.tensor([tokens], device=subject.ours.device)
    given = forward_arguments(subject, {"input_ids": ids, "attention_mask": torch.ones_like(ids)})
    with torch.no_grad(), steered(subject, cell, positions, behind=common + 1):
        logits = subject.plain(**given).logits[0, -1].float()
    return common, abs(float(logits[one[common]] - logits[other[common]]))


def check_agreement(bench: Bench, names: Collection[str], tell: Callable[[str], None]) -> list[Agreement]:
    """Holds every method that is to be timed against the engine, before it is.

    Args: names, of the jobs that will be timed.

    Raises: BenchmarkError if one gives other margins or texts.
    """
    subject, work = bench.subject, bench.work
    plain = floor.margins(subject, work.prompts)[:, None]
    found = [check_margins("floor", "generated", ours.unsteered(subject, work.prompts)[:, None], plain, subject.ours.dtype)]
    for method in bench.methods:
        if method is ours.OURS:
            continue
        for positions in method.positions:
            if f"{method.name}, margins, {positions}" in names:
                tell(f"checking the margins of {method.name} at positions {positions}")
                found.append(_agreed_margins(bench, method, positions))
            if f"{method.name}, texts, {positions}" in names:
                tell(f"checking the texts of {method.name} at positions {positions}")
                found.append(_agreed_texts(bench, method, positions))
    return found


def _agreed_margins(bench: Bench, method: Method, positions: Positions) -> Agreement:
    subject, work = bench.subject, bench.work
    sample = sample_of(bench, method, positions)
    prompts, cells = some_of(work.prompts, sample.prompts, 0), some_of(work.cells, sample.cells, 0)
    expected = ours.margins(subject, prompts, cells, positions)
    return check_margins(method.name, positions, expected, method.margins(subject, prompts, cells, positions), subject.ours.dtype)


def _agreed_texts(bench: Bench, method: Method, positions: Positions) -> Agreement:
    subject, work = bench.subject, bench.work
    prompts, cells = (work.prompts, some_of(work.cells, bench.sample.cells, 0)) if method.batched else (work.prompts[:1], work.cells[:1])
    new = work.size.new_tokens
    expected = ours.texts(subject, prompts, cells, positions, new)
    compared, parted = check_texts(
        subject, method.name, positions, prompts, cells, expected, method.texts(subject, prompts, cells, positions, new)
    )
    return Agreement(method=method.name, positions=positions, texts=compared, parted=parted)
