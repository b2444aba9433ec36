"""The same tokens in another layout."""

import re
from dataclasses import replace
from random import Random

from harness.storage.rewrites.syntax import text_lines
from harness.storage.rewrites.text import Line, Pair, Text

_BRACE_ABOVE = re.compile(r"^(?P<head>\S[^;{}]*\)) \{$")
INDENTS = {"    ": ("  ", "\t"), "\t": ("    ", "  "), "  ": ("    ", "\t")}


def reformat(pair: Pair, rng: Random) -> Pair | None:
    """Another indentation, the brace of a function's head on the other line, and no blank lines within functions."""
    used = next((indent for indent in ("\t", "    ", "  ") if any(line.code.startswith(indent) for line in pair.vulnerable.lines)), None)
    if used is None:
        return None
    indent = rng.choice(INDENTS[used])
    own_line = any(line.code == "{" for line in pair.vulnerable.lines)
    return pair.with_halves(lambda half, _: _reformatted(half, pair.language, used, indent, own_line=own_line))


def _reformatted(half: Text, language: str, used: str, indent: str, *, own_line: bool) -> Text:
    content = text_lines(half.code, language)
    found: list[Line] = []
    for at, line in enumerate(half.lines):
        if at in content:
            found.append(line)
        elif not line.code.strip():
            if at + 1 < len(half.lines) and not half.lines[at + 1].code.startswith((" ", "\t")):
                found.append(line)  # between functions, where blank lines stay
        elif language == "c" and own_line and line.code == "{" and found and found[-1].code.endswith(")"):
            found[-1] = replace(found[-1], code=f"{found[-1].code} {{")
        elif language == "c" and not own_line and (head := _BRACE_ABOVE.match(line.code)):
            found += [replace(line, code=head["head"]), Line(code="{", origin=None)]
        else:
            found.append(replace(line, code=_indented(line.code, used, indent)))
    return Text(lines=tuple(found))


def _indented(code: str, used: str, indent: str) -> str:
    depth = 0
    while code.startswith(used, depth * len(used)):
        depth += 1
    return indent * depth + code[depth * len(used) :]
