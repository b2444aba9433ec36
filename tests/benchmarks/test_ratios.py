"""Medians, ratios, targets and regressions, on made-up numbers worked out by hand."""

import json
from pathlib import Path

import pytest

from benchmarks.baseline import read_baseline, write_baseline
from benchmarks.errors import BenchmarkError
from benchmarks.ratios import Found, Spread, Target, compare, regressions, spread

SLOWER = Target(id="slower", text="ours against the floor", over="ours", under="floor", kind="at most", limit=1.4)
FASTER = Target(id="faster", text="ours against a hook", over="hook", under="ours", kind="at least", limit=16)


def found(target: Target, ratio: float) -> Found:
    return Found(target=target, ratio=Spread(median=ratio, low=ratio, high=ratio, rounds=1))


def test_quartiles_lie_between_neighbours() -> None:
    # Of 1, 2, 3, 4, 10: the quartiles are the second and the fourth value.
    assert spread([10, 1, 3, 2, 4]) == Spread(median=3, low=2, high=4, rounds=5)
    # Of 1, 2, 3, 4: a quarter of the way from 1 to 4 lies at 1.75.
    assert spread([4, 3, 2, 1]) == Spread(median=2.5, low=1.75, high=3.25, rounds=4)
    assert spread([7.0]) == Spread(median=7, low=7, high=7, rounds=1)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_no_median_of_nothing_or_of_no_numbers(values: list[float]) -> None:
    with pytest.raises(BenchmarkError, match="at least one round, and finite numbers"):
        spread(values)


def test_a_ratio_is_taken_within_each_round() -> None:
    # The second round was slow for both: the median of the ratios is 2, the ratio of the medians 4 / 2.5 = 1.6 is not.
    taken = {"ours": [2, 40, 4], "floor": [1, 20, 2.5]}
    assert compare(SLOWER, taken).ratio.median == 2


def test_rounds_that_do_not_match_are_refused() -> None:
    with pytest.raises(BenchmarkError, match="slower can't divide"):
        compare(SLOWER, {"ours": [1, 2], "floor": [1]})
    with pytest.raises(BenchmarkError, match="slower can't divide"):
        compare(SLOWER, {"ours": [1], "floor": [0]})


@pytest.mark.parametrize(
    ("target", "ratio", "met"), [(SLOWER, 1.4, True), (SLOWER, 1.41, False), (FASTER, 16, True), (FASTER, 15.9, False)]
)
def test_a_target_is_met_up_to_its_limit(target: Target, ratio: float, met: bool) -> None:
    assert found(target, ratio).met is met


def test_a_ratio_without_a_limit_is_neither_met_nor_missed() -> None:
    assert found(Target(id="x", text="x", over="a", under="b", kind="at most", limit=None), 5).met is None


def test_worse_by_more_than_the_tolerance_is_a_regression_in_either_sense() -> None:
    committed = {"slower": 1.2, "faster": 20.0}
    assert regressions([found(SLOWER, 1.49), found(FASTER, 16.1)], committed) == []
    told = regressions([found(SLOWER, 1.51), found(FASTER, 15.9)], committed)
    assert [line.split(";")[0] for line in told] == [
        "slower: 1.51 is 1.26 times worse than the committed 1.2, 1.25 is allowed",
        "faster: 15.9 is 1.26 times worse than the committed 20, 1.25 is allowed",
    ]


def test_what_got_better_is_no_regression() -> None:
    assert regressions([found(SLOWER, 0.1), found(FASTER, 900)], {"slower": 1.2, "faster": 20.0}) == []


def test_small_ratios_may_differ_within_their_slack() -> None:
    memory = Target(id="memory", text="", over="a", under="b", kind="at most", limit=0.2, slack=0.05)
    assert regressions([found(memory, 0.06)], {"memory": 0.02}) == []
    assert len(regressions([found(memory, 0.08)], {"memory": 0.02})) == 1


def test_a_ratio_with_nothing_to_be_held_against_is_told() -> None:
    (line,) = regressions([found(SLOWER, 1.0)], {})
    assert line.startswith("slower: 1 has no committed ratio to be held against; add it with --update-baseline")


def test_an_update_keeps_the_ratios_that_were_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(json.dumps({"big": {"slower": 3}, "nano": {"slower": 1.3, "other": 2}}))
    write_baseline(path, {"nano": [found(SLOWER, 1.25), found(FASTER, 17)]})
    assert read_baseline(path) == {"big": {"slower": 3}, "nano": {"slower": 1.25, "faster": 17, "other": 2}}


def test_a_baseline_that_is_missing_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="no ratios to compare with"):
        read_baseline(tmp_path / "none.json")
    for content in ("{", "[1]", '{"nano": 3}', '{"nano": {"slower": "fast"}}'):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(BenchmarkError, match="holds no ratios by model and target"):
            read_baseline(tmp_path / "bad.json")
