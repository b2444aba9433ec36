"""Every label of the corpus is proven here, and every way a proof can fail is recognised by name."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.storage.programs import MEMORY_MB, Feed
from harness.storage.proofs import Proof, ProofOutcome, main, prove, prove_variants
from harness.storage.sanitizers import Report, build, find_compiler, read_report, run

CORPUS = Path(__file__).parents[2] / "data" / "verified"
FOLDERS = sorted(path.parent for path in CORPUS.glob("*/*/scenario.toml"))
NOTHING = Feed(files={})


def reason_to_skip() -> str | None:
    try:
        find_compiler()
    except DataError as error:
        return str(error)
    return None


REASON = reason_to_skip()
needs_compiler = pytest.mark.skipif(REASON is not None, reason=REASON or "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenario that a test may spoil."""
    return shutil.copytree(CORPUS / "cwe787" / "heating_schedule", tmp_path / "cwe787" / "heating_schedule")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new))


def edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder / name, old, new)


def program(tmp_path: Path, code: str) -> Path:
    source = tmp_path / "trial.c"
    source.write_text(code)
    return build(find_compiler(), source, "trial")


@pytest.fixture(scope="module")
def proofs() -> dict[Path, list[Proof]]:
    """Every proof of the corpus, those of the variants among them, on all processors."""

    def all_of(folder: Path) -> list[Proof]:
        return [prove(folder), *prove_variants(folder)]

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        return dict(zip(FOLDERS, workers.map(all_of, FOLDERS), strict=True))


@needs_compiler
@pytest.mark.parametrize("folder_of_corpus", FOLDERS, ids=lambda path: f"{path.parent.name}_{path.name}")
def test_the_attack_trips_the_vulnerable_half_alone_in_every_variant(folder_of_corpus: Path, proofs: dict[Path, list[Proof]]) -> None:
    found = proofs[folder_of_corpus]
    for proof in found:
        proof.require()
    assert [proof.outcome for proof in found] == [ProofOutcome.HOLDS] * len(found)
    assert len(found) >= 4  # as it stands, and three rewrites at least


def swap_halves(folder: Path) -> None:
    (folder / "vulnerable.c").rename(folder / "other.c")
    (folder / "patched.c").rename(folder / "vulnerable.c")
    (folder / "other.c").rename(folder / "patched.c")


def patched_with_the_same_flaw(folder: Path) -> None:
    (folder / "patched.c").write_text("/* Hours and degrees. */\n" + (folder / "vulnerable.c").read_text())


@needs_compiler
@pytest.mark.parametrize(
    ("spoil", "outcome", "detail"),
    [
        pytest.param(swap_halves, ProofOutcome.NOT_CAUGHT, "exit status 1", id="halves swapped"),
        pytest.param(edited("scenario.toml", "line = 27", "line = 26"), ProofOutcome.CAUGHT_OTHERWISE, "c:27", id="another line"),
        pytest.param(
            edited("scenario.toml", "stack-buffer-underflow", "stack-buffer-overflow"),
            ProofOutcome.CAUGHT_OTHERWISE,
            "sanitizer says stack-buffer-underflow",
            id="another kind",
        ),
        pytest.param(
            edited("vulnerable.c", "degrees[hour] = wanted", 'printf("%d", degrees[hour])'),
            ProofOutcome.CAUGHT_OTHERWISE,
            "sanitizer says stack-buffer-underflow (READ)",
            id="a read",
        ),
        pytest.param(
            edited("vulnerable.c", "degrees[hour] = wanted", "hour += __INT_MAX__, hour += 2, degrees[hour] = wanted"),
            ProofOutcome.CAUGHT_OTHERWISE,
            "sanitizer says signed integer overflow",
            id="another flaw first",
        ),
        pytest.param(patched_with_the_same_flaw, ProofOutcome.PATCHED_CAUGHT, "patched gave stack-buffer-underflow", id="no fix"),
        pytest.param(
            edited("scenario.toml", "exit = 1, stdout", "exit = 2, stdout"), ProofOutcome.PATCHED_IDLE, "exit status 1", id="another exit"
        ),
        pytest.param(
            edited("patched.c", "hour >= HOURS)", "hour >= 23)"), ProofOutcome.ORDINARY_DIFFERS, "patched gave", id="refuses more"
        ),
        pytest.param(edited("vulnerable.c", "'\\n'", "'\\t'"), ProofOutcome.ORDINARY_DIFFERS, "vulnerable gave", id="prints another text"),
    ],
)
def test_a_spoilt_scenario_is_refused_by_name(folder: Path, spoil: Callable[[Path], None], outcome: ProofOutcome, detail: str) -> None:
    spoil(folder)
    proof = prove(folder)
    assert proof.outcome is outcome
    assert detail in proof.detail
    with pytest.raises(DataError, match=rf"proof of cwe787/heating_schedule does not hold, {outcome}"):
        proof.require()


@needs_compiler
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(edited("patched.c", "return 0;", "return 0"), "cannot build 'patched' from patched.c.*error", id="does not compile"),
        pytest.param(edited("scenario.toml", "[proof]\n", '[proof]\ndriver = "driver.c"\n'), "driver.c cannot be read", id="no driver"),
        pytest.param(edited("scenario.toml", "line = 27", "line = 270"), "line 270, outside 1..33", id="line outside the file"),
        pytest.param(edited("scenario.toml", "stack-buffer-underflow", "crash"), "report 'crash'; CWE-787 is proven by", id="kind unknown"),
        pytest.param(edited("scenario.toml", '["-1", "20"]', '["-1", 20]'), "not all strings", id="argument no string"),
        pytest.param(edited("scenario.toml", 'arguments = ["-1", "20"]', 'stdin_hex = "0g"'), "not hexadecimal", id="bad hexadecimal"),
        pytest.param(edited("scenario.toml", "caught = ", "cought = "), "has no 'caught'", id="field misspelt"),
        pytest.param(
            edited("scenario.toml", 'arguments = ["-1", "20"]', 'argument = ["-1"]'), "unknown fields: argument", id="field unknown"
        ),
    ],
)
def test_a_scenario_that_cannot_be_proven_says_why(folder: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(folder)
    with pytest.raises(DataError, match=f"(?s){message}"):
        prove(folder)


def test_only_scenarios_of_known_cwes_have_a_prover(folder: Path) -> None:
    edit(folder / "scenario.toml", "CWE-787", "CWE-1004")
    other = folder.parent.with_name("cwe1004")
    folder.parent.rename(other)
    with pytest.raises(DataError, match="of CWE-1004, but proofs know CWE-22"):
        prove(other / folder.name)


@needs_compiler
def test_a_program_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.storage.programs.PROCESSOR_SECONDS", 1)
    seen = run(program(tmp_path, "volatile int go = 1; int main(void) { while (go) { } return 0; }"), NOTHING)
    assert seen.ended.exit is None or seen.ended.exit < 0  # the clock, or the limit on processor time: a signal
    assert seen.report is None


@needs_compiler
def test_a_program_that_sleeps_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.storage.programs.RUN_SECONDS", 1)
    seen = run(program(tmp_path, "#include <unistd.h>\nint main(void) { return pause(); }"), NOTHING)
    assert seen.ended.exit is None
    assert "no end within" in str(seen)


@needs_compiler
def test_a_program_that_eats_memory_is_stopped_and_named(tmp_path: Path) -> None:
    eater = program(
        tmp_path,
        "#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
        "int main(void) { for (int i = 0; i < 20; i++) memset(malloc(40 << 20), 1, 40 << 20); for (;;) pause(); }",
    )
    with pytest.raises(DataError, match=rf"rss limit exhausted \({MEMORY_MB}Mb"):
        run(eater, NOTHING)


@needs_compiler
def test_a_program_cannot_write_a_large_file(tmp_path: Path) -> None:
    seen = run(program(tmp_path, '#include <stdio.h>\nint main(void) { for (;;) puts("again and again"); }'), NOTHING)
    assert seen.ended.exit != 0
    assert len(seen.ended.stdout) <= 2 << 20


@needs_compiler
def test_a_program_gets_no_environment_but_the_sanitizers_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SETTING", "xyz")
    lister = program(
        tmp_path, "#include <stdio.h>\nextern char **environ;\nint main(void) { for (char **e = environ; *e; e++) puts(*e); return 0; }"
    )
    names = {line.split("=")[0] for line in run(lister, NOTHING).ended.stdout.splitlines()}
    assert names <= {
        "ASAN_OPTIONS",
        "UBSAN_OPTIONS",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "__CF_USER_TEXT_ENCODING",
    }  # the shell's own come along


@needs_compiler
def test_a_proof_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(CORPUS.rglob("*"))
    prove(FOLDERS[0])
    assert list(tmp_path.iterdir()) == []
    assert sorted(CORPUS.rglob("*")) == before


ADDRESS_REPORT = """==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6020 at pc 0x55 bp 0x7f sp 0x7f
WRITE of size 8 at 0x6020 thread T0
    #0 0x7f in __interceptor_memcpy ../../../../src/libsanitizer/sanitizer_common/sanitizer_common_interceptors.inc:827
    #1 0x55 in copy_row /tmp/a folder/half.c:9
    #2 0x55 in main /tmp/a folder/driver.c:4

0x6020 is located 0 bytes to the right of 16-byte region
allocated by thread T0 here:
    #0 0x7f in __interceptor_malloc ../../../../src/libsanitizer/asan/asan_malloc_linux.cpp:69
    #1 0x55 in main /tmp/a folder/driver.c:2
"""


def test_the_innermost_frame_in_a_file_of_the_scenario_counts(tmp_path: Path) -> None:
    (tmp_path / "half.c").touch()
    (tmp_path / "driver.c").touch()
    assert read_report(ADDRESS_REPORT, tmp_path) == Report(kind="heap-buffer-overflow", access="WRITE", file="half.c", line=9)


def test_an_index_report_is_passed_over_only_at_the_line_of_the_write(tmp_path: Path) -> None:
    (tmp_path / "half.c").touch()
    here = "half.c:9:5: runtime error: index 8 out of bounds for type 'int [8]'\n"
    before = here.replace(":9:", ":7:")
    found = read_report(here + ADDRESS_REPORT, tmp_path)
    assert found is not None
    assert (found.kind, found.line) == ("heap-buffer-overflow", 9)
    found = read_report(before + ADDRESS_REPORT, tmp_path)
    assert found is not None
    assert (found.kind, found.line) == ("index 8 out of bounds for type 'int [8]'", 7)


def test_what_a_program_itself_writes_to_standard_error_is_no_report(tmp_path: Path) -> None:
    assert read_report("", tmp_path) is None
    assert read_report("line 3 is not understood\nERROR: giving up\n", tmp_path) is None


@needs_compiler
def test_undefined_behaviour_alone_is_reported_though_the_program_goes_on(tmp_path: Path) -> None:
    inside = "struct s { char a[4]; char b[4]; } s;\nint main(int n, char **v) {\n    (void)v;\n    s.a[n + 3] = 1;\n    return 0;\n}\n"
    seen = run(program(tmp_path, inside), NOTHING)
    assert seen.ended.exit == 0
    assert seen.report is not None
    assert (seen.report.file, seen.report.line, seen.report.access) == ("trial.c", 4, None)
    assert "index 4 out of bounds" in seen.report.kind


@needs_compiler
def test_a_stop_by_the_sanitizer_without_readable_words_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read: 'no words"):
        run(program(tmp_path, '#include <stdio.h>\nint main(void) { fputs("no words", stderr); return 86; }'), NOTHING)


def test_without_gcc_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataError, match=r"no gcc on the PATH.*install gcc"):
        find_compiler.__wrapped__()


@needs_compiler
def test_command_prints_a_table_and_fails_when_one_proof_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = shutil.copytree(folder, folder.with_name("good"))
    assert main([str(good)]) == 0
    assert "1 of 1 proofs hold" in capsys.readouterr().out
    swap_halves(folder)
    assert main([str(good), str(folder), str(folder.with_name("nowhere"))]) == 1
    table = capsys.readouterr().out
    assert [line.split("  ")[0] for line in table.splitlines() if line.startswith("cwe787/")] == [
        "cwe787/good",
        "cwe787/heating_schedule",
        "cwe787/nowhere",
    ]
    for words in ("attack not caught", "no proof possible", "1 of 3 proofs hold"):
        assert words in table


def test_command_help_shows_how_to_check_one_scenario() -> None:
    command = [sys.executable, "-m", "harness.storage.proofs", "--help"]
    shown = subprocess.run(command, cwd=CORPUS.parents[1], env=os.environ, capture_output=True, text=True, check=True).stdout
    assert "data/verified/cwe787/job_queue" in " ".join(shown.split())
    assert "Exit status: 0" in shown
