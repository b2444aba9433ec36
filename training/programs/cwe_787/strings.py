"""Strings and blocks of bytes are copied into a buffer that may be too small."""

from collections.abc import Callable

from training.programs import words
from training.programs.scene import Draft, Scene, alt


def string_unbounded_copy(s: Scene) -> Draft:
    """strcpy, strcat, sprintf, gets or scanf without a limit; the fix is a limit, a length check or a longer route."""
    array = s.array("char", s.limit())
    source, returns = s.var(words.SOURCE), s.returns()
    b, x = array.bound, array.expr
    parameters = [array.parameter, f"const char *{source}"]
    mode = s.one("strcpy", "strcpy", "checked", "checked", "sprintf", "strcat", "gets", "scanf")
    lead = s.one("", "", f"if ({source} == NULL) {returns.fail}\n", f"if ({source}[0] == '\\0') {returns.fail}\n")
    form = f'"{s.word("texts")}=%s"'
    if mode == "strcpy":
        body = lead + alt(
            f"strcpy({x}, {source});",
            s.one(f'snprintf({x}, {b}, "%s", {source});', f"strncpy({x}, {source}, {b} - 1);\n{x}[{b} - 1] = '\\0';"),
        )
    elif mode == "checked":
        idle = s.one(
            f"strlen({source}) == 0",
            f"{source} == NULL",
            f"strlen({source}) > {array.limit.value * 4}",
            f"strlen({source}) > {b}",
            f"strlen({source}) < 1",
        )
        body = alt(f"if ({idle}) {returns.fail}", f"if (strlen({source}) >= {b}) {returns.fail}") + f"\nstrcpy({x}, {source});"
    elif mode == "sprintf":
        body = lead + alt(f"sprintf({x}, {form}, {source});", f"snprintf({x}, {b}, {form}, {source});")
    elif mode == "strcat":
        idle = s.one(f"strlen({source}) >= {b}", f"strlen({x}) >= {b}", "")
        body = (
            (f'strcpy({x}, "{s.word("texts")}");\n' if array.local else "")
            + alt(f"if ({idle}) {returns.fail}" if idle else "", f"if (strlen({x}) + strlen({source}) >= {b}) {returns.fail}")
            + f"\nstrcat({x}, {source});"
        )
    elif mode == "gets":
        body, parameters = alt(f"gets({x});", f"if (fgets({x}, {b}, stdin) == NULL) {returns.fail}"), [array.parameter]
    else:
        body, parameters = f'if (scanf("{alt("%s", f"%{array.limit.value - 1}s")}", {x}) != 1) {returns.fail}', [array.parameter]
    text = source if len(parameters) > 1 else "a word from the user"
    s.function(returns.type, s.func(words.COPIERS, "texts"), parameters, array.local + body + "\n" + array.use + returns.done)
    return Draft(
        hardness="hard" if mode in ("checked", "strcat") else "clear",
        vulnerable=s.one(
            f"{text} goes into {array.name} without a limit that fits, and {array.name} holds only {array.limit.value} bytes. A longer text writes past its end.",
            f"The length of {text} is not held below {array.limit.value}, the size of {array.name}. A long input overflows {array.name}.",
        ),
        patched=s.one(
            f"What goes into {array.name} is limited to its {array.limit.value} bytes. A longer text is cut or refused.",
            f"{array.name} holds {array.limit.value} bytes and the copy cannot exceed that.",
        ),
    )


def string_wrong_bound(s: Scene) -> Draft:
    """A bounded function gets the wrong bound: another buffer's size, the source's length, too large a number."""
    array = s.array("char", s.limit())
    source, returns, x = s.var(words.SOURCE), s.returns(), array.expr
    other = s.other_limit(array.limit)
    wrong = s.one(
        str(other), f"strlen({source}) + 1", str(array.limit.value * 2), f"{array.bound} + {s.one('1', '8')}", f"strlen({source})"
    )
    bound = alt(wrong, array.bound)
    tail = "" if "strlen" in wrong else f"{x}[{array.limit} - 1] = '\\0';\n"
    call = s.one(
        f'snprintf({x}, {bound}, "%s", {source});\n',
        f'snprintf({x}, {bound}, "{s.word("texts")}: %s", {source});\n',
        f"strncpy({x}, {source}, {bound});\n{tail}",
        f"memcpy({x}, {source}, {bound});\n",
    )
    lead = s.one("", "", f"if ({source} == NULL) {returns.fail}\n")
    s.function(
        returns.type,
        s.func(words.COPIERS, "texts"),
        [array.parameter, f"const char *{source}"],
        array.local + lead + call + array.use + returns.done,
    )
    return Draft(
        hardness="hard",
        vulnerable=f"The copy is limited by {wrong}, but {array.name} holds only {array.limit.value} bytes. The limit does not protect it from a long {source}.",
        patched=f"The copy is limited by {array.bound}, which is the size of {array.name}. Nothing is written past its {array.limit.value} bytes.",
    )


def block_length_from_input(s: Scene) -> Draft:
    """memcpy with a length out of the packet."""
    array = s.array(s.one("char", "uint8_t", "unsigned char"), s.limit())
    source, n, returns = s.var(words.SOURCE), s.var(words.LENGTH), s.returns()
    signed = s.chance(0.3)
    both = f"({source}[0] << 8) | {source}[1]"
    one_byte = f"{source}[0]" if array.limit.value < 200 else both  # more than one byte can say
    head = s.one(f"(int16_t)({both})" if signed else one_byte, f"(int16_t)({both})" if signed else both, "")
    kind = "int" if signed else s.one("size_t", "uint16_t", "unsigned", "uint32_t")
    avail = s.var(("avail", "size_in", "packet_len", "remaining"))
    parameters = [array.parameter, f"const unsigned char *{source}", f"size_t {avail}" if head else f"{kind} {n}"]
    opening = f"{kind} {n} = {head};\n" if head else ""
    good = f"{n} > {array.bound}" if not signed else f"{n} < 0 || {n} > {array.limit}"
    idle = s.one(
        "",
        "",
        f"{n} == 0",
        f"{source} == NULL",
        *([f"{n} + 2 > {avail}", f"{avail} < 2"] if head and not signed else []),
        *([f"{n} > {array.limit}"] * 3 if signed else [f"{n} > {s.other_limit(array.limit)}"]),
    )
    fixed = s.one(
        f"if ({good}) {returns.fail}", f"if ({n} > {array.limit}) {n} = {array.limit};" if not signed else f"if ({good}) {returns.fail}"
    )
    guard = alt(f"if ({idle}) {returns.fail}" if idle else "", fixed)
    # not for a signed length: compared with a size, one below 0 is huge and refused
    keep = f"if ({n} + 2 > {avail}) {returns.fail}\n" if head and not signed and avail not in idle and s.chance(0.5) else ""
    start = f"{source} + {s.one('2', '3', '4')}" if head else source
    copy = s.one(f"memcpy({array.expr}, {start}, {n});", f"memmove({array.expr}, {start}, {n});")
    s.function(
        returns.type, s.func(words.COPIERS), parameters, array.local + opening + keep + guard + f"\n{copy}\n" + array.use + returns.done
    )
    why = f" The check {idle} does not limit it to that." if idle else ""
    return Draft(
        hardness="hard" if idle or keep else "clear",
        vulnerable=s.one(
            f"{n} bytes are copied into {array.name}, which holds {array.limit.value}.{why} A larger {n} writes past its end.",
            f"The length {n} comes from outside and is not limited to the {array.limit.value} bytes of {array.name}.{why}",
        ),
        patched=s.one(
            f"{n} is limited to the {array.limit.value} bytes of {array.name} before the copy.",
            f"The copy never takes more than {array.limit.value} bytes, and {array.name} holds as many.",
        ),
    )


def accumulated_offset(s: Scene) -> Draft:
    """Pieces are appended; the check has to count what is already there."""
    array = s.array("char", s.limit(), kinds=("local", "local", "field"))
    parts, i, count, off, n = s.items(), s.var(words.LOOP), s.var(("count", "num", "nparts")), s.var(words.OFFSET), s.var(words.LENGTH)
    returns = s.returns()
    wrong = s.one(f"{n} >= {array.bound}", f"{n} >= {array.bound}", f"{off} >= {array.bound}", f"{n} == 0", f"{off} > {array.bound}")
    good = s.one(f"{off} + {n} >= {array.bound}", f"{n} >= {array.bound} - {off}", f"{n} + {off} + 1 > {array.bound}")
    stop = s.one("break;", "break;", returns.fail)
    body = f"size_t {off} = 0;\nfor (int {i} = 0; {i} < {count}; {i}++) {{\nsize_t {n} = strlen({parts}[{i}]);\n{alt(f'if ({wrong}) {stop}', f'if ({good}) {stop}')}\nmemcpy({array.expr} + {off}, {parts}[{i}], {n});\n{off} += {n};\n}}\n{array.expr}[{off}] = '\\0';\n"
    s.function(
        returns.type,
        s.func(words.BUILDERS, "texts"),
        [array.parameter, f"const char **{parts}", f"int {count}"],
        array.local + body + array.use + returns.done,
    )
    return Draft(
        hardness="hard",
        vulnerable=f"The check {wrong} does not add {off} and {n} together. Several pieces together run past the {array.limit.value} bytes of {array.name}.",
        patched=f"Before each copy {off} and {n} together are compared with the size of {array.name}, {array.limit.value} bytes.",
    )


def string_length_of_other(s: Scene) -> Draft:
    """Two strings: the length of one is checked, the other is copied."""
    array = s.array("char", s.limit())
    a, b, returns = s.text(), s.text(), s.returns()
    copy = s.one(f"strcpy({array.expr}, {a});", f'sprintf({array.expr}, "%s", {a});')
    check = f"if (strlen({alt(b, a)}) >= {array.bound}) {returns.fail}\n"
    s.function(
        returns.type,
        s.func(words.COPIERS, "texts"),
        [array.parameter, f"const char *{a}", f"const char *{b}"],
        array.local + check + copy + f"\nputs({b});\n" + array.use + returns.done,
    )
    return Draft(
        hardness="hard",
        vulnerable=f"The length of {b} is checked, but {a} is copied into {array.name}. A long {a} writes past its {array.limit.value} bytes.",
        patched=f"The length of {a} is checked against {array.name} before {a} is copied. It fits into {array.limit.value} bytes.",
    )


def heap_too_small(s: Scene) -> Draft:
    """malloc of too few bytes for what is then written."""
    name, source, n, i = s.var(words.TARGET), s.var(words.SOURCE), s.var(words.LENGTH), s.var(words.LOOP)
    mode = s.one("terminator", "terminator", "element", "pointer", "escape", "join")
    fail = f"if ({s.one(f'{name} == NULL', '!' + name)}) return NULL;"
    verbs: tuple[str, ...] = ("dup", "copy", "clone", "make")
    if mode == "terminator":
        good, bad = s.one((f"{n} + 1"), f"{n} + 1", f"{n} + 2"), f"{n}"
        fill = s.one(f"memcpy({name}, {source}, {n});\n{name}[{n}] = '\\0';", f"strcpy({name}, {source});")
        body = f"size_t {n} = strlen({source});\nchar *{name} = malloc({alt(bad, good)});\n{fail}\n{fill}\n"
        parameters, kind, why = (
            [f"const char *{source}"],
            "char",
            f"{n} bytes are allocated, but the string with its terminator needs {n} + 1",
        )
    elif mode in ("element", "pointer"):
        kind = s.one("int", "long", "double", "uint32_t")
        good = s.one(f"{n} * sizeof({kind})", f"{n} * sizeof(*{name})", f"sizeof({kind}) * {n}")
        bad = (
            s.one(n, f"{n} + sizeof({kind})", f"{n} * sizeof(char)")
            if mode == "element"
            else s.one("sizeof(" + name + ")", f"sizeof({kind} *)")
        )
        body = f"{kind} *{name} = malloc({alt(bad, good)});\n{fail}\nfor (size_t {i} = 0; {i} < {n}; {i}++) {{\n{name}[{i}] = {s.one('0', f'{source}[{i}]')};\n}}\n"
        parameters, why = [f"const {kind} *{source}", f"size_t {n}"], f"malloc gets {bad} bytes, but {n} elements of {kind} are written"
    elif mode == "escape":
        verbs, kind, o, factor = words.ENCODERS, "char", s.var(("o", "w", "outpos", "j")), s.rng.choice((2, 3, 4))
        extra = "\n".join(
            f"{name}[{o}++] = {source}[{i}];"
            if k == factor - 1
            else f"{name}[{o}++] = {s.one(chr(39) + chr(92) * 2 + chr(39), chr(39) + '%' + chr(39), chr(39) + '0' + chr(39))};"
            for k in range(factor)
        )
        test = s.one(f"{source}[{i}] < 32", f"{source}[{i}] == '&'", f"{source}[{i}] == '\"'", f"!isalnum((unsigned char){source}[{i}])")
        bad = f"{n} * {factor - 1} + 1" if factor > 2 else s.one(f"{n} + 1", f"{n} + 2")
        body = f"size_t {n} = strlen({source}), {o} = 0;\nchar *{name} = malloc({alt(bad, f'{n} * {factor} + 1')});\n{fail}\nfor (size_t {i} = 0; {i} < {n}; {i}++) {{\nif ({test}) {{\n{extra}\n}} else {{\n{name}[{o}++] = {source}[{i}];\n}}\n}}\n{name}[{o}] = '\\0';\n"
        parameters, why = [f"const char *{source}"], f"one character can become {factor}, but only {bad} bytes are allocated"
    else:
        other, kind = s.text(), "char"
        sep = s.one("/", ":", " ", "=")
        body = f'char *{name} = malloc(strlen({source}) + strlen({other}) + {alt("1", "2")});\n{fail}\nsprintf({name}, "%s{sep}%s", {source}, {other});\n'
        parameters, why = (
            [f"const char *{source}", f"const char *{other}"],
            "the two strings, the separator and the terminator need two bytes more than the lengths, and only one is added",
        )
    s.function(f"{kind} *", s.func(verbs, "texts"), parameters, body + f"return {name};\n")
    return Draft(
        hardness="hard",
        vulnerable=f"{why[0].upper() + why[1:]}. The writes to {name} run past the end of the allocation.",
        patched=f"The allocation of {name} is large enough for everything that is written to it.",
        absent={"CWE-476": f"The result of malloc is checked before {name} is used."},
    )


def wrong_sizeof(s: Scene) -> Draft:
    """The size of the struct, of the other array or of the source stands where the target's is meant."""
    limit = s.limit()
    big = s.other_limit(limit)
    a, b = s.text(), s.text()
    owner, handle = s.struct([f"char {a}[{limit}];", f"char {b}[{big}];"])
    source, returns = s.var(words.SOURCE), s.returns()
    wrong = s.one(f"sizeof({handle}->{b})", f"sizeof(*{handle})", str(big))
    good = f"sizeof({handle}->{a})"
    x = f"{handle}->{a}"
    call = s.one(
        f'snprintf({x}, {alt(wrong, good)}, "%s", {source});',
        f"strncpy({x}, {source}, {alt(wrong, good)} - 1);",
        f"memset({x}, 0, {alt(wrong, good)});",
    )
    also = f'snprintf({handle}->{b}, sizeof({handle}->{b}), "%s", {source});'
    lines = [call, also] if s.chance(0.5) else [also, call]
    s.function(
        returns.type,
        s.func(words.COPIERS, "texts"),
        [f"{owner} *{handle}", f"const char *{source}"],
        "\n".join(lines) + "\n" + returns.done,
    )
    return Draft(
        hardness="hard",
        vulnerable=f"The write to {a} is given {wrong} as its limit, but {a} holds only {limit.value} bytes. It runs past the end of {a}.",
        patched=f"Each write gets the size of its own target: {a} with {limit.value} bytes and {b} with {big.value}.",
    )


def caller_too_small(s: Scene) -> Draft:
    """The flaw spans two functions: the callee writes as many bytes as the caller says."""
    n = s.rng.choice((8, 16, 24, 32, 48, 64))
    small, out, room, source, i = (
        s.text(),
        s.var(("dst", "out", "to")),
        s.var(("room", "cap", "limit_bytes")),
        s.var(words.SOURCE),
        s.var(words.LOOP),
    )
    helper, outer = s.func(words.COPIERS, "texts"), s.func(("process", "handle", "on", "run"))
    checked = s.chance(0.5)
    if checked:
        test, passed = f"{source}[{i}] && {i} + 1 < {room}", alt(str(n * s.rng.choice((2, 4))), s.one(str(n), f"sizeof({small})"))
    else:
        test, passed = f"{source}[{i}]" + alt(s.one("", f" && {room} > 0"), f" && {i} + 1 < {room}"), s.one(str(n), f"sizeof({small})")
    s.function(
        "void",
        helper,
        [f"char *{out}", f"size_t {room}", f"const char *{source}"],
        f"size_t {i} = 0;\nwhile ({test}) {{\n{out}[{i}] = {source}[{i}];\n{i}++;\n}}\n{out}[{i}] = '\\0';",
        static=True,
    )
    text = s.var(words.SOURCE)
    s.function(
        "void", outer, [f"const char *{text}"], f"char {small}[{n}];\n{helper}({small}, {passed}, {text});\n{s.consume('char', small)}"
    )
    if s.chance(0.3):
        s.function("int", "main", ["int argc", "char **argv"], f"if (argc > 1) {outer}(argv[1]);\nreturn 0;")
    why = f"{outer} tells {helper} a size larger than {small}" if checked else f"{helper} does not stop at {room}"
    return Draft(
        hardness="hard",
        vulnerable=f"{why}, and {small} holds only {n} bytes. A longer text writes past its end.",
        patched=f"{helper} stops before {room} and {outer} passes the true size of {small}, {n} bytes.",
    )


def grow_condition(s: Scene) -> Draft:
    """A growing array whose capacity test is off by one, or grows too late."""
    items, count, cap, value = s.items(), s.var(words.COUNT), s.var(("cap", "capacity", "alloc", "room")), s.var(words.VALUE)
    kind = s.one("int", "char", "double", "long")
    owner, p = s.struct([f"{kind} *{items};", f"size_t {count};", f"size_t {cap};"], 1)
    new, tmp = s.var(("grown", "bigger", "new_cap")), s.var(("tmp", "mem", "fresh"))
    size = alt(f"{new}", f"{new} * sizeof({kind})") if kind != "char" and s.chance(0.3) else f"{new} * sizeof({kind})"
    bad = "==" if "\x01" in size else ">"
    test = f"{p}->{count} {'>=' if bad == '==' else alt('>', s.one('>=', '=='))} {p}->{cap}"
    body = f"if ({test}) {{\nsize_t {new} = {p}->{cap} {s.one('* 2', '+ 16', '* 2 + 8')};\n{kind} *{tmp} = realloc({p}->{items}, {size});\nif ({tmp} == NULL) return -1;\n{p}->{items} = {tmp};\n{p}->{cap} = {new};\n}}\n{p}->{items}[{p}->{count}++] = {value};\nreturn 0;"
    s.function("int", s.func(words.ADDERS), [f"{owner} *{p}", f"{kind} {value}"], body)
    why = (
        f"realloc gets a count of elements instead of bytes, so {items} is too small"
        if bad == "=="
        else f"{items} grows only when {count} is already above {cap}, so with {count} equal to {cap} there is no room"
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{why[0].upper() + why[1:] if not why.startswith(('realloc', items)) else why}. The element is then written past the end.",
        patched=f"{items} grows as soon as {count} reaches {cap}, in bytes of the element's size. There is always room for the write.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family
    for family in (
        string_unbounded_copy,
        string_wrong_bound,
        block_length_from_input,
        accumulated_offset,
        string_length_of_other,
        heap_too_small,
        wrong_sizeof,
        caller_too_small,
        grow_condition,
    )
}
