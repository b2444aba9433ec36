"""The pages for users: blocks that are marked run as they stand, other commands have the options they are shown with, links lead somewhere.

A block `file=NAME` is written into the project of its page, `python run` is executed there, and of `console run` every `$ pytest` line
must collect cases. A page without files shows commands for the repository itself.
"""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*/README.md")])
BLOCK = re.compile(r"^```(?P<language>\w+) ?(?P<mark>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
COMMAND = re.compile(r"^\$ ((?:python -m |make |pip |pytest |llama-cli |source ).*?)(?:  +#.*)?$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block. mark: what stands behind its language."""

    language: str
    mark: str
    text: str

    @property
    def commands(self) -> Iterator[list[str]]:
        for line in self.text.splitlines():
            if found := COMMAND.match(line):
                yield shlex.split(found[1])


def blocks_of(page: Path) -> list[Block]:
    return [Block(**found.groupdict()) for found in BLOCK.finditer(page.read_text())]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def project_of(page: Path, folder: Path) -> Path:
    """Where the commands of a page are run: a folder with its files, its own, or the repository."""
    files = [block for block in blocks_of(page) if block.mark.startswith("file=")]
    if not files:
        return page.parent if page.parent != ROOT / "docs" else ROOT
    for block in files:
        path = folder / block.mark.removeprefix("file=")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
    if not (folder / "evals").exists():
        (folder / "evals").mkdir()
        (folder / "evals" / "test_shift.py").write_text((ROOT / "evals" / "test_shift.py").read_text())
    return folder


def run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=120)


@cache
def help_of(module: tuple[str, ...]) -> str:
    return run([*module, "--help"], ROOT).stdout


def program_of(command: list[str]) -> tuple[str, ...] | None:
    """The module whose help tells a command's options; None for programs of others."""
    if command[0] == "pytest":
        return ("pytest",)
    if command[:2] != ["python", "-m"]:
        return None
    subcommand = command[3:4] if command[2] == "harness.vectors" else []
    return (*command[2:3], *subcommand)


RUNNING = [
    pytest.param(page, command, id=f"{name_of(page)}: {shlex.join(command)}")
    for page in PAGES
    for block in blocks_of(page)
    if (block.language, block.mark) == ("console", "run")
    for command in block.commands
]


@pytest.mark.parametrize(("page", "command"), RUNNING)
def test_a_command_that_is_marked_collects_cases(page: Path, command: list[str], tmp_path: Path) -> None:
    assert command[0] == "pytest"
    done = run([*command, "--collect-only", "-q", "-p", "no:cacheprovider"], project_of(page, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^evals/test_\w+\.py::test_\w+\[nano-", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_option_that_is_shown_exists(page: Path) -> None:
    for command in (command for block in blocks_of(page) if block.language == "console" for command in block.commands):
        if program := program_of(command):
            for option in (word for word in command if word.startswith("-") and word != "-m"):
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", help_of(program)), command


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_python_block_compiles_and_those_that_are_marked_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for block in (block for block in blocks_of(page) if block.language == "python"):
        code = compile(block.text, name_of(page), "exec")
        if block.mark == "run":
            exec(code, scope)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_toml_block_is_toml(page: Path) -> None:
    for block in (block for block in blocks_of(page) if block.language == "toml"):
        assert tomllib.loads(block.text)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(BLOCK.sub("", page.read_text())):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    assert set(LINK.findall(index.read_text())) == {page.name for page in index.parent.glob("*.md") if page != index}
