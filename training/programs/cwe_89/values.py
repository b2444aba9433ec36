"""One statement whose values are pasted into its text or bound to placeholders."""

from collections.abc import Callable
from dataclasses import replace

from training.programs.cwe_89.sql import (
    FINDERS,
    Module,
    argument,
    bound,
    bound_reason,
    columns,
    compose,
    entry,
    function,
    indent,
    number_argument,
    pasted_reason,
    plural,
    read,
    statement,
    store,
    style,
    table,
    verbs,
    write,
)
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt


def lookup(s: Scene) -> Draft:
    """One SELECT by a text."""
    t, st, m = table(s), store(s), Module()
    arg, name, constant = argument(s, t.text), s.func(FINDERS), s.one("TABLE", f"{t.item.upper()}_TABLE") if s.chance(0.3) else ""
    if constant:
        m.constants.append(f'{constant} = "{t.name}"')
    tail = s.one("", "", f" ORDER BY {t.number}", " LIMIT 1", f" AND {t.number} > 0", f" AND {t.other} IS NOT NULL")
    source = f"{{{constant}}}" if constant else t.name
    lines, call = statement(s, st, f"SELECT {columns(s, t)} FROM {source} WHERE {t.text} = '{{}}'{tail}", [arg])
    body = entry(s, arg, always=bool(lines)) + st.wrap(lines + read(s, st, call))
    python_module(s, m.text(st.head), function(name, [st.parameter, arg], body))
    return Draft(hardness="clear", vulnerable=pasted_reason(s, arg, name), patched=bound_reason(s, arg, name))


def change(s: Scene) -> Draft:
    """INSERT, UPDATE or DELETE."""
    t, st, m = table(s), store(s), Module()
    first, second = argument(s, t.text), number_argument(s, t)
    sql, values = s.rng.choice(
        (
            (f"INSERT INTO {t.name} ({t.text}, {t.number}) VALUES ('{{}}', '{{}}')", [first, second]),
            (f"INSERT INTO {t.name} ({t.key}, {t.text}, {t.other}) VALUES ({{}}, '{{}}', 'new')", [second, first]),
            (f"UPDATE {t.name} SET {t.text} = '{{}}' WHERE {t.key} = {{}}", [first, second]),
            (f"UPDATE {t.name} SET {t.number} = {t.number} + 1 WHERE {t.text} = '{{}}'", [first]),
            (f"DELETE FROM {t.name} WHERE {t.text} = '{{}}'", [first]),
            (f"DELETE FROM {t.name} WHERE {t.text} = '{{}}' AND {t.key} = {{}}", [first, second]),
            (f"REPLACE INTO {t.name} ({t.key}, {t.text}) VALUES ({{}}, '{{}}')", [second, first]),
        )
    )
    name = s.func(verbs(sql))
    lines, call = statement(s, st, sql, values)
    body = entry(s, first, always=bool(lines)) + st.wrap(lines + write(s, st, call))
    python_module(s, m.text(st.head), function(name, [st.parameter, *sorted(values, key=(second, first).index)], body))
    return Draft(hardness="clear", vulnerable=pasted_reason(s, first, name), patched=bound_reason(s, first, name))


def like_pattern(s: Scene) -> Draft:
    """A LIKE pattern; the percent signs are needed in both halves."""
    t, st, m = table(s), replace(store(s, sqlite=True), named=False), Module()
    term, name, pattern = s.var(("term", "q", "search", "needle", "prefix", t.text, "keyword")), s.func(FINDERS), s.var(("pattern", "like"))
    select = f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.text} LIKE "
    tail = s.one("", "", f" ORDER BY {t.number} DESC", " LIMIT 10", " ESCAPE '!'")
    whole = s.chance(0.6)
    made = s.one(f'f"%{{{term}}}%"', f'"%" + {term} + "%"') if whole else s.one(f'f"{{{term}}}%"', f'{term} + "%"')
    mode = s.one("variable", "variable", "variable", "inline", "joined")
    if mode == "variable":
        lines, call = statement(s, st, f"{select}'{{}}'{tail}", [pattern])
        lines = f"{pattern} = {made}\n" + lines
    elif mode == "inline":
        bad, _ = compose(st, f"{select}'{'%' if whole else ''}{{}}%'{tail}", [term], (0,), s.one("f", "plus", "format"))
        good, args = compose(st, f"{select}'{{}}'{tail}", [made], (), "f")
        lines, call = "", f"{st.run}.execute({alt(bad, good + args)})"
    else:
        opening = "'%' || " if whole else ""
        lines, call = statement(s, st, f"{select}{opening}'{{}}' || '%'{tail}", [term])
    body = entry(s, term, always=bool(lines)) + st.wrap(lines + read(s, st, call))
    python_module(s, m.text(st.head), function(name, [st.parameter, term], body))
    return Draft(
        hardness="clear",
        vulnerable=f"{name} writes the pattern made of {term} into the SQL text. "
        f"A quote in {term} ends the pattern and what follows is read as SQL.",
        patched=f"{name} binds the pattern made of {term} to a placeholder. Percent signs and quotes in {term} stay part of a value.",
    )


def many_rows(s: Scene) -> Draft:
    """Rows of a file are inserted one by one, as a script, or with executemany."""
    t, m = table(s), Module()
    st = replace(store(s, "given", "connect", "cursor", sqlite=True), named=False)
    first, second = argument(s, t.text), s.var((t.other, f"{t.other}_text", "rest"))
    name, path = s.func(("import", "load", "read", "restore", "upload")), s.var(("path", "source", "upload"))
    insert, how = f"INSERT INTO {t.name} ({t.text}, {t.other}) VALUES ('{{}}', '{{}}')", style(s)
    bad, _ = compose(st, insert, [first, second], (0, 1), how)
    good, args = compose(st, insert, [first, second], (), "f")
    source = s.one("csv", "json", "split")
    if source != "split":
        m.imports.add(source)
    loop = {
        "csv": f"for {first}, {second} in csv.reader(handle):\n",
        "json": f"for {first}, {second} in json.load(handle).items():\n",
        "split": f'for line in handle:\n    {first}, {second} = line.rstrip("\\n").split("{s.one(",", ";", "|")}", 1)\n',
    }[source]
    loop += s.one("", f"    if not {first}:\n        continue\n", f"    {first} = {first}.strip()\n")
    opened = f"with open({path}) as handle:\n"
    gathered = s.var(("rows", "records", "batch", "pending"))
    mode = s.one("loop", "loop", "loop", "many", "many", "script")
    if mode == "loop":
        work = indent(f"{loop}    {st.run}.execute({alt(bad, good + args)})\n")
    elif mode == "many":
        pasted, _ = compose(st, insert, ["row[0]", "row[1]"], (0, 1), how)
        work = indent(f"{gathered} = []\n{loop}    {gathered}.append(({first}, {second}))\n")
        work += alt(f"for row in {gathered}:\n    {st.run}.execute({pasted})", f"{st.run}.executemany({good}, {gathered})") + "\n"
    else:
        bad, _ = compose(st, insert + ";", [first, second], (0, 1), how)
        script = f'{st.run}.executescript("\\n".join({gathered}))'
        work = indent(f"{gathered} = []\n{loop}    {gathered}.append({alt(bad, f'({first}, {second})')})\n")
        work += alt(script, f"{st.run}.executemany({good}, {gathered})") + "\n"
    if s.chance(0.4):
        schema = st.sql(f"CREATE TABLE IF NOT EXISTS {t.name} ({t.text} TEXT, {t.other} TEXT)")
        m.constants.append(f'SCHEMA = "{schema}"')
        opened = f"{st.run}.{s.one('execute', 'executescript')}(SCHEMA)\n{opened}"
    body = st.lead + opened + work + (st.commit or f"{st.run}.commit()\n") + st.end
    python_module(s, m.text(st.head), function(name, [st.parameter, path], body))
    return Draft(
        hardness="clear",
        vulnerable=f"{name} writes {first} and {second} of every entry into the SQL text. Whoever supplies the file can put SQL into them.",
        patched=f"{name} binds {first} and {second} of every entry to placeholders. The SQL text is the same for every entry of the file.",
    )


def one_of_two(s: Scene) -> Draft:
    """One value is bound in both halves, the other only in one."""
    t, st, m = table(s), store(s), Module()
    text, number = argument(s, t.text), number_argument(s, t)
    sql, values = s.rng.choice(
        (
            (f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.text} = '{{}}' AND {t.key} = {{}}", [text, number]),
            (f"SELECT {t.text} FROM {t.name} WHERE {t.number} > {{}} AND {t.other} = '{{}}' LIMIT 1", [number, text]),
            (f"UPDATE {t.name} SET {t.text} = '{{}}' WHERE {t.key} = {{}}", [text, number]),
            (f"DELETE FROM {t.name} WHERE {t.key} = {{}} AND {t.text} = '{{}}'", [number, text]),
            (f"INSERT INTO {t.name} ({t.text}, {t.number}) VALUES ('{{}}', {{}})", [text, number]),
        )
    )
    name, at = s.func(verbs(sql)), s.rng.choice((0, 1))
    loose, kept = values[at], values[1 - at]
    lines, call = statement(s, st, sql, values, (at,))
    body = entry(s, text, always=bool(lines)) + st.wrap(lines + (read(s, st, call) if sql.startswith("SELECT") else write(s, st, call)))
    python_module(s, m.text(st.head), function(name, [st.parameter, text, number], body))
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{kept} is bound, but {loose} is written into the SQL text of {name}. An outsider can still add SQL through {loose}.",
            f"Only {kept} has a placeholder in {name}. {loose} is part of the SQL text, so whoever sends it can change the statement.",
        ),
        patched=s.one(
            f"{kept} and {loose} both have placeholders in {name}. The SQL text is fixed and neither can change the statement.",
            f"{name} binds {loose} as well as {kept}. Whatever an outsider sends stays a value.",
        ),
    )


def second_order(s: Scene) -> Draft:
    """A stored text is read back with a bound query and pasted into the next."""
    t, st, m = table(s), store(s, "given", "cursor", "bare", sqlite=True), Module()
    other = s.word("things") + "_" + plural(s.one("event", "entry", "note", "record", "item"))
    number, stored, name = (
        number_argument(s, t),
        s.var((t.text, f"stored_{t.text}", f"saved_{t.text}", "found")),
        s.func(("history", "list", "collect", "purge", "export")),
    )
    select = f"SELECT {t.text} FROM {t.name} WHERE {t.key} = {{}}"
    sql = s.one(
        f"SELECT * FROM {other} WHERE {t.text} = '{{}}'",
        f"SELECT COUNT(*) FROM {other} WHERE {t.text} = '{{}}'",
        f"DELETE FROM {other} WHERE {t.text} = '{{}}'",
        f"UPDATE {other} SET {t.number} = 0 WHERE {t.text} = '{{}}'",
    )
    lines, call = statement(s, st, sql, [stored])
    then = lines + (read(s, st, call) if sql.startswith("SELECT") else write(s, st, call))
    if s.chance(0.3):
        every = f"{st.run}.execute({compose(st, f'SELECT {t.text} FROM {t.name}', [], (), 'f')[0]}).fetchall()"
        total = s.var(("total", "count", "done"))
        body = f"{total} = 0\nfor ({stored},) in {every}:\n{indent(lines + call)}\n    {total} += 1\nreturn {total}\n"
        number = ""
    else:
        row = s.var(("row", "owner_row", "hit"))
        body = f"{row} = {bound(st, select, number)}.fetchone()\nif {row} is None:\n    return None\n{stored} = {row}[0]\n{then}"
    core = function(name, [st.parameter, number], st.wrap(body))
    if s.chance(0.7):
        fresh = s.var((f"new_{t.text}", "text", "given"))
        insert = bound(st, f"INSERT INTO {t.name} ({t.text}) VALUES ('{{}}')", fresh)
        core = function(s.func(("register", "add", "create")), [st.parameter, fresh], st.wrap(f"{insert}\n{st.commit}")) + "\n\n" + core
    python_module(s, m.text(st.head), core)
    return Draft(
        hardness="hard",
        vulnerable=f"{stored} comes out of {t.name}, where anyone may have stored any text, and is written into the next statement. "
        "A stored quote changes it.",
        patched=f"{stored} comes out of {t.name} and is bound again when {name} uses it. Whatever was stored stays a value.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {f.__name__: f for f in (lookup, change, like_pattern, many_rows, one_of_two, second_order)}
