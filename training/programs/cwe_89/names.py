"""Names cannot be bound: a column, a direction or a table must come from a fixed list."""

from collections.abc import Callable

from training.programs.cwe_89.sql import (
    FINDERS,
    Module,
    argument,
    columns,
    compose,
    function,
    number_argument,
    plural,
    read,
    store,
    style,
    table,
)
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt


def _refuse(s: Scene, arg: str) -> str:
    return s.one('raise ValueError("unknown name")', "return None", f"raise KeyError({arg})", "return []")


def sort_column(s: Scene) -> Draft:
    """ORDER BY a column from outside."""
    t, st, m = table(s), store(s), Module()
    arg, name = s.var(("sort", "sort_by", "order_by", "column", "field", "sort_key")), s.func(FINDERS)
    known, listed = s.one("SORTABLE", "COLUMNS", "ALLOWED", "FIELDS"), f'"{t.key}", "{t.text}", "{t.number}"'
    mode = s.one("refuse", "refuse", "default", "mapping", "where")
    flag = s.var(("descending", "reverse", "newest"))
    direction = s.one("", "", f'{flag} = "DESC" if {flag} else "ASC"\n')
    idle = s.one(
        f"not {arg}",
        f"len({arg}) > 40",
        f'{arg}.startswith("_")',
        f'";" in {arg}',
        f"not isinstance({arg}, str)",
        f'{arg} in ("", None)',
        f"not {arg}.isprintable()",
    )
    if mode == "mapping":
        m.constants.append(f'{known} = {{"{t.text}": "{t.text}", "newest": "{t.key} DESC", "{t.number}": "{t.number}"}}')
        bad = s.one(
            f'{arg}.strip() or "{t.key}"', f"{known}.get({arg}) or {arg}", f"{known}.get({arg}, {arg})", f'{arg} or {known}["{t.text}"]'
        )
        good = s.one(f'{known}.get({arg}, "{t.key}")', f"{known}[{arg}]", f'{known}.get({arg}) or "{t.key}"')
        lead = f"{arg} = {alt(bad, good)}\n"
    else:
        m.constants.append(f"{known} = {s.one(f'({listed})', f'{{{listed}}}', f'[{listed}]', f'frozenset(({listed}))')}")
        stop = f'{arg} = "{t.key}"' if mode == "default" else _refuse(s, arg)
        lead = f"if {alt(idle, f'{arg} not in {known}')}:\n    {stop}\n"
    value, values = argument(s, t.other), [arg]
    sql = f"SELECT {columns(s, t)} FROM {t.name} ORDER BY {{}}"
    parameters, paste = [st.parameter, arg], (0,)
    if mode == "where":
        sql, values, paste = f"SELECT {columns(s, t)} FROM {t.name} WHERE {{}} = '{{}}'", [arg, value], (0,)
        parameters.append(value)
    elif direction:
        sql, values, paste = f"{sql} {{}}", [arg, flag], (0, 1)
        parameters.append(f"{flag}=False")
    else:
        sql += s.one("", " DESC", " LIMIT 50")
    text, args = compose(st, sql, values, paste, style(s))
    work = st.wrap(read(s, st, f"{st.run}.execute({text}{args})"))
    body = lead + (direction if len(paste) == 2 else "") + work
    python_module(s, m.text(st.head), function(name, parameters, body))
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"{arg} is put into the SQL text of {name} as a column, and no list limits it. "
            "An outsider can send an expression in its place.",
            f"{name} takes the column from {arg} without holding it to known names. Whoever sends it can add SQL of their own.",
        ),
        patched=s.one(
            f"Only the names in {known} get into the SQL text of {name}. An outsider can choose among them but add nothing.",
            f"{arg} is held to the fixed names of {known} before {name} builds the statement. No other text gets in.",
        ),
    )


def table_by_name(s: Scene) -> Draft:
    """A table name is checked against a list, wholly in one half and loosely in the other."""
    t, st, m = table(s), store(s, sqlite=True), Module()
    arg, other = s.var(("table", "kind", "source", "section", "collection")), s.var(("column", "field", "key"))
    known, second, number = (
        s.one("TABLES", "ALLOWED", "KNOWN_TABLES"),
        plural(s.one("event", "note", "visit", "backup")),
        number_argument(s, t),
    )
    m.constants.append(f'{known} = ("{t.name}", "{second}")')
    name, stop = s.func(("export", "dump", *FINDERS), "things"), _refuse(s, arg)
    mode = s.one("prefix", "part", "any", "connective", "log", "variable", "copy")
    exact = f"{arg} not in {known}"
    values, sql = [arg, number], f"SELECT {t.key}, {t.text} FROM {{}} WHERE {t.key} = {{}}"
    test, stops = "", stop
    if mode in ("connective", "variable"):
        m.constants.append(f'COLUMNS = ("{t.key}", "{t.text}", "{t.number}")')
        values, sql = [arg, other, number], f"SELECT {t.text} FROM {{}} WHERE {{}} = {{}}"
    if mode == "prefix":
        test = alt(f"not {arg}.startswith({known})", exact)
    elif mode == "part":
        test = alt(
            s.one(f"{arg}.split()[0] not in {known}", f'{arg}.split(" ", 1)[0] not in {known}', f'{arg}.partition(" ")[0] not in {known}'),
            exact,
        )
    elif mode == "any":
        test = f"not any(name {alt('in', '==')} {arg} for name in {known})"
    elif mode == "connective":
        test = f"{arg} not in {known} {alt('and', 'or')} {other} not in COLUMNS"
    elif mode == "variable":
        test = f"{other} not in COLUMNS{alt(s.one(f' or not {arg}', f' or {arg} in COLUMNS', ''), f' or {exact}')}"
    elif mode == "log":
        test, stops = (
            exact,
            alt(s.one(f'print("unknown", {arg})', f'print(f"no such table: {{{arg}}}")', f'{arg} = {arg}.strip().rstrip(";")'), stop),
        )
    lead = f"if {test}:\n    {stops}\n"
    if mode == "copy":
        clean = s.var(("clean", "base", "wanted", "simple"))
        lead = f'{clean} = {arg}.strip().split(" ")[0]\nif {clean} not in {known}:\n    {stop}\n'
        values = [alt(arg, clean), number]
    text, args = compose(st, sql, values, range(len(values) - 1), style(s))
    work = st.wrap(read(s, st, f"{st.run}.execute({text}{args})"))
    parameters = [st.parameter, *(other if value == other else number if value == number else arg for value in values)]
    python_module(s, m.text(st.head), function(name, parameters, lead + work))
    why = {
        "prefix": f"startswith accepts any {arg} that only begins with a name of {known}",
        "part": f"only the first word of {arg} is compared with {known}",
        "any": f"it is enough when a name of {known} occurs somewhere in {arg}",
        "connective": f"{name} refuses {arg} only when {other} is unknown too",
        "variable": f"{name} holds {other} to a list but never {arg}",
        "log": f"{name} goes on after it found that {arg} is not in {known}",
        "copy": f"{name} tests a shortened copy of {arg} and then uses {arg} itself",
    }[mode]
    return Draft(
        hardness="hard",
        vulnerable=f"{why[0].upper() + why[1:] if why.startswith(('only', 'it is')) else why}. "
        f"The rest of {arg} goes into the SQL text, so an outsider can add SQL.",
        patched=s.one(
            f"What stands for the table in {name} is exactly one of the names in {known}. An outsider cannot add anything to it.",
            f"{name} leaves unless the table name is in {known}, and {number} is bound. No free text gets into the SQL.",
        ),
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {f.__name__: f for f in (sort_column, table_by_name)}
