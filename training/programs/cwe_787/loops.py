"""A loop writes more often than the array has room."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_787.indices import ELEMENTS
from training.programs.scene import Draft, Scene, alt


def loop_off_by_one(s: Scene) -> Draft:
    """`<=` where `<` was meant, in several shapes of loop."""
    limit = s.limit()
    array = s.array(s.one(*ELEMENTS), limit, s.items())
    i, value = s.var(words.LOOP), s.var(words.VALUE)
    filler = s.one("0", value, f"{i}", f"{i} * {value}", f"{value} + {i}", "-1")
    kind = s.one("int", "int", "size_t", "unsigned")
    operator = alt("<=", "<")
    shape = s.one("for", "for", "while", "down", "pointer")
    if shape == "for":
        head = s.one(
            f"for ({kind} {i} = 0; {i} {operator} {limit}; {i}++)",
            f"{kind} {i};\nfor ({i} = 0; {i} {operator} {limit}; {s.one('++' + i, i + '++')})",
        )
        body = f"{head} {{\n{array.expr}[{i}] = {filler};\n}}\n"
    elif shape == "while":
        body = f"{kind} {i} = 0;\nwhile ({i} {operator} {limit}) {{\n{array.expr}[{i}] = {filler};\n{i}++;\n}}\n"
    elif shape == "down":
        body = f"for (int {i} = {alt(str(limit), f'{limit} - 1')}; {i} >= 0; {i}--) {{\n{array.expr}[{i}] = {filler};\n}}\n"
    else:
        end = s.var(("end", "stop", "last"))
        body = f"{array.element} *{i} = {array.expr};\n{array.element} *{end} = {array.expr} + {limit};\nwhile ({i} {operator} {end}) {{\n*{i}++ = {s.one('0', value)};\n}}\n"
    returns = s.returns()
    s.function(
        returns.type,
        s.func(words.FILLERS),
        [array.parameter, f"int {value}"],
        array.local + s.comment("initialise everything", f"set all {s.word('items')}s") + body + array.use + returns.done,
    )
    start = "starts at" if shape == "down" else "runs up to and including"
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"The loop {start} index {limit}, but {array.name} has only {limit.value} elements. One element past the end is written.",
            f"{array.name} ends at index {limit.value - 1}, and the loop also writes index {limit.value}. That is off by one.",
        ),
        patched=s.one(
            f"The loop writes the indices 0 to {limit.value - 1} only, and {array.name} has {limit.value} elements.",
            f"{array.name} has {limit.value} elements and the loop stays below {limit}.",
        ),
    )


def loop_count_from_input(s: Scene) -> Draft:
    """The number of rounds comes from outside; the fix adds the limit to the loop, checks or clamps it."""
    limit = s.limit()
    array = s.array(s.one(*ELEMENTS), limit, s.items())
    i, count, source = s.var(words.LOOP), s.var(words.LENGTH, "numbers"), s.var(words.SOURCE)
    returns = s.returns()
    kind = s.one("size_t", "unsigned", "uint16_t", "uint32_t")
    other = s.other_limit(limit)
    good, wrong, why = f"{count} > {limit}", s.one(f"{count} == 0", f"{source} == NULL", f"{count} < 1", f"{count} > {other}"), ""
    if str(other) not in wrong:
        wrong = s.one(wrong, "")
    extra = s.one("", "", f"if ({source} == NULL) {returns.fail}\n") if "NULL" not in wrong else ""
    mode = s.one("reject", "reject", "clamp", "loop")
    if mode == "reject":
        lead, condition = alt(f"if ({wrong}) {returns.fail}" if wrong else "", f"if ({good}) {returns.fail}") + "\n", f"{i} < {count}"
        if wrong:
            why = f" The check {wrong} does not help."
    elif mode == "clamp":
        lead = (
            alt(
                f"if ({count} == 0) {count} = 1;" if s.chance(0.5) else "",
                s.one(f"if ({good}) {count} = {limit};", f"{count} = {count} > {limit} ? {limit} : {count};"),
            )
            + "\n"
        )
        condition = f"{i} < {count}"
    else:
        lead, condition = "", alt(f"{i} < {count}", s.one(f"{i} < {count} && {i} < {limit}", f"{i} < {limit} && {i} < {count}"))
        if s.chance(0.4):
            condition = alt(f"{i} < {count} && {source}[{i}] != {s.one('0', '255')}", f"{i} < {count} && {i} < {limit}")
    from_source = s.chance(0.5)
    parameters = [array.parameter, f"const {array.element} *{source}"] + ([] if from_source else [f"{kind} {count}"])
    opening = f"{kind} {count} = {source}[0];\n" if from_source else ""
    loop = s.one(
        f"for ({kind} {i} = 0; {condition}; {i}++) {{\n{array.expr}[{i}] = {source}[{i}];\n}}\n",
        f"{kind} {i} = 0;\nwhile ({condition}) {{\n{array.expr}[{i}] = {source}[{i}];\n{i}++;\n}}\n",
    )
    s.function(returns.type, s.func(words.COPIERS), parameters, array.local + extra + opening + lead + loop + array.use + returns.done)
    return Draft(
        hardness="hard" if wrong and mode == "reject" else "clear",
        vulnerable=s.one(
            f"The loop writes {count} elements into {array.name}, which holds only {limit.value}.{why} A larger {count} writes past its end.",
            f"{count} comes from outside and decides how much is written to {array.name}, whose size is {limit.value}.{why}",
        ),
        patched=s.one(
            f"The loop writes at most {limit} elements, and {array.name} holds {limit.value}. A larger {count} is not followed.",
            f"{count} is limited to {limit} before it decides how much goes into {array.name}.",
        ),
    )


def loop_until_delimiter(s: Scene) -> Draft:
    """Characters are copied until one is found in the input."""
    limit = s.limit()
    array = s.array("char", limit)
    source, n = s.var(words.SOURCE), s.var(words.OFFSET)
    stop = s.one("'\\0'", "'\\0'", "'\\n'", "':'", "' '", "','", "'='", "';'", "'/'")
    returns = s.returns()
    room = s.one(f"{n} < {array.bound} - 1", f"{n} + 1 < {array.bound}")
    wrong = s.one(
        "", "", f"{n} <= {array.bound}", f"{n} < {array.bound}", f"{source}[{n}] != '\\r'", f"{n} >= 0", f"{source}[{n}] != '\\t'"
    )
    test = f"{source}[{n}] != {stop}" + ("" if stop == "'\\0'" or s.chance(0.3) else f" && {source}[{n}]")
    bad = f"{wrong} && {test}" if wrong else test
    early = s.one("none", "reject")
    if early == "reject" and not wrong:
        body = (
            f"size_t {n} = 0;\nwhile ({test}) {{\n"
            + alt("", f"if ({n} >= {array.bound} - 1) {s.one('break;', returns.fail)}")
            + f"\n{array.expr}[{n}] = {source}[{n}];\n{n}++;\n}}\n"
        )
    else:
        body = f"size_t {n} = 0;\nwhile ({alt(bad, f'{room} && {test}')}) {{\n{array.expr}[{n}] = {source}[{n}];\n{n}++;\n}}\n"
    body += f"{array.expr}[{n}] = '\\0';\n"
    s.function(
        returns.type,
        s.func(words.COPIERS, "texts"),
        [array.parameter, f"const char *{source}"],
        array.local + body + array.use + returns.done,
    )
    if wrong.startswith(f"{n} <") and ">=" not in wrong:
        why = f"The loop may leave {n} at the size of {array.name}, and the terminator is then written past its {limit.value} bytes."
    else:
        why = f"The loop copies until it meets {stop} and never compares {n} with the size of {array.name}, {limit.value} bytes. A longer input writes past the end."
    return Draft(
        hardness="hard" if wrong else "clear",
        vulnerable=why,
        patched=f"The loop stops while there is still room for the terminator in {array.name}, which holds {limit.value} bytes. A longer input is cut.",
    )


def loop_terminator_at_size(s: Scene) -> Draft:
    """The buffer is filled to the brim, then terminated at its size."""
    limit = s.limit()
    array = s.array("char", limit)
    source, n, got = s.var(words.SOURCE), s.var(words.LENGTH), s.var(("got", "nread", "rc", "received"))
    returns = s.returns()
    how = s.one("strncpy", "memcpy", "read", "fread")
    if how == "strncpy":
        body = f"strncpy({array.expr}, {source}, {array.bound}{alt('', ' - 1') if s.chance(0.3) else ''});\n"
        body = f"strncpy({array.expr}, {source}, {array.bound} - 1);\n{array.expr}[{alt(array.bound, f'{array.bound} - 1')}] = '\\0';\n"
        parameters = [array.parameter, f"const char *{source}"]
        spot = "its size"
    elif how == "memcpy":
        body = f"if ({n} {alt('>', '>=')} {array.bound}) {s.one(returns.fail, f'{n} = {array.bound} - 1;')}\nmemcpy({array.expr}, {source}, {n});\n{array.expr}[{n}] = '\\0';\n"
        parameters = [array.parameter, f"const char *{source}", f"size_t {n}"]
        spot = n
    else:
        call = (
            f"read({source}, {array.expr}, {array.bound}{alt('', ' - 1')})"
            if how == "read"
            else f"fread({array.expr}, 1, {array.bound}{alt('', ' - 1')}, {source})"
        )
        body = f"{'ssize_t' if how == 'read' else 'size_t'} {got} = {call};\nif ({got} {'<' if how == 'read' else '=='} 0) {returns.fail}\n{array.expr}[{got}] = '\\0';\n"
        parameters = [array.parameter, f"int {source}" if how == "read" else f"FILE *{source}"]
        spot = got
    s.function(returns.type, s.func(words.COPIERS, "texts"), parameters, array.local + body + array.use + returns.done)
    return Draft(
        hardness="hard",
        vulnerable=f"The terminator is written at {spot}, which can be {limit.value}, and {array.name} ends at index {limit.value - 1}. That is one byte past the end.",
        patched=f"One byte of {array.name} is kept free for the terminator, so it is written at index {limit.value - 1} at most.",
    )


def ring_wrap(s: Scene) -> Draft:
    """A ring buffer whose head must wrap."""
    limit = s.limit((8, 16, 32, 64, 128, 256, 10, 20, 50))
    items, head = s.items(), s.var(("head", "tail", "wpos", "next_slot", "write_at", "in"))
    kind = s.one("int", "char", "uint8_t", "double", "uint16_t")
    owner, handle = s.struct([f"{kind} {items}[{limit}];", f"{s.one('int', 'unsigned', 'size_t')} {head};"])
    value, returns = s.var(words.VALUE), s.returns()
    place = f"{handle}->{head}"
    write = s.one(f"{handle}->{items}[{place}] = {value};\n{place}++;", f"{handle}->{items}[{place}++] = {value};")
    mode = s.one("modulo", "modulo", "reset", "reset", "order")
    if mode == "modulo":
        good = f"{handle}->{items}[{place}] = {value};\n{place} = ({place} + 1) % {limit};"
        bad = s.one(write, f"{handle}->{items}[{place}] = {value};\n{place} = ({place} + 1) % ({limit} + 1);")
        body = alt(bad, good)
        why = f"{head} can become {limit.value}" if "+ 1)" in bad else f"{head} only grows and never wraps"
    elif mode == "reset":
        body = f"{write}\nif ({place} {alt('>', s.one('>=', '=='))} {limit}) {place} = 0;"
        why = f"{head} is reset only when it is already above {limit}"
    else:
        body = alt(
            f"{place}++;\n{handle}->{items}[{place}] = {value};\n{place} %= {limit};",
            f"{place}++;\n{place} %= {limit};\n{handle}->{items}[{place}] = {value};",
        )
        why = f"{head} wraps only after the write"
    s.function(returns.type, s.func(words.ADDERS), [f"{owner} *{handle}", f"{kind} {value}"], body + "\n" + returns.done)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}, so {items} is written at index {limit.value}, past its {limit.value} elements.",
        patched=f"{head} wraps before it can reach {limit}, so every write lands inside the {limit.value} elements of {items}.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    family.__name__: family for family in (loop_off_by_one, loop_count_from_input, loop_until_delimiter, loop_terminator_at_size, ring_wrap)
}
