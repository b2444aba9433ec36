"""Plain C and Python for fluency, read where the installed Python has it. Nothing of it is copied into the repository."""

import sysconfig
from functools import cached_property
from pathlib import Path
from random import Random

import numpy
import torch


class PlainCode:
    """The standard library of the running interpreter, and the C and C++ headers that NumPy and PyTorch install."""

    @cached_property
    def python_files(self) -> list[Path]:
        """Modules of the standard library, without its tests."""
        library = Path(sysconfig.get_paths()["stdlib"])
        skipped = {"test", "tests", "idlelib", "site-packages", "lib2to3", "__pycache__", "pydoc_data"}
        return sorted(path for path in library.rglob("*.py") if not skipped & set(path.relative_to(library).parts))

    @cached_property
    def c_files(self) -> list[Path]:
        """Headers with C or C++ in them."""
        folders = (
            Path(numpy.get_include()),
            Path(torch.__file__).parent / "include" / "ATen",
            Path(torch.__file__).parent / "include" / "c10",
        )
        return sorted(path for folder in folders for path in folder.rglob("*.h"))

    def passage(self, rng: Random, characters: int) -> str:
        """Whole lines of one file, about `characters` long. A third of the passages are C."""
        files = self.c_files if rng.random() < 1 / 3 else self.python_files
        while True:
            text = rng.choice(files).read_text(encoding="utf-8", errors="ignore")
            start = rng.randrange(max(1, len(text) - characters))
            start = text.find("\n", start) + 1 if start else 0
            passage = text[start : start + characters]
            if len(passage) >= min(characters, 400) // 2:
                return passage
