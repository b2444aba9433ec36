"""A total grows round by round until it wraps: lengths, amounts, digits."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_190.parts import NO_WRITE, NULL_FREE, allocated, note, top, trade, with_article
from training.programs.scene import Draft, Scene, alt


def running_total(s: Scene) -> Draft:
    """Sizes from a list add up in a narrow total, which then decides how much is allocated."""
    lens, n, total, i = s.items(), s.var(("count", "n", "parts_n", "num")), s.var(("total", "sum", "bytes", "acc")), s.var(words.LOOP)
    source, name, at = s.var(("blobs", "srcs", "chunks", "inputs")), s.var(words.TARGET), s.var(("at", "off", "pos"))
    small = s.one("uint32_t", "unsigned", "uint16_t", "uint32_t")
    item = "uint16_t" if small == "uint16_t" else "uint32_t"
    most = top(s, small)
    fail = "return NULL;"
    mode = s.one("check", "check", "limit", "wide")
    limit = str(s.limit((1000, 4096, 8192, 50000))) if mode == "limit" else most
    if mode == "wide":
        narrow = s.one(f"{total} += {lens}[{i}];", f"{total} = ({small})({total} + {lens}[{i}]);")
        start, step = f"{alt(small, 'size_t')} {total} = 0;\n", alt(narrow, f"{total} += {lens}[{i}];") + "\n"
        kept = f"{total} is a size_t, and no sum of {n} such lengths wraps in it"
    else:
        right = f"{lens}[{i}] > {limit} - {total}"
        wrong = s.one(
            "", f"{lens}[{i}] == 0", f"{lens}[{i}] > {most} - 1", f"{lens}[{i}] == {most}", f"{lens}[{i}] == 0 || {source}[{i}] == NULL"
        )
        start, step = f"{small} {total} = 0;\n", trade(s, wrong, right, fail) + f"{total} += {lens}[{i}];\n"
        kept = f"Each length in {lens} is compared with what is left before it is added"
    loop = f"for (int {i} = 0; {i} < {n}; {i}++) {{\n{step}}}\n"
    copy = f"size_t {at} = 0;\nfor (int {i} = 0; {i} < {n}; {i}++) {{\nmemcpy({name} + {at}, {source}[{i}], {lens}[{i}]);\n{at} += {lens}[{i}];\n}}\n"
    s.function(
        "char *",
        s.func(("join", "merge", "collect", "concat", "gather")),
        [f"const char **{source}", f"const {item} *{lens}", f"int {n}"],
        start + loop + allocated(s, "char", name, f"malloc({total})") + copy + f"return {name};",
    )
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"The lengths in {lens} add up in {total}, {with_article(small)}, with nothing that stops it from wrapping. {name} is then too small for the copies.",
            f"{total} is {with_article(small)} and wraps when the lengths in {lens} are large. The second loop copies more than {name} holds.",
        ),
        patched=f"{kept}. {total} is the true size of {name}.",
        absent=NULL_FREE,
    )


def total_after_loop(s: Scene) -> Draft:
    """A limit for a total is asked after the loop, or in every round before the sum."""
    arr, n, total, i = s.items(), s.var(("count", "n", "num")), s.var(("total", "sum", "acc", "spent")), s.var(words.LOOP)
    limit = s.limit((100, 1000, 5000, 10000))
    kind = s.one("int", "unsigned", "uint32_t", "int")
    returns = s.returns()
    test = f"{arr}[{i}] > {limit} - {total}"
    sign = f"if ({arr}[{i}] < 0) {returns.fail}\n" if kind == "int" else ""
    add = f"{total} += {arr}[{i}];\n"
    store = s.var(("last_total", "grand_total", "booked"))
    s.globals.append(f"static {kind} {store};")
    late = f"if ({total} > {limit}) {returns.fail}"
    shape = s.one("moved", "moved", "inside", "both")
    head = f"{kind} {total} = 0;\nfor (int {i} = 0; {i} < {n}; {i}++) {{\n{sign}"
    if shape == "moved":
        body = head + alt("", f"if ({test}) {returns.fail}") + f"\n{add}}}\n" + alt(late, "") + "\n"
    elif shape == "inside":
        body = head + alt(f"if ({arr}[{i}] > {limit} && {total} > {limit}) {returns.fail}", f"if ({test}) {returns.fail}") + f"\n{add}}}\n"
    else:
        body = (
            head
            + alt(s.one(f"if ({test}) {note(s)}", f"if ({arr}[{i}] == 0) continue;"), f"if ({test}) {returns.fail}")
            + f"\n{add}}}\n{late}\n"
        )
    s.function(
        returns.type,
        s.func(("book", "sum", "charge", "check", "settle")),
        [f"const {kind} *{arr}", f"int {n}"],
        body + f"{store} = {total};\n" + returns.done,
    )
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"The values of {arr} are added with no test that stops before {total} wraps. Large values then look like a small sum.",
            f"Nothing keeps {total} from wrapping while the values of {arr} are added. A wrapped sum passes as one below {limit}.",
        ),
        patched=s.one(
            f"Each value of {arr} is compared with {limit} - {total} before it is added. {total} never passes {limit} and cannot wrap.",
            f"The loop leaves before {total} could exceed {limit}. So no sum of values from {arr} wraps.",
        ),
        absent=NO_WRITE,
    )


def digits_to_number(s: Scene) -> Draft:
    """Digits become a number: value * 10 + digit, round by round."""
    text, value, digit = s.text(), s.var(("value", "val", "num", "acc", "result")), s.var(("d", "digit", "c"))
    kind = s.one("int", "int", "unsigned", "uint32_t", "uint16_t")
    most = top(s, kind)
    base = s.one("10", "10", "10", "16", "8")
    fail = s.one("return 0;", "return 1;") if kind != "int" else s.one("return -1;", "return 0;")
    convert = f"{digit} = *{text} - '0';" if base != "16" else f"{digit} = *{text} <= '9' ? *{text} - '0' : (*{text} | 32) - 'a' + 10;"
    accept = f"isxdigit((unsigned char)*{text})" if base == "16" else f"*{text} >= '0' && *{text} <= '{'7' if base == '8' else '9'}'"
    step = s.one(f"{value} = {value} * {base} + {digit};\n", f"{value} *= {base};\n{value} += {digit};\n")
    bound = s.limit((99, 255, 999, 1000, 4096)) if s.chance(0.4) else None
    most_text = str(bound) if bound else most
    right = s.one(
        f"{value} > ({most_text} - {digit}) / {base}",
        f"{value} > {most_text} / {base} - 1",
    )
    wrong = s.one(
        "",
        f"{digit} < 0",
        f"{digit} >= {base}",
        f"{value} > {most}",
        f"{digit} < 0 || {digit} > {base} - 1",
        f"{digit} > {most} / {base} || {value} > {most}",
    )
    if bound and s.chance(0.5):
        after = s.one(f"if ({value} > {bound}) {fail}", f"if ({value} > {bound} || *{text} != '\\0') {fail}")
        check, end = alt("", f"if ({right}) {fail}") + "\n", alt(after, "") + "\n"
    else:
        check, end = trade(s, wrong, right, fail), ""
    loop = s.one(f"while ({accept}) {{\n", f"for (; {accept}; {text}++) {{\n")
    walk = "" if loop.startswith("for") else f"{text}++;\n"
    s.function(
        kind,
        s.func(("parse", "read", "scan", "to_int", "decode"), "numbers"),
        [f"const char *{text}"],
        f"{kind} {value} = 0;\nint {digit};\n{loop}{convert}\n{check}{step}{walk}}}\n{end}return {value};",
    )
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{value} grows by {base} with every digit of {text} and nothing stops it before it wraps. A long number gives a meaningless {value}.",
            f"{value} * {base} + {digit} wraps when {text} holds many digits. An outsider can choose the digits so that any {value} comes out.",
        ),
        patched=s.one(
            f"{value} is compared before it is multiplied by {base}. A number in {text} that does not fit is refused.",
            f"The check leaves while {value} still has room for the next digit. No digit of {text} makes it wrap.",
        ),
        absent=NO_WRITE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family
    for family in (
        running_total,
        total_after_loop,
        digits_to_number,
    )
}
