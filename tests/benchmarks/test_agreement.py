"""What may pass as agreement between methods, and what may not."""

import numpy as np
import pytest
import torch

from benchmarks.agreement import Agreement, check_agreement, check_margins, check_texts, parting
from benchmarks.errors import BenchmarkError
from benchmarks.jobs import Bench
from benchmarks.methods.hook import HOOK
from benchmarks.methods.kinds import Method
from benchmarks.methods.ours import OURS
from benchmarks.models import Subject
from benchmarks.work import Cell, Size, Work
from harness.records import Positions
from tests.model import tiny

MARGINS = np.array([[0.0, 1.0, 2.0], [5.0, 3.0, 4.0]], dtype=np.float32)


def work(cells: tuple[Cell, ...]) -> Work:
    size = Size(prompts=len(tiny.PROMPTS), new_tokens=4)
    return Work(size=size, prompts=tiny.PROMPTS, lengths=(1,), cells=cells, half=cells[::2], placebos=cells[:2])


def bench(subject: Subject, cells: tuple[Cell, ...], *methods: Method) -> Bench:
    return Bench(subject=subject, work=work(cells), methods=(OURS, *methods))


def test_margins_within_the_tolerance_agree() -> None:
    found = check_margins("hook", "all", MARGINS, MARGINS + np.float32(5e-4), torch.float32)
    assert found.difference == pytest.approx(5e-4, abs=1e-6)
    assert found.range_ == 2


def test_one_margin_beyond_the_tolerance_is_refused_with_its_place() -> None:
    other = MARGINS.copy()
    other[1, 2] += 2e-3
    with pytest.raises(BenchmarkError, match=r"hook gives 4\.002 for prompt 1 in cell 2"):
        check_margins("hook", "all", MARGINS, other, torch.float32)
    assert check_margins("hook", "all", MARGINS, other, torch.bfloat16).difference == pytest.approx(2e-3, abs=1e-6)


def test_swapped_cells_are_refused() -> None:
    with pytest.raises(BenchmarkError, match="mean nothing"):
        check_margins("hook", "all", MARGINS, MARGINS[:, [1, 0, 2]], torch.float32)


def test_cells_that_do_not_differ_prove_nothing() -> None:
    alike = np.zeros((2, 3), dtype=np.float32)
    with pytest.raises(BenchmarkError, match="a wrong cell would not"):
        check_margins("hook", "all", alike, alike, torch.float32)


def test_other_shapes_and_no_numbers_are_refused() -> None:
    with pytest.raises(BenchmarkError, match=r"shape \(2, 2\)"):
        check_margins("hook", "all", MARGINS, MARGINS[:, :2], torch.float32)
    with pytest.raises(BenchmarkError, match="not finite"):
        check_margins("hook", "all", MARGINS, np.full_like(MARGINS, np.nan), torch.float32)


def test_a_method_that_steers_elsewhere_is_refused_before_it_is_timed(subject: Subject, cells: tuple[Cell, ...]) -> None:
    def elsewhere(subject: Subject, prompts: object, cells: object, positions: Positions) -> object:
        return HOOK.margins(subject, prompts, cells, "all" if positions == "generated" else "generated")  # type: ignore[arg-type]

    wrong = Method(name="wrong", text="", margins=elsewhere, texts=HOOK.texts)  # type: ignore[arg-type]
    with pytest.raises(BenchmarkError, match="wrong gives"):
        check_agreement(bench(subject, cells, wrong), ["wrong, margins, generated"], lambda _line: None)


def test_only_what_will_be_timed_is_checked(subject: Subject, cells: tuple[Cell, ...]) -> None:
    found = check_agreement(bench(subject, cells, HOOK), ["hook, margins, all", "hook, texts, generated"], lambda _line: None)
    assert [(one.method, one.positions, one.texts) for one in found] == [
        ("floor", "generated", None),
        ("hook", "generated", len(tiny.PROMPTS) * len(cells)),
        ("hook", "all", None),
    ]
    assert all(isinstance(one, Agreement) and not one.parted for one in found)


def test_a_text_may_part_where_two_logits_tie_and_nowhere_else(subject: Subject, cells: tuple[Cell, ...]) -> None:
    prompts, cell = tiny.PROMPTS[:1], cells[:1]
    (((*said,),),) = HOOK.texts(subject, prompts, cell, "generated", 4)
    common, gap = parting(subject, prompts[0], cell[0], "generated", said, [*said[:2], 7, *said[3:]])
    assert common == 2
    assert gap > 1e-3
    with pytest.raises(BenchmarkError, match="part at token 2"):
        check_texts(subject, "hook", "generated", prompts, cell, [[tuple(said)]], [[(*said[:2], 7, *said[3:])]])
    with pytest.raises(BenchmarkError, match="part at token 3"):
        check_texts(subject, "hook", "generated", prompts, cell, [[tuple(said)]], [[tuple(said[:3])]])


def test_the_gap_where_texts_part_is_that_of_the_steered_model(subject: Subject, cells: tuple[Cell, ...]) -> None:
    from benchmarks.methods.naive import last_logits

    prompt, cell = tiny.PROMPTS[1], cells[-1]
    (((*said,),),) = HOOK.texts(subject, [prompt], [cell], "generated", 3)
    tokens = subject.ours.tokenizer(prompt.text)["input_ids"]
    logits = last_logits(subject, [*tokens, *said[:2]], cell, len(tokens) - 1)[0]
    other = int(logits.topk(2).indices[1])
    assert int(logits.argmax()) == said[2]
    _, gap = parting(subject, prompt, cell, "generated", said, [*said[:2], other])
    assert gap == pytest.approx(float(logits[said[2]] - logits[other]), abs=1e-4)
