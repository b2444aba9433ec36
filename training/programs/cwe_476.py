"""CWE-476, null pointer dereference."""

from collections.abc import Callable

from training.programs import words
from training.programs.scene import Draft, Scene, alt

NO_WRITE = {"CWE-787": "Every write stays inside its buffer: the size is known where the write happens."}


def allocation_unchecked(s: Scene) -> Draft:
    number = s.var(s.domain.numbers)
    owner, p = s.struct([f"int {number};"], 3)
    value = s.var(words.VALUE)
    alloc = s.one(f"malloc(sizeof(*{p}))", f"calloc(1, sizeof({owner}))", f"malloc(sizeof({owner}))")
    idle = s.one("", f"if ({value} < 0) return NULL;", f"if ({value} == 0) {value} = 1;")
    body = f"{owner} *{p} = {alloc};\n{alt(idle, f'if ({s.one(p + chr(32) + chr(61) * 2 + chr(32) + chr(78) + chr(85) + chr(76) + chr(76), chr(33) + p)}) return NULL;')}\n{p}->{number} = {value};\nreturn {p};"
    s.function(f"{owner} *", s.func(("new", "create", "make", "alloc")), [f"int {value}"], body)
    return Draft(
        hardness="clear",
        vulnerable=f"The result of the allocation is not checked. When it fails, {p} is NULL and {p}->{number} is written through it.",
        patched=f"{p} is checked right after the allocation and used only when it is not NULL.",
        absent=NO_WRITE,
    )


def lookup_unchecked(s: Scene) -> Draft:
    """A search that can end without a hit; the caller must test."""
    number, key = s.var(s.domain.numbers), s.var(("key", "wanted", "id", "code"))
    limit = s.limit()
    owner, p = s.struct([f"int {key};", f"int {number};"], 2)
    name, i, find = s.items(), s.var(words.LOOP), s.func(("find", "lookup", "get"))
    s.globals.append(f"static {owner} {name}[{limit}];")
    s.function(
        f"{owner} *",
        find,
        [f"int {key}"],
        f"for (int {i} = 0; {i} < {limit}; {i}++) {{\nif ({name}[{i}].{key} == {key}) return &{name}[{i}];\n}}\nreturn NULL;",
    )
    value = s.var(words.VALUE)
    idle = s.one("", f"if ({value} < 0) return -1;", f"if ({key} < 0) return -1;")
    write = s.one(f"{p}->{number} = {value};\nreturn 0;", f"return {p}->{number} + {value};")
    if s.chance(0.3):
        check = alt(
            f"{write.split(chr(10))[0] if 'return 0' in write else f'{p}->{number} += {value};'}\nif ({p} == NULL) return -1;",
            f"if ({p} == NULL) return -1;\n{write.split(chr(10))[0] if 'return 0' in write else f'{p}->{number} += {value};'}",
        )
        tail = "return 0;"
    else:
        check, tail = alt(idle, f"if ({p} == NULL) return -1;"), write
    s.function("int", s.func(words.SETTERS), [f"int {key}", f"int {value}"], f"{owner} *{p} = {find}({key});\n{check}\n{tail}")
    return Draft(
        hardness="hard",
        vulnerable=f"{find} returns NULL when nothing matches, and {p} is used before that is tested.",
        patched=f"{p} is tested for NULL before it is followed, so a missing {key} is refused.",
        absent=NO_WRITE,
    )


def library_result_unchecked(s: Scene) -> Draft:
    """fopen, strchr, getenv and others answer NULL."""
    r, arg = s.var(("p", "found", "res", "hit", "ptr")), s.text()
    mode = s.one("strchr", "fopen", "getenv", "strtok", "strrchr")
    char = s.one("':'", "'='", "'@'", "'.'")
    call, kind, use = {
        "strchr": (f"strchr({arg}, {char})", "char *", s.one(f"*{r} = '\\0';\nreturn 0;", f"return (int)(*({r} + 1));")),
        "strrchr": (f"strrchr({arg}, {char})", "char *", f"return {r}[1] == '\\0';"),
        "fopen": (f'fopen({arg}, "r")', "FILE *", f"int first = fgetc({r});\nfclose({r});\nreturn first;"),
        "getenv": (f"getenv({arg})", "const char *", f"return (int)strlen({r});"),
        "strtok": (f'strtok({arg}, ",")', "char *", f"return atoi({r});"),
    }[mode]
    idle = s.one("", f"if ({arg}[0] == '\\0') return -1;", f"if ({arg} == NULL) return -1;")
    good = f"if ({r} == NULL) return -1;"
    if s.chance(0.4) and idle:
        body = alt(f"{idle}\n{kind}{r} = {call};", f"{kind}{r} = {call};\n{good}") + f"\n{use}"
    else:
        body = s.one("", f"if ({arg} == NULL) return -1;") + f"\n{kind}{r} = {call};\n{alt('', good)}\n{use}"
    s.function("int", s.func(words.COPIERS, "texts"), [f"char *{arg}"], body)
    return Draft(
        hardness="clear",
        vulnerable=f"{mode} can return NULL, and {r} is used without a test. That dereferences a null pointer.",
        patched=f"{r} is tested for NULL after {mode}, before it is used.",
        absent=NO_WRITE,
    )


def wrong_connective(s: Scene) -> Draft:
    """`||` where `&&` was meant, or the test behind the use."""
    text, number = s.text(), s.var(s.domain.numbers)
    owner, p = s.struct([f"const char *{text};", f"int {number};"], 2)
    mode = s.one("connective", "order")
    if mode == "connective":
        body = (
            f"if ({p} {alt('!= NULL ||', '!= NULL &&')} {p}->{number} > {s.rng.randint(0, 9)}) return 1;\nreturn 0;"
            if s.chance(0.5)
            else f"if ({p} == NULL {alt('&&', '||')} {p}->{number} == 0) return 0;\nreturn 1;"
        )
    else:
        body = (
            alt(f"int v = {p}->{number};\nif ({p} == NULL) return -1;", f"if ({p} == NULL) return -1;\nint v = {p}->{number};")
            + "\nreturn v * 2;"
        )
    s.function("int", s.func(("check", "has", "is", "get")), [f"const {owner} *{p}"], body)
    return Draft(
        hardness="hard",
        vulnerable=f"When {p} is NULL, {p}->{number} is still read: the test does not come between.",
        patched=f"{p}->{number} is read only after {p} was found not to be NULL.",
        absent={"CWE-787": "The code writes to no array or buffer, so no write can leave one."},
    )


def optional_callback(s: Scene) -> Draft:
    hook, value = s.var(("on_done", "callback", "handler", "hook", "notify")), s.var(words.VALUE)
    owner, p = s.struct([f"void (*{hook})(int);"], 3)
    s.function(
        "void",
        s.func(("fire", "run", "emit", "finish")),
        [f"{owner} *{p}", f"int {value}"],
        f"{alt(s.one(f'if ({p} == NULL) return;', f'if ({value} < 0) return;'), f'if ({p} == NULL || {p}->{hook} == NULL) return;')}\n{p}->{hook}({value});",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{hook} may be unset, and it is called without a test for NULL.",
        patched=f"{p} and {hook} are both tested for NULL before the call.",
        absent={"CWE-787": "The code writes to no array or buffer, so no write can leave one."},
    )


def promised_pointer(s: Scene) -> Draft:
    number = s.var(s.domain.numbers)
    owner, p = s.struct([f"int {number};"], 2)
    get = s.join(s.word("things"), "current")
    s.functions.append(f"{owner} *{get}(void);")
    s.function(
        "int", s.func(("read", "get", "load")), [], f"{owner} *{p} = {get}();\n{alt('', f'{p}->{number}++;')}\nreturn {p}->{number};"
    )
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{get} may return NULL, and {p} is not tested. Its definition is not shown.",
        patched=f"Nothing shown here says that {get} can return NULL, so {p} appears to be valid.",
        absent={"CWE-787": "The code writes to no array or buffer, so no write can leave one."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (allocation_unchecked, lookup_unchecked, library_result_unchecked, wrong_connective, optional_callback, promised_pointer)
}
HELD_OUT: tuple[str, ...] = ("optional_callback",)
