"""A value leaves its type: a length in 16 bits, a small counter, a negated minimum, a shift, a doubled capacity."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_190.parts import (
    BYTES,
    COUNTS,
    NO_WRITE,
    NULL_FREE,
    allocated,
    bring,
    include_limits,
    misguided,
    top,
    trade,
    with_article,
)
from training.programs.scene import Draft, Scene, alt


def narrow_length(s: Scene) -> Draft:
    """The length of a text plus one is kept in a small integer and decides how much is allocated."""
    text, name, n = s.text(), s.var(words.TARGET), s.var((*BYTES, "len", "length"))
    small = s.one("uint16_t", "uint8_t", "unsigned char", "unsigned short", "uint16_t")
    second = s.text() if s.chance(0.4) else ""
    whole = f"strlen({text})" + (f" + strlen({second})" if second else "")
    ends = top(s, small)
    mode = s.one("type", "type", "check")
    if mode == "type":
        bad = s.one(f"{small} {n} = {whole} + 1;", f"{small} {n} = ({small})({whole} + 1);", f"{small} {n} = {whole};\n{n}++;")
        good = s.one(f"size_t {n} = {whole} + 1;", f"size_t {n} = {whole};\n{n} += 1;", f"const size_t {n} = {whole} + 1;")
        work = alt(bad, good) + "\n"
        kept = f"{n} is a size_t and holds every length plus one"
    else:
        wrong = s.one(f"{text}[0] == '\\0'", f"{whole} == 0", f"{whole} == {ends}", f"{text} == NULL", f"({small})({whole}) > {ends} - 1")
        work = trade(s, wrong, s.one(f"{whole} >= {ends}", f"{whole} > {ends} - 1"), "return NULL;") + f"{small} {n} = {whole} + 1;\n"
        kept = f"a text that does not fit into {n} is refused first"
    copy = s.one(f"strcpy({name}, {text});\n", f"memcpy({name}, {text}, strlen({text}) + 1);\n", f'sprintf({name}, "%s", {text});\n')
    if second:
        copy += f"strcat({name}, {second});\n"
    s.function(
        "char *",
        s.func(("dup", "clone", "copy", "keep", "join"), "texts"),
        [f"const char *{text}", f"const char *{second}" if second else ""],
        work + allocated(s, "char", name, f"malloc({n})") + copy + f"return {name};",
    )
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{n} is only {with_article(small)}, and {whole} + 1 wraps in it when the text is long. {name} gets too few bytes and the copy runs past them.",
            f"The length of {text} is not limited, but {n} is {with_article(small)}. It wraps to a small number, and then {name} is too short.",
        ),
        patched=f"{kept[0].upper() + kept[1:] if kept.startswith('a ') else kept}. {name} has room for all of {text} and the terminator.",
        absent=NULL_FREE,
    )


def small_counter(s: Scene) -> Draft:
    """A counter of failures or references in eight or sixteen bits comes round to zero."""
    count, most = s.var(("fails", "tries", "strikes", "misses", "refs", "warnings")), s.limit((3, 5, 8, 10))
    small = s.one("uint8_t", "uint8_t", "uint16_t", "unsigned char", "unsigned short")
    ends = top(s, small)
    secret, given = s.text(), s.var(("given", "guess", "attempt", "entered"))
    owner, p = s.struct([f"{small} {count};", f"const char *{secret};"], 2)
    field = f"{p}->{count}"
    shape = s.one("saturate", "saturate", "order", "helper", "plain")
    step = s.one(f"{field}++;", f"{field} += 1;", f"++{field};")
    locked = s.one(f"{field} >= {most}", f"{field} > {most} - 1")
    right = s.one(f"if ({field} < {ends}) {step}", f"if ({field} != {ends}) {step}", f"if ({field} < {most}) {step}")
    wrong = s.one(step, f"if ({field} <= {ends}) {step}", f"{field} = ({small})({field} + 1);", f"if ({field} + 1 > {field}) {step}")
    same = f"strcmp({p}->{secret}, {given}) == 0"
    if shape == "order":
        step_first = s.one(f"{step}\nif ({locked}) return -1;", f"{field} = {field} + 1;\nif ({locked}) return -1;")
        body = alt(step_first, f"if ({locked}) return -1;\n{step}") + f"\nif (!({same})) return 0;\n{field} = 0;\nreturn 1;"
        kept = f"{count} is compared with {most} before it is raised, and stops there"
    elif shape == "helper":
        helper = s.join(s.one("count", "note", "book"), s.one("miss", "failure", "try"))
        s.function("void", helper, [f"{owner} *{p}"], alt(wrong, right), static=True)
        body = f"if ({same} && !({locked})) {{\n{field} = 0;\nreturn 1;\n}}\n{helper}({p});\nreturn {locked} ? -1 : 0;"
        kept = f"{helper} raises {count} only while there is room for it"
    elif shape == "plain":
        body = f"if ({same} && !({locked})) {{\n{field} = 0;\nreturn 1;\n}}\n{alt(wrong, right)}\nreturn 0;"
        kept = f"{count} is raised only while it is below its end"
    else:
        body = f"if (!({same})) {{\n{alt(wrong, right)}\nreturn {locked} ? -1 : 0;\n}}\nif ({locked}) return -1;\n{field} = 0;\nreturn 1;"
        kept = f"the raise of {count} has a test before it, so it stays at its end"
    s.function("int", s.func(("login", "unlock", "check", "verify", "enter"), "texts"), [f"{owner} *{p}", f"const char *{given}"], body)
    return Draft(
        hardness="hard" if shape == "order" or "if" in wrong else "clear",
        vulnerable=s.one(
            f"{count} is {with_article(small)} and is raised without an end for every wrong {given}. After enough tries it is zero again and the limit {most} is undone.",
            f"Nothing stops {count} at the end of {small}. Whoever keeps trying makes it wrap to zero and gets around {most}.",
        ),
        patched=f"{kept[0].upper() + kept[1:] if kept.startswith('the') else kept}. It never comes round to zero and {most} holds.",
        absent=NO_WRITE,
    )


def narrow_loop_counter(s: Scene) -> Draft:
    """The counter of a loop is smaller than the number it has to reach."""
    n, data, out, i = s.var(COUNTS, "numbers"), s.var(words.SOURCE), s.var(("sum", "crc", "acc", "hits")), s.var(words.LOOP)
    wide = s.one("unsigned", "size_t", "uint32_t", "int", "unsigned long", "unsigned int", "unsigned long")
    small = s.one("unsigned char", "uint8_t", "uint16_t", "unsigned short", "uint8_t")
    ends = top(s, small)
    mode = s.one("type", "type", "check", "check")
    fail = s.one("return 0;", "return 1;")
    check, counter = "", small
    if mode == "type":
        counter = alt(small, wide)
        check = s.one("", f"if ({n} == 0) {fail}\n", f"if ({data} == NULL) {fail}\n")
        why, kept = f"{i} is {with_article(small)}", f"{i} has the type of {n} and reaches it"
    else:
        check, why = misguided(
            s,
            s.one(f"{n} > {ends}", f"{n} >= {ends}"),
            (
                (f"{n} == 0 || {data} == NULL", f"the check sets no upper end for {n}"),
                (f"({small}){n} > {ends} - 1", f"the check looks at {n} after it was narrowed"),
                (f"({small}){n} == 0", f"the check looks at {n} after it was narrowed"),
                (f"{n} > {ends} * 16", f"the check lets {n} be too large for {i}"),
            ),
            fail,
        )
        kept = f"{n} is at most {ends} after the check, and {i} can reach it"
    work = s.one(
        f"{out} += {data}[{i}];", f"{out} ^= {data}[{i}];", f"{out} = {out} * 31 + {data}[{i}];", f"if ({data}[{i}] == 0) {out} |= 1;"
    )
    loop = s.one(
        f"for ({counter} {i} = 0; {i} < {n}; {i}++) {{\n{work}\n}}\n",
        f"{counter} {i} = 0;\nwhile ({i} < {n}) {{\n{work}\n{i}++;\n}}\n",
        f"{counter} {i};\nfor ({i} = 0; {i} < {n}; ++{i}) {{\n{work}\n}}\n",
    )
    s.function(
        "unsigned",
        s.func(("sum", "hash", "scan", "digest")),
        [f"const unsigned char *{data}", f"{wide} {n}"],
        f"unsigned {out} = 0;\n{check}{loop}return {out};",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{why[0].upper() + why[1:] if why.startswith('the') else why}, and {i} wraps to zero before it reaches a larger {n}. The loop then never ends.",
        patched=s.one(f"{kept}. The loop ends after {n} rounds.", f"{kept}. No round makes {i} wrap."),
        absent=NO_WRITE,
    )


def negated_minimum(s: Scene) -> Draft:
    """The smallest int has no positive counterpart; its negation stays negative and becomes an index."""
    value, slot, limit = (
        s.var(("key", "delta", "hash", "code", "id")),
        s.var(("slot", "bucket", "at", "spot")),
        s.limit((7, 10, 13, 31, 50, 100)),
    )
    name = s.items()
    s.globals.append(f"static {s.one('int', 'unsigned', 'uint16_t')} {name}[{limit}];")
    returns = s.returns()
    parameters, opening = bring(s, "int", (value,), returns.fail)
    tail = f"{name}[{slot}] += 1;\n{returns.done}"
    magnitude = s.var(("mag", "size", "positive", "absolute"))
    shape = s.one("check", "check", "unsigned", "unsigned", "ternary")
    turn = s.one(f"if ({value} < 0) {value} = -{value};\n", f"{value} = abs({value});\n", f"{value} = {value} < 0 ? -{value} : {value};\n")
    if shape == "check":
        include_limits(s)
        wrong = s.one(f"{value} == INT_MAX", f"{value} < INT_MIN", f"-{value} == INT_MAX", f"{value} == 0", f"{value} < -INT_MAX - 1")
        work = (
            trade(s, wrong, s.one(f"{value} == INT_MIN", f"{value} < -INT_MAX"), returns.fail) + turn + f"int {slot} = {value} % {limit};\n"
        )
        kept = f"INT_MIN is refused before {value} is negated"
    elif shape == "unsigned":
        bad = s.one(
            f"int {slot} = abs({value}) % {limit};",
            f"int {slot} = ({value} < 0 ? -{value} : {value}) % {limit};",
            f"int {slot} = abs({value});\n{slot} %= {limit};",
        )
        good = s.one(
            f"unsigned {slot} = (unsigned){value} % {limit};",
            f"int {slot} = abs({value} % {limit});",
            f"int {slot} = {value} % {limit};\nif ({slot} < 0) {slot} = -{slot};",
        )
        work, kept = alt(bad, good) + "\n", f"{value} is reduced by {limit} before any sign is removed"
    else:
        bad = s.one(
            f"int {magnitude} = {value} < 0 ? -{value} : {value};", f"int {magnitude} = abs({value});\nif ({magnitude} == 0) {returns.fail}"
        )
        good = f"unsigned {magnitude} = {value} < 0 ? 0u - (unsigned){value} : (unsigned){value};"
        work, kept = (
            alt(bad, good) + f"\nint {slot} = {magnitude} % {limit};\n",
            f"{magnitude} is unsigned and holds the size of every {value}",
        )
    s.function(returns.type, s.func(("count", "touch", "mark", "record")), parameters, opening + work + tail)
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"For the smallest int the negation of {value} does not fit and stays negative. {slot} is then below zero and {name} is written in front of its start.",
            f"{value} may be the smallest int, which has no positive counterpart. The index {slot} is then negative for {name}.",
        ),
        patched=f"{kept}. {slot} is never negative, so {name} is written inside.",
    )


def shifted_size(s: Scene) -> Draft:
    """One shifted by a number from outside becomes a size."""
    order, name, size = s.var(("order", "bits", "log2_size", "exp2", "power")), s.items(), s.var(BYTES)
    parameters, opening = bring(s, "unsigned", (order,), "return NULL;")
    kind = s.one("int", "uint32_t", "double", "uint64_t")
    mode = s.one("check", "check", "wide")
    fail = "return NULL;"
    if mode == "check":
        unit = s.one("1u", "(uint32_t)1")
        most = s.one("20", "16", "24", "12")
        check, why = misguided(
            s,
            s.one(f"{order} > {most}", f"{order} >= {most}"),
            (
                (f"{order} > 64", f"the check lets {order} be up to the width of a larger type"),
                (f"{order} == 0 || {order} > 255", f"the check lets {order} exceed the width of the type"),
                (f"{order} >= sizeof(uint32_t) * 8", "the check allows a shift whose product with the element size does not fit"),
                (f"({unit} << {order}) == 0", "the check looks at the shift but not at the product"),
            ),
            fail,
        )
        work = check + f"uint32_t {size} = ({unit} << {order}) * sizeof({kind});\n"
        kept = f"{order} is limited by {most} before anything is shifted"
    else:
        guard = s.one(f"{order} > 31", f"{order} >= 32")
        bad = s.one(f"(size_t)(1u << {order} << 3)", f"(1u << {order}) * 8u", f"(size_t)((1u << {order}) * 8u)", f"8u << {order}")
        good = s.one(f"(size_t)8 << {order}", f"((size_t)1 << {order}) * 8", f"(size_t)(1u << {order}) * 8")
        kind = s.one("uint64_t", "double")
        work, why = f"if ({guard}) {fail}\nsize_t {size} = {alt(bad, good)};\n", "the product is made in 32 bits before it is widened"
        kept = f"{size} is computed in size_t and {order} is limited"
    i = s.var(words.LOOP)
    fill = s.one(
        f"for (uint64_t {i} = 0; {i} < (uint64_t)1 << {order}; {i}++) {{\n{name}[{i}] = 0;\n}}\n",
        f"for (uint64_t {i} = 0; ({i} >> {order}) == 0; {i}++) {{\n{name}[{i}] = {s.one('0', '1')};\n}}\n",
    )
    s.function(
        f"{kind} *",
        s.func(("make", "alloc", "new", "grow")),
        parameters,
        opening + work + allocated(s, kind, name, f"malloc({size})") + fill + f"return {name};",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{size} comes from one shifted by {order}, and {why}. The size wraps, and the loop writes past {name}.",
        patched=s.one(
            f"{kept}. {size} is the true size of {name}.", f"{kept}. So the shift and the product fit, and {name} has room for the loop."
        ),
        absent=NULL_FREE,
    )


def doubled_capacity(s: Scene) -> Draft:
    """A buffer doubles until a request fits; a small capacity wraps to zero on the way."""
    data, used, cap = s.var(("data", "buf", "mem", "bytes")), s.var(("used", "len", "fill")), s.var(("cap", "capacity", "room"))
    small = s.one("uint16_t", "uint32_t", "unsigned", "uint32_t")
    owner, p = s.struct([f"char *{data};", f"{small} {used};", f"{small} {cap};"], 1)
    src, n, want, fresh, grown = (
        s.var(words.SOURCE),
        s.var(("n", "count", "extra_len", "nbytes")),
        s.var(("want", "need", "least")),
        s.var(("fresh", "moved", "mem2")),
        s.var(("grown", "bigger", "next_cap")),
    )
    most = top(s, small)
    fail = "return -1;"
    rest, split = f"{n} > {most} / 4 - {p}->{used}", s.chance(0.5)
    first = f"if ({p}->{used} > {most} / 4) {fail}\n" if split else ""
    right = rest if split else f"{p}->{used} > {most} / 4 || {rest}"
    check, why = misguided(
        s,
        right,
        (
            (f"{n} == 0 || {src} == NULL", f"the check sets no upper end for {n}"),
            (f"{n} > {most} - 1", f"the check lets {n} be too large"),
            (f"{p}->{cap} == 0 && {n} > {most} / 4 - {p}->{used}", f"the check counts only when {cap} is zero"),
            (f"{p}->{cap} > {most} / 4 - {p}->{used}", f"the check is about {cap} and not about {n}"),
        ),
        fail,
    )
    body = f"{first}{check}{small} {want} = {p}->{used} + {n};\nif ({want} > {p}->{cap}) {{\n{small} {grown} = {p}->{cap} ? {p}->{cap} : {s.one('8', '16', '64')};\nwhile ({grown} < {want}) {s.one(f'{grown} *= 2;', f'{grown} = {grown} * 2;', f'{grown} <<= 1;')}\n"
    body += f"char *{fresh} = realloc({p}->{data}, {grown});\nif ({fresh} == NULL) {fail}\n{p}->{data} = {fresh};\n{p}->{cap} = {grown};\n}}\nmemcpy({p}->{data} + {p}->{used}, {src}, {n});\n{p}->{used} = {want};\nreturn 0;"
    s.function("int", s.func(words.ADDERS), [f"{owner} *{p}", f"const char *{src}", f"{small} {n}"], body)
    return Draft(
        hardness="hard",
        vulnerable=f"{used} + {n} is kept in {with_article(small)} and can wrap, and {why}. {want} is then below {cap}, nothing grows, and memcpy writes past {data}.",
        patched=s.one(
            f"{n} is limited so that {used} + {n} stays far below the end of {small}. Neither {want} nor the doubling of {grown} can wrap.",
            f"The check leaves before {want} or {grown} could wrap. {data} is large enough when memcpy runs.",
        ),
        absent={"CWE-476": "The result of realloc is checked before it is used."},
    )


def unseen_count(s: Scene) -> Draft:
    """The count comes from a function that is not shown and may have limited it."""
    kind = s.one("int", "double", "uint32_t", "uint64_t")
    n, name, size = s.var(COUNTS), s.items(), s.var(BYTES)
    source = s.join(s.word("things"), s.one("read", "load", "get", "next"), s.one("count", "total", "number"))
    small = s.one("uint32_t", "size_t", "unsigned")
    s.functions.append(f"{small} {source}(void);")
    extra = s.one(f"if ({n} == 0) return NULL;", f'printf("%u\\n", (unsigned){n});')
    body = f"{small} {n} = {source}();\n{alt('', extra)}\n{small} {size} = {n} * sizeof({kind});\n" + allocated(
        s, kind, name, f"malloc({size})"
    )
    i = s.var(words.LOOP)
    s.function(
        f"{kind} *",
        s.func(("make", "load", "read", "prepare")),
        [],
        body + f"for (size_t {i} = 0; {i} < {n}; {i}++) {{\n{name}[{i}] = 0;\n}}\nreturn {name};",
    )
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{size} is {n} times the element size, and {source} is not shown. If it returns a large number, the product wraps.",
        patched=f"Nothing shown says that {source} returns numbers too large for {size}. It may well limit {n} itself.",
        absent=NULL_FREE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family
    for family in (
        narrow_length,
        small_counter,
        narrow_loop_counter,
        negated_minimum,
        shifted_size,
        doubled_capacity,
        unseen_count,
    )
}
