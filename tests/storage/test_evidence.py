"""Each kind of evidence is seen where the attack worked, and not where it did not."""

import shutil
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.storage.evidence import Caught, Leaked, Made, Scripted
from harness.storage.programs import Ended, Feed, run_limited
from harness.storage.proofs import ProofOutcome, prove
from harness.storage.sanitizers import Report, Run

CORPUS = Path(__file__).parents[2] / "data" / "verified"


def ended(stdout: str = "", made: frozenset[str] = frozenset()) -> Run:
    return Run(ended=Ended(exit=0, stdout=stdout, stderr="", made=made))


def reported(kind: str, *, line: int = 3, access: str | None = None) -> Run:
    return Run(ended=ended().ended, report=Report(kind=kind, access=access, file="vulnerable.c", line=line))


def test_a_report_counts_with_its_kind_line_and_access() -> None:
    caught = Caught(kind="signed integer overflow", access=None, file="vulnerable.c", line=3)
    assert caught.seen_in(reported("signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'"))
    assert not caught.seen_in(reported("signed integer overflow: 2147483647 + 1", line=4))
    assert not caught.seen_in(reported("signed integer overflow: 2147483647 + 1", access="READ"))
    assert not caught.seen_in(reported("division by zero"))
    assert not caught.seen_in(ended("signed integer overflow"))


def test_a_leak_is_the_text_itself() -> None:
    assert Leaked(text="hunter2").seen_in(ended("name: hunter2\n"))
    assert not Leaked(text="hunter2").seen_in(ended("name: hunter\n"))


def test_a_made_file_is_named_by_its_path() -> None:
    assert Made(path="out/x").seen_in(ended(made=frozenset({"out/x"})))
    assert not Made(path="x").seen_in(ended(made=frozenset({"out/x"})))


@pytest.mark.parametrize(
    "page",
    [
        "<p><script>alert(7)</script></p>",
        "<img src=x onerror='alert(7)'>",
        '<a href="JavaScript:alert(7)">x</a>',
        "<SCRIPT>var x = 'a'; alert(7)</SCRIPT>",
    ],
)
def test_a_script_is_what_a_browser_would_run(page: str) -> None:
    assert Scripted(code="alert(7)").seen_in(ended(page))


@pytest.mark.parametrize(
    "page",
    [
        "<p>&lt;script&gt;alert(7)&lt;/script&gt;</p>",
        '<img alt="onerror=alert(7)">',
        '<a href="/find?q=javascript:alert(7)">x</a>',
        "<script>start()</script><p>alert(7)</p>",
        "<!-- <script>alert(7)</script> -->",
    ],
)
def test_a_script_that_stands_as_text_is_none(page: str) -> None:
    assert not Scripted(code="alert(7)").seen_in(ended(page))


def run_shell(script: str, **files: str) -> Ended:
    return run_limited(["/bin/sh", "-c", script], Feed(files=files), environment={}, limit_addresses=True)


def test_files_that_a_program_made_or_changed_are_told_from_those_it_was_given() -> None:
    found = run_shell("touch new; echo more >> changed; mkdir d; echo x > d/deep", kept="a", changed="b")
    assert found.made == {"new", "changed", "d/deep"}


def test_a_run_has_a_folder_of_its_own_and_leaves_none() -> None:
    first, second = run_shell("pwd; ls", given="x"), run_shell("pwd; ls")
    assert first.stdout.splitlines()[1:] == ["given"]
    assert second.stdout.splitlines()[1:] == []
    assert not Path(first.stdout.splitlines()[0]).exists()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Python scenario that a test may spoil."""
    return shutil.copytree(CORPUS / "cwe89" / "library_search", tmp_path / "cwe89" / "library_search")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new))


def test_a_python_scenario_is_proven_without_a_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert prove(folder).outcome is ProofOutcome.HOLDS


def test_swapped_halves_of_a_python_scenario_are_refused(folder: Path) -> None:
    (folder / "vulnerable.py").rename(folder / "x.py")
    (folder / "patched.py").rename(folder / "vulnerable.py")
    (folder / "x.py").rename(folder / "patched.py")
    assert prove(folder).outcome is ProofOutcome.NOT_CAUGHT


def test_a_patched_half_that_leaks_is_caught(folder: Path) -> None:
    shutil.copy(folder / "vulnerable.py", folder / "patched.py")
    edit(folder / "patched.py", "at most eight", "no more than eight")
    assert prove(folder).outcome is ProofOutcome.PATCHED_CAUGHT


def test_evidence_that_an_ordinary_input_leaves_too_proves_nothing(folder: Path) -> None:
    edit(folder / "scenario.toml", 'caught = { leaked = "Letters of the Archive" }', 'caught = { leaked = "Moss" }')
    edit(folder / "scenario.toml", """["x%' OR shelf = 'closed' --", "north"]""", """["zz%' OR title LIKE 'Moss%' --", "north"]""")
    proof = prove(folder)
    assert proof.outcome is ProofOutcome.ORDINARY_DIFFERS
    assert "ordinary input 1 leaves the evidence on vulnerable" in proof.detail


def test_a_python_program_that_breaks_shows_its_last_words(folder: Path) -> None:
    edit(folder / "patched.py", "connection.execute(", "connection.exekute(")
    proof = prove(folder)
    assert proof.outcome is ProofOutcome.PATCHED_IDLE
    assert "exekute" in proof.detail


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('leaked = "Letters', 'kind = "Letters', r"must hold one of leaked, which is what proves CWE-89", id="another trace"),
        pytest.param(
            '"driver.py"', '"driver.c"', "driver.c of cwe89/library_search is not in the language 'python'", id="another language"
        ),
        pytest.param(
            "[proof.attack]", '[proof.files]\n"../up" = "x"\n[proof.attack]', "'../up' .* at a path inside", id="file outside the folder"
        ),
        pytest.param('leaked = "Letters of the Archive"', 'leaked = "x", line = 3', "unknown fields: line", id="field unknown"),
    ],
)
def test_a_description_that_proves_nothing_is_refused(folder: Path, old: str, new: str, message: str) -> None:
    edit(folder / "scenario.toml", old, new)
    with pytest.raises(DataError, match=message):
        prove(folder)
