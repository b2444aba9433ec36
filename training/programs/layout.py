"""From canonical C (one statement a line, no indentation, brace on the line) to one author's layout, the same for both halves of a pair."""

import re
from dataclasses import dataclass
from random import Random

_KEYWORD = re.compile(r"(?:\} )?(?:else if|if|while|for) \(")
_TITLE = re.compile(r"^(?:\} )?else (?!if\b)(?!\{)(.*;)$")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one author lays out C: indentation, where braces go, how a short guard is written."""

    indent: str
    allman: bool
    function_brace_below: bool
    guard: str  # "inline", "below" or "braced"
    case_indented: bool

    @staticmethod
    def draw(rng: Random) -> "Layout":
        return Layout(
            indent=rng.choice(("    ", "    ", "    ", "  ", "  ", "\t")),
            allman=rng.random() < 0.2,
            function_brace_below=rng.random() < 0.3,
            guard=rng.choice(("inline", "below", "below", "braced", "braced", "braced")),
            case_indented=rng.random() < 0.5,
        )

    def apply(self, source: str) -> str:
        return self._indent(self._expand(source))

    def _expand(self, source: str) -> list[str]:
        lines: list[str] = []
        for line in source.split("\n"):
            lines.extend(self._guard(line.strip()))
        return lines

    def _guard(self, line: str) -> list[str]:
        if self.guard == "inline" or not line.endswith(";"):
            return [line]
        head = _head(line)
        if head is None or line[head:].strip() == ";" or line.startswith("} while"):
            return [line]
        opening, action = line[:head].rstrip(), line[head:].strip()
        return [opening, "\x05" + action] if self.guard == "below" else [opening + " {", action, "}"]

    def _indent(self, lines: list[str]) -> str:
        out: list[str] = []
        depth = 0
        switches: list[int] = []
        for position, line in enumerate(lines):
            if not line:
                if out and out[-1]:
                    out.append("")
                continue
            if line == "}" and position + 1 < len(lines) and lines[position + 1].startswith("else") and not self.allman:
                lines[position + 1] = "} " + lines[position + 1]
                continue
            if line.startswith("}"):
                depth -= 1
                if switches and switches[-1] == depth:
                    switches.pop()
            extra = 0
            if line.startswith("\x05"):
                line, extra = line[1:], 1
            shift = self._case_shift(line, depth, switches)
            pad = self.indent * (depth + extra + shift)
            self._emit(out, line, pad, depth)
            if line.endswith("{"):
                if line.startswith("switch"):
                    switches.append(depth)
                depth += 1
        return "\n".join(out).strip("\n") + "\n"

    def _case_shift(self, line: str, depth: int, switches: list[int]) -> int:
        if not switches or depth <= switches[-1]:
            return 0
        is_label = line.startswith(("case ", "default:"))
        return (0 if self.case_indented else -1) if is_label else (1 if self.case_indented else 0)

    def _emit(self, out: list[str], line: str, pad: str, depth: int) -> None:
        if line.startswith("#"):
            out.append(line)
        elif (
            line.endswith("{") and not line.endswith("= {") and (self.allman or (self.function_brace_below and depth == 0 and ")" in line))
        ):
            if self.allman and line.startswith("} "):
                out.append(pad + "}")
                line = line[2:]
            if line != "{":
                out.append(pad + line[:-1].rstrip())
            out.append(pad + "{")
        elif self.allman and line.startswith("} else"):
            out.extend((pad + "}", pad + line[2:]))
        else:
            out.append(pad + line)


def _head(line: str) -> int | None:
    """Where the statement after `if (...)` or `else` begins, or None where the line holds no such head."""
    found = _KEYWORD.match(line)
    if found is None:
        other = _TITLE.match(line)
        return other.start(1) if other else None
    level = 0
    for position in range(found.end() - 1, len(line)):
        if line[position] == "(":
            level += 1
        elif line[position] == ")":
            level -= 1
            if level == 0:
                return position + 1
    return None
