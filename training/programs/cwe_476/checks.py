"""The right test is there, but not where or how it counts."""

from collections.abc import Callable

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
        absent=NO_ARRAY,
    )


def logged_and_goes_on(s: Scene) -> Draft:
    """The test is right, but what it does is only to say so."""
    src, rc = source(s), s.var(("rc", "status", "result", "errors", "failures"))
    note = s.one(
        f'fprintf(stderr, "no {s.word("items")}\\n");',
        f'puts("{s.word("items")} not found");',
        f'perror("{s.word("things")}");',
        f'fputs("missing {s.word("items")}\\n", stderr);',
    )
    stay = s.one(f"{rc} = -1;", f"{rc} = -EINVAL;", f"{rc}--;", "fflush(stderr);", "errno = EINVAL;", 'fputs("failed\\n", stderr);')
    leave = s.one("return -1;", "return -1;", "return 0;", "exit(1);", f"return {rc};", "abort();")
    first = s.one(f"{src.use}\n", f"{src.use}\n", "")
    test = null(s, src.p).reject
    if s.chance(0.3):
        done = s.one("done", "out", "fail", "end")
        stay, leave, label = s.one(f"{rc} = -1;", f"{rc} = -EINVAL;"), f"goto {done};", f"{done}:\n"
    else:
        label = ""
    body = (
        f"{src.kind}{src.p} = {src.call};\nif ({test}) {{\n{note}\n{alt(stay, leave)}\n}}\n{first}{rc} += {src.value};\n{label}return {rc};"
    )
    s.function("int", s.func(("update", "apply", "count", "handle", "show")), src.parameters, f"int {rc} = 0;\n{harmless(s)}{body}")
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{src.why}. The test of {src.p} does not leave, and {src.p} is used below it.",
            f"A NULL in {src.p} is noticed, but the function goes on and uses it. {src.why}.",
        ),
        patched=s.one(
            f"When {src.p} is NULL, {leave.rstrip(';')} skips everything that uses it.",
            f"The test of {src.p} ends in {leave.rstrip(';')}, so {src.p} is not NULL below it.",
        ),
        absent=NO_WRITE,
    )


def tested_in_one_branch(s: Scene) -> Draft:
    """Two ways to get the pointer, and a test on one of them."""
    flag, returns = s.var(("mode", "exact", "kind", "reverse", "second")), s.returns()
    if s.chance(0.6):
        f = finder(s, by_text=False)
        shift = s.one(f"{f.key} + 1", f"-{f.key}", f"{f.key} % 100", f"{f.key} / 10")
        kind, p, first, second = f"{f.owner} *", f.p, f"{f.name}({f.key})", f"{f.name}({shift})"
        parameters, use, why, number = [f.parameter, f"int {flag}"], f"{f.p}->{f.number} = {flag};", f.why, f.key
        if s.chance(0.5):
            use = f'printf("%d\\n", {f.p}->{f.number});'
    else:
        text, p = s.text(), s.var(("p", "sep", "mark", "dot"))
        char, other = s.rng.sample(("':'", "'.'", "'/'", "'@'", "'='"), 2)
        kind, first, second = "char *", f"strchr({text}, {char})", s.one(f"strrchr({text}, {char})", f"strchr({text}, {other})")
        parameters, use = [f"char *{text}", f"int {flag}"], s.one(f"*{p} = '\\0';", f"{p}[0] = '_';")
        why, number = f"the search in {text} may find nothing", flag
    good, twice = null(s, p), null(s, p)
    bad = any_of(twice, beside(s, numbers=(number,))) if s.chance(0.35) else twice
    idle = f"if ({beside(s, numbers=(number,)).reject}) {returns.fail}"
    tested = f"if ({bad.reject}) {returns.fail}"
    wanted = f"if ({good.reject}) {returns.fail}"
    if s.chance(0.3):
        fork = (
            f"switch ({flag}) {{\ncase {s.rng.randint(0, 3)}:\n{p} = {first};\n{alt(tested, '')}\n"
            f"break;\ndefault:\n{p} = {second};\nbreak;\n}}\n{alt('', wanted)}\n"
        )
        part = f"the default case leaves {p} untested"
    elif s.chance(0.5):
        fork = f"if ({flag}) {{\n{p} = {first};\n{alt(tested, '')}\n}}\nelse {{\n{p} = {second};\n}}\n{alt('', wanted)}\n"
        part = f"in the else branch {p} is not tested"
    else:
        fork = f"if ({flag}) {{\n{p} = {first};\n{tested}\n}}\nelse {{\n{alt(idle, '')}\n{p} = {second};\n{alt('', wanted)}\n}}\n"
        part = f"in the else branch {p} is not tested"
    s.function(
        returns.type, s.func(("select", "pick", "apply", "mark")), parameters, f"{harmless(s)}{kind}{p};\n{fork}{use}\n{returns.done}"
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{p} comes from two calls, and {part}. It may be NULL there: {why}.",
        patched=f"Whichever call sets {p}, it is tested before it is used. A NULL makes the function return.",
        absent=NO_WRITE,
    )


def overwritten_after_test(s: Scene) -> Draft:
    """A pointer that was tested gets a new value, which may be NULL again."""
    returns = s.returns()
    if s.chance(0.55):
        up = s.var(("parent", "alias", "owner", "backup", "target_no"))
        f = finder(s, f"int {up};", by_text=False)
        p, kind, parameters, why = f.p, f"{f.owner} *", [f.parameter], f"{f.name} returns NULL when nothing matches {up}"
        first, second = f"{f.name}({f.key})", f"{f.name}({p}->{up})"
        between = s.one("", f"{p}->{f.number}++;\n", f'printf("%d\\n", {p}->{f.number});\n')
        use = s.one(f"{p}->{f.number}++;", f"{p}->{f.number} = {f.key};", f"{p}->{f.number} -= {f.key};")
        idle = beside(s, numbers=(f.key,))
    else:
        text, p, kind = s.text(), s.var(("p", "sep", "cur", "mark")), "char *"
        char, other = s.one("':'", "'('", "'<'", "'['"), s.one("'@'", "')'", "'>'", "','")
        parameters, between = [f"char *{text}"], s.one("", f"*{p} = ' ';\n", f"puts({p} + 1);\n")
        first, second = s.rng.choice(
            ((f"strchr({text}, {char})", f"strchr({p} + 1, {other})"), (f'strstr({text}, "{char[1]}")', f'strpbrk({p} + 1, "{other[1]};")'))
        )
        use, idle = s.one(f"*{p} = '\\0';", f"{p}[0] = '\\n';"), beside(s, texts=(text,))
        why = f"the text behind the first hit may not hold {other}"
    check, again = null(s, p), null(s, p)
    lead = f"{kind}{p} = {first};\nif ({check.reject}) {returns.fail}\n{between}"
    bad = any_of(again, idle) if s.chance(0.4) else again
    if s.chance(0.5):
        core = (
            alt(f"if ({bad.reject}) {returns.fail}\n{p} = {second};", f"{p} = {second};\nif ({null(s, p).reject}) {returns.fail}")
            + f"\n{use}\n"
        )
    else:
        core = f"{p} = {second};\n{behind(s, idle, again, use, returns.fail)}"
    s.function(returns.type, s.func(("follow", "resolve", "trace", "trim")), parameters, harmless(s) + lead + core + returns.done)
    return Draft(
        hardness="hard",
        vulnerable=f"{p} is tested after the first call, then the second call gives it a new value. It can be NULL at its next use: {why}.",
        patched=f"{p} is tested again after the second call, before it is used. Both values are known not to be NULL.",
        absent=NO_WRITE,
    )


def pair_needs_both(s: Scene) -> Draft:
    """Two pointers are used, and the test lets one of them be NULL."""
    returns = s.returns()
    if s.chance(0.65):
        f = finder(s)
        a, b = s.rng.choice((("from", "to"), ("src", "dst"), ("left", "right"), ("old", "fresh"), ("a", "b")))
        first, second, n = f"{f.key}_{s.one('a', 'from')}", f"{f.key}_{s.one('b', 'to')}", s.var(("amount", "n", "delta"))
        word = "const char *" if f.by_text else "int "
        parameters, why = [f"{word}{first}", f"{word}{second}", f"int {n}"], f"{f.name} returns NULL when nothing matches"
        lead = f"{f.owner} *{a} = {f.name}({first});\n{f.owner} *{b} = {f.name}({second});\n"
        use = s.one(
            f"{a}->{f.number} -= {n};\n{b}->{f.number} += {n};",
            f"{b}->{f.number} = {a}->{f.number};\n{a}->{f.number} = {n};",
            f'printf("%d\\n", {a}->{f.number} + {b}->{f.number} * {n});',
        )
        half = f"{a}->{f.number} < {n}"
        idle = beside(s, numbers=(n,))
    else:
        text, (a, b) = s.text(), s.rng.choice((("open_", "shut"), ("start", "end"), ("lo", "hi"), ("p", "q")))
        pair = s.one("()", "[]", "<>", "=;", "@.")
        parameters, why = [f"char *{text}"], f"strchr returns NULL when {text} lacks the character"
        lead = f"char *{a} = strchr({text}, '{pair[0]}');\nchar *{b} = strchr({text}, '{pair[1]}');\n"
        use = s.one(f"*{a} = ' ';\n*{b} = '\\0';", f"{a}[0] = {b}[0];", f"*{b} = '\\0';\nputs({a} + 1);\n*{a} = '\\0';")
        half, idle = f"{a}[0] == '\\0'", beside(s, texts=(text,))
    good = null(s, a, b)
    mode = s.one("connective", "one", "one", "half")
    if mode == "connective":
        bad = Condition(reject=good.reject.replace("||", "&&"), accept=good.accept.replace("&&", "||"))
        why_not = f"The test fires only when {a} and {b} are both NULL"
        core = behind(s, bad, good, use, returns.fail, wrapped=0.5)
    elif mode == "half":
        one = null(s, a).reject
        core = alt(f"if ({one} || {half}) {returns.fail}", f"if ({good.reject}) {returns.fail}") + f"\n{use}\n"
        why_not = f"The test looks at {a} only, and {b} is followed too"
    else:
        core = behind(s, any_of(null(s, a), idle), good, use, returns.fail)
        why_not = f"The test covers {a} but not {b}"
    s.function(returns.type, s.func(("move", "transfer", "swap", "merge", "join")), parameters, lead + core + returns.done)
    return Draft(
        hardness="hard",
        vulnerable=f"{why_not}. {why}, so {b} can be NULL where it is used.",
        patched=f"The code that uses {a} and {b} runs only when neither of them is NULL.",
        absent=NO_WRITE,
    )


def tested_behind_use(s: Scene) -> Draft:
    """The pointer is tested, but only after it was followed."""
    src, v, returns = source(s), s.var(("v", "before", "old_value", "first", "n")), s.returns()
    test = null(s, src.p)
    late = any_of(test, Condition(reject=s.one(f"{v} < 0", f"{v} == 0", f"{v} > 1000"), accept="")) if s.chance(0.5) else test
    read = f"int {v} = {src.value};"
    tail = s.one(f'printf("%d\\n", {v});\n', f'if ({v} > {s.rng.randint(1, 9)}) puts("{s.word("items")}");\n')
    if s.chance(0.6):
        core = alt(f"{read}\nif ({late.reject}) {returns.fail}", f"if ({null(s, src.p).reject}) {returns.fail}\n{read}") + "\n"
    else:
        note = s.one(f'puts("{s.word("items")} done");', f"{v}++;")
        early = f"int {v} = {s.rng.randint(0, 5)};\n" + alt(
            f"{src.use}\nif ({test.reject}) {returns.fail}", f"if ({test.reject}) {returns.fail}\n{src.use}"
        )
        core = f"{early}\n{note}\n"
    s.function(
        returns.type,
        s.func(("check", "report", "touch", "visit")),
        src.parameters,
        f"{src.kind}{src.p} = {src.call};\n{core}{tail}{harmless(s)}{returns.done}",
    )
    return Draft(
        hardness="clear",
        vulnerable=f"{src.p} is followed first and tested for NULL only afterwards. {src.why}.",
        patched=f"{src.p} is tested for NULL first and followed only afterwards.",
        absent=NO_WRITE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (
        wrong_connective,
        logged_and_goes_on,
        tested_in_one_branch,
        overwritten_after_test,
        pair_needs_both,
        tested_behind_use,
    )
}
