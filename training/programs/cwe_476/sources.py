"""What the families share: where a pointer that may be NULL comes from, and how code tests for it."""

from dataclasses import dataclass

from training.programs import words
from training.programs.scene import Condition, Scene, alt

NO_WRITE = {"CWE-787": "Every write stays inside its buffer: the size is known where the write happens."}
NO_ARRAY = {"CWE-787": "The code writes to no array or buffer, so no write can leave one."}


@dataclass(frozen=True, kw_only=True)
class Finder:
    """A function that looks for a record and returns NULL when there is none. `p` is a name for what it returns."""

    name: str
    owner: str
    p: str
    key: str
    parameter: str
    number: str
    why: str
    by_text: bool


@dataclass(frozen=True, kw_only=True)
class Source:
    """A pointer that may be NULL: the call that gives it, statements that follow it, and an int read through it."""

    parameters: tuple[str, ...]
    kind: str
    p: str
    call: str
    use: str
    value: str
    why: str
    idle: Condition


def null(s: Scene, *pointers: str) -> Condition:
    """Any of the pointers is NULL."""
    short = s.chance(0.3)
    return Condition(
        reject=" || ".join(f"!{p}" if short else f"{p} == NULL" for p in pointers),
        accept=" && ".join(p if short else f"{p} != NULL" for p in pointers),
    )


def any_of(first: Condition, second: Condition) -> Condition:
    return Condition(reject=f"{first.reject} || {second.reject}", accept=f"{first.accept} && {second.accept}")


def beside(s: Scene, *, numbers: tuple[str, ...] = (), texts: tuple[str, ...] = ()) -> Condition:
    """A test of something else, beside the point."""
    options: list[Condition] = []
    top = s.rng.choice((99, 100, 255, 1000, 4096, 65535))
    for number in numbers:
        options += [
            Condition(reject=f"{number} < 0", accept=f"{number} >= 0"),
            Condition(reject=f"{number} < 0 || {number} > {top}", accept=f"{number} >= 0 && {number} <= {top}"),
            Condition(reject=f"{number} == 0 || {number} > {top}", accept=f"{number} != 0 && {number} <= {top}"),
            Condition(reject=f"{number} > {top}", accept=f"{number} <= {top}"),
        ]
    for text in texts:
        options += [
            Condition(reject=f"{text}[0] == '\\0'", accept=f"{text}[0] != '\\0'"),
            Condition(reject=f"strlen({text}) > {top}", accept=f"strlen({text}) <= {top}"),
            Condition(reject=f"{text}[0] == '#' || {text}[0] == '\\n'", accept=f"{text}[0] != '#' && {text}[0] != '\\n'"),
            Condition(reject=f"strlen({text}) == 0", accept=f"strlen({text}) > 0"),
        ]
    return s.rng.choice(options)


def behind(s: Scene, bad: Condition, good: Condition, body: str, fail: str, *, wrapped: float = 0.35) -> str:
    """`body` behind the test beside the point in one half, and behind the one that counts in the other."""
    if not s.chance(wrapped):
        return alt(s.reject(bad.reject, fail), s.reject(good.reject, fail)) + f"\n{body}\n"
    opening = alt(f"if ({bad.accept}) {{", f"if ({good.accept}) {{")
    return f"{opening}\n{body}\n}}\n"


def harmless(s: Scene) -> str:
    """Sometimes a search without a test that surely finds what it looks for."""
    if s.chance(0.75):
        return ""
    a, b, text = s.word("texts"), s.word("numbers"), s.var(("units", "form", "banner", "caption"))
    return s.one(
        f"const char *{text} = \"{a}/{b}\";\nputs(strchr({text}, '/') + 1);\n",
        f"char {text}[] = \"{a}:{b}\";\n*strchr({text}, ':') = ' ';\nputs({text});\n",
        f"putchar(*strrchr(\"{a}.{b}\", '.'));\n",
    )


def linked(s: Scene, *fields: str) -> tuple[str, str]:
    """A struct with a pointer to the next of its kind. How the type is written, and the field."""
    name = s.type_name()
    field = s.one("next", "next", "next", "link")
    s.types.append(f"struct {name} {{\n" + "\n".join(fields) + f"\nstruct {name} *{field};\n}};")
    return f"struct {name}", field


def finder(s: Scene, *fields: str, by_text: bool | None = None) -> Finder:
    """Puts a table or list and the function that searches it into the scene."""
    texts = s.chance(0.5) if by_text is None else by_text
    key = s.text() if texts else s.var(("key", "wanted", "code", "number", "ident"))
    number, find = s.var(s.domain.numbers), s.func(("find", "lookup", "get", "search", "locate"))
    parameter = f"const char *{key}" if texts else f"int {key}"
    own = [f"char {key}[{s.rng.choice((16, 24, 32))}];" if texts else f"int {key};", f"int {number};", *fields]
    it = s.var(("it", "e", "cur", "row", "entry"))

    def hit(of: str, sign: str = "==") -> str:
        return f"strcmp({of}{key}, {key}) {sign} 0" if texts else f"{of}{key} {sign} {key}"

    if s.chance(0.4):
        owner, step = linked(s, *own)
        p = s.var((*words.HANDLE, "found", "rec"))
        head = s.var(("head", "first", "all", "root"), "items")
        s.globals.append(f"static {owner} *{head};")
        search = s.one(
            f"for ({owner} *{it} = {head}; {it} != NULL; {it} = {it}->{step}) {{\nif ({hit(it + '->')}) return {it};\n}}\nreturn NULL;",
            f"{owner} *{it} = {head};\nwhile ({it} != NULL && {hit(it + '->', '!=')}) {{\n{it} = {it}->{step};\n}}\nreturn {it};",
        )
    else:
        owner, p = s.struct(own, 2)
        table, i, limit = s.items(), s.var(words.LOOP), s.limit()
        s.globals.append(f"static {owner} {table}[{limit}];")
        end = str(limit)
        if s.chance(0.4):
            end = s.var(words.COUNT)
            s.globals.append(f"static int {end};")
        search = f"for (int {i} = 0; {i} < {end}; {i}++) {{\n" + s.one(
            f"if ({hit(f'{table}[{i}].')}) return &{table}[{i}];\n}}\nreturn NULL;",
            f"{owner} *{it} = &{table}[{i}];\nif ({hit(it + '->')}) return {it};\n}}\nreturn NULL;",
            f"if ({hit(f'{table}[{i}].')}) {{\nreturn {table} + {i};\n}}\n}}\nreturn NULL;",
        )
    s.function(owner, f"*{find}", [parameter], search)
    return Finder(
        name=find,
        owner=owner,
        p=p,
        key=key,
        parameter=parameter,
        number=number,
        why=f"{find} returns NULL when nothing matches {key}",
        by_text=texts,
    )


def source(s: Scene) -> Source:
    """A lookup of the program or of the C library."""
    mode = s.one("finder", "finder", "finder", "char", "char", "getenv")
    if mode == "finder":
        f = finder(s)
        step = s.one("++", "--", f" += {s.rng.randint(2, 9)}", " = 0")
        return Source(
            parameters=(f.parameter,),
            kind=f"{f.owner} *",
            p=f.p,
            call=f"{f.name}({f.key})",
            use=f"{f.p}->{f.number}{step};",
            value=s.one(f"{f.p}->{f.number}", f"{f.p}->{f.number} * 2", f"{f.p}->{f.number} + 1"),
            why=f.why,
            idle=beside(s, texts=(f.key,)) if f.by_text else beside(s, numbers=(f.key,)),
        )
    p, text = s.var(("p", "found", "hit", "sep", "mark", "pos", "end")), s.text()
    idle = beside(s, texts=(text,))
    if mode == "getenv":
        return Source(
            parameters=(f"const char *{text}",),
            kind="const char *",
            p=p,
            call=f"getenv({text})",
            use=s.one(f'printf("%zu\\n", strlen({p}));', f"if ({p}[0] == '/') puts(\"{s.word('texts')}\");"),
            value=s.one(f"atoi({p})", f"(int)strlen({p})", f"{p}[0]"),
            why=f"getenv returns NULL when {text} is not set",
            idle=idle,
        )
    char = s.one("':'", "'='", "'@'", "'.'", "'/'", "','")
    call = s.one(
        f"strchr({text}, {char})", f"strrchr({text}, {char})", f'strstr({text}, "{char[1]}{char[1]}")', f'strpbrk({text}, "{char[1]};")'
    )
    return Source(
        parameters=(f"char *{text}",),
        kind="char *",
        p=p,
        call=call,
        use=s.one(f"*{p} = '\\0';", f"{p}[0] = '{s.one('_', ' ', '-')}';", f"*{p}++ = '\\0';"),
        value=s.one(f"*{p}", f"(int)strlen({p})", f"{p}[0] - '0'", f"(unsigned char)*{p}"),
        why=f"{call.split('(')[0]} returns NULL when {text} does not hold what it looks for",
        idle=idle,
    )
