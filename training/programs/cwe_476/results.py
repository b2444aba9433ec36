"""The result of a library call, an argument or a setting that may be missing."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_476.sources import NO_WRITE, behind, null
from training.programs.scene import Condition, Draft, Scene, alt


def allocation_unchecked(s: Scene) -> Draft:
    """A record is allocated and filled without a look at the result."""
    number = s.var(s.domain.numbers)
    owner, p = s.struct([f"int {number};"], 3)
    value = s.var(words.VALUE)
    alloc = s.one(f"malloc(sizeof(*{p}))", f"calloc(1, sizeof({owner}))", f"malloc(sizeof({owner}))")
    idle = s.one("", f"if ({value} < 0) return NULL;", f"if ({value} == 0) {value} = 1;")
    test = s.one(f"{p} == NULL", f"!{p}")
    body = f"{owner} *{p} = {alloc};\n{alt(idle, f'if ({test}) return NULL;')}\n{p}->{number} = {value};\nreturn {p};"
    s.function(f"{owner} *", s.func(("new", "create", "make", "alloc")), [f"int {value}"], body)
    return Draft(
        hardness="clear",
        vulnerable=f"The result of the allocation is not checked. When it fails, {p} is NULL and {p}->{number} is written through it.",
        patched=f"{p} is checked right after the allocation and used only when it is not NULL.",
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


def config_lines(s: Scene) -> Draft:
    """Lines of the form key=value are read; the separator may be missing."""
    line, sep, size = (
        s.var(("line", "buf", "row", "text")),
        s.var(("sep", "eq", "p", "mark", "split", "value")),
        s.rng.choice((128, 256, 512)),
    )
    char = s.one("'='", "':'", "','", "'|'")
    call = s.one(f"strchr({line}, {char})", f"strrchr({line}, {char})", f'strpbrk({line}, "{char[1]};")', f'strstr({line}, "{char[1]}")')
    total = s.var(("total", "sum", "count", "seen"))
    use = s.one(
        f"*{sep} = '\\0';\nprintf(\"%s -> %s\", {line}, {sep} + 1);",
        f"*{sep}++ = '\\0';\n{total} += atoi({sep});",
        f"{total} += *{sep} == {char} && {sep}[1] != '\\n';",
        f"*{sep} = ' ';\nfputs({line}, stdout);\n{total}++;",
    )
    good = null(s, sep)
    bad = s.rng.choice(
        (
            Condition(reject=f"{line}[0] == '#'", accept=f"{line}[0] != '#'"),
            Condition(reject=f"{line}[0] == '\\n' || {line}[0] == '#'", accept=f"{line}[0] != '\\n' && {line}[0] != '#'"),
            Condition(reject=f"strlen({line}) < 3", accept=f"strlen({line}) >= 3"),
            Condition(reject=f"isspace((unsigned char){line}[0])", accept=f"!isspace((unsigned char){line}[0])"),
        )
    )
    found = f"char *{sep} = {call};\n"
    if s.chance(0.2):
        core = found + alt(f"{use}\nif ({good.reject}) continue;", f"if ({good.reject}) continue;\n{use}")
    elif s.chance(0.25):
        core = alt(f"if ({bad.reject}) continue;\n{found.strip()}", f"{found}if ({good.reject}) continue;") + f"\n{use}"
    else:
        core = found + behind(s, bad, good, use, s.one("continue;", "continue;", "break;"))
    whole = s.chance(0.5)
    stream = "stdin" if whole else s.var(("fp", "stream", "f"))
    body = (
        f"char {line}[{size}];\nint {total} = 0;\nwhile (fgets({line}, sizeof({line}), {stream}) != NULL) {{\n{core.strip(chr(10))}\n}}\n"
    )
    if whole:
        s.function("int", "main", [], f'{body}printf("%d\\n", {total});\nreturn 0;')
    else:
        s.function("int", s.func(("load", "read", "import", "scan"), "things"), [f"FILE *{stream}"], f"{body}return {total};")
    verb = call.split("(")[0]
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{verb} returns NULL for a {line} without the separator, and {sep} is used all the same. One such {line} ends the program.",
            f"{sep} is not tested before it is used. A {line} in which {verb} finds nothing makes it NULL.",
        ),
        patched=s.one(
            f"{sep} is tested right after {verb}. A {line} without the separator does not get to the use.",
            f"A {line} in which {verb} finds nothing is passed over, so {sep} points into {line} wherever it is used.",
        ),
        absent=NO_WRITE,
    )


def token_fields(s: Scene) -> Draft:
    """The first of several tokens is tested, a later one is used too."""
    line, first, second = s.var(("line", "request", "row", "cmd")), s.text(), s.text()
    delimiter, state = s.one(" ", ",", ":", ";", "\\t"), s.var(("save", "rest", "ctx"))
    mode = s.one("strtok", "strtok", "strtok_r", "strsep")
    ask = {
        "strtok": (f'strtok({line}, "{delimiter}")', f'strtok(NULL, "{delimiter}")'),
        "strtok_r": (f'strtok_r({line}, "{delimiter}", &{state})', f'strtok_r(NULL, "{delimiter}", &{state})'),
        "strsep": (f'strsep(&{line}, "{delimiter}")', f'strsep(&{line}, "{delimiter}")'),
    }[mode]
    lead = f"char *{state};\n" if mode == "strtok_r" else ""
    good = null(s, first, second)
    more = s.one("", "", f"{first}[0] == '#'", f"{first}[0] == '\\0'", f"strlen({first}) < 2", f'strcmp({first}, "-") == 0')
    short = f"!{first}" if s.chance(0.3) else f"{first} == NULL"
    bad = Condition(reject=f"{short} || {more}" if more else short, accept="")
    returns = s.returns()
    use = s.one(
        f'printf("%s %zu\\n", {first}, strlen({second}));',
        f'if (strcmp({second}, "{s.word("texts")}") == 0) puts({first});',
        f'printf("%s=%d\\n", {first}, atoi({second}));',
        f"if ({second}[0] == '/') printf(\"%s: %s\\n\", {first}, {second});",
    )
    if s.chance(0.3):
        after = alt(
            f"if ({bad.reject}) {returns.fail}\nchar *{second} = {ask[1]};",
            f"char *{second} = {ask[1]};\nif ({good.reject}) {returns.fail}",
        )
        body = f"{lead}char *{first} = {ask[0]};\n{after}\n{use}\n"
    else:
        body = f"{lead}char *{first} = {ask[0]};\nchar *{second} = {ask[1]};\n{behind(s, bad, good, use, returns.fail, wrapped=0)}"
    s.function(returns.type, s.func(("parse", "handle", "split", "run"), "texts"), [f"char *{line}"], body + returns.done)
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"Only {first} is tested, and {mode} can return NULL for {second} as well. A {line} with a single field makes it so.",
            f"The test looks at {first} but {second} is followed too. {second} is NULL when {line} has one field.",
        ),
        patched=f"Both {first} and {second} are tested before they are used. A {line} with a single field is refused.",
        absent=NO_WRITE,
    )


def command_argument(s: Scene) -> Draft:
    """argv[argc] is NULL: an argument that was not given."""
    name, out = s.text(), s.var(("n", "count", "total", "result"))
    usage = s.one(
        f'fprintf(stderr, "usage: %s {s.word("texts")}\\n", argv[0]);\nreturn {s.one("1", "2", "EXIT_FAILURE")};',
        f'puts("missing {s.word("texts")}");\nreturn 1;',
        "return 1;",
    )
    use = s.one(f"(int)strlen({name})", f"atoi({name})", f"{name}[0] == '-'", f'strcmp({name}, "{s.word("items")}") == 0')
    mode = s.one("single", "helper", "option", "option")
    if mode == "option":
        i, flag = s.var(("i", "k", "a")), f"-{s.one('n', 'o', 'c', 'p', 't')}"
        bad, good = s.rng.choice(
            ((f"{i} >= argc", f"{i} + 1 >= argc"), (f"argc < {i} + 1", f"argc < {i} + 2"), (f"{i} == argc", f"{i} + 1 == argc"))
        )
        if s.chance(0.5):
            bad = s.one(f"argc < 2 || {i} < 1", f"argv[{i}] == NULL", f"argv[{i}][1] == '\\0'", f"{i} > argc || argc < 2")
        read = (
            f'if (strcmp(argv[{i}], "{flag}") == 0) {{\nif ({alt(bad, good)}) {{\n'
            f"{usage}\n}}\nconst char *{name} = argv[++{i}];\n{out} += {use};\n}}"
        )
        body = f'int {out} = 0;\nfor (int {i} = 1; {i} < argc; {i}++) {{\n{read}\n}}\nprintf("%d\\n", {out});\nreturn 0;'
        why, rule = (
            f"{flag} may be the last argument, and then argv[++{i}] is NULL",
            f"{flag} is accepted only when a further argument follows",
        )
    else:
        good = s.one("argc < 2", "argc != 2", "argc <= 1", "argv[1] == NULL", "argc < 2 || argv[1][0] == '\\0'")
        bad = s.one("argc < 1", "argc > 2", "argc == 0", "argv[0] == NULL", "argc < 1 || argc > 3", "argc < 1 || argv[0][0] == '\\0'")
        if mode == "helper":
            helper = s.func(("handle", "run", "process", "show"), "texts")
            s.function("int", helper, [f"const char *{name}"], f"int {out} = {use};\nreturn {out} > {s.rng.randint(0, 9)};")
            tail = s.one(f"return {helper}(argv[1]);", f'if ({helper}(argv[1])) puts("ok");\nreturn 0;')
        else:
            tail = f'const char *{name} = argv[1];\nint {out} = {use};\nprintf("%d\\n", {out});\nreturn 0;'
        body = f"if ({alt(bad, good)}) {{\n{usage}\n}}\n{tail}"
        why, rule = (
            "argv[1] is NULL when the program is started without an argument",
            "A start without an argument is refused before argv[1] is taken",
        )
    s.function("int", "main", ["int argc", "char **argv" if s.chance(0.7) else "char *argv[]"], body)
    return Draft(
        hardness="clear",
        vulnerable=f"{why}. {name} is read without a test that rules this out.",
        patched=f"{rule}. So {name} is not NULL where it is read.",
        absent=NO_WRITE,
    )


def environment_default(s: Scene) -> Draft:
    """A setting that is not there gets a default, or only an empty one does."""
    value, other = s.text(), s.text()
    names = [s.word("texts").upper(), s.word("things").upper() + "_" + s.word("texts").upper()]
    s.rng.shuffle(names)
    default = s.one(f'"{s.word("items")}"', '"/tmp"', '"0"', '"auto"', '"10"')
    good = s.one(
        f"if ({value} == NULL) {value} = {default};",
        f"if (!{value}) {value} = {default};",
        f"{value} = {value} ? {value} : {default};",
        f"if ({value} == NULL || {value}[0] == '\\0') {value} = {default};",
    )
    bad = s.one(
        f"if ({value} != NULL && {value}[0] == '\\0') {value} = {default};",
        f"if ({value}[0] == '\\0') {value} = {default};",
        f"if (strlen({value}) == 0) {value} = {default};",
        f"{value} = {value}[0] ? {value} : {default};",
    )
    second = s.chance(0.5)
    lead = f'const char *{other} = getenv("{names[1]}");\nif ({other} == NULL) {other} = "{s.word("items")}";\n' if second else ""
    use = s.one(f"(int)strlen({value})", f"atoi({value})", f"{value}[0] == '/'", f'strcmp({value}, "{s.word("texts")}") == 0')
    extra = f'printf("%s\\n", {other});\n' if second else s.one("", f'puts("{s.word("things")}");\n')
    core = f'const char *{value} = getenv("{names[0]}");\n{alt(bad, good)}\n'
    s.function("int", s.func(("load", "read", "get", "init"), "things"), [], f"{lead}{core}{extra}return {use};")
    return Draft(
        hardness="clear",
        vulnerable=(
            f"getenv returns NULL when {names[0]} is not set, and {value} gets no default then. Reading {value} follows a null pointer."
        ),
        patched=f"{value} gets the default {default.strip(chr(34))} when {names[0]} is not set. It is never NULL where it is read.",
        absent=NO_WRITE,
    )


def sized_allocation(s: Scene) -> Draft:
    """How much to allocate is read from a file, so the allocation can be made to fail."""
    stream, n, p, rc = (
        s.var(("fp", "stream", "f", "src_file")),
        s.var(words.LENGTH),
        s.var(words.TARGET),
        s.var(("rc", "got", "sum", "last")),
    )
    kind, i = s.one("unsigned char", "int", "uint32_t", "double"), s.var(("i", "k", "j"))
    alloc = (
        s.one(f"calloc({n}, sizeof({kind}))", f"calloc({n}, sizeof(*{p}))")
        if kind != "unsigned char"
        else s.one(f"malloc({n})", f"calloc({n}, 1)")
    )
    good = null(s, p)
    bad = s.rng.choice(
        (
            Condition(reject=f"{n} == 0", accept=f"{n} != 0"),
            Condition(reject=f"feof({stream})", accept=f"!feof({stream})"),
            Condition(reject=f"ferror({stream}) || feof({stream})", accept=f"!ferror({stream}) && !feof({stream})"),
            Condition(reject=f"{n} < 1 || feof({stream})", accept=f"{n} >= 1 && !feof({stream})"),
        )
    )
    use = s.one(
        f"for (size_t {i} = 0; {i} < {n}; {i}++) {{\n{p}[{i}] = ({kind})fgetc({stream});\n}}\n{rc} = ferror({stream});",
        f"{rc} = (int)fread({p}, sizeof(*{p}), {n}, {stream});",
        f"memset({p}, 0, {n} * sizeof(*{p}));\n{rc} = fread({p}, sizeof(*{p}), {n}, {stream}) == {n};",
    )
    if kind == "unsigned char" and s.chance(0.3):
        body = (
            alt(f"if ({n} == 0) return -1;\n{kind} *{p} = {alloc};", f"{kind} *{p} = {alloc};\nif ({good.reject}) return -1;")
            + f"\n{use}\n"
        )
    else:
        body = f"{kind} *{p} = {alloc};\n{behind(s, bad, good, use, 'return -1;')}"
    size = s.one("size_t", "size_t", "uint64_t")
    read = s.one(
        f"{size} {n};\nif (fread(&{n}, sizeof({n}), 1, {stream}) != 1) return -1;\n",
        f'size_t {n};\nif (fscanf({stream}, "%zu", &{n}) != 1) return -1;\n',
    )
    s.function(
        "int", s.func(("load", "read", "fetch", "import")), [f"FILE *{stream}"], f"{read}int {rc} = 0;\n{body}free({p});\nreturn {rc};"
    )
    verb = alloc.split("(")[0]
    return Draft(
        hardness="clear",
        vulnerable=f"{n} comes from the file, and with a huge {n} {verb} returns NULL. {p} is not tested and gets used as memory.",
        patched=f"{p} is tested after {verb}. A request for too much memory does not get to the use of {p}.",
        absent={"CWE-787": f"{p} has {n} elements and exactly as many are written.", "CWE-416": f"{p} is freed once, as the last step."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (
        allocation_unchecked,
        library_result_unchecked,
        config_lines,
        token_fields,
        command_argument,
        environment_default,
        sized_allocation,
    )
}
