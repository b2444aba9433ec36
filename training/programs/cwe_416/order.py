"""Free and use stand in the wrong order, or a path leads from one to the other."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_416.common import (
    NO_WRITE,
    is_null,
    is_set,
    late,
    named,
    owned,
    report,
    show,
    spare,
)
from training.programs.scene import Draft, Scene, alt, lines


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
    owner, p, text, number = owned(s)
    use = _with_global(s, _reads(s, p, text, number))
    returns = s.returns()
    lead = s.one(f"if ({p} == NULL) {returns.fail}\n", f"if (!{p}) {returns.fail}\n", f"if (!{p}) {returns.fail}\n{p}->{number}--;\n")
    between = s.one("", "", "closed_count++;\n")
    if between:
        s.globals.append("static int closed_count;")
    body = lead + alt(f"free({p});\n{between}{use}", f"{use}\n{between}free({p});") + "\n" + returns.done
    name = s.func(("close", "release", "drop", "destroy", "finish"))
    s.function(returns.type, name, [f"{owner} *{p}"], body)
    return Draft(
        hardness="clear",
        vulnerable=f"In {name}, {p} is freed first and then read again. The memory is no longer valid at that point.",
        patched=f"In {name}, {p} is read while it is still valid, and free comes last.",
        absent={**NO_WRITE, "CWE-476": f"{p} is checked for NULL before it is used."},
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
    body = (
        f"int {rc} = 0;\nchar *{buf} = malloc({n} + 1);\nif ({buf} == NULL) return -1;\nmemcpy({buf}, {source}, {n});\n"
        f"{buf}[{n}] = '\\0';\n{body_test}{s.one(f'puts({buf});', f'{rc} += {buf}[0];')}\nfree({buf});\nreturn {rc};"
    )
    s.function("int", s.func(words.COPIERS), [f"const char *{source}", f"size_t {n}"], body)
    return Draft(
        hardness="hard",
        vulnerable=f"The error path frees {buf} and the function goes on to use {buf}. That memory is already freed.",
        patched=f"After {buf} is freed no path reads it again.",
        absent={"CWE-787": f"{buf} has {n} + 1 bytes and exactly as many are written.", "CWE-476": f"{buf} is checked after malloc."},
    )


def _duplicate(s: Scene, copy: str, source: str, fail: str) -> str:
    """Lines that make a checked copy of a text on the heap."""
    if s.chance(0.6):
        return f"char *{copy} = strdup({source});\nif ({is_null(s, copy)}) {fail}\n"
    return f"char *{copy} = malloc(strlen({source}) + 1);\nif ({is_null(s, copy)}) {fail}\nstrcpy({copy}, {source});\n"


def _refused(s: Scene, text: str) -> str:
    """A test of a text that an outsider can make true."""
    return s.one(
        f"{text}[0] == '#'",
        f"strlen({text}) > {s.rng.choice((32, 64, 128))}",
        f"strchr({text}, {s.one(chr(39) + ':' + chr(39), chr(39) + '=' + chr(39), chr(39) + '@' + chr(39))}) == NULL",
        f"{text}[0] == '\\0'",
        f"atoi({text}) <= 0",
        f"isdigit((unsigned char){text}[0])",
    )


def helper_closes(s: Scene) -> Draft:
    """The helper frees, the caller reads; the fix reads first."""
    owner, p, text, number = owned(s)
    close, run, last = (
        s.func(("close", "end", "finish", "release", "destroy")),
        s.func(("process", "run", "logout", "serve")),
        s.var(("last", "final", "left")),
    )
    s.function(
        "void", close, [f"{owner} *{p}"], lines(s.one("", f"if ({is_null(s, p)}) return;", report(s), f"{p}->{number} = 0;"), f"free({p});")
    )
    source = s.var(words.SOURCE)
    wanted = s.one(f'strcmp({source}, "{s.one("quit", "bye", "close", "end")}") == 0', f"{source}[0] == '{s.one('q', 'x', 'c')}'")
    mode = s.one("late", "late", "saved", "wordy", "wordy")
    if mode == "late":
        core = late(s, f"{close}({p});", show(s, ("%s", f"{p}->{text}"), ("%d", f"{p}->{number}")), f"{p} != NULL") + "\nreturn 1;"
    elif mode == "saved":
        core = alt(f"{close}({p});\nreturn {p}->{number};", f"int {last} = {p}->{number};\n{close}({p});\nreturn {last};")
    else:
        core = (
            alt(f"int {last} = 0;\n{close}({p});\n{last} = {p}->{number};", f"int {last} = {p}->{number};\n{close}({p});")
            + f"\nreturn {last};"
        )
    step = s.one(f"{p}->{number}++;", f'snprintf({p}->{text}, sizeof({p}->{text}), "%s", {source});')
    body = f"if ({is_null(s, p)} || {source} == NULL) return -1;\nif ({wanted}) {{\n{core}\n}}\n{step}\nreturn 0;"
    s.function("int", run, [f"{owner} *{p}", f"const char *{source}"], body)
    return Draft(
        hardness="clear",
        vulnerable=f"{close} frees {p}, and {run} reads {p} right after the call. "
        + s.one(f"Whoever sends that {source} makes it read freed memory.", f"A client can ask for this through {source}."),
        patched=s.one(
            f"{run} reads {p} before {close} frees it. After the call it is not touched again.",
            f"What {run} needs of {p} is taken before {close} frees it, so no freed memory is read.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{run} tests {p} and {source} for NULL first."},
    )


def null_test_after_free(s: Scene) -> Draft:
    """A later test for NULL cannot see the free; the fix sets the pointer to NULL."""
    source, copy, rc = s.var(words.SOURCE), s.var(words.TARGET), s.var(("rc", "err", "status", "result"))
    name = s.func(words.COPIERS)
    bad = s.one(f"{rc} = -1;", f"{source} = NULL;", f"{source} = NULL;", f"{rc} = -1;\n{source} = NULL;")
    refuse = f"if ({_refused(s, copy)}) {{\nfree({copy});\n{spare(s, bad, f'{copy} = NULL;')}\n}}\n"
    use = s.one(show(s, ("%s", copy)), f"{rc} = atoi({copy});", f"{rc} = (int)strlen({copy});")
    if s.chance(0.5):
        tail = f"if ({is_set(s, copy)}) {{\n{use}\nfree({copy});\n}}\nreturn {rc};"
    else:
        tail = f"if ({is_null(s, copy)}) return -1;\n{use}\nfree({copy});\nreturn {rc};"
    s.function("int", name, [f"const char *{source}"], f"int {rc} = 0;\n{_duplicate(s, copy, source, 'return -1;')}{refuse}{tail}")
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{copy} is freed but not set to NULL, so the later test of {copy} does not stop its use.",
            f"The test for NULL passes although {copy} was freed, because nothing sets {copy} to NULL.",
        )
        + f" A chosen {source} makes {name} read freed memory.",
        patched=s.one(
            f"{copy} is set to NULL right after free, and the later test of {copy} keeps it from being read.",
            f"After free {copy} becomes NULL. The test that follows then skips every use of {copy}.",
        ),
        absent={"CWE-787": f"{copy} is as long as {source} needs.", "CWE-476": f"{copy} is tested for NULL before each use."},
    )


def goto_label_reads(s: Scene) -> Draft:
    """The code at a label prints what was freed on the way there."""
    source, copy, sep, value = s.var(words.SOURCE), s.text(), s.var(("sep", "mark", "colon", "found")), s.var(words.VALUE, "numbers")
    label, name, store = (
        s.one("fail", "out", "error", "done_with_error"),
        s.func(("parse", "load", "handle", "import")),
        f"last_{s.word('numbers')}",
    )
    s.globals.append(f"static int {store};")
    said = f'fprintf(stderr, "{s.one("bad", "invalid", "cannot read")} {s.word("items")} %s\\n", {copy});'
    order = s.chance(0.55)
    early = "" if order else spare(s, f"free({copy});", "", f"{store} = {s.one('0', '-1')};")
    tail = late(s, f"free({copy});", said, f"{copy} != NULL") if order else f"{said}\nfree({copy});"
    char = s.one("':'", "'='", "','")
    body = (
        f"{_duplicate(s, copy, source, 'return -1;')}char *{sep} = strchr({copy}, {char});\nif ({is_null(s, sep)}) {{\n"
        f"{early or f'{store} = 0;'}\ngoto {label};\n}}\n"
        f"int {value} = atoi({sep} + 1);\nif ({value} < 0) goto {label};\n{store} = {value};\nfree({copy});\nreturn 0;\n"
        f"{label}:\n{tail}\nreturn -1;"
    )
    s.function("int", name, [f"const char *{source}"], body)
    return Draft(
        hardness="clear",
        vulnerable=(
            f"At {label} the code frees {copy} and then prints it."
            if order
            else f"{copy} is freed when {sep} is missing, and the code at {label} prints and frees it again."
        )
        + s.one(f" A malformed {source} is enough to get there.", f" Any {source} that fails to parse leads to freed memory."),
        patched=s.one(
            f"The code at {label} prints {copy} while it is still valid and frees it once.",
            f"{name} frees {copy} only as the last step of each path, after it was printed.",
        ),
        absent={"CWE-787": f"{copy} is as long as {source} needs.", "CWE-476": f"{copy} and {sep} are tested for NULL before use."},
    )


def double_free_paths(s: Scene) -> Draft:
    """Helper and caller both free the text when the helper refuses it; the fix leaves that to one of them."""
    source, copy, text = s.var(words.SOURCE), s.var(words.TARGET), s.text()
    check, name = s.func(("check", "verify", "accept", "parse")), s.func(("handle", "load", "import", "submit"))
    in_helper = s.chance(0.5)
    said = report(s)
    extra = f"free({text});"
    inner = spare(s, extra, "", said) if in_helper else extra
    outer = f"free({copy});" if in_helper else spare(s, f"free({copy});", "", said)
    s.function("int", check, [f"char *{text}"], f"if ({_refused(s, text)}) {{\n{inner}\nreturn -1;\n}}\nreturn 0;")
    body = (
        f"{_duplicate(s, copy, source, 'return -1;')}if ({check}({copy}) {s.one('!= 0', '< 0')}) {{\n{outer}\nreturn -1;\n"
        f"}}\n{show(s, ('%s', copy))}\nfree({copy});\nreturn 0;"
    )
    s.function("int", name, [f"const char *{source}"], body)
    owner = name if in_helper else check
    return Draft(
        hardness="clear",
        vulnerable=f"{check} frees the text when it refuses it, and {name} frees {copy} again. "
        + s.one(
            f"A {source} that is refused makes free use memory that was already freed.",
            "Using a freed pointer in a second free is a use after free.",
        ),
        patched=s.one(
            f"When the text is refused, only {owner} frees it. {name} does not touch {copy} afterwards.",
            f"{owner} alone frees a refused text, so {copy} is freed once on every path.",
        ),
        absent={"CWE-787": f"{copy} is as long as {source} needs.", "CWE-476": f"{copy} is tested for NULL after it was allocated."},
    )


def field_logged_after_free(s: Scene) -> Draft:
    """A text of an object is replaced, and the old one is printed."""
    owner, p, text, number = named(s)
    old, fresh, value = s.var(("old", "previous", "before", "prev")), s.var(("fresh", "copy", "dup", "updated")), s.var(words.SOURCE)
    name = s.func(("rename", "change", "update", "set", "replace"), "texts")
    both = s.chance(0.5)
    said = f'printf("{s.word("items")} {s.one("%s -> %s", "%s is now %s", "%s renamed to %s")}\\n", {old}, {fresh});'
    if s.chance(0.6):
        core = f"{p}->{text} = {fresh};\n" + (
            late(s, f"free({old});", said, f"{old} != NULL")
            if both
            else late(s, f"free({old});", show(s, ("%s", old)), f"{old}[0] != '\\0'")
        )
    else:
        what = show(s, ("%s", "THIS"))
        core = f"free({old});\n{p}->{text} = {fresh};\n" + alt(
            what.replace("THIS", old), what.replace("THIS", s.one(fresh, value, f"{p}->{text}"))
        )
    body = (
        f"if ({is_null(s, p)} || {is_null(s, p + '->' + text)}) return -1;\nchar *{old} = {p}->{text};\n"
        f"char *{fresh} = strdup({value});\nif ({is_null(s, fresh)}) return -1;\n"
        f"{core}\n{s.one('', f'{p}->{number}++;' + chr(10))}return 0;"
    )
    s.function("int", name, [f"{owner} *{p}", f"const char *{value}"], body)
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{name} frees {old}, the former {text}, and then reads {old}.",
            f"{old} points to the former {text}, which is freed before {name} reads it.",
        )
        + s.one(" Each rename by a user reads freed memory.", f" Whoever sends a {value} can have freed memory shown."),
        patched=s.one(
            f"{name} does not read {old} after free; what is printed is still valid.",
            f"{old} is never read once it was freed. {p}->{text} points to {fresh} from then on.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{p}, its {text} and {fresh} are tested for NULL before use."},
    )


def switch_falls_through(s: Scene) -> Draft:
    """A case frees the copy and runs on into the next case, which reads it; the fix leaves."""
    source, copy, kind, rc = s.var(words.SOURCE), s.text(), s.var(("kind", "op", "code", "cmd")), s.var(("rc", "ret", "handled"))
    name = s.func(("handle", "dispatch", "process"))
    first, second = s.rng.sample("abcdefgmnprsuvw", 2) if s.chance(0.5) else (str(n) for n in s.rng.sample(range(1, 9), 2))
    first, second = (f"'{c}'" if c.isalpha() else c for c in (first, second))
    use = s.one(show(s, ("%s", copy)), f"{rc} = atoi({copy});", f"{rc} = (int)strlen({copy});")
    value = s.one("0", "1", "2")
    ending = f"{use}\nfree({copy});\n{s.one('break;', f'return {rc};')}"
    bad, good = s.rng.choice(
        ((f"{rc} = {value};", f"return {value};"), (f"{rc} = {value};", "break;"), ("", "break;"), (f"{rc} = {value};", f"return {rc};"))
    )
    body = (
        f"int {rc} = 0;\n{_duplicate(s, copy, source, 'return -1;')}switch ({kind}) {{\ncase {first}:\nfree({copy});\n"
        f"{spare(s, bad, good)}\n"
        f"case {second}:\n{ending}\ndefault:\nfree({copy});\n{rc} = -1;\n}}\nreturn {rc};"
    )
    s.function("int", name, [s.one(f"int {kind}", f"char {kind}", f"unsigned {kind}"), f"const char *{source}"], body)
    return Draft(
        hardness="hard",
        vulnerable=f"Case {first} frees {copy} and does not leave, so case {second} runs next and reads {copy}. "
        + s.one(f"A message with that {kind} reads freed memory.", f"A sender who picks {kind} can trigger it."),
        patched=s.one(
            f"Case {first} of {kind} leaves after it freed {copy}, so case {second} never sees the freed text.",
            f"Each case of {kind} ends on its own, and {copy} is not read after free.",
        ),
        absent={"CWE-787": f"{copy} is as long as {source} needs.", "CWE-476": f"{copy} is tested for NULL first."},
    )


def returned_after_free(s: Scene) -> Draft:
    """A helper frees the text it returns; the fix frees the temporary one only."""
    a, b, tmp, out, n = (
        s.text(),
        s.text(),
        s.var(("tmp", "work", "scratch", "upper")),
        s.var(("out", "result", "joined", "text")),
        s.var(words.LENGTH),
    )
    build, name, line = (
        s.func(words.BUILDERS),
        s.func(("show", "send", "reply", "print", "greet")),
        s.var(("line", "full", "reply", "shown")),
    )
    swapped = s.chance(0.4)
    release = (
        f"free({alt(out, tmp)});"
        if swapped
        else s.one(f"free({tmp});\n{spare(s, f'free({out});', '')}", f"{spare(s, f'free({out});', '')}\nfree({tmp});")
    )
    form = s.one("%s:%s", "%s %s", "%s=%s", "%s, %s", "<%s> %s")
    body = (
        f"char *{tmp} = strdup({a});\nif ({is_null(s, tmp)}) return NULL;\n"
        f"{tmp}[strcspn({tmp}, {s.one(chr(34) + ' ' + chr(34), chr(34) + ';' + chr(34))})] = '\\0';\n"
        f"size_t {n} = strlen({tmp}) + strlen({b}) + 8;\nchar *{out} = malloc({n});\nif ({is_null(s, out)}) {{\n"
        f"free({tmp});\nreturn NULL;\n}}\n"
        f'snprintf({out}, {n}, "{form}", {tmp}, {b});\n{release}\nreturn {out};'
    )
    s.function("char *", build, [f"const char *{a}", f"const char *{b}"], body)
    s.function(
        "void",
        name,
        [f"const char *{a}", f"const char *{b}"],
        f"char *{line} = {build}({a}, {b});\nif ({is_null(s, line)}) return;\n{show(s, ('%s', line))}\nfree({line});",
    )
    return Draft(
        hardness="hard" if swapped else "clear",
        vulnerable=f"{build} frees {out} and then returns it, and {name} reads it as {line}. "
        + s.one("Every call with user text prints freed memory.", f"What a user gives as {b} is read back after it was freed."),
        patched=s.one(
            f"{build} frees only {tmp} and hands {out} to {name}, which is done with it before it is freed.",
            f"{out} stays valid when {build} returns it; only {tmp} is freed there.",
        ),
        absent={"CWE-787": f"{out} has {n} bytes and snprintf is given {n}.", "CWE-476": f"{tmp}, {out} and {line} are tested for NULL."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (
        free_before_use,
        error_path_free,
        helper_closes,
        null_test_after_free,
        goto_label_reads,
        double_free_paths,
        field_logged_after_free,
        switch_falls_through,
        returned_after_free,
    )
}
