"""Proofs of the verified corpus: both halves of a scenario are compiled with sanitizers and run.

A proof holds when the attack trips the vulnerable half at the declared line and in the declared way, leaves the patched half
unharmed and at work, and every ordinary input gives the declared output from both. Programs run in a temporary folder with
an empty environment and limits on time, memory and written bytes.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.errors import DataError
from harness.storage.sanitizers import Feed, Report, Run, build, find_compiler, run, shorten
from harness.storage.verified import Fields, Half, Scenario, read_scenario, read_text, scenario_folders


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a sanitizer's report on a flaw of one CWE looks like. `access`: what the program was doing, WRITE or READ."""

    kinds: frozenset[str]
    access: str


SIGNATURES = {
    "CWE-787": Signature(
        kinds=frozenset(
            {
                "stack-buffer-overflow",
                "stack-buffer-underflow",
                "dynamic-stack-buffer-overflow",
                "heap-buffer-overflow",
                "global-buffer-overflow",
            }
        ),
        access="WRITE",
    ),
}


class ProofOutcome(StrEnum):
    """How a proof ended. Only the first one proves the labels."""

    HOLDS = "holds"
    NOT_CAUGHT = "attack not caught"
    CAUGHT_OTHERWISE = "caught otherwise than declared"
    PATCHED_CAUGHT = "patched half caught"
    PATCHED_IDLE = "patched half not doing its job"
    ORDINARY_DIFFERS = "ordinary output differs"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The result of running one scenario. `detail` says in a sentence what was seen."""

    scenario: str
    outcome: ProofOutcome
    detail: str
    seconds: float

    @property
    def holds(self) -> bool:
        return self.outcome is ProofOutcome.HOLDS

    def require(self) -> None:
        """Raises: DataError unless the proof holds."""
        if not self.holds:
            raise DataError(f"the proof of {self.scenario} does not hold, {self.outcome}: {self.detail}; mend the scenario's files")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a program is expected to do: exit status and standard output."""

    exit: int
    stdout: str

    def __str__(self) -> str:
        return f"exit status {self.exit}, output {shorten(self.stdout)}"

    def given_by(self, seen: Run) -> bool:
        return seen.report is None and (seen.exit, seen.stdout) == (self.exit, self.stdout)


@dataclass(frozen=True, kw_only=True)
class Case:
    """An input and the answer it should get."""

    feed: Feed
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Catch:
    """The declared report on the vulnerable half: the kind of flaw, and the line of its file that commits it."""

    kind: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The table [proof] of a C scenario. `answer` of the attack is the patched half's."""

    driver: Path | None
    attack: Case
    catch: Catch
    ordinary: tuple[Case, ...]


def prove(scenario_folder: Path) -> Proof:
    """Compiles and runs both halves of a scenario.

    Returns: a proof with its outcome; nothing raises because a label is wrong. Raises: DataError where no proof is possible: no
    working compiler, a missing file, a faulty scenario.toml, code that does not compile, a sanitizer report that cannot be read.
    """
    scenario = read_scenario(scenario_folder)
    trial = read_trial(scenario)
    compiler = find_compiler()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="secsteer-proof-") as name:
        workplace = Path(name)
        vulnerable, patched = (_build_half(compiler, half, trial.driver, workplace) for half in scenario.halves)
        outcome, detail = _judge(scenario, trial, vulnerable, patched)
    return Proof(scenario=scenario.name, outcome=outcome, detail=detail, seconds=time.perf_counter() - started)


def _judge(scenario: Scenario, trial: Trial, vulnerable: Path, patched: Path) -> tuple[ProofOutcome, str]:
    attacked = run(vulnerable, trial.attack.feed)
    if attacked.report is None:
        return ProofOutcome.NOT_CAUGHT, f"on the attack {vulnerable.name} gave {attacked}"
    declared = Report(
        kind=trial.catch.kind, access=SIGNATURES[scenario.cwe].access, file=scenario.vulnerable.path.name, line=trial.catch.line
    )
    if attacked.report != declared:
        return ProofOutcome.CAUGHT_OTHERWISE, f"declared is {declared}, the sanitizer says {attacked.report}"
    unharmed = run(patched, trial.attack.feed)
    if unharmed.report is not None:
        return ProofOutcome.PATCHED_CAUGHT, f"on the attack {patched.name} gave {unharmed}"
    if not trial.attack.answer.given_by(unharmed):
        return ProofOutcome.PATCHED_IDLE, f"on the attack {patched.name} gave {unharmed}; declared is {trial.attack.answer}"
    for number, case in enumerate(trial.ordinary, start=1):
        for program in (vulnerable, patched):
            seen = run(program, case.feed)
            if not case.answer.given_by(seen):
                detail = f"on ordinary input {number} {program.name} gave {seen}; declared is {case.answer}"
                return ProofOutcome.ORDINARY_DIFFERS, detail
    return ProofOutcome.HOLDS, f"{attacked.report}; {len(trial.ordinary)} ordinary inputs"


def _build_half(compiler: str, half: Half, driver: Path | None, workplace: Path) -> Path:
    source = workplace / half.path.name
    source.write_bytes(half.content)
    if driver is None:
        return build(compiler, source, half.label)
    # The driver includes the half, so that it sees static functions and types too.
    return build(compiler, Path(shutil.copy(driver, workplace)), half.label, f'-DHALF="{source.name}"')


# -- the table [proof] ---------------------------------------------------------------------------------------------------------


def read_trial(scenario: Scenario) -> Trial:
    """The table [proof] of a scenario, checked. Raises: DataError for a language or CWE without a prover and for faulty fields."""
    if scenario.language != "c":
        raise DataError(f"{scenario.name} is in {scenario.language!r}, but only C scenarios can be proven; remove it or write its prover")
    if scenario.cwe not in SIGNATURES:
        raise DataError(f"{scenario.name} is of {scenario.cwe}, but proofs know {', '.join(SIGNATURES)}; add its sanitizer reports")
    proof = Fields(scenario.proof, f"[proof] of {scenario.name}")
    driver = scenario.folder / proof.text("driver") if "driver" in proof else None
    if driver is not None:
        read_text(driver)
    attack = proof.table("attack")
    feed = _read_feed(attack)
    answer = attack.table("patched")
    trial = Trial(
        driver=driver,
        attack=Case(feed=feed, answer=_read_answer(answer)),
        catch=_read_catch(attack.table("caught"), scenario),
        ordinary=tuple(_read_case(table) for table in proof.tables("ordinary")),
    )
    for table in (proof, attack, answer):
        table.done()
    return trial


def _read_case(table: Fields) -> Case:
    case = Case(feed=_read_feed(table), answer=_read_answer(table))
    table.done()
    return case


def _read_feed(table: Fields) -> Feed:
    arguments = table.take("arguments", list, [])
    if not all(isinstance(argument, str) for argument in arguments):
        raise DataError(f"arguments {arguments!r} of {table} are not all strings; put each in quotes")
    if "stdin_hex" not in table:
        return Feed(arguments=tuple(arguments), stdin=table.take("stdin", str, "").encode())
    digits = table.take("stdin_hex", str)
    try:
        return Feed(arguments=tuple(arguments), stdin=bytes.fromhex(digits))
    except ValueError as error:
        raise DataError(f"stdin_hex {shorten(digits)} of {table} is not hexadecimal: {error}; write two digits a byte") from error


def _read_answer(table: Fields) -> Answer:
    return Answer(exit=table.take("exit", int, 0), stdout=table.take("stdout", str))


def _read_catch(table: Fields, scenario: Scenario) -> Catch:
    catch = Catch(kind=table.text("kind"), line=table.take("line", int))
    table.done()
    kinds = SIGNATURES[scenario.cwe].kinds
    if catch.kind not in kinds:
        raise DataError(f"{scenario.name} declares the report {catch.kind!r}; {scenario.cwe} is proven by {', '.join(sorted(kinds))}")
    lines = len(scenario.vulnerable.code.splitlines())
    if not 1 <= catch.line <= lines:
        raise DataError(f"{scenario.name} declares line {catch.line}, outside 1..{lines} of {scenario.vulnerable.path.name}; mend the line")
    return catch


# -- the command ---------------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Proves the folders named on the command line, or all of the corpus; prints a table. Returns: 0 when every proof holds, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.storage.proofs",
        description="Checks scenarios of the verified corpus: compiles both halves with sanitizers, feeds them the attack and the "
        "ordinary inputs of scenario.toml, and compares what happens with what is declared there.",
        epilog="Exit status: 0 when every proof holds, 1 otherwise. Example: python -m harness.storage.proofs "
        "data/verified/cwe787/job_queue. How to write a scenario: data/verified/README.md.",
    )
    parser.add_argument(
        "folders",
        metavar="FOLDER",
        type=Path,
        nargs="*",
        help="a scenario's folder, with its scenario.toml; default: every one in data/verified",
    )
    try:
        folders = parser.parse_args(arguments).folders or scenario_folders()
        find_compiler()
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    _print_row("scenario", "outcome", "time", "caught as")
    held = [_print_proof(folder) for folder in folders]
    print(f"{sum(held)} of {len(held)} proofs hold")
    return 0 if all(held) else 1


def _print_proof(folder: Path) -> bool:
    try:
        proof = prove(folder)
    except DataError as error:
        _print_row(f"{folder.resolve().parent.name}/{folder.resolve().name}", "no proof possible", "-", "")
        print(f"    {error}", flush=True)
        return False
    _print_row(proof.scenario, proof.outcome, f"{proof.seconds:.1f} s", proof.detail if proof.holds else "")
    if not proof.holds:
        print(f"    {proof.detail}", flush=True)
    return proof.holds


def _print_row(scenario: str, outcome: str, seconds: str, caught: str) -> None:
    print(f"{scenario:28}  {outcome:30}  {seconds:>6}  {caught}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
