"""Count times element size wraps, and the allocation is too small."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_190.parts import BYTES, COUNTS, MAKERS, NULL_FREE, allocated, bring, element, filled, misguided, top, trade
from training.programs.scene import Draft, Scene, alt


def alloc_unchecked(s: Scene) -> Draft:
    """malloc gets count times size, and nothing keeps the product from wrapping."""
    kind, part = element(s)
    n, name, size = s.var(COUNTS, "numbers"), s.items(), s.var(BYTES)
    parameters, opening = bring(s, "size_t", (n,), "return NULL;")
    unit = s.one(f"sizeof({kind})", f"sizeof(*{name})") if s.chance(0.5) else f"sizeof({kind})"
    mode = s.one("check", "check", "limit", "calloc", "divided")
    if mode == "calloc":
        idle = s.one("", f"memset({name}, 0, {n} * {unit});")
        call = alt(s.one(f"malloc({n} * {unit})", f"calloc(1, {n} * {unit})", f"realloc(NULL, {n} * {unit})"), f"calloc({n}, {unit})")
        work = allocated(s, kind, name, call) + (alt(idle, "") + "\n" if idle else "")
        kept = "calloc multiplies the two itself and refuses a product that does not fit"
    elif mode == "divided":
        plain = s.one(
            f"if ({size} == 0) return NULL;", f"if ({size} == 0 || {n} == 0) return NULL;", f"if ({n} != 0 && {size} == 0) return NULL;"
        )
        good = s.one(f"if ({n} != 0 && {size} / {n} != {unit}) return NULL;", f"if ({size} / {unit} != {n}) return NULL;")
        work = f"size_t {size} = {n} * {unit};\n" + alt(plain, good) + "\n" + allocated(s, kind, name, f"malloc({size})")
        kept = f"{size} is divided again, and a product that did not fit leaves before it is used"
    else:
        most = s.limit((100, 256, 1000, 1024, 4096)) if mode == "limit" else None
        right = str(most) if most else f"{top(s, 'size_t')} / {unit.replace(f'*{name}', kind)}"
        idle = s.one(f"{n} == 0", f"{n} < 1", f"{n} == 0 || {n} == SIZE_MAX", "")
        test = s.one(f"{n} > {right}", f"{right} < {n}", f"{n} == 0 || {n} > {right}")
        work = trade(s, idle, test, "return NULL;")
        work += allocated(s, kind, name, f"malloc({s.one(f'{n} * {unit}', f'{unit} * {n}')})")
        kept = f"{n} is limited by {right} before it is multiplied"
    s.function(f"{kind} *", s.func(MAKERS), parameters, opening + work + filled(s, name, part, n) + f"return {name};")
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{n} comes from outside and {n} * {unit} is allocated without a check that it fits. A large {n} wraps to a small size, and the loop writes past {name}.",
            f"Nothing limits {n} before it is multiplied by {unit}. The size wraps, and {name} is far smaller than the loop expects.",
        ),
        patched=f"{kept[0].upper() + kept[1:] if kept.startswith('the') else kept}. The allocation of {name} always has room for the loop.",
        absent=NULL_FREE,
    )


def alloc_wrong_check(s: Scene) -> Draft:
    """A size in 32 bits with a check that looks right and misses."""
    kind, part = element(s)
    n, other, name, size = s.var(COUNTS, "numbers"), s.var(("version", "flags", "start", "first", "level")), s.items(), s.var(BYTES)
    small = s.one("uint32_t", "uint32_t", "unsigned")
    parameters, opening = bring(s, small, (n, other), "return NULL;")
    most, unit = top(s, small), f"sizeof({kind})"
    product = f"{small} {size} = {n} * {unit};\n"
    right = f"{n} > {most} / {unit}"
    late = s.chance(0.35)
    if late:
        test = s.one(f"{size} < {n}", f"{size} == 0", f"{size} == 0 || {size} < {n}", f"{size} > {most} - {unit}")
        work = alt(f"{product}if ({test}) return NULL;", f"if ({right}) return NULL;\n{product.strip()}") + "\n"
        why = f"the check of {size} after it misses many wrapped values"
    else:
        check, why = misguided(
            s,
            right,
            (
                (f"{other} > {most} / {unit}", f"the check is about {other}"),
                (f"{n} > {most} / sizeof(char)", "the check divides by the size of a char"),
                (f"{n} > {most} - {unit}", "the check is one for a sum"),
                (f"{n} == 0 || {n} > {most} - 1", "the limit is too high to help"),
                (f"{other} > 0 && {right}", f"the check counts only when {other} is set"),
            ),
            "return NULL;",
        )
        work = check + product
    work += allocated(s, kind, name, f"malloc({size})")
    tail = s.one(f'printf("%u\\n", {other});\n', "")
    s.function(f"{kind} *", s.func(MAKERS), parameters, opening + work + filled(s, name, part, n) + tail + f"return {name};")
    return Draft(
        hardness="hard",
        vulnerable=f"{size} is {n} times {unit} in too few bits, and {why}. A large {n} wraps {size}, and the loop writes past {name}.",
        patched=s.one(
            f"{n} is compared with {most} / {unit} before it is multiplied. {size} cannot wrap.",
            f"A {n} whose product with {unit} does not fit is refused first. {size} is then the true size of {name}.",
        ),
        absent=NULL_FREE,
    )


def ignored_result(s: Scene) -> Draft:
    """A helper multiplies and says whether that went well; the caller asks or does not."""
    kind, part = element(s)
    n, name, size = s.var(COUNTS, "numbers"), s.items(), s.var(BYTES)
    a, b, out, helper = (
        s.var(("a", "x", "left")),
        s.var(("b", "y", "right")),
        s.var(("out", "res", "dst")),
        s.join(*s.one("mul size", "size mul", "checked mul", "multiply").split()),
    )
    body = s.one(
        f"*{out} = {a} * {b};\nreturn {b} == 0 || {a} <= SIZE_MAX / {b};",
        f"*{out} = {a} * {b};\nreturn {a} == 0 || *{out} / {a} == {b};",
        f"*{out} = {a} * {b};\nif ({b} != 0 && {a} > SIZE_MAX / {b}) return 0;\nreturn 1;",
    )
    s.function("int", helper, [f"size_t {a}", f"size_t {b}", f"size_t *{out}"], body, static=True)
    parameters, opening = bring(s, "size_t", (n,), "return NULL;")
    call = f"{helper}({n}, sizeof({kind}), &{size})"
    ok = s.var(("ok", "fits", "done"))
    mode = s.one("thrown", "kept", "asked_size", "both")
    if mode == "thrown":
        work = alt(s.one(f"{call};", f"(void){call};"), f"if (!{call}) return NULL;")
    elif mode == "kept":
        work = f"int {ok} = {call};\n" + alt(f"if ({ok} && {size} == 0) return NULL;", f"if (!{ok}) return NULL;")
    elif mode == "asked_size":
        work = alt(f"{call};\nif ({size} == 0) return NULL;", f"if (!{call}) return NULL;")
    else:
        work = f"if (!{call} {alt('&&', '||')} {size} == 0) return NULL;"
    why = {
        "thrown": f"the result of {helper} is thrown away",
        "kept": f"{ok} is zero when the product does not fit, and then the check does not leave",
        "asked_size": f"the caller looks at {size} but not at the result of {helper}",
        "both": f"the caller leaves only when {size} is zero as well",
    }[mode]
    s.function(
        f"{kind} *",
        s.func(MAKERS),
        parameters,
        opening + f"size_t {size};\n{work}\n" + allocated(s, kind, name, f"malloc({size})") + filled(s, name, part, n) + f"return {name};",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{n} is multiplied by {helper}, but {why}. A large {n} leaves a wrapped {size} and the loop writes past {name}.",
        patched=s.one(
            f"The result of {helper} decides whether the caller goes on. A product that does not fit is refused.",
            f"When {n} times the element size does not fit, {helper} says so and the caller leaves. {size} is never a wrapped value.",
        ),
        absent=NULL_FREE,
    )


def limit_too_large(s: Scene) -> Draft:
    """There is a limit for the count; in one half it is too high for the product to fit."""
    kind, unit = "uint64_t", s.one("8", "sizeof(uint64_t)")
    n, name, size = s.var(COUNTS, "numbers"), s.items(), s.var(BYTES)
    small = s.one("uint32_t", "unsigned")
    parameters, opening = bring(s, small, (n,), "return NULL;")
    high = s.one("0x40000000", "0x7fffffff", "1000000000", "0x20000001", "(1u << 30)", "(UINT32_MAX / 2)", "(UINT32_MAX / 4)")
    low = s.one("0x10000", "1000000", "0x1000000", "(1u << 20)", "(UINT32_MAX / 8)", "(UINT32_MAX / 16)", "50000", "(1024 * 1024)")
    word = s.word("items").upper()
    most = s.one(f"MAX_{word}S", f"{word}_MAX", f"{word}_LIMIT")
    s.used.add(most)
    s.limits.append(f"#define {most} {alt(high, low)}")
    test = s.one(f"{n} > {most}", f"{n} == 0 || {n} > {most}", f"{most} < {n}")
    product = f"{small} {size} = {n} * {unit};\n"
    s.function(
        f"{kind} *",
        s.func(MAKERS),
        parameters,
        opening
        + f"if ({test}) return NULL;\n"
        + product
        + allocated(s, kind, name, f"malloc({size})")
        + filled(s, name, "", n)
        + f"return {name};",
    )
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"The check of {n} is there, but {most} is too high: {n} times {unit} still wraps in 32 bits. The loop then writes past {name}.",
            f"{most} allows a {n} whose product with {unit} does not fit into {size}. {name} gets too few bytes.",
        ),
        patched=s.one(
            f"{most} is low enough that {n} times {unit} fits into {size}. Larger values of {n} are refused.",
            f"{n} is checked against {most}, and for such values {size} cannot wrap.",
        ),
        absent=NULL_FREE,
    )


def table_program(s: Scene) -> Draft:
    """A whole program: main reads a count from its arguments and allocates a table."""
    kind = s.one("int", "double", "uint32_t", "uint64_t")
    n, name, size, i, build = s.var(COUNTS), s.items(), s.var(BYTES), s.var(words.LOOP), s.func(MAKERS)
    small = s.one("unsigned", "uint32_t")
    end = top(s, small)
    most = s.one("100000", "4096", "1000000", f"{end} / sizeof({kind})", f"{end} / sizeof({kind})")
    wrong = s.one(f"{n} == 0", f"{n} == 0 || {n} == {end}", f"{n} == 0 || {n} > {end} - sizeof({kind})", f"{n} > {end} - 1")
    in_main = s.chance(0.5)
    check = trade(
        s,
        wrong,
        s.one(f"{n} > {most}", f"{n} == 0 || {n} > {most}"),
        "return 1;" if in_main else "return NULL;",
    )
    body = f"{small} {size} = {n} * sizeof({kind});\n{kind} *{name} = malloc({size});\nif ({name} == NULL) return NULL;\n"
    body += f"for ({small} {i} = 0; {i} < {n}; {i}++) {{\n{name}[{i}] = {s.one('0', i, f'{i} % 7')};\n}}\nreturn {name};"
    s.function(f"{kind} *", build, [f"{small} {n}"], ("" if in_main else check) + body)
    read = s.one(
        f"{small} {n} = ({small})strtoul(argv[1], NULL, {s.one('10', '0')});\n",
        f'{small} {n};\nif (sscanf(argv[1], "%u", &{n}) != 1) return 1;\n',
    )
    usage = s.one("if (argc < 2) return 1;\n", 'if (argc != 2) {\nfprintf(stderr, "usage: %s count\\n", argv[0]);\nreturn 1;\n}\n')
    last = s.var(("table", "data", "all", "made"))
    s.function(
        "int",
        "main",
        ["int argc", "char **argv"],
        usage
        + read
        + (check if in_main else "")
        + f'{kind} *{last} = {build}({n});\nif ({last} == NULL) return 1;\nprintf("%u ready\\n", {n});\nfree({last});\nreturn 0;',
    )
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{n} comes from the command line and {size} is {n} times the element size in 32 bits. A large {n} wraps, and {build} writes past {name}.",
            f"{build} multiplies {n} with no limit on it. {size} wraps for a large argument, and the loop leaves {name}.",
        ),
        patched=s.one(
            f"{n} is limited before {build} multiplies it, so {size} cannot wrap. {name} has room for all elements.",
            f"A command line {n} that is too large is refused. The product in {size} always fits.",
        ),
        absent={**NULL_FREE, "CWE-416": "The memory is freed once, at the end of main, and not used after that."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family
    for family in (
        alloc_unchecked,
        alloc_wrong_check,
        ignored_result,
        limit_too_large,
        table_program,
    )
}
