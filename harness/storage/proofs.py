"""Proofs of the verified corpus: both halves of a scenario are run, C built with sanitizers.

A proof holds when the attack leaves the declared evidence on the vulnerable half, leaves the patched half unharmed and at work,
and every ordinary input gives the declared output from both.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from harness.errors import DataError
from harness.storage.evidence import Caught
from harness.storage.programs import PYTHON, Feed, run_limited
from harness.storage.sanitizers import Run, build, find_compiler, run
from harness.storage.trials import Trial, read_trial
from harness.storage.verified import Half, Scenario, read_scenario, rewrites_of, scenario_folders


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


Program = Callable[[Feed], Run]
"""A half that is ready to run."""


def prove(scenario_folder: Path) -> Proof:
    """Runs both halves of a scenario.

    Returns: a proof with its outcome; nothing raises because a label is wrong. Raises: DataError where no proof is possible: no
    working compiler, a missing file, a faulty scenario.toml, code that does not compile, a sanitizer report that cannot be read.
    """
    scenario = read_scenario(scenario_folder)
    return _prove(scenario, read_trial(scenario), scenario.name, [half.content for half in scenario.halves])


def prove_variants(scenario_folder: Path) -> Iterator[Proof]:
    """Runs both halves of every variant of a scenario: the same evidence, at the line to which the rewrite has moved the flaw.

    Returns, Raises: as prove, one proof a variant.
    """
    scenario = read_scenario(scenario_folder)
    trial = read_trial(scenario)
    for name, pair in rewrites_of(scenario).items():
        evidence = trial.evidence
        if isinstance(evidence, Caught):
            evidence = replace(evidence, line=pair.vulnerable.line_of(evidence.line))
        content = [half.code.encode() for half in pair.halves]
        yield _prove(scenario, replace(trial, evidence=evidence), f"{scenario.name}/{name}", content)


def _prove(scenario: Scenario, trial: Trial, name: str, content: Sequence[bytes]) -> Proof:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="secsteer-proof-") as folder:
        vulnerable, patched = (
            _program(scenario.language, half, code, trial.driver, Path(folder)) for half, code in zip(scenario.halves, content, strict=True)
        )
        outcome, detail = _judge(trial, vulnerable, patched)
    return Proof(scenario=name, outcome=outcome, detail=detail, seconds=time.perf_counter() - started)


def _judge(trial: Trial, vulnerable: Program, patched: Program) -> tuple[ProofOutcome, str]:
    attacked = vulnerable(trial.attack.feed)
    if not trial.evidence.seen_in(attacked):
        if attacked.report is None:
            return ProofOutcome.NOT_CAUGHT, f"declared is {trial.evidence}; on the attack vulnerable gave {attacked}"
        return ProofOutcome.CAUGHT_OTHERWISE, f"declared is {trial.evidence}, the sanitizer says {attacked.report}"
    unharmed = patched(trial.attack.feed)
    if unharmed.report is not None or trial.evidence.seen_in(unharmed):
        return ProofOutcome.PATCHED_CAUGHT, f"on the attack patched gave {unharmed}"
    if not trial.attack.answer.given_by(unharmed):
        return ProofOutcome.PATCHED_IDLE, f"on the attack patched gave {unharmed}; declared is {trial.attack.answer}"
    for number, case in enumerate(trial.ordinary, start=1):
        for label, program in (("vulnerable", vulnerable), ("patched", patched)):
            seen = program(case.feed)
            if trial.evidence.seen_in(seen):
                return ProofOutcome.ORDINARY_DIFFERS, f"ordinary input {number} leaves the evidence on {label}: {trial.evidence}"
            if not case.answer.given_by(seen):
                detail = f"on ordinary input {number} {label} gave {seen}; declared is {case.answer}"
                return ProofOutcome.ORDINARY_DIFFERS, detail
    return ProofOutcome.HOLDS, f"{trial.evidence}; {len(trial.ordinary)} ordinary inputs"


def _program(language: str, half: Half, content: bytes, driver: Path | None, workplace: Path) -> Program:
    """A half, made ready in a folder of its own below `workplace`."""
    folder = workplace / half.label
    folder.mkdir()
    if language == "python":
        return _python_program(content, driver, folder)
    return _c_program(half, content, driver, folder)


def _c_program(half: Half, content: bytes, driver: Path | None, folder: Path) -> Program:
    source = folder / half.path.name
    source.write_bytes(content)
    if driver is None:
        return partial(run, build(find_compiler(), source, half.label))
    # The driver includes the half, so that it sees static functions and types too.
    return partial(run, build(find_compiler(), Path(shutil.copy(driver, folder)), half.label, f'-DHALF="{source.name}"'))


def _python_program(content: bytes, driver: Path | None, folder: Path) -> Program:
    """The half is the module `half`, whatever its label, so that its driver can import it."""
    script = folder / "half.py"
    script.write_bytes(content)
    if driver is not None:
        script = Path(shutil.copy(driver, folder))
    return lambda feed: Run(ended=run_limited([*PYTHON, str(script)], feed, environment={}, limit_addresses=True))


# -- the command ---------------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Proves the folders named on the command line, or all of the corpus; prints a table. Returns: 0 when every proof holds, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.storage.proofs",
        description="Checks scenarios of the verified corpus: runs both halves, C built with sanitizers, feeds them the attack and the "
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
    parser.add_argument("--variants", action="store_true", help="prove the rewrites of each scenario as well")
    try:
        options = parser.parse_args(arguments)
        folders = options.folders or scenario_folders()
        find_compiler()
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    _print_row("scenario", "outcome", "time", "caught as")
    held: list[bool] = []
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        for proofs in workers.map(partial(_proofs_of, variants=options.variants), folders):
            held += map(_print_proof, proofs)
    print(f"{sum(held)} of {len(held)} proofs hold")
    return 0 if all(held) else 1


def _proofs_of(folder: Path, *, variants: bool) -> list[Proof | tuple[str, DataError]]:
    """The proof of a scenario and of its variants, or why there is none."""
    try:
        return [prove(folder), *(prove_variants(folder) if variants else ())]
    except DataError as error:
        return [(f"{folder.resolve().parent.name}/{folder.resolve().name}", error)]


def _print_proof(proof: Proof | tuple[str, DataError]) -> bool:
    if not isinstance(proof, Proof):
        _print_row(proof[0], "no proof possible", "-", "")
        print(f"    {proof[1]}", flush=True)
        return False
    _print_row(proof.scenario, proof.outcome, f"{proof.seconds:.1f} s", proof.detail if proof.holds else "")
    if not proof.holds:
        print(f"    {proof.detail}", flush=True)
    return proof.holds


def _print_row(scenario: str, outcome: str, seconds: str, caught: str) -> None:
    print(f"{scenario:40}  {outcome:30}  {seconds:>6}  {caught}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
