"""Where the evals of a project are, and whether a session is one over evals: only that gets a run folder, a plan and a report."""

import re
from pathlib import Path

import pytest

EVAL = re.compile(r"mark\.declares\b|def test_\w*\([^)]*\b(?:case|gate|sweep|sweep_of)\b")
"""What only an eval of the harness says: its mark, or one of its fixtures among the arguments of a test."""


def holds_evals(config: pytest.Config) -> bool:
    """Whether a folder of evals holds one of the harness: other projects call other tests evals."""
    return any(is_file_of_evals(file) for folder in _folders(config) for file in folder.rglob("*.py"))


def is_file_of_evals(file: Path) -> bool:
    return EVAL.search(file.read_text(encoding="utf-8", errors="replace")) is not None


def names_evals(config: pytest.Config) -> bool:
    """Whether the command line points into a folder of evals."""
    targets = [(config.invocation_params.dir / str(arg).split("::")[0]).resolve() for arg in config.args]
    return any(target == folder or folder in target.parents for target in targets for folder in _folders(config))


def _folders(config: pytest.Config) -> list[Path]:
    return [(config.rootpath / folder).resolve() for folder in config.getini("eval_paths")]
