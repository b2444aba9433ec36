"""A rewrite changes what it says and nothing else, and the same in both halves."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

import pytest

from harness.storage.datasets import contrast_pairs, load_dataset, load_fitting
from harness.storage.rewrites import REWRITES
from harness.storage.rewrites.text import Text
from harness.storage.verified import Scenario, read_scenario, rewrites_of, scenario_folders

SCENARIOS = [read_scenario(folder) for folder in scenario_folders()]
WORD = re.compile(r"(?<!\w)[A-Za-z_]\w*")


def changed(variant: str) -> Iterator[tuple[Scenario, str, str, str]]:
    """Scenario, label, code as it stands, code in the variant."""
    for scenario in SCENARIOS:
        pair = rewrites_of(scenario).get(variant)
        if pair is not None:
            for half, text in zip(scenario.halves, pair.halves, strict=True):
                yield scenario, half.label, half.code, text.code


def c_without_comments(code: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", code, flags=re.DOTALL)


def python_tokens(code: str) -> list[str]:
    skipped = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER)
    return [token.string for token in tokenize.generate_tokens(io.StringIO(code).readline) if token.type not in skipped]


@pytest.mark.parametrize("variant", REWRITES)
def test_most_scenarios_have_every_variant(variant: str) -> None:
    assert len(list(changed(variant))) // 2 >= len(SCENARIOS) // 2


def test_renaming_keeps_everything_but_words() -> None:
    for scenario, label, before, after in changed("renamed"):
        assert WORD.sub("x", before) == WORD.sub("x", after), (scenario.name, label)
        names = rewrites_of(scenario)["renamed"].names
        assert len(set(names.values())) == len(names)
        assert not set(names.values()) & set(WORD.findall(before))


def test_renaming_reaches_the_rationale() -> None:
    found = {(one.scenario, one.label): one for one in load_dataset("verified", split="variants") if one.variant == "renamed"}
    queue = found["cwe787/job_queue", "vulnerable"]
    names = next(rewrites_of(one)["renamed"].names for one in SCENARIOS if one.name == "cwe787/job_queue")
    assert names["waiting"] in (queue.rationale or "")
    assert "waiting" not in WORD.findall(queue.rationale or "")


def test_what_a_driver_calls_keeps_its_name() -> None:
    for scenario in SCENARIOS:
        if scenario.driver and (pair := rewrites_of(scenario).get("renamed")):
            said = re.sub(r'"[^"\n]*"|#[^\n]*', " ", c_without_comments(scenario.driver.read_text()))
            assert not set(pair.names) & set(WORD.findall(said)), scenario.name


@pytest.mark.parametrize("variant", ["commented", "padded"])
def test_what_is_put_in_leaves_all_lines_in_their_order(variant: str) -> None:
    for scenario, label, before, after in changed(variant):
        lines = iter(after.split("\n"))
        assert all(line in lines for line in before.split("\n")), (scenario.name, label)
        assert len(after) > len(before)


def test_comments_are_all_that_commenting_puts_in() -> None:
    for scenario, label, before, after in changed("commented"):
        if scenario.language == "python":
            assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(after)), (scenario.name, label)
        else:
            assert c_without_comments(before).split() == c_without_comments(after).split(), (scenario.name, label)


def test_reordering_keeps_every_line() -> None:
    for scenario, label, before, after in changed("reordered"):
        assert Counter(before.split("\n")) == Counter(after.split("\n")), (scenario.name, label)


def test_reformatting_keeps_every_token() -> None:
    for scenario, label, before, after in changed("reformatted"):
        if scenario.language == "python":
            assert python_tokens(before) == python_tokens(after), (scenario.name, label)
            assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(after)), (scenario.name, label)
        else:
            assert before.split() == after.split(), (scenario.name, label)


@pytest.mark.parametrize("variant", REWRITES)
def test_the_halves_differ_by_the_fix_and_no_more(variant: str) -> None:
    """As many lines as before stand in one half only, but for a brace that moves with its head."""
    for scenario in SCENARIOS:
        if pair := rewrites_of(scenario).get(variant):
            before = _lines_apart(*(half.code for half in scenario.halves))
            after = _lines_apart(*(half.code for half in pair.halves))
            assert abs(after - before) <= (2 if variant == "reformatted" else 0), scenario.name


def _lines_apart(one: str, other: str) -> int:
    left, right = ([line for line in code.split("\n") if line.strip()] for code in (one, other))
    same = sum(block.size for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks())
    return len(left) + len(right) - 2 * same


def test_variants_are_the_same_on_every_call() -> None:
    for scenario in SCENARIOS[::9]:
        assert rewrites_of(scenario) == rewrites_of(scenario)


def test_a_line_knows_where_it_came_from() -> None:
    text = Text.of("a\nb\nc").with_inserted(1, ["new"]).in_order([3, 0, 1, 2])
    assert text.code == "c\na\nnew\nb"
    assert [text.line_of(origin) for origin in (1, 2, 3)] == [2, 4, 1]


def test_the_dataset_gives_variants_when_asked_and_directions_are_fitted_on_them() -> None:
    plain, variants = load_dataset("verified"), load_dataset("verified", split="variants")
    assert {example.variant for example in plain} == {"original"}
    assert {example.variant for example in variants} == {"original", *REWRITES}
    assert load_fitting("verified") == variants
    assert not contrast_pairs(variants).alone
    assert len({example.path for example in variants}) == len(variants)
    assert {example.scenario for example in variants} == {example.scenario for example in plain}
