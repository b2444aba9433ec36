"""A value goes into the text of a statement behind a check, a conversion or an escape, and only one half of the pair makes it hold."""

from collections.abc import Callable

from training.programs.cwe_89.sql import (
    FINDERS,
    Module,
    Store,
    Table,
    argument,
    columns,
    compose,
    entry,
    function,
    number_argument,
    read,
    store,
    style,
    table,
    verbs,
    write,
)
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt

DOUBLED = """.replace("'", "''")"""
SLASHED = r""".replace("'", "\\'")"""
IDLE = """.replace('"', '""')"""


def _select(s: Scene, t: Table) -> str:
    return f"SELECT {columns(s, t)} FROM {t.name} WHERE"


def _leave(s: Scene) -> str:
    return s.one('raise ValueError("bad value")', "return None", "return []", 'raise ValueError("not allowed")', "return False")


def _note(s: Scene, arg: str) -> str:
    return s.one(
        f'print("bad value", {arg})',
        f'print(f"unexpected {{{arg}}}")',
        f'logging.warning("odd value %r", {arg})',
        f'print("skipping", repr({arg}))',
    )


def _logs(m: Module, body: str) -> str:
    if "logging." in body:
        m.imports.add("logging")
    return body


def _glued(s: Scene, st: Store, sql: str, *values: str, how: str = "") -> tuple[str, str]:
    """The same statement with pasted values for both halves: lines before, and the call."""
    text, _ = compose(st, sql, values, range(len(values)), how or style(s))
    if s.chance(0.4):
        query = s.var(("sql", "query", "stmt", "statement"))
        return f"{query} = {text}\n", f"{st.run}.execute({query})"
    return "", f"{st.run}.execute({text})"


def number_converted(s: Scene) -> Draft:
    """Two numbers are pasted; int() is applied to one only, or its failure leaves the raw text."""
    t, st, m = table(s), store(s, sqlite=True), Module()
    name = s.func(FINDERS)
    first, second = s.rng.choice((("limit", "offset"), ("count", "start"), ("page_size", "skip"), ("per_page", "first")))
    number, other = s.var((first,)), s.var((second,))
    sql = f"SELECT {columns(s, t)} FROM {t.name} ORDER BY {t.key} LIMIT {{}} OFFSET {{}}"
    values = [number, other]
    if s.chance(0.4):
        number, other = other, number
    default = s.one("10", "20", "0", "1")
    mode = s.one("other", "other", "except", "condition")
    if mode == "other":
        kept = s.one(f"{other} = int({other})", f"{other} = max(0, int({other}))", f"{other} = abs(int({other}))")
        bad = s.one(
            f"{number} = str({number})",
            f"{number} = {number}.strip()",
            f'{number} = {number} or "{default}"',
            f'{number} = {number}.strip().rstrip(";")',
            f'{number} = {number}.replace(" ", "")',
        )
        good = s.one(f"{number} = int({number})", f"{number} = min(50, int({number}))", f"{number} = int({number} or {default})")
        lead = f"{kept}\n{alt(bad, good)}\n" if s.chance(0.5) else f"{alt(bad, good)}\n{kept}\n"
    elif mode == "except":
        idle = s.one("pass", _note(s, number), f"{number} = {number}.strip()")
        lead = f"try:\n    {number} = int({number})\nexcept ValueError:\n    {alt(idle, f'{number} = {default}')}\n{other} = int({other})\n"
    else:
        test = s.one(f"{number}.isdigit()", f"{number}.isdecimal()", f"{number}.strip().isdigit()")
        bad = s.one(number, f"{number}.strip()", f"{number} or {default}")
        lead = f"{number} = int({number}) if {test} else {alt(bad, default)}\n{other} = int({other})\n"
    lines, call = _glued(s, st, sql, *values, how=s.one("f", "f", "format", "percent"))
    body = _logs(m, lead + st.wrap(lines + read(s, st, call)))
    python_module(s, m.text(st.head), function(name, [st.parameter, *values], body))
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{other} is made an int, but {number} can still be any text when it goes into the SQL of {name}. "
            "An outsider can append SQL to it.",
            f"{number} may reach the statement in {name} unconverted, unlike {other}. Whoever sends it can add SQL of their own.",
        ),
        patched=s.one(
            f"{number} and {other} are ints when they are put into the SQL of {name}. A number cannot carry SQL.",
            f"{name} puts only whole numbers into the statement, because {number} and {other} went through int. "
            "No text of an outsider gets in.",
        ),
    )


def check_stays(s: Scene) -> Draft:
    """A check whose outcome stops nothing: it only logs, comes after the use, holds in one branch, or its result is dropped."""
    mode = s.one("log", "log", "after", "flag", "helper", "branch")
    t, m, kinds = table(s), Module(), ("given", "cursor") if mode == "after" else ()
    st = store(s, *kinds, sqlite=True)
    arg, reading = number_argument(s, t), mode != "after" and s.chance(0.6)
    test = s.one(
        f"{arg}.isdigit()", f"{arg}.isdecimal()", f'bool(re.fullmatch(r"[0-9]+", {arg}))', f'all(c in "0123456789" for c in {arg})'
    )
    if "re." in test:
        m.imports.add("re")
    leave, extra, more = _leave(s), "", ""
    changing = s.one(f"DELETE FROM {t.name} WHERE", f"UPDATE {t.name} SET {t.number} = 0 WHERE")
    start = _select(s, t) if reading else changing
    name = s.func(verbs(start))
    lines, call = _glued(s, st, f"{start} {t.key} = {{}}", arg)
    work = st.wrap(lines + (read(s, st, call) if reading else write(s, st, call)))
    if mode == "log":
        body = f"if not {test}:\n    {alt(_note(s, arg), leave)}\n{work}"
        why = f"The test of {arg} does not stop {name}"
    elif mode == "after":
        check, run = f"if not {test}:\n    {leave}", f"{lines}{call}\n{st.commit or f'{st.run}.commit(){chr(10)}'}".rstrip("\n")
        body = st.lead + alt(f"{run}\n{check}", f"{check}\n{run}") + "\nreturn True\n"
        why = f"{name} tests {arg} only after the statement has run"
    elif mode == "flag":
        flag = s.var(("ok", "valid", "numeric", "is_number"))
        bad = s.one(f"if {flag} is None:\n    {leave}", f"if not {arg}:\n    {leave}", f'print("numeric:", {flag})')
        body = f"{flag} = {test}\n{alt(bad, f'if not {flag}:{chr(10)}    {leave}')}\n{work}"
        why = f"{flag} is computed from {arg} but {name} runs the statement whatever it is"
    elif mode == "helper":
        helper = s.var(("is_number", "only_digits", "is_valid_id", "looks_numeric"))
        extra = function(helper, ["text"], f"return {test.replace(arg, 'text')}") + "\n\n"
        bad = s.one(f"not {arg}", f'{arg} in ("", None)', f"len({arg}) > 64", f"not isinstance({arg}, str)")
        body = f"if {alt(bad, f'not {helper}({arg})')}:\n    {leave}\n{work}"
        why = f"{name} never calls {helper}, and {arg} may hold any text"
    else:
        flag = s.var(("strict", "checked", "public", "verbose"))
        more, told = f"{flag}=False", f'print("{s.word("things")}", {arg})'
        body = f"if {alt(f'{flag} and not {test}', f'not {test}')}:\n    {leave}\nif {flag}:\n    {told}\n{work}"
        why = f"{name} tests {arg} only when {flag} is set"
    body = _logs(m, body)
    python_module(s, m.text(st.head), extra + function(name, [st.parameter, arg, more], body))
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. {arg} is part of the SQL text, so an outsider can add SQL.",
        patched=s.one(
            f"{name} goes on only when {arg} consists of digits. Digits in the SQL text cannot change the statement.",
            f"Before the statement runs, {name} refuses any {arg} that is not a number. Nothing else gets into the SQL text.",
        ),
    )


def check_partly(s: Scene) -> Draft:
    """A check that leaves, but lets too much through: one operator, one function or one variable is another."""
    t, st, m = table(s), store(s, sqlite=True), Module()
    arg, other, reading = argument(s, t.text), number_argument(s, t), s.chance(0.65)
    allowed = s.one("[A-Za-z0-9_]+", "[a-z0-9]+", r"\w+", "[A-Za-z]+", r"[\w.-]+", "[A-Z0-9-]+")
    mode = s.one("match", "match", "any", "connective", "variable", "first")
    bad, good = {
        "match": (f'not re.{s.one("match", "search")}(r"{allowed}", {arg})', f'not re.fullmatch(r"{allowed}", {arg})'),
        "any": (f"not any(c.isalnum() for c in {arg})", f"not all(c.isalnum() for c in {arg})"),
        "connective": (f"not {arg}.isalnum() and not {other}.isdigit()", f"not {arg}.isalnum() or not {other}.isdigit()"),
        "variable": (f"not {other}.isalnum()", f"not {arg}.isalnum()"),
        "first": (s.one(f"not {arg}[:1].isalnum()", f"not {arg}.split()[0].isalnum()", f"not {arg}[0].isalpha()"), f"not {arg}.isalnum()"),
    }[mode]
    if mode == "match":
        m.imports.add("re")
    both = mode in ("connective", "variable")
    keys = f" AND {t.key} = {{}}" if mode == "connective" else ""
    start = _select(s, t) if reading else s.one(f"DELETE FROM {t.name} WHERE", f"UPDATE {t.name} SET {t.number} = {t.number} + 1 WHERE")
    name = s.func(verbs(start))
    lines, call = _glued(s, st, f"{start} {t.text} = '{{}}'{keys}", *((arg, other) if keys else (arg,)))
    tail = f'print("{s.word("things")}", {other})\n' if mode == "variable" else ""
    body = f"if {alt(bad, good)}:\n    {_leave(s)}\n{tail}" + st.wrap(lines + (read(s, st, call) if reading else write(s, st, call)))
    python_module(s, m.text(st.head), function(name, [st.parameter, arg, other if both else ""], body))
    said = bad.replace('"', "'")
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"The test {said} lets a quote in {arg} pass. {arg} is part of the SQL text in {name}, so an outsider can add SQL.",
            f"{name} puts {arg} into the SQL text, and {said} refuses too little. A value with a quote in it gets through.",
        ),
        patched=s.one(
            f"{name} refuses {arg} unless every character is harmless. No quote can reach the SQL text.",
            f"Every character of {arg} is tested before {name} puts it into the SQL text. A quote is refused.",
        ),
    )


def quotes_doubled(s: Scene) -> Draft:
    """replace("'", "''") helps only on the right value, inside quotes, and when its result is used."""
    t, m = table(s), Module()
    st = store(s, "given", "cursor", "bare", "connect", "with", sqlite=True)
    m.imports.add("sqlite3")
    arg, other, reading, how = argument(s, t.text), s.var((t.other, f"{t.other}_text", "kind")), s.chance(0.6), style(s)
    start = _select(s, t) if reading else f"DELETE FROM {t.name} WHERE"
    name = s.func(verbs(start))
    mode = s.one("number", "number", "variable", "dropped", "backslash", "early")
    values = [arg, other]
    text, _ = compose(st, f"{start} {t.text} = '{{}}' AND {t.other} = '{{}}'", values, (0, 1), how)
    right, also = f"{arg} = {arg}{DOUBLED}", f"{other} = {other}{DOUBLED}\n"
    if mode == "number":
        arg = number_argument(s, t)
        values, bare = [arg], compose(st, f"{start} {t.key} = {{}}", [arg], (0,), how)[0]
        text = alt(bare, compose(st, f"{start} {t.key} = '{{}}'", [arg], (0,), how)[0])
        lead = f"{arg} = {arg}{DOUBLED}\n"
        why = f"{arg} stands without quotes in the SQL of {name}, so doubling quotes stops nothing. An outsider can add SQL."
    elif mode == "variable":
        lead = also + alt(f"{arg} = {arg}{s.one('.strip()', IDLE, '.lower().strip()')}", right) + "\n"
        why = f"The quotes in {other} are doubled, but those in {arg} are not. {arg} can end its string in the SQL of {name}."
    elif mode == "dropped":
        lead = also + alt(right.split(" = ", 1)[1], right) + "\n"
        why = f"The result of replace on {arg} is thrown away in {name}. The raw {arg} goes into the SQL text and can end its string."
    elif mode == "backslash":
        lead = also.replace(DOUBLED, alt(SLASHED, DOUBLED)) + f"{arg} = {arg}{alt(SLASHED, DOUBLED)}\n"
        why = f"SQLite knows no backslash before a quote, so {arg} can still end its string in {name}. What follows is read as SQL."
    else:
        m.imports.add("from urllib.parse import unquote")
        decoded = f"{arg} = unquote({arg})"
        lead = alt(f"{right}\n{decoded}", f"{decoded}\n{right}") + f"\n{also}"
        why = f"{name} doubles the quotes of {arg} before unquote decodes it. An encoded quote appears afterwards and ends the string."
    call = f"{st.run}.execute({text})"
    body = lead + st.wrap(read(s, st, call) if reading else write(s, st, call))
    python_module(s, m.text(st.head), function(name, [st.parameter, *values], body))
    return Draft(
        hardness="hard",
        vulnerable=why,
        patched=s.one(
            f"In {name} {arg} stands in quotes and its own quotes are doubled before. SQLite reads all of it as one string.",
            f"{name} doubles every quote of {arg} and then puts it between quotes. It cannot end the string it stands in.",
        ),
    )


def quote_helper(s: Scene) -> Draft:
    """The caller pastes what a helper has put in quotes; the helper doubles quotes inside, or not."""
    t, m = table(s), Module()
    st = store(s, "given", "cursor", "connect", "with", sqlite=True)
    m.imports.add("sqlite3")
    helper, arg = s.var(("quote", "as_text", "literal", "sql_text", "quoted")), argument(s, t.text)
    reading = s.chance(0.6)
    x = s.one("value", "text", "raw", "v")
    doubled = f"{x}{DOUBLED}"
    idle = s.one(
        f"{x}.strip()",
        f"""{x}.replace('"', '""')""",
        f"""{x}.replace("'", "\\\\'")""",
        f'{x}.replace("\\\\", "")',
        f'{x}.replace(";", "")',
        f"str({x})",
    )
    wrap = s.one('return "\'" + {} + "\'"\n', "return \"'{{}}'\".format({})\n", "{} = {}\nreturn f\"'{{{}}}'\"\n")
    inner = wrap.format(x, alt(idle, doubled), x) if wrap.startswith("{") else wrap.format(alt(idle, doubled))
    none = s.one("", f'if {x} is None:\n    return "NULL"\n')
    sql = (
        f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.text} = {{}}"
        if reading
        else s.one(f"DELETE FROM {t.name} WHERE {t.text} = {{}}", f"UPDATE {t.name} SET {t.number} = 0 WHERE {t.text} = {{}}")
    )
    name = s.func(verbs(sql))
    text, _ = compose(st, sql, [f"{helper}({arg})"], (0,), style(s))
    call = f"{st.run}.execute({text})"
    work = read(s, st, call) if reading else f"{call}\n{st.commit}{st.end}"
    parts = [function(helper, [x], none + inner), function(name, [st.parameter, arg], entry(s, arg) + st.wrap(work))]
    python_module(s, m.text(st.head), "\n\n".join(parts))
    return Draft(
        hardness="hard",
        vulnerable=f"{helper} puts quotes around the text but does not double those inside. "
        f"{name} pastes the result, so a quote in {arg} ends the string.",
        patched=f"{helper} doubles each quote before it puts quotes around the text. "
        f"What {name} pastes for {arg} is one string for SQLite.",
    )


def decoded_late(s: Scene) -> Draft:
    """The check sees the encoded text, the statement the decoded one."""
    t, st, m = table(s), store(s, sqlite=True), Module()
    raw, arg, name = s.var(("raw", "encoded", "token", "field", "param")), argument(s, t.text), s.func(FINDERS)
    decode, imported = s.rng.choice(
        (
            (f"unquote({raw})", "from urllib.parse import unquote"),
            (f"unquote_plus({raw})", "from urllib.parse import unquote_plus"),
            (f"urllib.parse.unquote({raw})", "urllib.parse"),
            (f"base64.b64decode({raw}).decode()", "base64"),
            (f"bytes.fromhex({raw}).decode()", ""),
            (f"html.unescape({raw})", "html"),
        )
    )
    if imported:
        m.imports.add(imported)
    test = s.one('"\'" in {}', 'not {}.isascii() or "\'" in {}', 'any(c in {} for c in "\'\\\\")', 're.search(r"[\'\\\\]", {})')
    if "re." in test:
        m.imports.add("re")
    leave = _leave(s)
    lines, call = _glued(s, st, f"{_select(s, t)} {t.text} = '{{}}'", arg)

    def check(value: str) -> str:
        return f"if {test.replace('{}', value)}:\n    {leave}"

    if s.chance(0.5):
        lead = f"{arg} = {decode}\n{alt(check(raw), check(arg))}\n"
    else:
        lead = alt(f"{check(raw)}\n{arg} = {decode}", f"{arg} = {decode}\n{check(arg)}") + "\n"
    body = lead + st.wrap(lines + read(s, st, call))
    python_module(s, m.text(st.head), function(name, [st.parameter, raw], body))
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{name} looks for quotes in {raw}, but {arg} is what is decoded from it and goes into the SQL. "
            "An encoded quote passes the check.",
            f"The check covers {raw} and not the decoded {arg}. An outsider encodes a quote and changes the statement.",
        ),
        patched=s.one(
            f"{name} looks for quotes in {arg}, after decoding {raw}. A quote never gets into the SQL text.",
            f"The check covers {arg} as it is used in the SQL of {name}. Encoding a quote in {raw} does not get it through.",
        ),
    )


def unseen_cleaner(s: Scene) -> Draft:
    """What cleans the value is not shown."""
    t, st, m = table(s), store(s, "given", "cursor", "bare"), Module()
    arg, name, clean = argument(s, t.text), s.func(FINDERS), s.one("clean", "escape", "prepare", "normalize", "quote_text")
    lines, call = _glued(s, st, f"{_select(s, t)} {t.text} = '{{}}'", arg)
    body = f"{arg} = {clean}({arg})\n{alt('', f'print({arg})')}\n" + st.wrap(lines + read(s, st, call))
    python_module(
        s, m.text(st.head, f"from {s.one('helpers', 'utils', 'common')} import {clean}"), function(name, [st.parameter, arg], body)
    )
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{arg} is part of the SQL text in {name}, and what {clean} removes is not shown. It may leave quotes.",
        patched=f"{arg} goes through {clean} before it is put into the SQL text. "
        "It is not shown, but it appears to remove what could end the string.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (number_converted, check_stays, check_partly, quotes_doubled, quote_helper, decoded_late, unseen_cleaner)
}
