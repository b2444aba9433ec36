"""CWE-416, use after free."""

from collections.abc import Callable

from training.programs import words
from training.programs.scene import Draft, Scene, alt

NO_WRITE = {"CWE-787": "Every copy is given the size of its target, and nothing is written past the end of a buffer."}


def _owned(s: Scene) -> tuple[str, str, str, str]:
    """A struct with a text and a number. Type, pointer, text, number."""
    text, number = s.text(), s.var(s.domain.numbers)
    owner, p = s.struct([f"char {text}[{s.rng.choice((16, 32, 64))}];", f"int {number};"], 2)
    return owner, p, text, number


def _reads(s: Scene, p: str, text: str, number: str) -> str:
    return s.one(
        f'printf("%s\\n", {p}->{text});',
        f'printf("%d\\n", {p}->{number});',
        f'fprintf(stderr, "done %d\\n", {p}->{number});',
        f"last_{number} = {p}->{number};",
        f"total_{number} += {p}->{number};",
    )


def _with_global(s: Scene, line: str) -> str:
    for prefix in ("last_", "total_"):
        if line.startswith(prefix):
            s.globals.append(f"static int {line.split(' ')[0]};")
    return line


def free_before_use(s: Scene) -> Draft:
    """The two statements are in the wrong order."""
    owner, p, text, number = _owned(s)
    use = _with_global(s, _reads(s, p, text, number))
    returns = s.returns()
    lead = s.one(f"if ({p} == NULL) {returns.fail}\n", f"if (!{p}) {returns.fail}\n", f"if (!{p}) {returns.fail}\n{p}->{number}--;\n")
    between = s.one("", "", "closed_count++;\n")
    if between:
        s.globals.append("static int closed_count;")
    body = lead + alt(f"free({p});\n{between}{use}", f"{use}\n{between}free({p});") + "\n" + returns.done
    s.function(returns.type, s.func(("close", "release", "drop", "destroy", "finish")), [f"{owner} *{p}"], body)
    return Draft(
        hardness="clear",
        vulnerable=f"{p} is freed first and then read again. The memory is no longer valid at that point.",
        patched=f"{p} is read while it is still valid, and free comes last.",
        absent={**NO_WRITE, "CWE-476": f"{p} is checked for NULL before it is used."},
    )


def list_next_after_free(s: Scene) -> Draft:
    owner_name = s.type_name()
    owner, p, nxt, number = (
        f"struct {owner_name}",
        s.var(("node", "cur", "p", "it", "e")),
        s.var(("next", "following", "after", "tmp")),
        s.var(s.domain.numbers),
    )
    s.types.append(f"{owner} {{\nint {number};\n{owner} *next;\n}};")
    head = s.var(("head", "list", "first", "root"))
    with_sum = s.chance(0.5)
    note = f'printf("%d\\n", {p}->{number});' if with_sum else ""
    lead = f"{owner} *{p} = {head};\n{owner} *{nxt};\nwhile ({p} != NULL) {{\n{note}\n"
    good = f"{nxt} = {p}->next;\nfree({p});\n{p} = {nxt};"
    bad = f"free({p});\n{nxt} = {p}->next;\n{p} = {nxt};"
    s.function("void", s.func(("free", "clear", "destroy", "drop")), [f"{owner} *{head}"], lead + alt(bad, good) + "\n}")
    return Draft(
        hardness="hard",
        vulnerable=f"The loop frees {p} and then reads {p}->next. The freed node is used.",
        patched=f"The loop saves {p}->next before it frees {p}, so no freed node is read.",
        absent={
            "CWE-787": "The code writes to no array or buffer, so no write can leave one.",
            "CWE-476": f"The loop ends when {p} is NULL.",
        },
    )


def error_path_free(s: Scene) -> Draft:
    """An error path frees and goes on; the fix leaves, or it does not free there."""
    buf, n, source, rc = s.var(words.TARGET), s.var(words.LENGTH), s.var(words.SOURCE), s.var(("rc", "err", "status", "ok"))
    test = s.one(f"{source}[0] == '#'", f"{n} > 4096", f"{source}[0] == 0", f"{n} < 4")
    note = s.one(f'fprintf(stderr, "bad {s.word("items")}\\n");', "errors++;")
    if note.startswith("errors"):
        s.globals.append("static int errors;")
    leave = alt(f"{rc} = -1;", "return -1;")
    if s.chance(0.3):
        body_test = f"if ({test}) {{\n{note}\n{alt(f'free({buf});', f'{rc} = -1;')}\n}}\n"
    else:
        body_test = f"if ({test}) {{\n{note}\nfree({buf});\n{leave}\n}}\n"
    body = f"int {rc} = 0;\nchar *{buf} = malloc({n} + 1);\nif ({buf} == NULL) return -1;\nmemcpy({buf}, {source}, {n});\n{buf}[{n}] = '\\0';\n{body_test}{s.one(f'puts({buf});', f'{rc} += {buf}[0];')}\nfree({buf});\nreturn {rc};"
    s.function("int", s.func(words.COPIERS), [f"const char *{source}", f"size_t {n}"], body)
    return Draft(
        hardness="hard",
        vulnerable=f"The error path frees {buf} and the function goes on to use {buf}. That memory is already freed.",
        patched=f"After {buf} is freed no path reads it again.",
        absent={"CWE-787": f"{buf} has {n} + 1 bytes and exactly as many are written.", "CWE-476": f"{buf} is checked after malloc."},
    )


def dangling_field(s: Scene) -> Draft:
    """A pointer in a struct stays behind after free; the fix clears it, and the reader tests it."""
    text, number = s.text(), s.var(s.domain.numbers)
    owner, p = s.struct([f"char *{text};", f"int {number};"], 2)
    clear = alt(f"{p}->{number} = 0;", f"{p}->{text} = NULL;")
    s.function("void", s.func(("reset", "clear", "close", "drop")), [f"{owner} *{p}"], f"free({p}->{text});\n{clear}")
    s.function(
        "void",
        s.func(("show", "print", "report", "dump")),
        [f"const {owner} *{p}"],
        f'if ({p}->{text} != NULL) printf("%s\\n", {p}->{text});',
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{text} is freed but the pointer is kept. The other function sees that it is not NULL and reads freed memory.",
        patched=f"{text} is set to NULL after free, and the reader tests for NULL first.",
        absent={"CWE-787": "The code writes to no array or buffer, so no write can leave one."},
    )


def stale_after_realloc(s: Scene) -> Draft:
    arr, old, n, value, tmp = (
        s.items(),
        s.var(("first", "cur", "last", "base")),
        s.var(words.LENGTH),
        s.var(words.VALUE),
        s.var(("grown", "fresh", "mem")),
    )
    use = f"int {value} = {alt(f'*{old}', f'{tmp}[0]')};"
    body = f"int *{old} = &{arr}[0];\nif (*{old} < 0) return NULL;\nint *{tmp} = realloc({arr}, ({n} + 1) * sizeof(int));\nif ({tmp} == NULL) return NULL;\n{use}\n{tmp}[{n}] = {value};\nreturn {tmp};"
    s.function("int *", s.func(words.ADDERS), [f"int *{arr}", f"size_t {n}"], body)
    return Draft(
        hardness="hard",
        vulnerable=f"{old} points into {arr}, which realloc may have freed. Reading *{old} afterwards uses freed memory.",
        patched=f"After realloc only {tmp} is used, never the old pointer.",
        absent={"CWE-787": f"{tmp} has {n} + 1 elements, and index {n} is the last."},
    )


def unclear_owner(s: Scene) -> Draft:
    owner, p, _, number = _owned(s)
    helper = s.join(s.word("things"), s.one("finish", "submit", "done", "handoff"))
    s.functions.append(f"void {helper}({owner} *{p});")
    s.function(
        "int",
        s.func(("process", "run", "handle")),
        [f"{owner} *{p}"],
        f"if ({p} == NULL) return -1;\n{alt('', f'{p}->{number}++;')}\n{helper}({p});\nreturn {p}->{number};",
    )
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{helper} may free {p}, and {p} is read afterwards. Its definition is not shown.",
        patched=f"Nothing shown here frees {p}. Whether {helper} does is not visible.",
        absent={"CWE-787": "The code writes to no array or buffer, so no write can leave one."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (free_before_use, list_next_after_free, error_path_free, dangling_field, stale_after_realloc, unclear_owner)
}
HELD_OUT: tuple[str, ...] = ("stale_after_realloc",)
