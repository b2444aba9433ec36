"""A sum or difference wraps: a header is added, items add up, an offset and a length meet."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_190.parts import BYTES, NO_WRITE, NULL_FREE, allocated, bring, top, trade, with_article
from training.programs.scene import Draft, Scene, alt

PARTS = ("len", "length", "n", "size", "nbytes", "chunk", "body_len")


def header_plus_length(s: Scene) -> Draft:
    """A message length plus a fixed header, added in too few bits, becomes the size of the buffer."""
    n, name, size, source = s.var(PARTS), s.var(words.TARGET), s.var(BYTES), s.var(words.SOURCE)
    extra = s.limit((4, 8, 12, 16, 24, 32), ("header", "prefix", "trailer"))
    small = s.one("uint16_t", "uint32_t", "unsigned", "uint32_t", "uint8_t")
    total_max = top(s, small)
    parameters, opening = bring(s, small, (n,), "return NULL;") if small != "uint8_t" else ([f"uint8_t {n}"], "")
    mode = s.one("wide", "wide", "check")
    if mode == "wide":
        bad = s.one(
            f"{small} {size} = {n} + {extra};", f"{small} {size} = ({small})({n} + {extra});", f"{small} {size} = {n};\n{size} += {extra};"
        )
        good = s.one(
            f"size_t {size} = (size_t){n} + {extra};",
            f"size_t {size} = {extra};\n{size} += {n};",
            f"uint64_t {size} = (uint64_t){n} + {extra};",
        )
        work = alt(bad, good) + "\n"
        kept = f"{size} is wide enough for {n} plus {extra}"
    else:
        wrong = s.one(f"{n} == 0", f"{n} > {total_max}", f"{n} == {total_max}", f"{n} == 0 || {n} > {total_max} - 1")
        work = trade(s, wrong, f"{n} > {total_max} - {extra}", "return NULL;") + f"{small} {size} = {n} + {extra};\n"
        kept = f"{n} is at most {total_max} - {extra} when {extra} is added"
    head = s.one(f"memset({name}, 0, {extra});\n", f"memset({name}, ' ', {extra});\n")
    s.function(
        "unsigned char *",
        s.func(("wrap", "frame", "pack", "build", "encode")),
        [*parameters, f"const unsigned char *{source}"],
        opening
        + work
        + allocated(s, "unsigned char", name, f"malloc({size})")
        + head
        + f"memcpy({name} + {extra}, {source}, {n});\nreturn {name};",
    )
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{n} + {extra} is kept in {small} and wraps when {n} is near its end. {name} is then tiny, and memcpy writes {n} bytes into it.",
            f"{size} is only {with_article(small)}, and a large {n} plus {extra} wraps to a small number. The copy runs past {name}.",
        ),
        patched=f"{kept}. The buffer {name} has room for the header and the {n} bytes after it.",
        absent=NULL_FREE,
    )


def offset_plus_length(s: Scene) -> Draft:
    """A range inside a buffer: the sum is compared, or the length with what is left."""
    off, n = s.var(("off", "offset", "start", "pos", "from_at")), s.var(PARTS)
    total, data, out = s.var(("total", "avail", "file_size", "data_len", "limit")), s.var(words.SOURCE), s.var(("sum", "crc", "acc"))
    kind = s.one("size_t", "uint32_t", "unsigned", "size_t")
    i = s.var(words.LOOP)
    bad = s.one(
        f"{off} + {n} > {total}",
        f"{total} < {off} + {n}",
        f"{n} == 0 || {off} + {n} > {total}",
        f"{off} + {n} == 0 || {off} + {n} > {total}",
        f"(size_t)({off} + {n}) > {total}",
    )
    good = s.one(f"{n} > {total} - {off}", f"{total} - {off} < {n}")
    fail = s.one("return -1;", "return 0;", "return -2;")
    shape = s.one("two", "one", "wrapped", "kept")
    cover = f"{off} > {total}"
    start = f"int {out} = 0;\n"
    loop = f"for ({kind} {i} = 0; {i} < {n}; {i}++) {{\n{out} ^= {data}[{off} + {i}]{s.one('', '', ' & 1', ' << 2')};\n}}\n"
    work = start + loop
    if shape == "two":
        body = f"if ({cover}) {fail}\nif ({alt(bad, good)}) {fail}\n{work}return {out};"
    elif shape == "one":
        body = f"if ({cover} || {alt(bad, good)}) {fail}\n{work}return {out};"
    elif shape == "wrapped":
        body = f"{start}if ({off} <= {total} && {alt(f'{off} + {n} <= {total}', f'{n} <= {total} - {off}')}) {{\n{loop}}}\nreturn {out};"
    else:
        end = s.var(("end", "stop", "last"))
        right = s.one(f"{end} < {off} || {end} > {total}", f"{end} > {total} || {end} < {n}")
        wrong = s.one(f"{end} > {total} || {off} > {total}", f"{end} == 0 || {end} > {total}", f"{end} > {total}")
        body = f"{kind} {end} = {off} + {n};\nif ({alt(wrong, right)}) {fail}\n{work}return {out};"
    s.function(
        "int",
        s.func(("check", "hash", "read", "verify", "scan")),
        [f"const unsigned char *{data}", f"{kind} {total}", f"{kind} {off}", f"{kind} {n}"],
        body,
    )
    kept = (
        f"{off} + {n} is tested for having wrapped before it counts. A range outside of {total} is refused."
        if shape == "kept"
        else f"{n} is compared with {total} - {off}, which cannot wrap once {off} is known to be inside. The loop stays within {data}."
    )
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{off} + {n} can wrap to a small number, and then it is not above {total}. With a huge {n} the loop reads far beyond {data}.",
            f"The sum of {off} and {n} wraps for a large {n} and passes the comparison with {total}. {data} is read outside its end.",
        ),
        patched=kept,
        absent=NO_WRITE,
    )


def tested_after_sum(s: Scene) -> Draft:
    """A signed sum is tested after it was made; the right test asks before."""
    have, more, result = (
        s.var(("have", "base", "cur", "level", "points")),
        s.var(("more", "extra", "add", "step", "gain")),
        s.var(("sum", "next_value", "res")),
    )
    most = top(s, "int")
    returns = "return -1;"
    low = f"if ({have} < 0 || {more} < 0) {returns}\n"
    late = s.one(f"{result} < {have}", f"{result} < 0", f"{result} < {have} || {result} < {more}", f"({have} + {more}) - {more} != {have}")
    right = s.one(f"{have} > {most} - {more}", f"{more} > {most} - {have}")
    shape = s.one("order", "order", "test", "wrapped")
    if shape == "order":
        body = (
            alt(f"int {result} = {have} + {more};\nif ({late}) {returns}", f"if ({right}) {returns}\nint {result} = {have} + {more};")
            + "\n"
        )
    elif shape == "test":
        body = (
            trade(s, s.one(f"{have} + {more} > {most}", f"{have} + {more} < {have}", f"{have} + {more} < 0"), right, returns)
            + f"int {result} = {have} + {more};\n"
        )
    else:
        good = s.one(f"{have} <= {most} - {more}", f"{more} <= {most} - {have}")
        body = f"int {result} = {most};\nif ({alt(s.one(f'{have} + {more} >= {have}', f'{have} + {more} <= {most}'), good)}) {{\n{result} = {have} + {more};\n}}\n"
    count = s.var(("hits", "calls", "seen"))
    side = s.one("", f"{count} = {count} + 1 < {count} ? 0 : {count} + 1;\n", f"if ({count} + 1 != 0) {count}++;\n")
    if side:
        s.globals.append(f"static unsigned {count};")
    parameters, opening = bring(s, "int", (have, more), returns)
    s.function("int", s.func(("add", "raise", "grow", "advance"), "numbers"), parameters, opening + low + side + body + f"return {result};")
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{have} + {more} is a signed sum and is computed before the test can refuse it. The compiler may drop such a test, and {result} is then negative.",
            f"The test needs {have} + {more} itself, which does not fit into an int for large values. It cannot be relied on, and {result} is wrong.",
        ),
        patched=s.one(
            f"The room left below {most} is compared before {have} and {more} are added. The sum in {result} always fits.",
            f"{have} and {more} are only added when the test with a subtraction says that it fits. Nothing signed can wrap.",
        ),
    )


def quota_handler(s: Scene) -> Draft:
    """A handler grants a request when it fits into a quota kept in a struct."""
    used, cap, ask = (
        s.var(("used", "taken", "in_use", "held")),
        s.var(("quota", "cap", "allowed", "max_units")),
        s.var(("want", "req", "ask", "units")),
    )
    kind = s.one("uint32_t", "size_t", "unsigned", "size_t")
    owner, p = s.struct([f"{kind} {used};", f"{kind} {cap};"], 2)
    returns = s.returns()
    lead = s.one(
        "", f"if ({ask} == 0) {returns.fail}\n", f"if ({p} == NULL) {returns.fail}\n", f"if ({p}->{used} > {p}->{cap}) {returns.fail}\n"
    )
    taken, left_over = f"{p}->{used} + {ask}", f"{p}->{cap} - {p}->{used}"
    bad, bad_fits = s.rng.choice(
        (
            (f"{taken} > {p}->{cap}", f"{taken} <= {p}->{cap}"),
            (f"{p}->{cap} < {taken}", f"{p}->{cap} >= {taken}"),
            (f"{ask} == 0 || {taken} > {p}->{cap}", f"{ask} > 0 && {taken} <= {p}->{cap}"),
            (f"{taken} == 0 || {taken} > {p}->{cap}", f"{taken} != 0 && {taken} <= {p}->{cap}"),
        )
    )
    good, good_fits = s.rng.choice(((f"{ask} > {left_over}", f"{ask} <= {left_over}"), (f"{left_over} < {ask}", f"{left_over} >= {ask}")))
    add = s.one(f"{p}->{used} += {ask};", f"{p}->{used} = {p}->{used} + {ask};")
    shape = s.one("reject", "wrapped", "named", "helper")
    if shape == "reject":
        body = lead + f"if ({alt(bad, good)}) {returns.fail}\n{add}\n" + returns.done
    elif shape == "wrapped":
        body = (
            f"{lead}if ({alt(bad_fits, good_fits)}) {{\n{add}\n{returns.done.strip()}\n}}\n{returns.fail if returns.type != 'void' else ''}"
        )
    elif shape == "named":
        after, left = s.var(("after", "total", "sum")), s.var(("left", "free_units", "spare"))
        body = (
            lead
            + alt(
                f"{kind} {after} = {p}->{used} + {ask};\nif ({after} > {p}->{cap}) {returns.fail}",
                f"{kind} {left} = {p}->{cap} - {p}->{used};\nif ({ask} > {left}) {returns.fail}",
            )
            + f"\n{add}\n"
            + returns.done
        )
    else:
        fits = s.join(s.word("things"), s.one("fits", "has_room", "allows"))
        truth = s.one(f"return {p}->{used} + {ask} <= {p}->{cap};", f"return {p}->{cap} >= {p}->{used} + {ask};")
        s.function(
            "int", fits, [f"const {owner} *{p}", f"{kind} {ask}"], alt(truth, f"return {ask} <= {p}->{cap} - {p}->{used};"), static=True
        )
        body = lead + f"if (!{fits}({p}, {ask})) {returns.fail}\n{add}\n" + returns.done
    s.function(returns.type, s.func(("reserve", "grant", "take", "claim", "request")), [f"{owner} *{p}", f"{kind} {ask}"], body)
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{used} + {ask} wraps for a huge {ask}, and the wrapped sum is below {cap}. The request is granted and {used} gets smaller.",
            f"The comparison with {cap} uses a sum of {used} and {ask} that can wrap. An outsider takes far more than the quota.",
        ),
        patched=s.one(
            f"{ask} is compared with {cap} - {used}, and {used} never exceeds {cap}. Nothing can wrap there.",
            f"What is left of {cap} is computed first and {ask} must fit into it. So {used} stays at or below {cap}.",
        ),
        absent=NO_WRITE,
    )


def length_minus_header(s: Scene) -> Draft:
    """The length of a packet less its header, unsigned: a short packet gives a huge rest."""
    n, rest, data, out, i = (
        s.var(PARTS),
        s.var(("rest", "body", "left", "payload_len")),
        s.var(words.SOURCE),
        s.var(("sum", "crc", "acc", "hash")),
        s.var(words.LOOP),
    )
    head = s.limit((4, 6, 8, 12, 14), ("header", "prefix", "head"))
    kind = s.one("size_t", "uint32_t", "unsigned", "uint16_t")
    fail = s.one("return 0;", "return 1;")
    mode = s.one("check", "check", "late", "operator")
    right = s.one(f"{n} < {head}", f"{head} > {n}", f"{n} <= {head}", f"{n} < {head} || {data} == NULL")
    sub = f"{kind} {rest} = {n} - {head};\n"
    if mode == "late":
        test = s.one(f"{rest} < 0", f"{rest} == 0", f"{rest} <= 0", f"{rest} + {head} != {n}" if kind != "uint16_t" else f"{rest} == 0")
        body = alt(f"{sub}if ({test}) {fail}", f"if ({right}) {fail}\n{sub.strip()}") + "\n"
        why = f"the test of {rest} comes after the subtraction and does not notice it"
    elif mode == "operator":
        body = (
            f"if ({alt(s.one(f'{n} - {head} < 0', f'{n} - {head} <= 0u', f'{n} == 0 || {head} == 0'), s.one(f'{n} < {head}', f'{n} <= {head}'))}) {fail}\n{sub}"
            if kind != "uint16_t"
            else trade(s, f"{n} == 0 || {data} == NULL", right, fail) + sub
        )
        why = f"the check does not refuse a {n} below {head}"
    else:
        body = (
            trade(
                s, s.one("", f"{n} == 0", f"{data} == NULL", f"{n} == 0 || {data} == NULL", f"{data}[0] == 0 || {n} > 65535"), right, fail
            )
            + sub
        )
        why = f"nothing makes sure that {n} is at least {head}"
    loop = f"unsigned {out} = 0;\nfor ({kind} {i} = 0; {i} < {rest}; {i}++) {{\n{out} ^= {data}[{head} + {i}]{s.one('', ' * 7u', ' << 1')};\n}}\nreturn {out};"
    order = [f"const unsigned char *{data}", f"{kind} {n}"]
    s.function("unsigned", s.func(("check", "sum", "read", "scan", "verify")), order, body + loop)
    return Draft(
        hardness="clear" if mode == "check" else "hard",
        vulnerable=f"{n} - {head} is unsigned and goes below zero for a short packet: {why}. {rest} becomes huge and the loop reads far past {data}.",
        patched=s.one(
            f"A {n} below {head} is refused before {head} is subtracted. {rest} is never larger than {n}.",
            f"The check of {n} comes first, so {n} - {head} cannot go below zero. The loop stays inside {data}.",
        ),
        absent=NO_WRITE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family
    for family in (
        header_plus_length,
        offset_plus_length,
        tested_after_sum,
        quota_handler,
        length_minus_header,
    )
}
