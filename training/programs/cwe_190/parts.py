"""What the families share: numbers from outside, checks that miss, results that are used."""

from collections.abc import Sequence

from training.programs import words
from training.programs.scene import Scene, alt

COUNTS = ("count", "n", "num", "total", "entries", "nitems", "amount", "how_many")
BYTES = ("bytes", "size", "need", "nbytes", "alloc_size", "room", "needed")
MAKERS = ("new", "alloc", "make", "create", "load", "read", "prepare")
NULL_FREE = {"CWE-476": "The result of the allocation is checked before it is used."}
NO_WRITE = {"CWE-787": "The code writes to no array or buffer, so no write can leave one."}
FORMATS = {"int": "%d", "unsigned": "%u", "uint32_t": "%u", "uint16_t": "%hu", "size_t": "%zu", "uint64_t": "%lu"}


def bring(s: Scene, kind: str, names: Sequence[str], fail: str) -> tuple[list[str], str]:
    """Parameters and opening lines that bring numbers of a type from outside."""
    shape = s.one("plain", "plain", "plain", "text", "struct", "struct", "bytes", "file")
    declared = f"{kind} {', '.join(names)};"
    if shape == "text":
        text = s.text()
        if len(names) == 1 and s.chance(0.7):
            call = s.one(f"atoi({text})", f"(int)strtol({text}, NULL, 10)") if kind == "int" else f"({kind})strtoul({text}, NULL, 10)"
            return [f"const char *{text}"], f"{kind} {names[0]} = {call};\n"
        form = s.one(" ", "x", ",", ":").join([FORMATS[kind]] * len(names))
        targets = ", ".join(f"&{name}" for name in names)
        return [f"const char *{text}"], f'{declared}\nif (sscanf({text}, "{form}", {targets}) != {len(names)}) {fail}\n'
    if shape == "struct":
        owner, handle = s.struct([f"{kind} {name};" for name in names])
        return [f"const {owner} *{handle}"], "".join(f"{kind} {name} = {handle}->{name};\n" for name in names)
    if shape == "bytes":
        raw = s.var(("raw", "wire", "hdr", "head", "packet"))
        places = ["", *(" + ".join(["", *[f"sizeof({kind})"] * number]) for number in range(1, len(names)))]
        copies = "".join(f"memcpy(&{name}, {raw}{place}, sizeof({name}));\n" for name, place in zip(names, places, strict=True))
        return [f"const unsigned char *{raw}"], f"{declared}\n{copies}"
    if shape == "file":
        fp = s.var(("fp", "file", "in", "f"))
        reads = s.one(" || ").join(f"fread(&{name}, sizeof({name}), 1, {fp}) != 1" for name in names)
        return [f"FILE *{fp}"], f"{declared}\nif ({reads}) {fail}\n"
    return [f"{kind} {name}" for name in names], ""


def top(s: Scene, kind: str) -> str:
    """The largest value of a type, as authors write it."""
    written = s.one(
        *{
            "int": ("INT_MAX", "INT_MAX", "0x7fffffff"),
            "size_t": ("SIZE_MAX", "SIZE_MAX", "(size_t)-1"),
            "uint32_t": ("UINT32_MAX", "UINT32_MAX", "0xffffffffu"),
            "unsigned": ("UINT_MAX", "0xffffffffu", "(unsigned)-1"),
            "uint16_t": ("UINT16_MAX", "0xffff", "65535"),
            "unsigned short": ("65535", "0xffff"),
            "uint8_t": ("UINT8_MAX", "0xff", "255"),
            "unsigned char": ("255", "0xff"),
        }[kind]
    )
    if written in ("INT_MAX", "UINT_MAX"):
        include_limits(s)
    return written


def with_article(kind: str) -> str:
    return f"an {kind}" if kind.startswith("unsigned") else f"a {kind}"


def include_limits(s: Scene) -> None:
    if "#include <limits.h>" not in s.limits:
        s.limits.insert(0, "#include <limits.h>")


def note(s: Scene) -> str:
    word = s.word("items")
    return s.one(
        f'fprintf(stderr, "bad {word} count\\n");',
        f'fprintf(stderr, "{word}: out of range\\n");',
        f'fputs("{word} too large\\n", stderr);',
        f'puts("invalid {s.word("numbers")}");',
        f'printf("odd {word}\\n");',
    )


def leave(condition: str, fail: str, said: str = "") -> str:
    if not condition:
        return ""
    return f"if ({condition}) {{\n{said}\n{fail}\n}}" if said else f"if ({condition}) {fail}"


def trade(s: Scene, wrong: str, right: str, fail: str) -> str:
    """A check that misses in one half, the right one in the other. Either may say why it leaves."""
    said, talk = note(s), s.one("none", "none", "both", "wrong", "wrong", "right")
    return (
        alt(
            leave(wrong, fail, said if talk in ("both", "wrong") else ""),
            leave(right, fail, said if talk in ("both", "right") else ""),
        )
        + "\n"
    )


def misguided(s: Scene, right: str, wrong: Sequence[tuple[str, str]], fail: str, silent: float = 0.2) -> tuple[str, str]:
    """A check that misses against the right one, and why it misses. Sometimes it is the right test that does not leave."""
    if s.chance(silent):
        said = note(s)
        if s.chance(0.5):
            return alt(f"if ({right}) {said}", f"if ({right}) {fail}") + "\n", "the check only prints a message and goes on"
        return (
            f"if ({right}) {{\n" + alt(said, fail) + "\n}\n",
            "the check prints a message but does not leave",
        )
    condition, why = s.rng.choice(list(wrong))
    return trade(s, condition, right, fail), why


def element(s: Scene) -> tuple[str, str]:
    """A type of at least four bytes, and how one number in it is reached after the index."""
    if s.chance(0.4):
        field = s.var(s.domain.numbers)
        owner, _ = s.struct([f"{s.one('int', 'uint32_t', 'double')} {field};"], 2)
        return owner, f".{field}"
    return s.one("int", "double", "uint32_t", "long", "uint64_t", "float"), ""


def allocated(s: Scene, kind: str, name: str, call: str, fail: str = "return NULL;") -> str:
    cast = s.one("", "", f"({kind} *)")
    return f"{kind} *{name} = {cast}{call};\nif ({s.one(f'{name} == NULL', f'!{name}')}) {fail}\n"


def filled(s: Scene, name: str, part: str, n: str, kind: str = "size_t") -> str:
    i = s.var(words.LOOP)
    value = s.one("0", "1", f"{i}", "-1", f"{i} + 1")
    return s.one(
        f"for ({kind} {i} = 0; {i} < {n}; {i}++) {{\n{name}[{i}]{part} = {value};\n}}\n",
        f"for ({kind} {i} = 0; {i} != {n}; ++{i}) {{\n{name}[{i}]{part} = {value};\n}}\n",
        f"{kind} {i} = 0;\nwhile ({i} < {n}) {{\n{name}[{i}]{part} = {value};\n{i}++;\n}}\n",
    )
