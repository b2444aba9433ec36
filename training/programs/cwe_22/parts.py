"""What the families share: roots, tests of a name, ways in, and what is done with the file."""

import re
from dataclasses import dataclass
from textwrap import indent

from training.programs.filler import python_module
from training.programs.scene import Condition, Scene, alt, holds

_MODULES = (
    "base64 io json os posixpath re shutil socketserver struct sys tarfile unicodedata zipfile".split()
)  # imported where the code names them
_PARTS = (
    ("from argparse import ArgumentParser", "ArgumentParser("),
    ("from http.server import BaseHTTPRequestHandler", "BaseHTTPRequestHandler"),
    ("from pathlib import Path", "Path("),
    ("from urllib.parse import parse_qs", "parse_qs("),
    ("from urllib.parse import unquote", "unquote("),
    ("from urllib.parse import urlsplit", "urlsplit("),
)


def module(s: Scene, core: str, constants: str = "", imports: str = "") -> None:
    """A Python module around `core` with the imports that it needs."""
    text = constants + core
    lines = [f"import {name}" for name in _MODULES if re.search(rf"(?<![.\w]){name}\.", text)]
    lines += [line for line, word in _PARTS if word in text]
    python_module(s, "\n".join(lines) + f"\n{imports}" + (f"\n{constants}" if constants else ""), core)


def block(text: str, depth: int = 1) -> str:
    """Lines moved in by `depth` levels; alternatives start where their line starts."""
    return indent(text.strip("\n") + "\n", "    " * depth)


def define(name: str, parameters: str, body: str) -> str:
    return f"def {name}({parameters}):\n{block(body)}"


@dataclass(frozen=True, kw_only=True)
class Root:
    """A constant that names the folder: how code writes it, and the line that sets it."""

    name: str
    line: str


def root_name(s: Scene) -> str:
    return s.one("ROOT", "BASE", "BASE_DIR", "DATA_DIR", f"{s.word('items').upper()}_DIR", f"{s.word('things').upper()}_ROOT", "STORE")


def root_path(s: Scene) -> str:
    return s.one(f"/srv/{s.word('things')}/{s.word('items')}s", f"/var/lib/{s.word('things')}", f"/opt/{s.word('things')}/data")


def python_root(s: Scene, *, pathlib: bool) -> Root:
    name, folder = root_name(s), s.word("items") + "s"
    if pathlib:
        value = s.one(f'Path("{root_path(s)}")', f'Path("{folder}").resolve()', f'Path(__file__).resolve().parent / "{folder}"')
    else:
        value = s.one(f'"{root_path(s)}"', f'"{root_path(s)}"', f'os.path.realpath("{folder}")', f'os.path.join(os.getcwd(), "{folder}")')
    return Root(name=name, line=f"{name} = {value}\n")


def fails(expr: str) -> Condition:
    return Condition(reject=expr, accept=f"not {expr}")


def equal(left: str, right: str) -> Condition:
    return Condition(reject=f"{left} != {right}", accept=f"{left} == {right}")


def lacks(part: str, whole: str) -> Condition:
    return Condition(reject=f"{part} in {whole}", accept=f"{part} not in {whole}")


def refusal(s: Scene, name: str) -> str:
    return s.one(
        f'raise ValueError("bad {s.word("texts")}")',
        f"raise PermissionError({name})",
        f"raise FileNotFoundError({name})",
        "return None",
        "return None",
        'return ""',
        f'raise ValueError(f"refused: {{{name}}}")',
    )


def gate(s: Scene, wrong: Condition, right: Condition, action: str, refuse: str) -> str:
    """The action behind a test: leaving early, or wrapped in the condition."""
    if s.chance(0.7):
        return f"if {alt(wrong.reject, right.reject)}:\n{block(refuse)}{action}"
    return f"if {alt(wrong.accept, right.accept)}:\n{block(action)}{refuse}\n"


def plain_name(s: Scene, name: str, root: str) -> Condition:
    """A right test: what passes has no directory in it."""
    return s.rng.choice(
        (
            lacks('"/"', name),
            lacks("os.sep", name),
            equal(f"os.path.basename({name})", name),
            equal(name, f"Path({name}).name"),
            holds(f're.fullmatch(r"[A-Za-z0-9_-]+", {name})'),
            holds(f're.fullmatch(r"\\w+", {name})'),
            holds(f"{name}.isalnum()"),
            Condition(reject=f"{name} not in os.listdir({root})", accept=f"{name} in os.listdir({root})"),
        )
    )


def idle_name(s: Scene, name: str, root: str) -> Condition:
    """A test that lets ../ pass."""
    return s.rng.choice(
        (
            holds(name),
            holds(f"{name}.endswith({s.one(chr(34) + '.txt' + chr(34), chr(34) + '.json' + chr(34), chr(34) + '.csv' + chr(34))})"),
            holds(f"os.path.exists(os.path.join({root}, {name}))"),
            holds(f"os.path.isfile(os.path.join({root}, {name}))"),
            holds(f're.fullmatch(r"[\\w./-]+", {name})'),
            holds(f're.search(r"[A-Za-z0-9_-]+", {name})'),
            fails(f'{name}.startswith("/")'),
            fails(f'{name}.startswith("~")'),
            fails(f'{name}.endswith("/")'),
            lacks('"\\\\"', name),
            lacks('"\\0"', name),
            lacks('" "', name),
            Condition(reject=f"len({name}) > {s.one('64', '80', '100')}", accept=f"len({name}) <= {s.one('64', '80', '100')}"),
        )
    )


@dataclass(frozen=True, kw_only=True)
class Sink:
    """What is done with a file: the lines, a further parameter they need, and what it means for an outsider."""

    lines: str
    parameter: str
    deed: str

    def parameters(self, first: str) -> str:
        return ", ".join(part for part in (first, self.parameter) if part)


READING, WRITING, REMOVING = "read files", "write files", "delete files"


def python_sink(s: Scene, path: str, kinds: tuple[str, ...] = (READING, READING, WRITING, REMOVING)) -> Sink:
    deed = s.one(*kinds)
    handle, content = s.var(("fh", "handle", "f", "stream", "src")), s.var(("content", "data", "payload", "text", "blob"))
    if deed == READING:
        lines = s.one(
            f"with open({path}) as {handle}:\n    return {handle}.read()\n",
            f'with open({path}, "rb") as {handle}:\n    return {handle}.read()\n',
            f'with open({path}, encoding="utf-8") as {handle}:\n    return {handle}.read().splitlines()\n',
            f"with open({path}) as {handle}:\n    {content} = json.load({handle})\nreturn {content}\n",
            f'{handle} = open({path}, "rb")\n{content} = {handle}.read()\n{handle}.close()\nreturn {content}\n',
            f"return Path({path}).read_text()\n",
            f"return Path({path}).read_bytes()\n",
        )
        return Sink(lines=lines, parameter="", deed=deed)
    if deed == WRITING:
        lines = s.one(
            f'with open({path}, "w") as {handle}:\n    {handle}.write({content})\nreturn {path}\n',
            f'with open({path}, "wb") as {handle}:\n    {handle}.write({content})\nreturn len({content})\n',
            f"Path({path}).write_text({content})\nreturn True\n",
            f'with open({path}, "a") as {handle}:\n    {handle}.write({content} + "\\n")\nreturn True\n',
        )
        return Sink(lines=lines, parameter=content, deed=deed)
    lines = s.one(f"os.remove({path})\nreturn True\n", f"os.unlink({path})\nreturn {path}\n", f"Path({path}).unlink()\nreturn True\n")
    return Sink(lines=lines, parameter="", deed=deed)


def incoming(s: Scene, name: str) -> tuple[str, str]:
    """How a name comes in: a parameter, and a line that takes the name from it."""
    key, owner = s.word("texts"), s.var(("query", "params", "form", "fields", "args"))
    return s.rng.choice(
        (
            (name, ""),
            (name, ""),
            (name, ""),
            (owner, f'{name} = {owner}["{key}"]\n'),
            (owner, f'{name} = {owner}.get("{key}", "")\n'),
            ("request", f'{name} = request.args["{key}"]\n'),
            ("body", f'{name} = json.loads(body)["{key}"]\n'),
            ("line", f"{name} = line.strip()\n"),
        )
    )


def joined(s: Scene, root: str, name: str) -> str:
    """One path under the root as a string. An absolute name replaces the root in os.path.join only."""
    return s.one(f"os.path.join({root}, {name})", f"os.path.join({root}, {name})", f'f"{{{root}}}/{{{name}}}"', f'{root} + "/" + {name}')


def real(s: Scene, root: str, name: str, *, pathlib: bool) -> str:
    """The path under the root with every .. worked out."""
    if pathlib:
        return s.one(f"({root} / {name}).resolve()", f"{root}.joinpath({name}).resolve()")
    return f"os.path.{s.one('realpath', 'abspath', 'realpath')}(os.path.join({root}, {name}))"


def inside(s: Scene, root: str, path: str, *, pathlib: bool) -> Condition:
    """A right test of a finished path."""
    if pathlib:
        return s.rng.choice(
            (
                holds(f"{path}.is_relative_to({root})"),
                holds(f"{path}.is_relative_to({root})"),
                Condition(reject=f"{root} not in {path}.parents", accept=f"{root} in {path}.parents"),
            )
        )
    return s.rng.choice(
        (
            holds(f"{path}.startswith({root} + os.sep)"),
            holds(f'{path}.startswith({root} + "/")'),
            holds(f'{path}.startswith(os.path.join({root}, ""))'),
            equal(f"os.path.commonpath([{root}, {path}])", root),
        )
    )


C_VERBS = ("load", "read", "serve", "fetch", "handle", "process", "send")
C_ABSENT = {"CWE-787": "The path is put together by snprintf with the size of its buffer."}


def c_path(s: Scene, root: str, name: str, suffix: str = "") -> tuple[str, str]:
    """A buffer for a path, and the lines that put it together."""
    buf = s.var(("path", "full", "file_path", "target", "where", "fullname"))
    size = s.one("256", "512", "1024", "300")
    return buf, f'char {buf}[{size}];\nsnprintf({buf}, sizeof({buf}), "%s/%s{suffix}", {root}, {name});\n'


def c_root(s: Scene, path: str = "") -> str:
    """Declares the folder and returns how code writes it."""
    value = path or root_path(s)
    if s.chance(0.6):
        name = root_name(s)
        s.limits.append(f'#define {name} "{value}"')
        return name
    name = s.var(("root", "base_dir", "data_dir", "store_dir"))
    s.globals.append(f'static const char *{name} = "{value}";')
    return name


@dataclass(frozen=True, kw_only=True)
class CSink:
    """What C does with a file: statements that end in a return of an int."""

    lines: str
    deed: str


def c_sink(s: Scene, path: str) -> CSink:
    fp = s.var(("fp", "f", "in_file", "stream"))
    deed = s.one(READING, READING, WRITING, REMOVING)
    if deed == READING:
        c, n, line = s.var(("c", "ch")), s.var(("n", "total", "count")), s.var(("line", "chunk"))
        lines = f'FILE *{fp} = fopen({path}, "{s.one("r", "rb")}");\nif ({fp} == NULL) return -1;\n' + s.one(
            f"int {c};\nwhile (({c} = fgetc({fp})) != EOF) {{\nputchar({c});\n}}\nfclose({fp});\nreturn 0;",
            f"char {line}[256];\nwhile (fgets({line}, sizeof({line}), {fp}) != NULL) {{\nfputs({line}, stdout);\n}}\nfclose({fp});\nreturn 0;",
            f"char {line}[512];\nsize_t {n} = fread({line}, 1, sizeof({line}), {fp});\nfwrite({line}, 1, {n}, stdout);\nfclose({fp});\nreturn (int){n};",
        )
    elif deed == WRITING:
        word = s.word("texts")
        lines = f'FILE *{fp} = fopen({path}, "{s.one("w", "a")}");\nif ({fp} == NULL) return -1;\n' + s.one(
            f'fputs("{word}\\n", {fp});\nreturn fclose({fp});',
            f'fprintf({fp}, "%s 1\\n", "{word}");\nfclose({fp});\nreturn 0;',
        )
    else:
        lines = s.one(f"return unlink({path});", f"return remove({path});", f"if (unlink({path}) != 0) return -1;\nreturn 0;")
    return CSink(lines=lines, deed=deed)


def c_plain(s: Scene, name: str) -> str:
    """A right condition in C: it is true for every name that could leave the folder."""
    return s.one(
        f"strchr({name}, '/') != NULL",
        f"strchr({name}, '/')",
        f'strstr({name}, "..") != NULL',
        f'strstr({name}, "..")',
        f'strpbrk({name}, "/\\\\") != NULL',
        f'strcspn({name}, "/") != strlen({name})',
    )


def c_idle(s: Scene, name: str) -> str:
    """A condition in C that is false for a name such as ./../x."""
    return s.one(
        f"{name}[0] == '\\0'",
        f"{name}[0] == '/'",
        f"strlen({name}) > {s.one('64', '80', '100')}",
        f'strncmp({name}, "..", 2) == 0',
        f'strncmp({name}, "../", 3) == 0',
        f'strcmp({name}, "..") == 0',
        f"strchr({name}, '\\\\') != NULL",
        f"strchr({name}, '~')",
        f'strstr({name}, "//") != NULL',
        f'strcmp({name}, ".") == 0',
    )


def c_refuse(s: Scene, condition: str) -> str:
    return s.reject(condition, "return -1;") + "\n"
