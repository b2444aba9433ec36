"""Runs a generated C program with hostile arguments under the sanitizers: a second opinion on its label."""

import itertools
import re
import subprocess
from pathlib import Path
from random import Random

HEADERS = "".join(
    f"#include <{name}.h>\n"
    for name in ("stdio", "stdlib", "string", "stdint", "stdbool", "errno", "ctype", "unistd", "sys/wait", "sys/types")
)
PREAMBLE = HEADERS + "#define ERR_RANGE -3\n"
FLAGS = ("-w", "-std=gnu11", "-O0", "-g0", "-fsanitize=address,bounds-strict", "-fno-sanitize-recover=bounds-strict", "-fno-builtin")
OUTSIDE = re.compile(r"WRITE of size|negative-size-param|index -?\d+ out of bounds|caused by a WRITE")
_FUNCTION = re.compile(r"^(?:static )?([\w ]+?\*? ?)(\b\w+)\(([^;{}]*)\)\s*\{", re.MULTILINE)
_SINK = re.compile(r"\b(\w+_(?:submit|flush|send)|use_\w+)\(")
_READ_FIRST = re.compile(r"(\w+\[\w+\]) [+-]= ")  # the sanitizers would report the read of `a[i] += v` and stop there
_TEXT = re.compile(r"^(?:const )?char \*\w+$")


def changed_function(first: str, second: str) -> tuple[str, list[str]]:
    """Name and parameters of the function where the halves first differ, or of a later one that calls it."""
    at = next(spot for spot, (left, right) in enumerate(itertools.zip_longest(first, second)) if left != right)
    found = [match for match in _FUNCTION.finditer(first) if match.start() <= at]
    name, parameters = found[-1].group(2), found[-1].group(3)
    for match in _FUNCTION.finditer(first):
        if match.start() > at and match.group(2) != "main" and re.search(rf"\b{name}\(", first[match.end() :].split("\n}", 1)[0]):
            name, parameters = match.group(2), match.group(3)
            break
    return name, [part.strip() for part in parameters.split(",") if part.strip() and part.strip() != "void"]


def _values(parameter: str, sizes: list[int]) -> list[str]:
    """C expressions worth passing for one parameter."""
    if _TEXT.match(parameter):
        lengths = sorted(
            {0, 3, 3000, *sizes, *(size - 1 for size in sizes), *(size + 1 for size in sizes), *(size * 2 - 1 for size in sizes)}
        )
        return [f"text_of({length})" for length in lengths] + [
            "number_of(-1)",
            *(f"number_of({size + more})" for size in sizes for more in (-1, 0)),
            *(f"number_of({size * 3 // 2})" for size in sizes),
            "number_of(9000)",
            "plain_escapes()",
        ]
    if "**" in parameter:
        return ["pieces(5)", "pieces(20)"]
    if re.match(r"^FILE \*", parameter):
        return ["endless()"]
    if "*" in parameter:
        kind = parameter.replace("const ", "").rsplit("*", 1)[0].strip()
        if kind in ("int", "unsigned", "long", "double", "float", "short", "char", "uint8_t", "unsigned char", "uint16_t", "uint32_t"):
            marks = sorted({*sizes, *(size - 1 for size in sizes), 100, 200, 255, 0xFFF0})
            return [f"FILLED({kind}, {mark})" for mark in marks] + [f"(({kind} *)two_bytes({mark}))" for mark in marks if "char" in kind]
        if not parameter.startswith("const "):
            return [f"({kind} *)object_of(sizeof({kind}), 0, 0)"]  # an object in use starts empty: a corrupted counter is no fair attack
        marks = sorted({0, *sizes, *(size - 1 for size in sizes), *(2 * size - 1 for size in sizes), 9000, -1})
        return [
            f"({kind} *)object_of(sizeof({kind}), {words})" for mark in marks for words in (f"{mark}, {mark}", f"{mark}, 0", f"0, {mark}")
        ]
    if parameter.startswith("struct "):
        return [f"*({parameter.rsplit(' ', 1)[0]} *)object_of(64, 0, 0)"]
    return [str(value) for value in sorted({-1, 0, 1, 700, *sizes, *(size - 1 for size in sizes), *(size * 2 - 1 for size in sizes)})]


_SUPPORT = """
#define ROOM 70000
static char *text_of(int n) { char *p = malloc(ROOM); memset(p, 0, ROOM); memset(p, 'a', n); return p; }
static char *number_of(int n) { char *p = calloc(1, 64); snprintf(p, 64, "%d", n); return p; }
static char *plain_escapes(void) { char *p = malloc(ROOM); memset(p, 0, ROOM);
    for (int i = 0; i < 300; i++) p[i] = i % 3 ? '&' : i % 2 ? '"' : 1; return p; }
static const char **pieces(int n) { const char **p = calloc(64, sizeof *p); for (int i = 0; i < 64; i++) p[i] = text_of(n); return p; }
static FILE *endless(void) { return fopen("/dev/zero", "r"); }
#define FILLED(kind, mark) ({ kind *p = malloc(ROOM * sizeof(kind)); for (int i = 0; i < ROOM; i++) p[i] = (kind)(mark); \
    if (sizeof(kind) == 1) for (int i = 2; i < ROOM; i++) p[i] = 20; p; })
static void *two_bytes(int mark) { unsigned char *p = calloc(1, ROOM); p[0] = mark >> 8; p[1] = mark; return p; }
static void *object_of(int size, int even, int odd) {
    char *p = calloc(1, size);
    for (int i = 0; i + 2 <= size; i += 2) *(short *)(p + i) = (i & 4 ? odd : even) >> (i & 2 ? 16 : 0);
    return p;
}
"""

_MAIN = """
int main(void) {
    for (int n = 0; n < COUNT; n++) {
        if (fork() == 0) {
            static char word[5000];
            int ends[2];
            alarm(5);
            freopen("/dev/null", "w", stdout);
            memset(word, 'w', sizeof word);
            pipe(ends); write(ends[1], word, sizeof word); close(ends[1]); dup2(ends[0], 0);
            switch (n) { CALLS }
            _exit(0);
        }
        int status;
        wait(&status);
    }
    return 0;
}
"""


def driver(code: str, name: str, parameters: list[str]) -> str:
    """A main that calls the function with every combination of hostile arguments, each in its own process, repeatedly on one object."""
    numbers = sorted({int(number) for number in re.findall(r"(?<![\w'%])\d+\b", code) if 2 < int(number) <= 256})[:8]
    choices = [_values(parameter, numbers) for parameter in parameters]
    combinations = list(itertools.product(*choices))
    if len(combinations) > 120:
        combinations = Random(0).sample(combinations, 120)
    rounds = 300 if any("object_of" in choice for values in choices for choice in values) else 1
    calls = []
    for number, arguments in enumerate(combinations):
        lines = "".join(f"__typeof__({argument}) a{spot} = {argument}; " for spot, argument in enumerate(arguments))
        given = ", ".join(f"a{spot}" for spot in range(len(arguments)))
        calls.append(f"case {number}: {{ {lines}for (int round = 0; round < {rounds}; round++) {{ {name}({given}); }} break; }}")
    sinks = "".join(f"int {sink}() {{ return 0; }}\n" for sink in sorted(set(_SINK.findall(code))))
    body = _READ_FIRST.sub(r"\1 = ", re.sub(r"\bmain\(", "program_main(", code))
    loop = _MAIN.replace("COUNT", str(len(combinations))).replace("CALLS", "\n".join(calls))
    return PREAMBLE + sinks + body + _SUPPORT + loop


def writes_outside(code: str, other: str, folder: Path) -> bool:
    """Whether any hostile call makes the sanitizers report a write outside its object."""
    name, parameters = changed_function(code, other)
    source, binary = folder / "program.c", folder / "program"
    source.write_text(driver(code, name, parameters))
    built = subprocess.run(["gcc", *FLAGS, str(source), "-o", str(binary)], capture_output=True, text=True, timeout=60)
    if built.returncode:
        raise AssertionError(f"gcc refuses the program: {built.stderr[:800]}")
    environment = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1"}
    ran = subprocess.run([str(binary)], capture_output=True, text=True, errors="replace", timeout=120, env=environment)
    return OUTSIDE.search(ran.stderr) is not None
