"""The page tells targets, ratios and what was skipped, from made-up rounds."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.agreement import Agreement
from benchmarks.errors import BenchmarkError
from benchmarks.machine import memory, processor
from benchmarks.methods.hook import HOOK
from benchmarks.methods.kinds import Missing
from benchmarks.page import Section, page, table
from benchmarks.ratios import Target, compare
from benchmarks.stored import read_sections, with_section, write_sections
from benchmarks.work import Size

TIMES = {"ours": [1.0, 1.0, 2.0], "hook": [20.0, 18.0, 34.0], "ours, memory": [3.0, 3.0, 3.0], "floor": [0.5, 1.0, 2.0]}
TARGETS = (
    Target(id="hook", text="24 cells against a hook", over="hook", under="ours", kind="at least", limit=16),
    Target(id="floor", text="24 cells against the floor", over="ours", under="floor", kind="at most", limit=0.9),
    Target(id="told", text="a ratio to tell", over="ours", under="floor", kind="at most", limit=None),
)
SECTION = Section(
    name="nano",
    text="the embedded model",
    machine={"processor": "a processor, 2 cores", "rounds": "3"},
    found=tuple(compare(target, TIMES) for target in TARGETS),
    times=TIMES,
    units={"ours": "s", "hook": "s", "ours, memory": "MB", "floor": "s"},
    parts={"hook": "6 of 24 cells a round, in turns"},
    agreements=(
        Agreement(method="hook", positions="all", difference=2e-6, range_=1.5),
        Agreement(method="hook", positions="generated", texts=384, parted=2),
    ),
    told=("2.75M parameters",),
)
MISSING = Missing(name="repeng", text="repeng 0.4.0", reason="not installed")


def lines() -> list[str]:
    return page([SECTION], Size(), [HOOK, MISSING]).splitlines()


def test_a_table_is_markdown() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_targets_stand_beside_their_ratios() -> None:
    # Ratios of the rounds: 20, 18, 17, so the quartiles lie half way to the neighbours; and 2, 1, 1.
    assert "| 24 cells against a hook | 16x or faster | 18x faster (17.5 - 19) | met |" in lines()
    assert "| 24 cells against the floor | at most 0.9 | 1 (1 - 1.5) | **missed** |" in lines()
    assert "| a ratio to tell | 1 (1 - 1.5) |" in lines()


def test_times_have_units_and_tell_what_was_run() -> None:
    assert "| hook | 20 s | 19 - 27 | 6 of 24 cells a round, in turns |" in lines()
    assert "| ours, memory | 3 MB | 3 - 3 | all of it |" in lines()


def test_the_page_tells_agreement_machine_work_and_what_was_skipped() -> None:
    told = lines()
    assert "| hook | all | margins differ by 2e-06 at most; they range over 1.5 from cell to cell |" in told
    assert "| hook | generated | 384 texts, 2 of them part where two logits tie |" in told
    assert "- `repeng`: repeng 0.4.0. **Skipped:** not installed" in told
    assert "- processor: a processor, 2 cores" in told
    assert "- rounds: 3" in told
    assert "- 2.75M parameters" in told
    assert not any("Skipped" in line for line in told if HOOK.text in line)


def test_a_section_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "measured.json"
    assert read_sections(path, Size()) == []
    write_sections(path, Size(), [SECTION])
    # JSON knows no tuples, and the page makes no difference.
    assert page(read_sections(path, Size()), Size(), [HOOK]) == page([SECTION], Size(), [HOOK])


def test_a_new_section_takes_the_place_of_the_old_one_alone() -> None:
    other, again = replace(SECTION, name="random"), replace(SECTION, text="measured again")
    assert with_section([SECTION, other], again, ["nano", "random"]) == [again, other]
    assert with_section([other], SECTION, ["nano", "random"]) == [SECTION, other]


def test_measurements_of_other_work_or_of_nothing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    write_sections(path, Size(prompts=2), [SECTION])
    with pytest.raises(BenchmarkError, match=r"other work \(Size\(prompts=2.*give another --json"):
        read_sections(path, Size())
    for content in ("{", "{}", '{"size": {"rows": 3}, "sections": []}', '{"size": {}, "sections": [{"name": "nano"}]}'):
        path.write_text(content)
        with pytest.raises(BenchmarkError, match="holds no measured sections"):
            read_sections(path, Size())


def test_the_machine_is_told_by_its_kind() -> None:
    assert processor("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Some CPU @ 2 GHz\n") == "Some CPU @ 2 GHz"
    assert processor("") != ""
    assert memory("MemTotal:       16384000 kB\nMemFree: 1 kB\n") == "16 GiB"
    assert memory("") == "unknown"
