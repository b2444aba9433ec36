"""Harmless functions: they stand beside the flaw in both halves, and alone they are plain code for fluency."""

from collections.abc import Callable
from random import Random

from training.programs import words
from training.programs.scene import Scene


def largest(s: Scene) -> None:
    """The largest element, or how many are not zero: no sum, which could wrap."""
    array, count, i, acc = s.items(), s.var(words.LENGTH), s.var(words.LOOP), s.var(("most", "best", "top", "result"))
    kind = s.one("int", "long", "double", "unsigned")
    step = s.one(f"if ({array}[{i}] > {acc}) {acc} = {array}[{i}];", f"if ({array}[{i}] != 0) {acc}++;")
    body = f"{kind} {acc} = 0;\nfor (int {i} = 0; {i} < {count}; {i}++) {{\n{step}\n}}\nreturn {acc};"
    s.function(kind, s.func(("best", "top", "score", "max", "count")), (f"const {kind} *{array}", f"int {count}"), body)


def clamp(s: Scene) -> None:
    value, low, high = s.var(words.VALUE), s.var(("lo", "low", "min_value")), s.var(("hi", "high", "max_value"))
    body = f"if ({value} < {low}) return {low};\nif ({value} > {high}) return {high};\nreturn {value};"
    s.function("int", s.func(("clamp", "limit", "bound", "fit"), "numbers"), (f"int {value}", f"int {low}", f"int {high}"), body)


def checksum(s: Scene) -> None:
    data, count, acc, i = s.var(words.SOURCE), s.var(words.LENGTH), s.var(("sum", "crc", "hash", "h")), s.var(words.LOOP)
    seed, factor = s.one("0", "5381", "1", "2166136261u", "0xffff"), s.one("31", "33", "16777619u", "7", "131")
    step = s.one(f"{acc} = {acc} * {factor} + {data}[{i}];", f"{acc} ^= {data}[{i}];", f"{acc} += {data}[{i}];")
    loop = s.one(f"for (size_t {i} = 0; {i} < {count}; {i}++)", f"for (size_t {i} = 0; {i} < {count}; ++{i})")
    s.function(
        "unsigned",
        s.func(("hash", "checksum", "digest", "sum")),
        (f"const unsigned char *{data}", f"size_t {count}"),
        f"unsigned {acc} = {seed};\n{loop} {{\n{step}\n}}\nreturn {acc};",
    )


def classify(s: Scene) -> None:
    code, numbers = s.var(("code", "kind", "type", "c", "op")), s.rng.sample(range(1, 90), 3)
    texts = s.rng.sample(s.domain.items + s.domain.numbers, 3)
    cases = "\n".join(f'case {number}:\nreturn "{text}";' for number, text in zip(numbers, texts, strict=True))
    name = s.func(("name", "describe", "label"), "numbers")
    s.function("const char *", name, (f"int {code}",), f'switch ({code}) {{\n{cases}\ndefault:\nreturn "unknown";\n}}')


def is_valid(s: Scene) -> None:
    c = s.var(("c", "ch"))
    test = s.one(
        f"{c} >= '0' && {c} <= '9'",
        f"{c} == ' ' || {c} == '\\t'",
        f"{c} >= 'a' && {c} <= 'z'",
        f"{c} == '\\n' || {c} == '\\r'",
        f"{c} > 31 && {c} < 127",
    )
    s.function("int", s.func(("is", "valid", "check"), "items"), (f"char {c}" if s.chance(0.5) else f"int {c}",), f"return {test};")


def search(s: Scene) -> None:
    array, count, key, i = s.items(), s.var(words.LENGTH), s.var(("key", "wanted", "target_id", "needle")), s.var(words.LOOP)
    body = f"for (int {i} = 0; {i} < {count}; {i}++) {{\nif ({array}[{i}] == {key}) return {i};\n}}\nreturn -1;"
    s.function("int", s.func(("find", "lookup", "search", "locate")), (f"const int *{array}", f"int {count}", f"int {key}"), body)


def read_number(s: Scene) -> None:
    p = s.var(("p", "buf", "b", "ptr", "bytes"))
    body = s.one(f"return (uint16_t)({p}[0] << 8 | {p}[1]);", f"return (uint16_t)({p}[0] | ({p}[1] << 8));")
    s.function("uint16_t", s.func(("read", "get", "load"), "numbers"), (f"const uint8_t *{p}",), body)


def show(s: Scene) -> None:
    value, text = s.var(words.VALUE), s.word("numbers")
    body = f'printf("{text}={s.one("%d", "%5d", "%d units")}\\n", {value});'
    s.function("void", s.func(("print", "show", "dump", "report"), "numbers"), (f"int {value}",), body)


def empty(s: Scene) -> None:
    text = s.text()
    s.function(
        "int", s.func(("is_empty", "has", "missing"), "texts"), (f"const char *{text}",), f"return {text} == NULL || {text}[0] == '\\0';"
    )


def bounded_copy(s: Scene) -> None:
    dst, src, room = s.var(("dst", "to", "out")), s.var(("src", "from", "in")), s.var(("room", "cap", "cap_bytes", "size"))
    body = s.one(
        f'if ({room} == 0) return;\nsnprintf({dst}, {room}, "%s", {src});',
        f"if ({room} == 0) return;\nstrncpy({dst}, {src}, {room} - 1);\n{dst}[{room} - 1] = '\\0';",
    )
    s.function("void", s.func(("copy", "set", "assign"), "texts"), (f"char *{dst}", f"size_t {room}", f"const char *{src}"), body)


def timestamp(s: Scene) -> None:
    buf, value = s.var(("line", "tmp", "stamp", "small")), s.var(words.VALUE)
    size = s.one("32", "64", "24")
    body = f'char {buf}[{size}];\nsnprintf({buf}, sizeof({buf}), "{s.word("numbers")}:%d", {value});\nputs({buf});'
    s.function("void", s.func(("log", "note", "trace"), "numbers"), (f"int {value}",), body)


def average(s: Scene) -> None:
    a, n = s.var(("sum", "total", "acc")), s.var(("count", "n", "samples"))
    s.function(
        "double",
        s.func(("average", "mean", "ratio"), "numbers"),
        (f"long {a}", f"long {n}"),
        f"if ({n} == 0) return 0.0;\nreturn (double){a} / (double){n};",
    )


def swap(s: Scene) -> None:
    a, b, t = s.var(("a", "left", "first")), s.var(("b", "right", "second")), s.var(("t", "tmp", "hold"))
    s.function("void", s.func(("swap", "exchange")), (f"int *{a}", f"int *{b}"), f"int {t} = *{a};\n*{a} = *{b};\n*{b} = {t};")


def count_chars(s: Scene) -> None:
    text, n = s.text(), s.var(("n", "count", "hits", "total"))
    char = s.one("','", "' '", "'.'", "'/'", "':'", "'\\n'")
    body = s.one(
        f"int {n} = 0;\nwhile (*{text}) {{\nif (*{text} == {char}) {n}++;\n{text}++;\n}}\nreturn {n};",
        f"int {n} = 0;\nfor (; *{text} != '\\0'; {text}++) {{\nif (*{text} == {char}) {n}++;\n}}\nreturn {n};",
    )
    s.function("int", s.func(("count", "num", "tally")), (f"const char *{text}",), body)


C_FILLERS: tuple[Callable[[Scene], None], ...] = (
    largest,
    clamp,
    checksum,
    classify,
    is_valid,
    search,
    read_number,
    show,
    empty,
    bounded_copy,
    timestamp,
    average,
    swap,
    count_chars,
)


def add_c(s: Scene) -> None:
    """Adds one of the harmless functions to a scene."""
    s.rng.choice(C_FILLERS)(s)


def python_function(s: Scene) -> str:
    """One harmless Python function at module level, four spaces a level."""
    item, items, value = s.word("items"), s.items(), s.var(words.VALUE)
    number, key = s.word("numbers"), s.word("texts")
    name = s.func(("total", "find", "format", "parse", "filter", "load", "count", "merge"))
    return s.one(
        f"def {name}({items}):\n    return sum({item}.{number} for {item} in {items})\n",
        f'def {name}({items}, {value}):\n    for {item} in {items}:\n        if {item}["{key}"] == {value}:\n            return {item}\n    return None\n',
        f'def {name}({value}):\n    if not {value}:\n        return []\n    return [part.strip() for part in {value}.split(",")]\n',
        f'def {name}({items}):\n    by_{key} = {{}}\n    for {item} in {items}:\n        by_{key}.setdefault({item}["{key}"], []).append({item})\n    return by_{key}\n',
        f"def {name}({value}, low=0, high=100):\n    return max(low, min(high, {value}))\n",
        f'def {name}({items}):\n    return sorted({items}, key=lambda {item}: {item}["{number}"], reverse=True)\n',
        f"def {name}({value}):\n    try:\n        return int({value})\n    except ValueError:\n        return 0\n",
        f"def {name}({items}, limit=10):\n    result = []\n    for {item} in {items}:\n        if {item}.{number} > limit:\n            result.append({item}.{key})\n    return result\n",
        f'def {name}({value}):\n    return f"{key}: {{{value}}}"\n',
    )


def python_class(s: Scene) -> str:
    thing, item, items, number = s.word("things").capitalize(), s.word("items"), s.items(), s.word("numbers")
    return (
        f"class {thing}:\n    def __init__(self, {number}={s.rng.randint(0, 50)}):\n        self.{number} = {number}\n        self.{items} = []\n\n"
        f"    def add(self, {item}):\n        self.{items}.append({item})\n        return len(self.{items})\n\n"
        f"    def is_full(self):\n        return len(self.{items}) >= self.{number}\n"
    )


def plain_python(rng: Random) -> str:
    s = Scene(rng)
    parts = [python_function(s) for _ in range(rng.randint(1, 3))]
    if s.chance(0.4):
        parts.insert(rng.randint(0, len(parts)), python_class(s))
    head = s.one("", "import os\n\n\n", "import json\n\n\n", "import sys\nimport re\n\n\n", "from dataclasses import dataclass\n\n\n")
    return head + "\n\n".join(parts)


def python_module(s: Scene, head: str, core: str) -> None:
    """Makes the scene a Python module: imports and constants, then `core` (whole functions or classes) among harmless ones."""
    parts = [python_class(s) if s.chance(0.2) else python_function(s) for _ in range(s.rng.choice((0, 0, 0, 1, 1, 2, 3)))]
    parts.insert(s.rng.randint(0, len(parts)), core.strip("\n") + "\n")
    s.python = (head.strip("\n") + "\n\n\n" if head.strip() else "") + "\n\n".join(parts)
