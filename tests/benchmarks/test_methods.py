"""Every method gives what plain transformers and a hook of the tests' own give, one unpadded row at a time."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.methods import floor, ours
from benchmarks.methods.hook import HOOK
from benchmarks.methods.kinds import Method
from benchmarks.methods.listed import all_methods
from benchmarks.methods.naive import NAIVE
from benchmarks.methods.ours import OURS
from benchmarks.methods.repeng_ import REPENG
from benchmarks.methods.steering_vectors_ import STEERING_VECTORS
from benchmarks.models import Subject
from benchmarks.work import Cell
from harness.records import Positions
from tests.model import tiny
from tests.model.plain import Plain

METHODS = (OURS, HOOK, NAIVE, STEERING_VECTORS, REPENG)
ARCHITECTURES = ("gpt_bigcode", "llama", "falcon")
"""Learnt positions, rotated ones, and blocks whose output is a tuple."""
NEW = 5
Load = Callable[[str], tuple[Subject, Plain]]


def cases() -> list[tuple[Method, Positions]]:
    return [(method, positions) for method in METHODS for positions in method.positions]


def skip_missing(method: Method) -> None:
    found, missing = all_methods()
    if method not in found:
        pytest.skip(next(one.reason for one in missing if one.name == method.name))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("method", "positions"), cases(), ids=lambda value: getattr(value, "name", value))
def test_margins_equal_those_of_single_rows(
    method: Method, positions: Positions, architecture: str, subject_of: Load, cells: tuple[Cell, ...]
) -> None:
    skip_missing(method)
    subject, plain = subject_of(architecture)
    expected = [[plain.margin(prompt, cell.layer, positions, cell.delta) for cell in cells] for prompt in tiny.PROMPTS]
    found = method.margins(subject, tiny.PROMPTS, cells, positions)
    np.testing.assert_allclose(found, expected, atol=2e-4, rtol=0)
    assert np.ptp(expected, axis=1).min() > 0.1, "the cells must differ for this to mean anything"


@pytest.mark.parametrize(("method", "positions"), cases(), ids=lambda value: getattr(value, "name", value))
def test_texts_equal_those_of_single_rows(method: Method, positions: Positions, subject_of: Load, cells: tuple[Cell, ...]) -> None:
    skip_missing(method)
    subject, plain = subject_of("gpt_bigcode")
    expected = [[cut(plain.answer(prompt, cell.layer, positions, cell.delta, NEW)) for cell in cells] for prompt in tiny.PROMPTS]
    assert method.texts(subject, tiny.PROMPTS, cells, positions, NEW) == expected
    assert len({text for of_prompt in expected for text in of_prompt}) > len(tiny.PROMPTS), "steering must change texts"


def cut(tokens: list[int]) -> tuple[int, ...]:
    """Token 0 ends a text of the tiny models."""
    return tuple(tokens[: tokens.index(0) + 1] if 0 in tokens else tokens)


def test_the_floor_is_the_unsteered_model(subject_of: Load) -> None:
    subject, plain = subject_of("gpt_bigcode")
    nothing = np.zeros(tiny.WIDTH, dtype=np.float32)
    expected = [plain.margin(prompt, 0, "all", nothing) for prompt in tiny.PROMPTS]
    np.testing.assert_allclose(floor.margins(subject, tiny.PROMPTS), expected, atol=2e-4, rtol=0)
    np.testing.assert_allclose(ours.unsteered(subject, tiny.PROMPTS), expected, atol=2e-4, rtol=0)


def test_hidden_states_of_the_floor_are_what_the_harness_reads(subject: Subject) -> None:
    from harness.model.residual import read_residuals

    # The last of transformers' hidden states stands behind the final norm, so it is no layer's residual.
    states = floor.hidden_states(subject, tiny.PROMPTS)()[:-1]
    read = read_residuals(subject.ours, tiny.PROMPTS, range(len(states)))
    np.testing.assert_allclose(np.stack([state.numpy() for state in states], axis=1), read.values, atol=2e-5, rtol=0)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_method_leaves_the_plain_model_as_it_was(method: Method, subject: Subject, cells: tuple[Cell, ...]) -> None:
    skip_missing(method)
    before = floor.margins(subject, tiny.PROMPTS)
    kinds = [type(block) for block in subject.blocks]
    method.margins(subject, tiny.PROMPTS[:1], cells[:1], method.positions[-1])
    assert [type(block) for block in subject.blocks] == kinds
    assert np.array_equal(floor.margins(subject, tiny.PROMPTS), before)


def test_a_package_that_is_not_installed_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    def none(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("benchmarks.methods.listed.version", none)
    found, missing = all_methods()
    assert [method.name for method in found] == ["ours", "hook", "naive"]
    assert {one.name: one.reason.partition(";")[0] for one in missing} == {"steering-vectors": "not installed", "repeng": "not installed"}


def test_a_package_of_another_version_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.methods.listed.version", lambda _name: "0.0.1")
    assert ["0.0.1" in one.reason for one in all_methods()[1]] == [True, True]
