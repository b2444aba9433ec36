"""Puts the parts of a scene together as one C file."""

import re

from training.programs.scene import Scene

_HEADERS = (
    ("stdio.h", re.compile(r"printf\(|puts\(|fgets|gets\(|scanf|FILE|getchar|fopen|popen|EOF|fread|perror")),
    ("stdlib.h", re.compile(r"malloc|calloc|realloc|realpath\(|free\(|atoi|strtol|exit\(|system\(|getenv|abort\(")),
    ("string.h", re.compile(r"\bstr(?!uct)\w+\(|\bmem\w+\(")),
    ("stdint.h", re.compile(r"u?int(?:8|16|32|64)_t|SIZE_MAX")),
    ("stdbool.h", re.compile(r"\bbool\b")),
    ("stddef.h", re.compile(r"size_t")),
    ("errno.h", re.compile(r"errno|EINVAL")),
    ("ctype.h", re.compile(r"\bis(?:alpha|alnum|digit|space|print|upper)\(|\btoupper\(|\btolower\(")),
    ("unistd.h", re.compile(r"\bexecl|\bexecv|\bfork\(|ssize_t|\bread\(|\bunlink\(|\baccess\(")),
)


def c_source(s: Scene) -> str:
    """Canonical C: includes, sizes, types, globals, functions. Alternatives are still in it."""
    core = "\n".join((*s.types, *s.globals, *s.functions))
    blocks: list[str] = []
    headers = [f"#include <{name}>" for name, used in _HEADERS if used.search(core)]
    if "stdlib.h" in "".join(headers) or "stdio.h" in "".join(headers):
        headers = [header for header in headers if "stddef" not in header]
    if headers and s.chance(0.6):
        if s.chance(0.3):
            s.rng.shuffle(headers)
        blocks.append("\n".join(headers))
    if s.limits:
        blocks.append("\n".join(s.limits))
    blocks.extend(s.types)
    if s.globals:
        blocks.append("\n".join(s.globals))
    blocks.extend(s.functions)
    return "\n\n".join(blocks)
