"""A scene: the domain, names and habits in which one pair of programs is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from training.programs import words
from training.programs.layout import Layout
from training.programs.records import Hardness


def alt(vulnerable: str, patched: str) -> str:
    """A place where the halves of the pair differ. An empty side on a line of its own drops that line."""
    return f"\x01{vulnerable or chr(4)}\x02{patched or chr(4)}\x03"


_ALT = re.compile("\x01(.*?)\x02(.*?)\x03", re.DOTALL)


def resolve(text: str, half: int) -> str:
    """The text of one half: 1 the vulnerable, 2 the patched."""
    chosen = _ALT.sub(lambda found: found.group(half), text)
    if "\x04" not in chosen:
        return chosen
    return "\n".join(line.replace("\x04", "") for line in chosen.split("\n") if line.strip() != "\x04")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A size: how code writes it, and its number."""

    ref: str
    value: int

    def __str__(self) -> str:
        return self.ref


@dataclass(frozen=True, kw_only=True)
class Array:
    """Where an array lives: `expr` writes it, `parameter` and `local` bring it into a function, `use` reads it back."""

    expr: str
    name: str
    element: str
    limit: Limit
    bound: str
    parameter: str
    local: str
    use: str


@dataclass(frozen=True, kw_only=True)
class Returns:
    """How a function reports failure and success."""

    type: str
    fail: str
    done: str


@dataclass(kw_only=True)
class Draft:
    """What a family gives: reasons for either verdict. The code itself gathers in the scene."""

    hardness: Hardness
    vulnerable: str
    patched: str
    absent: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A test: when the code goes on, and the same said the other way round."""

    accept: str
    reject: str


def holds(expression: str) -> Condition:
    """The condition that a Python expression is true."""
    return Condition(accept=expression, reject=f"not {expression}")


def lines(*parts: str) -> str:
    """The parts on lines of their own; empty ones leave none."""
    return "\n".join(part for part in parts if part)


class Scene:
    """Draws names, sizes and habits, and gathers the parts of a program."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.domain = rng.choice(words.DOMAINS)
        self.layout = Layout.draw(rng)
        self.camel = rng.random() < 0.2
        self.prefixed = rng.random() < 0.3
        self.static = rng.random() < 0.4
        self.commented = rng.random() < 0.4
        self.limit_style = rng.choice(("define", "define", "define", "enum", "literal"))
        self.used: set[str] = set()
        self.limits: list[str] = []
        self.types: list[str] = []
        self.globals: list[str] = []
        self.functions: list[str] = []
        self.python = ""

    # choice

    def one(self, *options: str) -> str:
        return self.rng.choice(options)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # names

    def _free(self, name: str) -> str:
        candidate = name
        number = 2
        while candidate in self.used or candidate in words.RESERVED:
            candidate = f"{name}{number}" if name not in words.RESERVED or number > 2 else f"{name}_{self.rng.choice('abnxz')}"
            number += 1
        self.used.add(candidate)
        return candidate

    def join(self, *parts: str) -> str:
        """The parts as one identifier in this author's style."""
        pieces = [piece for part in parts for piece in part.split("_") if piece]
        if self.camel:
            return pieces[0] + "".join(piece.capitalize() for piece in pieces[1:])
        return "_".join(pieces)

    def word(self, kind: str) -> str:
        pool: Sequence[str] = getattr(self.domain, kind)
        return self.rng.choice(pool)

    def var(self, role: Sequence[str], kind: str = "") -> str:
        """A variable for a role, sometimes with a word of the domain before it, sometimes that word alone."""
        roll = self.rng.random()
        plain = self.rng.choice(role)
        if kind and roll < 0.35:
            return self._free(self.join(self.word(kind)))
        if kind and roll < 0.55:
            return self._free(self.join(self.word(kind), plain))
        return self._free(self.join(plain))

    def text(self) -> str:
        """A string variable named after what it holds."""
        if self.chance(0.6):
            return self._free(self.join(self.word("texts")))
        return self._free(self.join(self.word("texts"), self.rng.choice(("buf", "copy", "str", "text", "out"))))

    def items(self) -> str:
        """The name of an array of things."""
        item = self.word("items")
        return self._free(
            self.join(*self.rng.choice(((item + "s",), (item + "s",), (item, "table"), (item, "list"), ("table",), ("all", item + "s"))))
        )

    def func(self, verbs: Sequence[str], kind: str = "items") -> str:
        verb = self.rng.choice(verbs)
        noun = self.word(kind)
        parts: tuple[str, ...] = (verb, noun)
        if self.prefixed:
            parts = (self.domain.things[0], verb, noun) if self.chance(0.5) else (self.domain.things[0], verb)
        elif self.chance(0.2):
            parts = (noun, verb)
        return self._free(self.join(*parts))

    def type_name(self) -> str:
        return self._free(
            self.word("things") if self.chance(0.6) else self.join(self.word("things"), self.one("state", "info", "ctx", "data"))
        )

    # sizes

    def limit(
        self, values: Sequence[int] = (8, 10, 12, 16, 20, 24, 32, 40, 48, 50, 64, 80, 100, 128, 256), words_: Sequence[str] = ()
    ) -> Limit:
        value = self.rng.choice(tuple(values))
        if self.limit_style == "literal":
            return Limit(ref=str(value), value=value)
        noun = self.rng.choice(tuple(words_) or (self.word("items"), self.word("texts"), self.word("things"))).upper()
        ref = self._free(
            self.rng.choice((f"MAX_{noun}S", f"{noun}_MAX", f"{noun}_SIZE", f"{noun}_LEN", f"NUM_{noun}S", f"{noun}_COUNT", f"MAX_{noun}"))
        )
        self.limits.append(f"#define {ref} {value}" if self.limit_style == "define" else f"enum {{ {ref} = {value} }};")
        return Limit(ref=ref, value=value)

    def other_limit(self, limit: Limit, *, larger: bool = True) -> Limit:
        """Another size of the same program, above or below `limit`."""
        value = limit.value * self.rng.choice((2, 4)) if larger else max(2, limit.value // self.rng.choice((2, 4)))
        return self.limit((value,))

    # arrays

    def array(self, element: str, limit: Limit, name: str = "", kinds: Sequence[str] = ("local", "global", "field")) -> Array:
        """Declares an array of `limit` elements somewhere a function can reach it."""
        name = name or (self.text() if element == "char" else self.items())
        kind = self.rng.choice(tuple(kinds))
        if kind == "global":
            self.globals.append(f"{self.one('static ', 'static ', '')}{element} {name}[{limit}];")
            expr, parameter, local, use = name, "", "", ""
        elif kind == "field":
            owner, handle = self.struct([f"{element} {name}[{limit}];"])
            expr, parameter, local, use = f"{handle}->{name}", f"{owner} *{handle}", "", ""
        else:
            expr, parameter, local = name, "", f"{element} {name}[{limit}]{self.one('', '', ' = {0}')};\n"
            use = self.consume(element, name)
        bound = str(limit)
        if element in ("char", "unsigned char", "uint8_t") and self.chance(0.5):
            bound = f"sizeof({expr})" if self.chance(0.7) else f"sizeof {expr}"
        return Array(expr=expr, name=name, element=element, limit=limit, bound=bound, parameter=parameter, local=local, use=use)

    def struct(self, fields: list[str], extra: int = 3) -> tuple[str, str]:
        """Declares a struct around the fields. Returns how the type is written and a name for a pointer to it."""
        fields = list(fields)
        names = self.rng.sample(self.domain.numbers, self.rng.randint(0, min(extra, len(self.domain.numbers))))
        for number in names:
            fields.insert(
                self.rng.randint(0, len(fields)),
                f"{self.one('int', 'int', 'unsigned', 'long', 'uint32_t')} {number}_{self.one('no', 'val', 'id')};",
            )
        name = self.type_name()
        body = "\n".join(fields)
        if self.chance(0.5):
            self.types.append(f"struct {name} {{\n{body}\n}};")
            written = f"struct {name}"
        else:
            written = self._free(self.one(f"{name}_t", name.capitalize()))
            self.types.append(f"typedef struct {{\n{body}\n}} {written};")
        return written, self._free(self.rng.choice((*words.HANDLE, name[0])))

    def consume(self, element: str, expr: str) -> str:
        """A statement that reads an array back, so that a local one is there for something."""
        if element == "char":
            return self.one(
                f'printf("%s\\n", {expr});\n',
                f"puts({expr});\n",
                f'printf("{self.word("texts")}: %s\\n", {expr});\n',
                f"{self.word('things')}_submit({expr});\n",
            )
        return self.one(
            f"{self.word('things')}_flush({expr});\n", f"use_{self.word('items')}s({expr});\n", f"{self.word('things')}_send({expr});\n"
        )

    # functions

    def returns(self) -> Returns:
        return self.rng.choice(
            (
                Returns(type="int", fail="return -1;", done="return 0;\n"),
                Returns(type="int", fail="return -1;", done="return 0;\n"),
                Returns(type="void", fail="return;", done=""),
                Returns(type="void", fail="return;", done=""),
                Returns(type="int", fail="return 0;", done="return 1;\n"),
                Returns(type="bool", fail="return false;", done="return true;\n"),
                Returns(type="int", fail=f"return {self.one('-EINVAL', 'ERR_RANGE', '-2', 'EOF')};", done="return 0;\n"),
            )
        )

    def function(self, returns: str, name: str, parameters: Sequence[str], body: str, *, static: bool | None = None) -> None:
        listed = ", ".join(part for part in parameters if part) or "void"
        lead = "static " if (self.static if static is None else static) and name != "main" else ""
        self.functions.append(f"{lead}{returns} {name}({listed}) {{\n{body.strip(chr(10))}\n}}")

    def reject(self, condition: str, fail: str) -> str:
        """A guard that leaves the function."""
        if not condition:
            return ""
        if self.chance(0.12):
            note = self.one(
                f'fprintf(stderr, "bad {self.word("items")}\\n");', f'puts("invalid {self.word("numbers")}");', "errno = EINVAL;"
            )
            return f"if ({condition}) {{\n{note}\n{fail}\n}}"
        return f"if ({condition}) {fail}"

    def comment(self, *texts: str) -> str:
        """A comment line, for authors who write them."""
        if not (self.commented and self.chance(0.6)):
            return ""
        text = self.rng.choice(texts)
        return f"/* {text} */\n" if self.chance(0.5) else f"// {text}\n"
