"""A product of two numbers wraps: width times height, price times quantity, a change of units."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_190.parts import BYTES, COUNTS, MAKERS, NO_WRITE, NULL_FREE, allocated, bring, misguided, top, trade
from training.programs.scene import Draft, Scene, alt


def _dimensions(s: Scene) -> tuple[str, str]:
    pairs = (("width", "height"), ("w", "h"), ("cols", "rows"), ("xsize", "ysize"), ("stride", "lines"), ("nx", "ny"))
    first, second = s.rng.choice(pairs)
    return s.var((first,)), s.var((second,))


def cast_after_product(s: Scene) -> Draft:
    """Width times height is widened only after the product, or before it."""
    w, h = _dimensions(s)
    name, size = s.var(words.TARGET), s.var(BYTES)
    kind = s.one("int", "uint32_t", "unsigned")
    parameters, opening = bring(s, kind, (w, h), "return NULL;")
    wide = s.one("size_t", "size_t", "uint64_t", "unsigned long")
    factor = s.one("", f" * {s.one('3', '4', '2')}") if kind == "int" else ""
    low = f"{w} <= 0 || {h} <= 0" if kind == "int" else s.one(f"{w} == 0 || {h} == 0", f"!{w} || !{h}")
    bad = s.one(f"({wide})({w} * {h}){factor}", f"({wide})({w} * {h}){factor}", f"{w} * {h}{factor}", f"({wide})({h} * {w}{factor})")
    good = s.one(f"({wide}){w} * {h}{factor}", f"({wide}){w} * ({wide}){h}{factor}", f"({wide}){h} * {w}{factor}")
    row = s.var(("y", "row", "line"))
    fill = s.one(
        f"for ({wide} {row} = 0; {row} < ({wide}){h}; {row}++) {{\nmemset({name} + {row} * {w}, 0, {w});\n}}\n",
        f"for ({wide} {row} = 0; {row} < ({wide}){h}; {row}++) {{\n{name}[{row} * {w}] = 1;\n}}\n",
    )
    guard = f"if ({low}) return NULL;\n"
    steps = alt(f"{wide} {size} = {w} * {h};", f"{wide} {size} = {w};\n{size} *= {h};") if s.chance(0.25) else None
    if steps:
        work = steps + (f"\n{size} = {size}{factor};\n" if factor else "\n")
        bad = f"{w} * {h}"
    else:
        work = f"{wide} {size} = {alt(bad, good)};\n"
    s.function(
        "unsigned char *",
        s.func(MAKERS),
        parameters,
        opening + guard + work + allocated(s, "unsigned char", name, f"malloc({size})") + fill + f"return {name};",
    )
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{w} * {h} is computed in the narrow type of {w} and widened too late. Large values wrap, so {name} gets too few bytes for the rows.",
            f"The product of {w} and {h} wraps before it becomes {wide}. An outsider can choose values for which {name} is too small.",
        ),
        patched=s.one(
            f"{w} is widened to {wide} before it is multiplied by {h}. The product fits and {name} has room for every row.",
            f"The product of {w} and {h} is computed in {wide}, where it cannot wrap. {size} is the true size.",
        ),
        absent=NULL_FREE,
    )


def product_limit(s: Scene) -> Draft:
    """The product is compared with a limit after it wrapped, or a division says whether it would."""
    w, h = _dimensions(s)
    kind = s.one("uint32_t", "unsigned", "uint32_t")
    most = s.limit((4096, 65536, 100000, 1000000))
    name, row, returns = s.var(words.TARGET), s.var(("y", "row", "line", "r")), "return NULL;"
    parameters, opening = bring(s, kind, (w, h), returns)
    zero = s.one(f"{w} == 0 || {h} == 0", f"!{w} || !{h}")
    bad = s.one(f"{w} * {h} > {most}", f"(uint64_t)({w} * {h}) > {most}", f"(size_t)({w} * {h}) > {most}", f"{h} * {w} >= {most} + 1")
    good = s.one(
        f"{w} > {most} / {h}",
        f"{h} > {most} / {w}",
        f"(uint64_t){w} * {h} > {most}",
        f"(size_t){w} * {h} > {most}",
        f"{w} > {most} || {h} > {most} / {w}",
    )
    guard = f"if ({zero}) {returns}\nif ({alt(bad, good)}) {returns}\n" if s.chance(0.6) else f"if ({zero} || {alt(bad, good)}) {returns}\n"
    alloc = s.one(f"malloc({w} * {h})", f"calloc({w} * {h}, 1)")
    loop = f"for (size_t {row} = 0; {row} < {h}; {row}++) {{\nmemset({name} + {row} * {w}, {s.one('0', '255', '32')}, {w});\n}}\n"
    s.function(
        "char *", s.func(MAKERS), parameters, opening + guard + allocated(s, "char", name, alloc, returns) + loop + f"return {name};"
    )
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"The check against {most} looks at {w} * {h} after it wrapped in 32 bits. Two large values pass, and {name} is too small for the rows.",
            f"{w} * {h} wraps before it is compared with {most}. A huge pair can look small and the rows are written past {name}.",
        ),
        patched=s.one(
            f"The check against {most} is done without a product that can wrap. After it {w} * {h} is at most {most}.",
            f"{w} and {h} are refused when their true product is above {most}. The allocation of {name} is exact.",
        ),
        absent=NULL_FREE,
    )


def area_helper(s: Scene) -> Draft:
    """The helper that computes the size multiplies in the narrow type; its caller trusts it."""
    w, h = _dimensions(s)
    a, b = s.var(("a", "left", "x")), s.var(("b", "right", "y"))
    kind, wide = s.one("uint32_t", "unsigned", "uint32_t"), s.one("size_t", "uint64_t", "size_t")
    helper, name, size = s.join(s.word("things"), s.one("area", "cells", "bytes", "extent")), s.var(words.TARGET), s.var(BYTES)
    out = s.var(("result", "res", "prod"))
    bad = s.one(f"return {a} * {b};", f"return ({wide})({a} * {b});", f"{kind} {out} = {a} * {b};\nreturn {out};")
    good = s.one(
        f"return ({wide}){a} * {b};", f"{wide} {out} = {a};\nreturn {out} * {b};", f"{wide} {out} = ({wide}){a} * {b};\nreturn {out};"
    )
    s.function(wide, helper, [f"{kind} {a}", f"{kind} {b}"], alt(bad, good), static=True)
    parameters, opening = bring(s, kind, (w, h), "return NULL;")
    i = s.var(words.LOOP)
    fill = s.one(
        f"for (size_t {i} = 0; {i} < {h}; {i}++) {{\nmemset({name} + {i} * {w}, 0, {w});\n}}\n",
        f"for (size_t {i} = 0; {i} < {h}; {i}++) {{\n{name}[{i} * {w}] = 1;\n}}\n",
    )
    guard = s.one(f"if ({w} == 0 || {h} == 0) return NULL;\n", f"if (!{w} || !{h}) return NULL;\n")
    work = f"{wide} {size} = {helper}({w}, {h});\n" + allocated(s, "char", name, f"malloc({size})")
    s.function("char *", s.func(MAKERS), parameters, opening + guard + work + fill + f"return {name};")
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{helper} multiplies {a} and {b} in 32 bits, although it returns {wide}. Large {w} and {h} wrap, and {name} is too small.",
            f"In {helper} the product of {a} and {b} wraps before it is widened. The rows are then written past {name}.",
        ),
        patched=s.one(
            f"{helper} widens {a} to {wide} before it multiplies. The size of {name} is right for every {w} and {h}.",
            f"The product in {helper} is made in {wide}, where two such factors always fit. {name} has room for the rows.",
        ),
        absent=NULL_FREE,
    )


def caller_product(s: Scene) -> Draft:
    """The helper limits a size, but the caller's product has wrapped before it gets there."""
    most = s.limit((1024, 4096, 65536))
    n, name, want = s.var(COUNTS, "numbers"), s.items(), s.var(("want", "cap", "req", "amount"))
    helper, i = s.func(("reserve", "grab", "obtain", "checked_alloc")), s.var(words.LOOP)
    s.function(
        "void *", helper, [f"size_t {want}"], f"if ({want} == 0 || {want} > {most}) return NULL;\nreturn malloc({want});", static=True
    )
    kind, unit, small = "uint64_t", s.one("8", "sizeof(uint64_t)"), s.one("uint32_t", "unsigned")
    parameters, opening = bring(s, small, (n,), "return NULL;")
    plain = f"{n} * 8" if unit == "8" else f"({small})({n} * {unit})"
    bad = s.one(plain, f"(size_t)({plain})") if unit == "8" else plain
    good = s.one(f"(size_t){n} * {unit}", f"{unit} * (size_t){n}") if unit == "8" else s.one(f"{n} * {unit}", f"(size_t){n} * {unit}")
    call = f"{kind} *{name} = {helper}({alt(bad, good)});\n"
    if s.chance(0.4):
        size = s.var(BYTES)
        call = f"{alt(f'{small} {size} = {n} * {unit};', f'size_t {size} = (size_t){n} * {unit};')}\n{kind} *{name} = {helper}({size});\n"
    s.function(
        f"{kind} *",
        s.func(MAKERS),
        parameters,
        opening
        + call
        + f"if ({name} == NULL) return NULL;\nfor (size_t {i} = 0; {i} < {n}; {i}++) {{\n{name}[{i}] = {i};\n}}\nreturn {name};",
    )
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{n} times {unit} wraps in 32 bits before {helper} sees it. Its check of {most} passes, and the loop writes past {name}.",
            f"{helper} compares only the wrapped product with {most}. A huge {n} gets a small block and overruns {name}.",
        ),
        patched=s.one(
            f"{n} times {unit} is computed in size_t, so {helper} sees the true size. More than {most} is refused.",
            f"The product of {n} cannot wrap in size_t, and {helper} refuses anything above {most}.",
        ),
        absent=NULL_FREE,
    )


def price_total(s: Scene) -> Draft:
    """An order costs price times quantity, and the balance is compared with the product."""
    price, qty, cost, money = (
        s.var(("price", "unit_price", "rate", "fee")),
        s.var(("qty", "quantity", "units", "pieces")),
        s.var(("cost", "sum", "due", "charge")),
        s.var(("balance", "credit", "funds", "coins")),
    )
    owner, p = s.struct([f"int {money};"], 2)
    returns = s.returns()
    low = s.one(f"{price} <= 0 || {qty} <= 0", f"{qty} <= 0 || {price} < 1")
    most = top(s, "int")
    wide = s.one("long long", "int64_t")
    mode = s.one("cast", "cast", "check", "check")
    guard = f"if ({low}) {returns.fail}\n"
    if mode == "cast":
        product = s.one(
            f"{alt('int', wide)} {cost} = {alt('', f'({wide})')}{price} * {qty};\n",
            f"{wide} {cost} = {alt(f'({wide})({price} * {qty})', f'({wide}){price} * {qty}')};\n",
            f"{wide} {cost} = {alt(f'{price} * {qty}', f'({wide}){price} * {qty}')};\n",
        )
        check, why, kept = "", f"{price} * {qty} is computed in int", f"{price} * {qty} is computed in {wide}, where it fits"
    else:
        right = f"{qty} > {most} / {price}"
        check, why = misguided(
            s,
            right,
            (
                (f"{qty} > {most} - {price}", "the check is one for a sum"),
                (f"{qty} > {most} - 1 || {price} > {most} - 1", "the limit in the check is too high to help"),
                (f"{price} > {most} / {price}", f"the check looks only at {price}"),
                (f"{p}->{money} > {most} / {price}", f"the check is about {money}"),
            ),
            returns.fail,
        )
        product = f"int {cost} = {price} * {qty};\n"
        kept = f"{qty} is compared with {most} / {price} first, so the product fits"
    spend = s.one(f"{p}->{money} -= {cost};\n", f"{p}->{money} = {p}->{money} - {s.one('', '(int)')}{cost};\n")
    s.function(
        returns.type,
        s.func(("buy", "order", "charge", "pay", "purchase")),
        [f"{owner} *{p}", f"int {price}", f"int {qty}"],
        guard + check + product + f"if ({cost} > {p}->{money}) {returns.fail}\n" + spend + returns.done,
    )
    return Draft(
        hardness="hard" if mode == "check" else "clear",
        vulnerable=f"{why[0].upper() + why[1:] if not why.startswith(price) else why}, so the product in {cost} can wrap below zero. A huge {qty} then passes the comparison and even raises {money}.",
        patched=f"{kept}. {cost} is the true amount when it is compared with {money}.",
        absent=NO_WRITE,
    )


def scaled_units(s: Scene) -> Draft:
    """Seconds to milliseconds, percent, fixed point: a factor is applied in int."""
    value, result = (
        s.var(("value", "seconds", "minutes", "amount", "done", "ticks", "span")),
        s.var(("scaled", "ms", "res", "ratio", "wait_for")),
    )
    factor, divisor = s.one("1000", "60000", "100", "3600", "1024", "1000000"), s.var(("whole", "base", "steps", "parts"))
    percent = s.chance(0.4)
    returns = "-1"
    parameters, opening = bring(s, "int", (value, divisor) if percent else (value,), "return -1;")
    low = f"if ({value} < 0{f' || {divisor} <= 0' if percent else ''}) return {returns};\n"
    most, wide = top(s, "int"), s.one("long long", "int64_t")
    tail = f" / {divisor}" if percent else ""
    mode = s.one("cast", "cast", "check", "check", "ahead")
    if mode == "cast":
        bad = s.one(f"({wide})({value} * {factor}){tail}", f"{value} * {factor}{tail}", f"({wide})({value} * {factor}{tail})")
        good = s.one(f"({wide}){value} * {factor}{tail}", f"{value} * {factor}LL{tail}", f"{factor}LL * {value}{tail}")
        work, kind = f"{wide} {result} = {alt(bad, good)};\n", wide
        kept = f"{value} is widened before it is multiplied"
    elif mode == "check":
        wrong = s.one(f"{value} > {most} - {factor}", f"{value} == {most}", f"{value} > {most} - 1", f"{value} * {factor} > {most}")
        work, kind = (
            trade(s, wrong, f"{value} > {most} / {factor}", f"return {returns};") + f"int {result} = {value} * {factor}{tail};\n",
            "int",
        )
        kept = f"{value} is limited to {most} / {factor} before it is multiplied"
    else:
        test = f"{value} > {most} / {factor}"
        work = (
            alt(
                f"int {result} = {value} * {factor}{tail};\nif ({result} < 0) return {returns};",
                f"if ({test}) return {returns};\nint {result} = {value} * {factor}{tail};",
            )
            + "\n"
        )
        kind, kept = "int", f"{value} is limited to {most} / {factor} before it is multiplied"
    kind_out = "long long" if kind == wide else "int"
    s.function(
        kind_out,
        s.func(("scale", "convert", "compute", "to_units", "measure"), "numbers"),
        parameters,
        opening + low + work + s.one(f"return {result};", f'printf("{s.word("numbers")}=%lld\\n", (long long){result});\nreturn {result};'),
    )
    why = {
        "cast": f"{value} * {factor} is computed in int and may not fit",
        "check": f"the check of {value} lets values pass whose product with the factor does not fit",
        "ahead": f"{result} is tested only after {value} was multiplied, and a wrapped product may be positive",
    }[mode]
    return Draft(
        hardness="hard" if mode != "cast" and s.chance(0.5) else "clear",
        vulnerable=f"{why[0].upper() + why[1:] if why.startswith('the') else why}. A large {value} from outside gives a meaningless {result}.",
        patched=f"{kept}. The product in {result} always fits.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family
    for family in (
        cast_after_product,
        product_limit,
        area_helper,
        caller_product,
        price_total,
        scaled_units,
    )
}
