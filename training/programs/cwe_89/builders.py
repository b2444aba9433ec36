"""Statements that are put together by a helper, a loop, a class or a branch."""

from collections.abc import Callable
from dataclasses import replace

from training.programs.cwe_89.sql import (
    FINDERS,
    Module,
    argument,
    bound,
    class_,
    columns,
    compose,
    entry,
    function,
    number_argument,
    plural,
    read,
    store,
    style,
    table,
    verbs,
)
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt


def run_helper(s: Scene) -> Draft:
    """A helper takes SQL and parameters; its caller uses only the first, or both."""
    t, m = table(s), Module()
    st = store(s, "given", "cursor", "connect", "with", "fetched")
    helper = s.var(("query", "run_query", "fetch_all", "select", "run_sql", "query_all"))
    arg, name, other, more = argument(s, t.text), s.func(FINDERS), s.func(FINDERS), number_argument(s, t)
    sql, params = s.var(("sql", "statement", "text")), s.var(("params", "args", "values"))
    select = f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.text} = '{{}}'"
    bad, _ = compose(st, select, [arg], (0,), style(s))
    good, given = compose(st, select, [arg], (), "f")
    first = f"{st.parameter}, " if st.parameter else ""
    note = s.one("", f"print({sql})\n")
    fetch = f"{st.run}.execute({sql}, {params})"
    inner = f"return {fetch}.fetchall()\n" if st.direct and not st.end else f"rows = {fetch}.fetchall()\n{st.end}return rows\n"
    if not st.direct:
        inner = f"{fetch}\nreturn {st.run}.fetchall()\n"
    core = function(helper, [st.parameter, sql, f"{params}=()"], note + st.wrap(inner))
    last = s.one(
        "return {}",
        "rows = {}\nreturn rows[0] if rows else None",
        "return len({})",
        "for row in {}:\n    print(row)",
        "return [row[0] for row in {}]",
    )
    call = f"{helper}({first}{alt(bad, good + given)})"
    caller = function(name, [st.parameter, arg], entry(s, arg) + last.format(call))
    second, more_args = compose(st, f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.key} = {{}}", [more], (), "f")
    right = function(other, [st.parameter, more], f"return {helper}({first}{second}{more_args})")
    parts = [core, caller, right] if s.chance(0.5) else [core, right, caller] if s.chance(0.5) else [core, caller]
    python_module(s, m.text(st.head), "\n\n".join(parts))
    return Draft(
        hardness="clear",
        vulnerable=f"{name} writes {arg} into the SQL text and gives {helper} no parameters for it. "
        f"An outsider who chooses {arg} can add SQL of their own.",
        patched=f"{name} gives {arg} to {helper} as a parameter, and {helper} hands it to execute. It stays a value.",
    )


def percent_or_comma(s: Scene) -> Draft:
    """The same placeholders: filled in by Python's % or handed to execute."""
    t, m = table(s), Module()
    st = replace(store(s, "cursor", "bare", "fetched"), mark="%s", chained=False, named=s.chance(0.3), head="")
    getter = st.lead.split(" = ", 1)[1].split("(", 1)[0] if not st.parameter else ""
    head = f"from {s.one('db', 'database', 'storage')} import {getter}" if getter else ""
    arg, other = number_argument(s, t), s.var((t.number, f"{t.number}_from", "level"))
    sql, values = s.rng.choice(
        (
            (f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.key} = {{}}", [arg]),
            (f"SELECT {t.key}, {t.text} FROM {t.name} WHERE {t.key} = {{}} AND {t.number} > {{}}", [arg, other]),
            (f"SELECT {t.text} FROM {t.name} WHERE {t.number} = {{}} AND {t.key} < {{}}", [other, arg]),
            (f"UPDATE {t.name} SET {t.number} = {{}} WHERE {t.key} = {{}}", [other, arg]),
            (f"DELETE FROM {t.name} WHERE {t.key} = {{}}", [arg]),
        )
    )
    reading = sql.startswith("SELECT")
    name = s.func(verbs(sql))
    text, args = compose(st, sql, values, (), "f")
    args, params, query = args[2:], s.var(("params", "args", "values")), s.var(("sql", "query", "stmt"))
    finish = f"return {st.run}.{s.one('fetchall', 'fetchone')}()\n" if reading else f"{st.commit}return {st.run}.rowcount\n"
    mode, extra = s.one("direct", "query", "both", "params", "helper"), ""
    if mode == "direct":
        work = f"{st.run}.execute({text}{alt(' % ', ', ')}{args})\n"
    elif mode == "query":
        work = f"{query} = {text}\n{st.run}.execute({query}{alt(' % ', ', ')}{args})\n"
    elif mode == "both":
        work = f"{params} = {args}\n{query} = {alt(f'{text} % {params}', text)}\n{st.run}.execute({query}{alt('', f', {params}')})\n"
    elif mode == "params":
        work = f"{params} = {args}\n{st.run}.execute({text}{alt(' % ', ', ')}{params})\n"
    else:
        helper, cursor = s.var(("run", "execute", "run_sql", "perform")), s.var(("handle", "target", "cursor_in"))
        extra = (
            function(
                helper,
                [cursor, query, params],
                f"{s.one('', f'print({query})' + chr(10))}{cursor}.execute({query}{alt(' % ', ', ')}{params})\n",
            )
            + "\n\n"
        )
        work = f"{helper}({st.run}, {text}, {args})\n"
    python_module(s, m.text(head), extra + function(name, [st.parameter, *values], entry(s, arg) + st.wrap(work + finish)))
    where = helper if mode == "helper" else name
    return Draft(
        hardness="hard",
        vulnerable=f"{where} fills in the marks with Python's % before execute sees the SQL, so {arg} becomes part of its text. "
        "An outsider can add SQL.",
        patched=f"{where} hands the values to execute as a second argument, so the driver fills in the marks. {arg} stays a value.",
    )


def fallback_branch(s: Scene) -> Draft:
    """Two branches: one is right in both halves, the other in one."""
    t, m = table(s), Module()
    st = store(s, "given", "cursor", "bare", sqlite=True)
    arg, name, flag = argument(s, t.text), s.func(FINDERS), s.var(("exact", "strict", "whole", "active_only", "recent"))
    other = s.var((t.other, f"{t.other}_filter", "group_name"))
    mode = s.one("flag", "flag", "missing", "error")
    matching = f"SELECT * FROM {t.name} WHERE {t.text} = '{{}}'"
    right = f"rows = {bound(st, matching, arg)}"
    if mode == "missing":
        narrower = f"{matching} AND {t.other} = '{{}}'"
        right = f"rows = {bound(st, narrower, arg, other)}"
    tail = s.one(f" AND {t.number} > 0", f" ORDER BY {t.number}", f" OR {t.other} IS NULL", " LIMIT 20")
    how = s.one("f", "f", "plus", "percent", "format")
    again = f"SELECT * FROM {t.name if mode != 'error' else 'old_' + t.name} WHERE {t.text} = '{{}}'{tail}"
    bad, _ = compose(st, again, [arg], (0,), how)
    good, args = compose(st, again, [arg], (), "f")
    loose = f"rows = {st.run}.execute({alt(bad, good + args)})"
    test = {"flag": flag, "missing": s.one(f"{other} is not None", other), "error": ""}[mode]
    if mode == "error":
        m.imports.add("sqlite3")
        branches = f"try:\n    {right}\nexcept sqlite3.{s.one('OperationalError', 'Error', 'DatabaseError')}:\n    {loose}\n"
    elif s.chance(0.5):
        branches = f"if {test}:\n    {right}\nelse:\n    {loose}\n"
    else:
        branches = f"if not {test}:\n    {loose}\nelse:\n    {right}\n".replace(f"not {other} is not None", f"{other} is None")
    extra = {"flag": f"{flag}=True", "missing": f"{other}=None", "error": ""}[mode]
    finish = s.one(
        "return rows.fetchall()\n", "return [row[0] for row in rows]\n", "return list(rows)\n", "for row in rows:\n    print(row)\n"
    )
    python_module(s, m.text(st.head), function(name, [st.parameter, arg, extra], entry(s, arg) + st.wrap(branches + finish)))
    return Draft(
        hardness="hard",
        vulnerable=f"One branch of {name} binds {arg}, the other writes it into the SQL text. "
        "An outsider who reaches that branch can add SQL of their own.",
        patched=f"Both branches of {name} bind {arg} to a placeholder. It stays a value whichever of them runs.",
    )


def in_list(s: Scene) -> Draft:
    """IN with a list: marks are joined, or the values themselves."""
    t, st, m = table(s), store(s), Module()
    st = replace(st, named=False)
    values, name, x = (
        s.var((plural(t.text), f"{t.item}_ids", "ids", "wanted", "chosen", "keys")),
        s.func(FINDERS),
        s.one("x", "v", "value", "one"),
    )
    marks, sep = s.var(("marks", "holders", "inside", "listed", "joined")), s.one(", ", ",")
    split = s.one(
        "",
        f'{values} = {values}.split(",")\n',
        f'{values} = [{x}.strip() for {x} in {values}.split(",")]\n',
        f"if not {values}:\n    return []\n",
    )
    mode, quoted = s.one("marks", "marks", "marks", "int", "int"), s.chance(0.5)
    col = t.text if quoted else t.key
    if mode == "marks":
        good = s.one(
            f'"{sep}".join("{st.mark}" for _ in {values})',
            f'"{sep}".join(["{st.mark}"] * len({values}))',
            f'"{sep}".join("{st.mark}" for {x} in {values})',
        )
        shown = (
            s.one(f"\"'{{}}'\".format({x})", f"f\"'{{{x}}}'\"", f'"\'" + {x} + "\'"', f"repr({x})")
            if quoted
            else s.one(x, f"str({x})", f"{x}.strip()")
        )
        bad = (
            f'"{sep}".join({shown} for {x} in {values})'
            if shown != x
            else s.one(f'"{sep}".join({values})', f'"{sep}".join(map(str, {values}))')
        )
        args = f", {s.one(values, f'tuple({values})', f'list({values})')}"
    else:
        col = t.key
        good = s.one(
            f'"{sep}".join(str(int({x})) for {x} in {values})',
            f'"{sep}".join(f"{{int({x})}}" for {x} in {values})',
            f'"{sep}".join({x} for {x} in {values} if {x}.isdigit())',
        )
        bad = s.one(
            f'"{sep}".join(str({x}) for {x} in {values})',
            f'"{sep}".join({x}.strip() for {x} in {values} if {x}.strip())',
            f'"{sep}".join(str({x}).strip() for {x} in {values})',
        )
        args = ""
    select = f"SELECT {columns(s, t)} FROM {t.name} WHERE {col} IN ({{}})"
    text, _ = compose(st, select, [marks], (0,), s.one("f", "f", "plus", "format"))
    call = f"{st.run}.execute({text}{alt('', args) if args else ''})"
    body = split + f"{marks} = {alt(bad, good)}\n" + st.wrap(read(s, st, call))
    python_module(s, m.text(st.head), function(name, [st.parameter, values], body))
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{marks} is joined from the texts in {values} and goes into the IN list of {name}. "
            "One entry with a bracket can end the list and add SQL.",
            f"The IN list of {name} holds the entries of {values} as they came. "
            "An outsider can send one that closes the list and goes on in SQL.",
        ),
        patched=f"{marks} holds only placeholders, one for each entry, and {values} is bound in {name}. The entries never become SQL text."
        if args
        else f"{marks} is joined from whole numbers only, so the IN list of {name} holds digits. No text of {values} gets into the SQL.",
    )


def filters_in_loop(s: Scene) -> Draft:
    """Search filters become conditions one after the other."""
    t, st, m = table(s), replace(store(s, "given", "cursor", "connect", sqlite=True), named=False), Module()
    filters, clauses, params = (
        s.var(("filters", "criteria", "query", "options")),
        s.var(("clauses", "parts", "conditions", "where")),
        s.var(("params", "args", "values")),
    )
    key, value, known = s.one("column", "field", "key"), s.one("value", "wanted", "v"), s.one("COLUMNS", "ALLOWED", "FIELDS")
    name, helper = s.func(FINDERS), s.var(("build_where", "make_conditions", "where_clause", "conditions_for"))
    listed = f'"{t.text}", "{t.other}", "{t.number}"'
    m.constants.append(f"{known} = {s.one(f'({listed})', f'{{{listed}}}', f'[{listed}]')}")
    skip = s.one("continue", 'raise ValueError("unknown field")')
    mode = s.one("key", "key", "value")
    check = f"{key} not in {known}"
    bind = f'{clauses}.append(f"{{{key}}} = ?")\n    {params}.append({value})'
    if mode == "key":
        idle = s.one(
            f"{value} is None",
            f'{value} in ("", None)',
            f"not {value}",
            f"not {key}",
            f"{value} in {known}",
            f"len({key}) > 60",
            f'{key}.startswith("_")',
        )
        test, add = alt(idle, check), bind
    else:
        pasted = s.one(
            f"f\"{{{key}}} = '{{{value}}}'\"",
            f'{key} + " = \'" + {value} + "\'"',
            f"\"{{}} = '{{}}'\".format({key}, {value})",
            f"\"%s = '%s'\" % ({key}, {value})",
        )
        test, add = check, f"{alt(f'{clauses}.append({pasted})', bind)}"
    owned = s.chance(0.5) or mode == "value"
    owner = s.var(("owner", "tenant", "account", "viewer"))
    start = f'{clauses}, {params} = ["owner = ?"], [{owner}]' if owned else f"{clauses}, {params} = [], []"
    loop = f"{start}\nfor {key}, {value} in {filters}.items():\n    if {test}:\n        {skip}\n    {add}\n"
    select = st.sql(f"SELECT {columns(s, t)} FROM {t.name}")
    joiner = f'" {st.sql("AND")} ".join({clauses})'
    if owned:
        build = s.one(
            f'sql = "{select} {st.sql("WHERE")} " + {joiner}\n',
            f'sql = f"{select} {st.sql("WHERE")} {{{joiner.replace(chr(34), chr(39))}}}"\n',
        )
    else:
        build = f'sql = "{select}"\nif {clauses}:\n    sql += " {st.sql("WHERE")} " + {joiner}\n'
    run = st.wrap(read(s, st, f"{st.run}.execute(sql, {params})"))
    given = [filters, owner] if owned else [filters]
    if s.chance(0.45):
        core = function(helper, given, f"{loop}return {clauses}, {params}\n") + "\n\n"
        core += function(name, [st.parameter, *given], f"{clauses}, {params} = {helper}({', '.join(given)})\n{build}{run}")
        where = helper
    else:
        core, where = function(name, [st.parameter, *given], loop + build + run), name
    python_module(s, m.text(st.head), core)
    if mode == "key":
        return Draft(
            hardness="hard",
            vulnerable=f"{where} binds each {value}, but {key} comes from {filters} and is put into the SQL text unchecked. "
            "An outsider can name SQL as a filter.",
            patched=f"{where} takes a {key} only when it is in {known}, and every {value} is bound. "
            f"Nothing else from {filters} gets into the SQL.",
        )
    return Draft(
        hardness="hard",
        vulnerable=f"{where} holds {key} to {known}, but writes {value} into the condition. "
        "An outsider can end the quoted text and add SQL.",
        patched=f"{where} holds {key} to {known} and collects each {value} in {params} for execute. No value becomes SQL text.",
    )


def builder_class(s: Scene) -> Draft:
    """A query class: conditions with values inside, or with placeholders and a list of values."""
    t, m = table(s), Module()
    conn, name = s.var(("conn", "db", "cursor")), s.func(FINDERS)
    cls, where, arg = s.one("Query", "Select", "Search", "Finder"), s.one("where", "filter", "equals", "add"), argument(s, t.text)
    conditions, args = s.one("conditions", "clauses", "parts"), s.one("args", "params", "values")
    pasted = s.one(
        "f\"{column} = '{value}'\"",
        'column + " = \'" + value + "\'"',
        "\"{} = '{}'\".format(column, value)",
        "\"%s = '%s'\" % (column, value)",
    )
    init = function("__init__", ["self", "table"], f"self.table = table\nself.{conditions} = []\nself.{args} = []\n")
    keep = s.one(f"self.{args}.append(value)\n", f"self.{args} += [value]\n")
    idle = s.one("if not value:\n    return self\n", "", "value = str(value)\n")
    bad = f"self.{conditions}.append({pasted})"
    if s.chance(0.6):
        bad = s.one("value = str(value).strip()", "value = str(value)[:100]", 'print("condition", column, value)') + f"\n{bad}"
    good = f'self.{conditions}.append(f"{{column}} = ?")\n{keep.strip()}'
    add = f"{idle}{alt(bad, good)}\nreturn self\n"
    methods = [init, function(where, ["self", "column", "value"], add)]
    if s.chance(0.4):
        methods.append(
            function("newer", ["self", "number"], f'self.{conditions}.append("{t.number} > ?")\nself.{args}.append(number)\nreturn self\n')
        )
    build = s.one(
        f'sql = "SELECT * FROM " + self.table\nif self.{conditions}:\n    sql += " WHERE " + " AND ".join(self.{conditions})\n',
        f'sql = f"SELECT * FROM {{self.table}} WHERE " + " AND ".join(self.{conditions} or ["1 = 1"])\n',
    )
    run = f"{build}return {conn}.execute(sql, self.{args}).fetchall()\n"
    methods.append(function(s.one("run", "rows", "all"), ["self", conn], run))
    finish = methods[-1].split("(", 1)[0].removeprefix("def ")
    use = function(name, [conn, arg], entry(s, arg) + f'return {cls}("{t.name}").{where}("{t.text}", {arg}).{finish}({conn})\n')
    python_module(s, m.text(s.one("", "import sqlite3")), class_(cls, *methods) + "\n\n" + use)
    return Draft(
        hardness="clear",
        vulnerable=f"{where} in {cls} writes the value into the condition. "
        f"{name} sends {arg} through it, so an outsider can change the statement.",
        patched=f"{where} in {cls} adds a placeholder and keeps the value in {args} for execute. {arg} from {name} never becomes SQL text.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (run_helper, percent_or_comma, fallback_branch, in_list, filters_in_loop, builder_class)
}
