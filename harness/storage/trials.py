"""The table [proof] of a scenario: what its halves are fed, and what should come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harness.errors import DataError
from harness.storage.evidence import SIGNATURES, TRACES, Caught, Evidence, Leaked, Made, Scripted
from harness.storage.programs import Feed
from harness.storage.sanitizers import Run, shorten
from harness.storage.verified import SUFFIXES, Fields, Scenario, read_text


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a program is expected to do: exit status and standard output."""

    exit: int
    stdout: str

    def __str__(self) -> str:
        return f"exit status {self.exit}, output {shorten(self.stdout)}"

    def given_by(self, seen: Run) -> bool:
        return seen.report is None and (seen.ended.exit, seen.ended.stdout) == (self.exit, self.stdout)


@dataclass(frozen=True, kw_only=True)
class Case:
    """An input and the answer it should get."""

    feed: Feed
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How a scenario is proven. `answer` of the attack is the patched half's; `evidence` is what the vulnerable one leaves."""

    driver: Path | None
    attack: Case
    evidence: Evidence
    ordinary: tuple[Case, ...]


def read_trial(scenario: Scenario) -> Trial:
    """The table [proof] of a scenario, checked. Raises: DataError for a CWE without evidence and for faulty fields."""
    if scenario.cwe not in TRACES:
        raise DataError(f"{scenario.name} is of {scenario.cwe}, but proofs know {', '.join(TRACES)}; add the traces of its flaw")
    proof = Fields(scenario.proof, f"[proof] of {scenario.name}")
    driver = scenario.folder / proof.text("driver") if "driver" in proof else None
    if driver is not None:
        if driver.suffix != SUFFIXES[scenario.language]:
            raise DataError(f"the driver {driver.name} of {scenario.name} is not in the language {scenario.language!r}; write it in that")
        read_text(driver)
    files = _read_files(proof)
    attack = proof.table("attack")
    feed = _read_feed(attack, files)
    answer = attack.table("patched")
    trial = Trial(
        driver=driver,
        attack=Case(feed=feed, answer=_read_answer(answer)),
        evidence=_read_evidence(attack.table("caught"), scenario),
        ordinary=tuple(_read_case(table, files) for table in proof.tables("ordinary")),
    )
    for table in (proof, attack, answer):
        table.done()
    return trial


def _read_files(proof: Fields) -> Mapping[str, str]:
    files = proof.take("files", dict, {})
    for path, content in files.items():
        if not isinstance(content, str) or PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise DataError(f"file {path!r} of {proof} is no text at a path inside the program's folder; give a relative path and a string")
    return files


def _read_case(table: Fields, files: Mapping[str, str]) -> Case:
    case = Case(feed=_read_feed(table, files), answer=_read_answer(table))
    table.done()
    return case


def _read_feed(table: Fields, files: Mapping[str, str]) -> Feed:
    arguments = table.take("arguments", list, [])
    if not all(isinstance(argument, str) for argument in arguments):
        raise DataError(f"arguments {arguments!r} of {table} are not all strings; put each in quotes")
    if "stdin_hex" not in table:
        return Feed(arguments=tuple(arguments), stdin=table.take("stdin", str, "").encode(), files=files)
    digits = table.take("stdin_hex", str)
    try:
        return Feed(arguments=tuple(arguments), stdin=bytes.fromhex(digits), files=files)
    except ValueError as error:
        raise DataError(f"stdin_hex {shorten(digits)} of {table} is not hexadecimal: {error}; write two digits a byte") from error


def _read_answer(table: Fields) -> Answer:
    return Answer(exit=table.take("exit", int, 0), stdout=table.take("stdout", str))


def _read_evidence(table: Fields, scenario: Scenario) -> Evidence:
    traces = [trace for trace in TRACES[scenario.cwe] if trace in table]
    if len(traces) != 1:
        raise DataError(f"{table} must hold one of {', '.join(TRACES[scenario.cwe])}, which is what proves {scenario.cwe}")
    evidence: Evidence
    match traces[0]:
        case "kind":
            evidence = _read_caught(table, scenario)
        case "leaked":
            evidence = Leaked(text=table.text("leaked"))
        case "made":
            evidence = Made(path=table.text("made"))
        case _:
            evidence = Scripted(code=table.text("script"))
    table.done()
    return evidence


def _read_caught(table: Fields, scenario: Scenario) -> Caught:
    signature = SIGNATURES[scenario.cwe]
    only = next(iter(signature.accesses)) if len(signature.accesses) == 1 else None
    caught = Caught(
        kind=table.text("kind"),
        access=table.text("access") if "access" in table else only,
        file=scenario.vulnerable.path.name,
        line=table.take("line", int),
    )
    if caught.kind not in signature.kinds:
        raise DataError(
            f"{scenario.name} declares the report {caught.kind!r}; {scenario.cwe} is proven by {', '.join(sorted(signature.kinds))}"
        )
    if caught.access not in signature.accesses:
        accesses = ", ".join(sorted(access or "none" for access in signature.accesses))
        raise DataError(f"{scenario.name} declares the access {caught.access!r}; {scenario.cwe} is proven by {accesses}")
    lines = len(scenario.vulnerable.code.splitlines())
    if not 1 <= caught.line <= lines:
        raise DataError(
            f"{scenario.name} declares line {caught.line}, outside 1..{lines} of {scenario.vulnerable.path.name}; mend the line"
        )
    return caught
