"""Two functions: a helper that may answer NULL, and its caller."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_476.sources import (
    NO_ARRAY,
    NO_WRITE,
    any_of,
    behind,
    beside,
    finder,
    harmless,
    null,
    source,
)
from training.programs.scene import Condition, Draft, Scene, alt


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


def promised_pointer(s: Scene) -> Draft:
    """Ambiguous: whether the getter can return NULL is not shown."""
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
        absent=NO_ARRAY,
    )


def command_loop(s: Scene) -> Draft:
    """A whole program: lines name a record and an amount."""
    f = finder(s)
    line, n = s.var(("line", "buf", "input_line", "cmd")), s.var(("amount", "n", "delta", "step"))
    target = "name" if f.by_text else s.one("ref", "item_no", "wanted_no")
    form, into = ("%15s %d", target) if f.by_text else ("%d %d", f"&{target}")
    declared = f"char {target}[16];" if f.by_text else f"int {target};"
    good, bad = null(s, f.p), beside(s, numbers=(n,), texts=(target,) if f.by_text else (line,))
    use = s.one(
        f"{f.p}->{f.number} += {n};",
        f'{f.p}->{f.number} = {n};\nprintf("%d\\n", {f.p}->{f.number});',
        f"if ({f.p}->{f.number} >= {n}) {f.p}->{f.number} -= {n};",
        f'printf("%d\\n", {f.p}->{f.number} * {n});',
    )
    found = f"{f.owner} *{f.p} = {f.name}({target});\n"
    mode = s.one("guard", "guard", "guard", "late", "early")
    if mode == "late":
        core = found + alt(f"{use}\nif ({good.reject}) break;", f"if ({good.reject}) continue;\n{use}")
    elif mode == "early":
        core = alt(f"if ({bad.reject}) continue;\n{found.strip()}", f"{found}if ({good.reject}) continue;") + f"\n{use}"
    else:
        core = found + behind(s, bad, good, use, s.one("continue;", "continue;", "break;"))
    loop = (
        f"while (fgets({line}, sizeof({line}), stdin) != NULL) {{\n"
        f'if (sscanf({line}, "{form}", {into}, &{n}) != 2) continue;\n{core.strip(chr(10))}\n}}\n'
    )
    s.function("int", "main", [], f"char {line}[128];\n{declared}\nint {n};\n{loop}return 0;")
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            (
                f"{f.name} returns NULL when {target} is not there, and {f.p} is followed without a test. "
                "A line that names nothing known ends the program."
            ),
            f"Nothing tests {f.p} before {f.p}->{f.number} is used. When the line holds an unknown {target}, it is NULL.",
        ),
        patched=f"{f.p} is tested after {f.name}. A line that names nothing known changes nothing.",
        absent=NO_WRITE,
    )


def helper_null_for_empty(s: Scene) -> Draft:
    """A helper answers NULL for an odd text; it is mended in the helper or in the caller."""
    text, p, part, helper = s.text(), s.var(("p", "dot", "cut", "at")), s.var(("part", "rest", "ext", "tail", "word")), ""
    mode = s.one("tail", "tail", "skip", "name")
    in_helper = s.chance(0.45)
    empty = s.one('""', '""', '"none"', f'"{s.word("items")}"')
    none = alt("NULL", empty) if in_helper else "NULL"
    if mode == "name":
        helper, code = s.func(("name", "label", "describe", "title"), "numbers"), s.var(("code", "kind", "level_no"))
        words_ = s.rng.sample(s.domain.items + s.domain.numbers, 3)
        cases = "\n".join(f'case {number}:\nreturn "{word}";' for number, word in enumerate(words_, s.rng.randint(0, 3)))
        s.function("const char", f"*{helper}", [f"int {code}"], f"switch ({code}) {{\n{cases}\ndefault:\nreturn {none};\n}}")
        parameters, argument, when = [f"int {code}"], code, f"{code} is none of its cases"
        idle = beside(s, numbers=(code,))
    else:
        if mode == "tail":
            helper, char = s.func(("tail", "suffix", "extension", "after"), "texts"), s.one("'.'", "':'", "'/'", "'@'", "'='")
            find = f"const char *{p} = {s.one('strchr', 'strrchr')}({text}, {char});\n"
            body = s.one(
                f"{find}if ({p} == NULL) return {none};\nreturn {p} + 1;",
                f"{find}return {p} ? {p} + 1 : {none};",
                f"{find}if ({p} != NULL) return {p} + 1;\nreturn {none};",
            )
            when = f"{text} has no {char}"
        else:
            helper = s.func(("skip", "trim", "begin", "strip"), "texts")
            loop = f"while (isspace((unsigned char)*{text})) {text}++;\n"
            body = loop + s.one(f"if (*{text} == '\\0') return {none};\nreturn {text};", f"return *{text} ? {text} : {none};")
            when = f"{text} is blank"
        s.function("const char", f"*{helper}", [f"const char *{text}"], body)
        parameters, argument, idle = [f"const char *{text}"], text, beside(s, texts=(text,))
    nested = in_helper and s.chance(0.4)
    given = f"{helper}({argument})" if nested else part
    value = s.one(
        f'strcmp({given}, "{s.word("items")}") == 0',
        f"(int)strlen({given})",
        f"atoi({given})",
        f"{given}[0] == '-'",
        f"toupper((unsigned char){given}[0])",
    )
    if in_helper:
        call = f"return {value};" if nested else f"const char *{part} = {helper}({argument});\nreturn {value};"
        rule = f"{helper} returns {empty} when {when}. Its result is never NULL, so the caller may use it"
    else:
        fail = s.one("return 0;", "return -1;")
        if s.chance(0.25):
            call = (
                f"const char *{part} = {helper}({argument});\n"
                f"return {alt(s.one(f'{argument} ? {value} : -1', f'{argument} != 0 ? {value} : 0', value), f'{part} ? {value} : -1')};"
            )
        else:
            call = f"const char *{part} = {helper}({argument});\n{behind(s, idle, null(s, part), f'return {value};', fail)}"
            call = call if call.rstrip().endswith(";") else call + fail
        rule = f"{part} is tested before it is used. The NULL that {helper} returns when {when} is refused"
    s.function("int", s.func(("is", "check", "measure", "rate"), "texts"), parameters, call)
    return Draft(
        hardness="clear",
        vulnerable=f"{helper} returns NULL when {when}. The caller reads through the result without a test.",
        patched=f"{rule}.",
        absent=NO_ARRAY,
    )


def passed_to_helper(s: Scene) -> Draft:
    """The result goes straight to another function, which follows it."""
    src, n = source(s), s.var(("n", "extra", "low", "base"))
    mode = s.one("callee", "callee", "caller", "ignored")
    callee, caller = s.func(("score", "weigh", "rate", "apply")), s.func(("process", "handle", "report", "query"))
    given, call = [f"{src.kind}{src.p}", f"int {n}"], s.one("nested", "named")
    good = null(s, src.p)
    args = [*src.parameters, f"int {n}"]
    if mode == "callee":
        check = behind(s, beside(s, numbers=(n,)), good, f"{n} += {src.value};", "return -1;")
        s.function("int", callee, given, f"{check}return {n};")
        if call == "nested":
            body = f"return {callee}({src.call}, {n});"
        else:
            body = f"{src.kind}{src.p} = {src.call};\nreturn {callee}({src.p}, {n}) + 1;"
        where, rule = f"{callee} follows {src.p} without a test", f"{callee} tests {src.p} before it follows it"
    elif mode == "caller":
        s.function("int", callee, given, s.one(f"{src.use}\nreturn {src.value} + {n};", f"return {src.value} - {n};"))
        check = behind(s, s.rng.choice((src.idle, beside(s, numbers=(n,)))), good, f"{n} = {callee}({src.p}, {n});", "return -1;")
        body = f"{harmless(s)}{src.kind}{src.p} = {src.call};\n{check}return {n};"
        where, rule = f"{caller} hands {src.p} to {callee} untested", f"{caller} calls {callee} only with a {src.p} that is not NULL"
    else:
        valid = s.func(("valid", "usable", "check", "ready"))
        ok = s.var(("ok", "good", "seen", "checks"))
        s.function("int", valid, [f"const {src.kind.replace('const ', '')}{src.p}"], f"return {src.p} != NULL;")
        idle = s.one(f"{ok} += {valid}({src.p});", f"{ok} = {valid}({src.p}) ? {ok} : -1;", f"if (!{valid}({src.p})) {ok}--;")
        body = (
            f"{src.kind}{src.p} = {src.call};\n{alt(idle, f'if (!{valid}({src.p})) return -1;')}\n"
            f"{s.one(src.use + chr(10), '')}return {src.value} + {ok} + {n};"
        )
        body = f"int {ok} = 0;\n{body}"
        where, rule = f"{valid} is asked but its answer stops nothing", f"{caller} returns when {valid} finds {src.p} to be NULL"
    s.function("int", caller, args, body)
    return Draft(
        hardness="hard",
        vulnerable=f"{where}. {src.why}.",
        patched=f"{rule}. So it does no harm that {src.why}.",
        absent=NO_WRITE,
    )


def out_parameter(s: Scene) -> Draft:
    """The helper reports failure by its result; the caller looks at it in the wrong way, or not at all."""
    out, rc, n = s.var(("out", "res", "slot", "where")), s.var(("rc", "err", "ret", "status")), s.var(("n", "amount", "step"))
    returns = s.returns()
    if s.chance(0.35):
        line, a, b = s.text(), s.var(("left", "first", "lhs", "option")), s.var(("right", "second", "rhs", "argument"))
        char, split = s.one("'='", "':'", "','", "' '"), s.func(("split", "cut", "divide"), "texts")
        text = (
            f"char *p = strchr({line}, {char});\n*{a} = {line};\n*{b} = NULL;\n"
            f"if (p == NULL) return 1;\n*p = '\\0';\n*{b} = p + 1;\nreturn 2;"
        )
        s.function("int", split, [f"char *{line}", f"char **{a}", f"char **{b}"], text)
        bad = s.one(f"{rc} < 1", f"{rc} == 0", f"{rc} < 1 || {a}[0] == '\\0'", f"{rc} > 2", f"{a} == NULL || {rc} <= 0")
        good = s.one(f"{rc} < 2", f"{rc} != 2", f"{rc} == 1", f"{b} == NULL")
        lead = f"char *{a};\nchar *{b};\nint {rc} = {split}({line}, &{a}, &{b});\n"
        use = s.one(f'printf("%s: %d\\n", {a}, atoi({b}));', f'printf("%s %zu\\n", {a}, strlen({b}));', f"if ({b}[0] == '-') puts({a});")
        core, parameters = alt(s.reject(bad, returns.fail), s.reject(good, returns.fail)) + f"\n{use}\n", [f"char *{line}"]
        helper, p, why = split, b, f"{split} returns 1 and leaves {b} NULL when {line} has no {char}"
    else:
        key, number, i, limit = s.var(("key", "wanted", "code")), s.var(s.domain.numbers), s.var(words.LOOP), s.limit()
        owner, p = s.struct([f"int {key};", f"int {number};"], 2)
        table, helper = s.items(), s.func(("lookup", "find", "fetch", "get"))
        fail, done, bads, goods = s.rng.choice(
            (
                ("-1", "0", (f"{rc} > 0", f"{rc} == 1", f"{rc} < -1"), (f"{rc} < 0", f"{rc} != 0", f"{rc} == -1")),
                ("0", "1", (f"{rc} < 0", f"{rc} == -1", f"{rc} > 1"), (f"{rc} == 0", f"!{rc}", f"{rc} != 1")),
                ("-ENOENT", "0", (f"{rc} > 0", f"{rc} == ENOENT", f"{rc} == -1"), (f"{rc} < 0", f"{rc} != 0", f"{rc} == -ENOENT")),
            )
        )
        s.globals.append(f"static {owner} {table}[{limit}];")
        hit = f"if ({table}[{i}].{key} == {key}) {{\n*{out} = &{table}[{i}];\nreturn {done};\n}}"
        text = f"*{out} = NULL;\nfor (int {i} = 0; {i} < {limit}; {i}++) {{\n{hit}\n}}\nreturn {fail};"
        s.function("int", helper, [f"int {key}", f"{owner} **{out}"], text)
        call = f"int {rc} = {helper}({key}, &{p});\n"
        use = s.one(f"{p}->{number} += {n};", f"{p}->{number} = {n};", f'printf("%d\\n", {p}->{number} + {n});')
        bad, good = s.rng.choice(bads), s.rng.choice((*goods, f"{p} == NULL"))
        mode = s.one("sign", "sign", "thrown", "logs", "also")
        if mode == "thrown":
            idle = f"if ({beside(s, numbers=(n,)).reject}) {returns.fail}"
            core = alt(f"{helper}({key}, &{p});\n{idle}", f"if ({helper}({key}, &{p}) {'!= ' + done}) {returns.fail}") + f"\n{use}\n"
        elif mode == "logs":
            core = f'{call}if ({good}) {{\nfprintf(stderr, "no {s.word("items")}\\n");\n{alt("errno = EINVAL;", returns.fail)}\n}}\n{use}\n'
        else:
            bad = f"{bad} || {beside(s, numbers=(n,)).reject}" if mode == "also" else bad
            core = call + alt(s.reject(bad, returns.fail), s.reject(good, returns.fail)) + f"\n{use}\n"
        lead, parameters = f"{owner} *{p} = NULL;\n" if s.chance(0.4) else f"{owner} *{p};\n", [f"int {key}", f"int {n}"]
        why = f"{helper} returns {fail} and leaves {p} NULL when no {key} matches"
    s.function(returns.type, s.func(words.SETTERS), parameters, lead + core + returns.done)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. The caller does not stop on that and uses {p}.",
        patched=f"The caller stops when {helper} has found nothing. {p} is used only after it was set.",
        absent=NO_WRITE,
    )


def other_value_tested(s: Scene) -> Draft:
    """Several values are asked for by name; the test is for one, the use is of two."""
    names, values, count, i = s.items(), s.items(), s.var(words.COUNT), s.var(words.LOOP)
    limit = s.limit((8, 12, 16, 32))
    owner, p = s.struct([f"const char *{names}[{limit}];", f"const char *{values}[{limit}];", f"int {count};"], 2)
    get, key = s.func(("get", "header", "param", "value"), "items"), s.var(("key", "wanted"))
    search = (
        f"for (int {i} = 0; {i} < {p}->{count}; {i}++) {{\n"
        f"if (strcmp({p}->{names}[{i}], {key}) == 0) return {p}->{values}[{i}];\n}}\nreturn NULL;"
    )
    s.function("const char", f"*{get}", [f"const {owner} *{p}", f"const char *{key}"], search)
    a, b, returns = s.text(), s.text(), s.returns()
    one, two = s.rng.sample(sorted({*s.domain.texts, *s.domain.numbers}), 2)
    good = null(s, a, b)
    mode = s.one("both", "both", "only", "swap")
    first, second = f'const char *{a} = {get}({p}, "{one}");\n', f'const char *{b} = {get}({p}, "{two}");\n'
    if mode == "swap":
        use = s.one(
            f'printf("%zu %s\\n", strlen({b}), {a} ? {a} : "-");', f'if (strcmp({b}, "{s.word("items")}") == 0) puts({a} ? {a} : "");'
        )
        good, bad = null(s, b), null(s, a)
        rule, what = (
            f"{b} is tested before it is followed, and {a} is replaced when it is NULL",
            f"The test is for {a}, but the one followed without a test is {b}",
        )
    else:
        use = s.one(
            f'printf("%zu\\n", strlen({a}) + strlen({b}));',
            f"if (strcmp({a}, \"{s.word('items')}\") == 0 && {b}[0] == '/') puts({b});",
            f'printf("%d\\n", atoi({a}) * atoi({b}));',
        )
        bad = null(s, a)
        if mode == "both":
            bad = any_of(
                bad,
                s.rng.choice(
                    (
                        Condition(reject=f"{a}[0] == '\\0'", accept=f"{a}[0] != '\\0'"),
                        Condition(reject=f"strlen({a}) > 64", accept=f"strlen({a}) <= 64"),
                    )
                ),
            )
        rule, what = f"{a} and {b} are both tested before they are followed", f"{a} is tested, but {b} is followed without a test"
    lead = first + second if s.chance(0.6) else second + first
    s.function(
        returns.type,
        s.func(("handle", "serve", "accept", "process"), "things"),
        [f"const {owner} *{p}"],
        f"{lead}{behind(s, bad, good, use, returns.fail)}{returns.done}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{what}. {get} returns NULL when {two} was not sent.",
        patched=f"{rule}. It does no harm when {two} was not sent.",
        absent=NO_ARRAY,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (
        lookup_unchecked,
        promised_pointer,
        command_loop,
        helper_null_for_empty,
        passed_to_helper,
        out_parameter,
        other_value_tested,
    )
}
