"""An element of a table is written at an index that comes from outside."""

from collections.abc import Callable

from training.programs import words
from training.programs.scene import Array, Condition, Draft, Limit, Scene, alt

ELEMENTS = ("int", "int", "unsigned", "uint8_t", "uint16_t", "uint32_t", "long", "double", "char", "short", "float")


def table(s: Scene) -> Array:
    limit = s.limit()
    return s.array(s.one(*ELEMENTS), limit, s.items())


def within(s: Scene, index: str, limit: str, *, signed: bool) -> Condition:
    """The index lies in the table."""
    if not signed:
        return Condition(reject=s.one(f"{index} >= {limit}", f"{index} >= {limit}", f"{index} > {limit} - 1"), accept=f"{index} < {limit}")
    return Condition(
        reject=s.one(
            f"{index} < 0 || {index} >= {limit}",
            f"{index} < 0 || {index} >= {limit}",
            f"{index} >= {limit} || {index} < 0",
            f"(unsigned){index} >= {limit}",
        ),
        accept=s.one(f"{index} >= 0 && {index} < {limit}", f"0 <= {index} && {index} < {limit}"),
    )


def beyond_by_one(s: Scene, index: str, limit: str, *, signed: bool) -> Condition:
    if not signed:
        return Condition(reject=f"{index} > {limit}", accept=f"{index} <= {limit}")
    return Condition(
        reject=s.one(f"{index} < 0 || {index} > {limit}", f"{index} > {limit} || {index} < 0"), accept=f"{index} >= 0 && {index} <= {limit}"
    )


def guarded(s: Scene, wrong: Condition | None, right: Condition, write: str, fail: str) -> str:
    """The write behind the wrong condition in one half and the right one in the other. None: behind no condition."""
    if s.chance(0.55):
        return alt(s.reject(wrong.reject, fail) if wrong else "", s.reject(right.reject, fail)) + "\n" + write + "\n"
    opening = alt(f"if ({wrong.accept}) {{" if wrong else "", f"if ({right.accept}) {{")
    closing = "}" if wrong else alt("", "}")
    return f"{opening}\n{write}\n{closing}\n"


def write_at(s: Scene, array: str, index: str, value: str) -> str:
    return s.one(
        *(f"{array}[{index}] = {value};",) * 6,
        f"*({array} + {index}) = {value};",
        f"{array}[{index}] += {value};",
        f"{array}[{index}]++;",
        f"{array}[{index}] -= {value};",
    )


def index_source(s: Scene, index: str, value: str, *, signed: bool) -> tuple[list[str], str]:
    """Parameters and opening lines that bring the index and the value."""
    kind = (
        s.one("int", "int", "int", "long", "short")
        if signed
        else s.one("unsigned", "size_t", "size_t", "uint32_t", "uint16_t", "unsigned int")
    )
    shape = s.one("plain", "plain", "plain", "text", "bytes", "struct")
    if shape == "plain":
        return [f"{kind} {index}", f"int {value}"], ""
    if shape == "text":
        text = s.text()
        call = (
            s.one(f"atoi({text})", f"({kind})strtol({text}, NULL, 10)")
            if signed
            else f"({kind})strtoul({text}, NULL, {s.one('10', '0', '16')})"
        )
        return [f"const char *{text}", f"int {value}"], f"{kind} {index} = {call};\n"
    if shape == "bytes":
        raw = s.var(words.SOURCE)
        both = f"({raw}[0] << 8) | {raw}[1]"
        where = f"(int16_t)({both})" if signed else both
        return [f"const unsigned char *{raw}"], f"{kind} {index} = {where};\nint {value} = {raw}[{s.one('2', '3', '4')}];\n"
    owner, handle = s.struct([f"{kind} {index};", f"int {value};"])
    return [f"const {owner} *{handle}"], f"{kind} {index} = {handle}->{index};\nint {value} = {handle}->{value};\n"


def decoy(s: Scene, parameters: list[str], array: Array, value: str, limit: Limit, fail: str) -> str:
    """A check that has nothing to do with the index."""
    pointers = [part.split("*")[-1] for part in [*parameters, array.parameter] if "*" in part]
    options = [
        f"{value} < 0",
        f"{value} == {s.rng.randint(0, 9)}",
        f"{value} > {limit.value * s.rng.choice((1, 2, 10))}",
        f"{value} < 0 || {value} > {s.one('100', '255', '1000')}",
    ]
    options += [f"{pointer} == NULL" for pointer in pointers] * 3 + [f"!{pointer}" for pointer in pointers] * 2
    return s.reject(s.rng.choice(options), fail)


def _indexed(
    s: Scene, wrong: Callable[[str, Limit, str, bool], tuple[Condition | None, str]], hardness: str, *, signed: bool | None = None
) -> Draft:
    array = table(s)
    limit = array.limit
    index, value = s.var(words.INDEX, "numbers"), s.var(words.VALUE)
    is_signed = s.chance(0.6) if signed is None else signed
    parameters, opening = index_source(s, index, value, signed=is_signed)
    returns = s.returns()
    bound = array.bound if array.element == "char" and s.chance(0.3) and not is_signed else str(limit)
    right = within(s, index, bound, signed=is_signed)
    condition, why = wrong(index, limit, value, is_signed)
    write = write_at(s, array.expr, index, value)
    check = guarded(s, condition, right, write, returns.fail)
    extra = decoy(s, parameters, array, value, limit, returns.fail)
    if condition is None and s.chance(0.45) and extra:
        # the patched half trades an idle check for the one that counts, so that length tells nothing
        write_only = write + "\n"
        check = alt(extra, s.reject(right.reject, returns.fail)) + "\n" + write_only
        extra = ""
    note = s.comment(f"store the {s.word('items')}", f"{index} selects the {s.word('items')}", "update one entry", f"remember {value}")
    body = array.local + opening + (extra + "\n" if extra and s.chance(0.6) else "") + note + check + array.use + returns.done
    order = [array.parameter, *parameters] if s.chance(0.7) else [*parameters, array.parameter]
    s.function(returns.type, s.func(words.SETTERS), order, body)
    held = f"{array.name} has only {limit.value} elements"
    test = right.reject.replace("(unsigned)", "")
    patched = s.one(
        f"{index} is checked against {limit} before {array.name} is written. Any other value is refused.",
        f"The write to {array.name} happens only when {index} is below {limit}, the size of the array.",
        f"The check of {index} keeps every write inside the {limit.value} elements of {array.name}.",
        f"{array.name} holds {limit.value} elements and {index} cannot reach {limit.value} or more at the write.",
    )
    fix = s.one(
        "",
        f" A check such as {test} would stop it.",
        f" {index} has to be compared with {limit} first.",
        f" The range 0 to {limit.value - 1} should be enforced before the write.",
    )
    return Draft(hardness="hard" if hardness == "hard" else "clear", vulnerable=why.replace("HELD", held) + fix, patched=patched)


def index_unchecked(s: Scene) -> Draft:
    def wrong(index: str, limit: Limit, _value: str, _signed: bool) -> tuple[Condition | None, str]:
        return None, s.one(
            f"{index} is used as an index without any check, and HELD. A value of {limit.value} or more writes past its end.",
            f"Nothing limits {index} before the write, while HELD. A large value writes outside the array.",
            f"The write goes to whatever {index} says. HELD, so a caller can make it write out of bounds.",
        )

    return _indexed(s, wrong, "clear")


def index_off_by_one(s: Scene) -> Draft:
    def wrong(index: str, limit: Limit, _value: str, signed: bool) -> tuple[Condition | None, str]:
        return beyond_by_one(s, index, str(limit), signed=signed), s.one(
            f"The check lets {index} be equal to {limit}, but HELD. The write then lands one element past the end.",
            f"{index} may be {limit.value} after the check, and HELD. That is off by one.",
        )

    return _indexed(s, wrong, "hard")


def index_negative(s: Scene) -> Draft:
    def wrong(index: str, limit: Limit, _value: str, _signed: bool) -> tuple[Condition | None, str]:
        return Condition(reject=f"{index} >= {limit}", accept=f"{index} < {limit}"), s.one(
            f"Only the upper end of {index} is checked, and {index} is signed. A negative value writes before the array.",
            f"{index} is signed and may be below zero, since the check only asks whether it is below {limit}. The write then goes in front of the array.",
        )

    return _indexed(s, wrong, "hard", signed=True)


def index_upper_missing(s: Scene) -> Draft:
    def wrong(index: str, limit: Limit, _value: str, _signed: bool) -> tuple[Condition | None, str]:
        return Condition(reject=f"{index} < 0", accept=f"{index} >= 0"), s.one(
            f"{index} is only checked for being negative, but HELD. A value from {limit.value} up writes past the end.",
            f"The check refuses negative values of {index} but sets no upper limit, and HELD.",
        )

    return _indexed(s, wrong, "hard", signed=True)


def index_wrong_limit(s: Scene) -> Draft:
    def wrong(index: str, limit: Limit, _value: str, signed: bool) -> tuple[Condition | None, str]:
        other = s.other_limit(limit)
        return within(s, index, str(other), signed=signed), s.one(
            f"{index} is checked against {other}, but HELD. Values from {limit.value} to {other.value - 1} write past the end.",
            f"The check uses {other} where the array is declared with {limit}. HELD, so {index} can leave it.",
        )

    return _indexed(s, wrong, "hard")


def index_wrong_variable(s: Scene) -> Draft:
    def wrong(index: str, limit: Limit, value: str, signed: bool) -> tuple[Condition | None, str]:
        return within(s, value, str(limit), signed=signed), s.one(
            f"The check looks at {value}, but the write is indexed by {index}. {index} itself is never limited, and HELD.",
            f"{value} is compared with {limit}, {index} is not, and {index} is the index. HELD.",
        )

    return _indexed(s, wrong, "hard")


def index_late_check(s: Scene) -> Draft:
    """The check stands after the write; the fix swaps the two."""
    array = table(s)
    index, value = s.var(words.INDEX, "numbers"), s.var(words.VALUE)
    signed = s.chance(0.5)
    parameters, opening = index_source(s, index, value, signed=signed)
    returns = s.returns()
    check = s.reject(within(s, index, str(array.limit), signed=signed).reject, returns.fail)
    write = write_at(s, array.expr, index, value)
    body = array.local + opening + alt(f"{write}\n{check}", f"{check}\n{write}") + "\n" + array.use + returns.done
    s.function(returns.type, s.func(words.SETTERS), [array.parameter, *parameters], body)
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{index} is checked only after {array.name} was written. By then a large value has already written past its {array.limit.value} elements.",
            f"The write to {array.name} comes before the check of {index}. The check is too late to keep it within {array.limit.value} elements.",
        ),
        patched=s.one(
            f"{index} is checked against {array.limit} first, and only then {array.name} is written.",
            f"The check of {index} comes before the write, so {array.name} is never written outside its {array.limit.value} elements.",
        ),
    )


def literal_index(s: Scene) -> Draft:
    """Fixed indices, one of them beyond the size."""
    size = s.rng.randint(3, 9)
    limit = s.limit((size,)) if s.chance(0.5) else Limit(ref=str(size), value=size)
    name, kind = s.items(), s.one("int", "char", "double", "uint8_t", "float")
    array = s.array(kind, limit, name)
    value = s.var(words.VALUE)
    shown = sorted(s.rng.sample(range(size - 1), min(size - 1, s.rng.randint(1, 3))))
    lines = [f"{array.expr}[{number}] = {s.one(value, str(s.rng.randint(0, 99)), f'{value} + {number}')};" for number in shown]
    last = s.one("0", value, f"{value} * 2")
    beyond = size + s.rng.choice((0, 0, 1, 2))
    by_index = s.chance(0.6)
    if by_index or (limit.ref == str(size) and array.local == ""):
        lines.append(f"{array.expr}[{alt(str(beyond), str(size - 1))}] = {last};")
    else:
        lines.append(f"{array.expr}[{alt(str(limit), f'{limit} - 1')}] = {last};")
        beyond = size
    returns = s.returns()
    s.function(
        returns.type,
        s.func(words.FILLERS),
        [array.parameter, f"int {value}"],
        array.local + "\n".join(lines) + "\n" + array.use + returns.done,
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{name} has {size} elements, so its last index is {size - 1}. The write to index {beyond} is past the end.",
        patched=f"{name} has {size} elements and the highest index written is {size - 1}. All writes are inside.",
    )


def grid_swapped(s: Scene) -> Draft:
    """Two dimensions: rows checked against columns, or one of the two not checked."""
    rows, cols = s.rng.sample((4, 5, 6, 8, 10, 12, 16, 20, 24, 32), 2)
    a, b = s.limit((rows,), ("rows", "height", "ysize")), s.limit((cols,), ("cols", "width", "xsize"))
    name, r, c, value = s.items(), s.var(("row", "r", "y", "i")), s.var(("col", "c", "x", "j")), s.var(words.VALUE)
    kind = s.one("int", "char", "double", "unsigned char")
    returns = s.returns()
    signed = s.chance(0.5)
    integer = "int" if signed else s.one("unsigned", "size_t")
    flat = s.chance(0.3)
    if flat:
        s.globals.append(f"static {kind} {name}[{a} * {b}];")
        write = f"{name}[{r} * {b} + {c}] = {value};"
    else:
        s.globals.append(f"static {kind} {name}[{a}][{b}];")
        write = f"{name}[{r}][{c}] = {value};"

    def outside(left: str, right: str) -> str:
        low = f"{r} < 0 || {c} < 0 || " if signed else ""
        return f"{low}{r} >= {left} || {c} >= {right}"

    good = outside(str(a), str(b))
    if s.chance(0.6):
        bad, why = outside(str(b), str(a)), f"The limits are swapped: {r} is checked against {b} and {c} against {a}."
    elif s.chance(0.5):
        bad, why = (f"{r} < 0 || " if signed else "") + f"{r} >= {a} || {value} == 0", f"{r} is checked but {c} is not."
    else:
        bad, why = outside(f"{a} + 1", str(b)), f"The check allows {r} to be {a}, one row too many."
    s.function(
        returns.type,
        s.func(words.SETTERS),
        [f"{integer} {r}", f"{integer} {c}", f"{kind} {value}"],
        alt(f"if ({bad}) {returns.fail}", f"if ({good}) {returns.fail}") + f"\n{write}\n{returns.done}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{why} {name} has {rows} rows of {cols}, so the write can leave it.",
        patched=f"{r} is below {a} and {c} is below {b} at the write. Both match how {name} is declared.",
    )


def struct_slots(s: Scene) -> Draft:
    """A counter in a struct says where the next element goes."""
    limit = s.limit()
    items, count = s.items(), s.var(words.COUNT)
    item = s.word("items")
    kind = s.one("int", f"struct {item}_rec", "char *", "double")
    if kind.startswith("struct"):
        s.types.append(f"{kind} {{\nint {s.word('numbers')};\nchar {s.word('texts')}[{s.rng.choice((8, 16, 32))}];\n}};")
    owner, handle = s.struct([f"{kind} {items}[{limit}];".replace("* ", "*"), f"{s.one('int', 'size_t', 'unsigned')} {count};"], 2)
    value = s.var(words.VALUE, "items")
    returns = s.returns()
    full = s.one(f"{handle}->{count} >= {limit}", f"{handle}->{count} == {limit}")
    mode = s.one("off", "off", "none", "null", "late", "empty")
    good = f"if ({full}) {returns.fail}"
    step = s.one(
        f"{handle}->{items}[{handle}->{count}++] = {value};", f"{handle}->{items}[{handle}->{count}] = {value};\n{handle}->{count}++;"
    )
    if mode == "late":
        one_line = f"{handle}->{items}[{handle}->{count}++] = {value};"
        body = alt(f"{one_line}\n{good}", f"{good}\n{one_line}")
        why = f"{handle}->{count} is compared with {limit} only after the element was stored."
    else:
        bad, why = {
            "off": (
                f"if ({handle}->{count} > {limit}) {returns.fail}",
                f"The check still accepts {count} equal to {limit}, the index after the last element.",
            ),
            "none": ("", f"{count} grows with every call and is never compared with {limit}."),
            "null": (f"if ({handle} == NULL) {returns.fail}", f"The check only asks for NULL, and {count} is never compared with {limit}."),
            "empty": (f"if ({handle}->{count} < 0) {returns.fail}", f"The check looks for a negative {count} but not for a full array."),
        }[mode]
        body = alt(bad, good) + "\n" + step
    s.function(returns.type, s.func(words.ADDERS), [f"{owner} *{handle}", f"{kind} {value}".replace("* ", "*")], body + "\n" + returns.done)
    return Draft(
        hardness="clear" if mode in ("none", "null") else "hard",
        vulnerable=f"{why} {items} has {limit.value} elements, so a further one is written past the end.",
        patched=s.one(
            f"{s.one('A full array is refused', 'The function returns when the array is full')}: {count} is compared with {limit} before {items} is written.",
            f"{items} is only written while {count} is below {limit}.",
        ),
    )


def outside_size(s: Scene) -> Draft:
    """Ambiguous: how large the array is, or what the caller guarantees, is not shown."""
    name, index, value = s.items(), s.var(words.INDEX, "numbers"), s.var(words.VALUE)
    kind, returns = s.one(*ELEMENTS), s.returns()
    unknown = s.word("things").upper() + s.one("_LIMIT", "_CAPACITY", "_SLOTS", "_MAX")
    other = s.rng.choice((8, 16, 32, 64, 100))
    first, second = s.one("", f"if ({value} < 0) {returns.fail}"), f"if ({index} > {other}) {returns.fail}"
    mode = s.one("extern", "comment", "macro")
    if mode == "extern":
        s.globals.append(f"extern {kind} {name}[];")
        note, parameter = "", ""
    elif mode == "comment":
        note, parameter = (
            f"/* {s.one('caller', 'the caller', 'the parser')} {s.one('guarantees', 'promises', 'has checked')} that {index} is {s.one('valid', 'in range', 'small enough')} */\n",
            "",
        )
        s.globals.append(f"static {kind} {name}[{s.rng.choice((16, 32, 64))}];")
        second = f"if ({value} > {other}) {returns.fail}"
    else:
        s.globals.append(f"static {kind} {name}[{unknown}];")
        note, parameter = "", ""
        second = f"if ({index} >= {other}) {returns.fail}"
    body = note + alt(first, second) + f"\n{name}[{index}] = {value};\n{returns.done}"
    s.function(returns.type, s.func(words.SETTERS), [parameter, f"unsigned {index}", f"int {value}"], body)
    missing = {
        "extern": f"the size of {name} is defined elsewhere",
        "comment": f"only a comment says that {index} is valid",
        "macro": f"{unknown} is not shown",
    }[mode]
    return Draft(
        hardness="ambiguous",
        vulnerable=f"Nothing in this code ties {index} to the size of {name}, and {missing}. The write may leave the array.",
        patched=f"It is not certain, since {missing}, but {index} appears to stay inside {name}. No write is seen to leave it.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family
    for family in (
        index_unchecked,
        index_off_by_one,
        index_negative,
        index_upper_missing,
        index_wrong_limit,
        index_wrong_variable,
        index_late_check,
        literal_index,
        grid_swapped,
        struct_slots,
        outside_size,
    )
}
