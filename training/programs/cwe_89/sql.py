"""What the families share: tables, ways to reach a database, and statements with their values pasted or bound."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from training.programs.scene import Scene, alt

FINDERS = ("find", "get", "lookup", "fetch", "search", "load", "list", "show")
_VERBS = {
    "SELECT": FINDERS,
    "DELETE": ("remove", "delete", "drop", "clear", "purge"),
    "UPDATE": ("update", "set", "rename", "change", "mark"),
    "INSERT": ("add", "insert", "save", "store", "register", "create"),
    "REPLACE": ("save", "store", "put", "replace", "record"),
}
_TAKEN = frozenset("group limit column min max key index from to values size count string id class".split())
_KEYWORD = re.compile(r"(?<!\{)\b[A-Z]{2,}\b(?!\})")
_CONSTANT = re.compile(r"\{\w+\}")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: its name, its key, two text columns and a number."""

    name: str
    item: str
    key: str
    text: str
    other: str
    number: str


@dataclass(frozen=True, kw_only=True)
class Store:
    """How a program reaches its database: `run` is what execute is called on, `mark` the placeholder of the driver."""

    run: str
    mark: str = "?"
    head: str = ""
    parameter: str = ""
    lead: str = ""
    end: str = ""
    commit: str = ""
    direct: bool = False
    chained: bool = True
    inside: bool = False
    named: bool = False
    lower: bool = False

    def wrap(self, body: str) -> str:
        return self.lead + (indent(body) if self.inside else body)

    def sql(self, text: str) -> str:
        return _KEYWORD.sub(lambda found: found.group().lower(), text) if self.lower else text


@dataclass(kw_only=True)
class Module:
    """Imports and constants of a program, as they come up."""

    imports: set[str] = field(default_factory=set)
    constants: list[str] = field(default_factory=list)

    def text(self, *heads: str) -> str:
        lines = [line for head in heads for line in head.split("\n") if line]
        plain = {line for line in lines if line.startswith("import ")} | {f"import {name}" for name in self.imports if " " not in name}
        found = {line for line in lines if line.startswith("from ")} | {name for name in self.imports if " " in name}
        constants = [line for line in lines if not line.startswith(("import ", "from "))] + self.constants
        return "\n".join((*sorted(plain), *sorted(found))) + ("\n\n" + "\n".join(constants) if constants else "") + "\n"


def indent(text: str) -> str:
    return "".join("    " + line if line.strip() else line for line in text.splitlines(keepends=True))


def function(name: str, parameters: Sequence[str], body: str) -> str:
    return f"def {name}({', '.join(part for part in parameters if part)}):\n{indent(body.strip(chr(10)))}\n"


def class_(name: str, *methods: str) -> str:
    return f"class {name}:\n" + "\n".join(indent(method) for method in methods)


def plural(word: str) -> str:
    if word.endswith("is"):
        return word[:-2] + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch")) else "s")


def column(word: str, suffix: str) -> str:
    return f"{word}_{suffix}" if word in _TAKEN else word


def table(s: Scene) -> Table:
    item = s.word("items")
    name = plural(item)
    if s.chance(0.2) or name in _TAKEN:
        name = f"{s.word('things')}_{name}"
    text, other = s.rng.sample(s.domain.texts, 2)
    return Table(
        name=name,
        item=item,
        key=s.one("id", "id", f"{item}_id"),
        text=column(text, "name"),
        other=column(other, "name"),
        number=column(s.word("numbers"), "value"),
    )


def columns(s: Scene, t: Table) -> str:
    return s.one("*", "*", f"{t.key}, {t.text}", f"{t.text}, {t.number}", f"{t.key}, {t.text}, {t.other}", t.other, f"{t.key}, {t.number}")


def argument(s: Scene, column_name: str) -> str:
    """A variable for a value that comes from outside."""
    return s.var((column_name, column_name, column_name, f"{column_name}_value", f"new_{column_name}", "value", "wanted", "term", "text"))


def number_argument(s: Scene, t: Table) -> str:
    return s.var((f"{t.item}_id", f"{t.item}_id", f"{t.item}_no", "record_id", "row_id", t.number, "ident"))


def store(s: Scene, *kinds: str, sqlite: bool = False) -> Store:
    """A connection or cursor that is given, opened here, or fetched from another module."""
    conn, cur = s.var(("conn", "conn", "db", "connection", "con")), s.var(("cur", "cur", "cursor", "c"))
    kind = s.one(*(kinds or ("given", "given", "cursor", "cursor", "bare", "connect", "connect", "with", "fetched")))
    mark = "?" if sqlite or kind in ("given", "connect", "with") or s.chance(0.45) else "%s"
    named, lower = s.chance(0.12), s.chance(0.2)
    head = s.one("import sqlite3", "") if mark == "?" else ""
    if kind == "given":
        commit = s.one("", f"{conn}.commit()\n")
        return Store(run=conn, head=head, parameter=conn, commit=commit, direct=True, named=named, lower=lower)
    if kind == "bare":
        return Store(run=cur, mark=mark, head=head, parameter=cur, chained=mark == "?", named=named, lower=lower)
    if kind == "cursor":
        lead = f"{cur} = {conn}.cursor()\n"
        return Store(
            run=cur,
            mark=mark,
            head=head,
            parameter=conn,
            lead=lead,
            commit=f"{conn}.commit()\n",
            chained=mark == "?",
            named=named,
            lower=lower,
        )
    if kind == "fetched":
        getter = s.one("get_connection", "get_conn", "open_db", "get_db")
        return Store(
            run=cur,
            mark=mark,
            head=f"from {s.one('db', 'database', 'storage', '.db')} import {getter}",
            lead=f"{conn} = {getter}()\n{cur} = {conn}.cursor()\n",
            commit=f"{conn}.commit()\n",
            chained=mark == "?",
            named=named,
            lower=lower,
        )
    path, shown = (
        s.one("DB_PATH", "DATABASE", "DB_FILE", ""),
        f'"{s.one("app", "data", s.word("things"), "store")}.{s.one("db", "sqlite")}"',
    )
    head = "import sqlite3" + (f"\n{path} = {shown}" if path else "")
    opened = f"sqlite3.connect({path or shown})"
    if kind == "with":
        return Store(run=conn, head=head, lead=f"with {opened} as {conn}:\n", direct=True, inside=True, named=named, lower=lower)
    return Store(
        run=conn,
        head=head,
        lead=f"{conn} = {opened}\n",
        end=f"{conn}.close()\n",
        commit=f"{conn}.commit()\n",
        direct=True,
        named=named,
        lower=lower,
    )


def verbs(sql: str) -> tuple[str, ...]:
    """What a function is called that runs the statement."""
    return _VERBS[sql.split(" ", 1)[0]]


def style(s: Scene) -> str:
    return s.one("f", "f", "f", "f", "f", "plus", "plus", "percent", "format")


def compose(st: Store, sql: str, values: Sequence[str], paste: Sequence[int], how: str) -> tuple[str, str]:
    """The SQL as an expression, and the further arguments of execute.

    `{}` or `'{}'` marks each value of `sql`; those in `paste` go into the text.
    """
    parts, glued, args = st.sql(sql).split("{}"), [], []
    text = parts[0]
    for position, value in enumerate(values):
        after = parts[position + 1]
        if position in paste:
            text += "{}" + after
            glued.append(value)
            continue
        if text.endswith("'") and after.startswith("'"):
            text, after = text[:-1], after[1:]
        name = re.sub(r"\W+", "_", value).strip("_")
        text += (f":{name}" if st.mark == "?" else f"%({name})s") if st.named else st.mark
        text += after
        args.append(f'"{name}": {value}' if st.named else value)
    constant = bool(_CONSTANT.search(text))
    if constant or (how == "percent" and "%" in text):
        how = "f"
    given = ""
    if args:
        given = f", {{{', '.join(args)}}}" if st.named else f", ({', '.join(args)}{',' if len(args) == 1 else ''})"
    return (_glue(text, glued, how) if glued else f'{"f" if constant else ""}"{text}"'), given


def _glue(text: str, values: Sequence[str], how: str) -> str:
    if how == "format":
        return f'"{text}".format({", ".join(values)})'
    if how == "percent":
        return f'"{text.replace("{}", "%s")}" % ' + (values[0] if len(values) == 1 else f"({', '.join(values)})")
    parts = text.split("{}")
    if how == "plus":
        joined = f'"{parts[0]}"' + "".join(f' + {value} + "{part}"' for value, part in zip(values, parts[1:], strict=True))
        return joined.removesuffix(' + ""')
    return 'f"' + parts[0] + "".join(f"{{{value}}}{part}" for value, part in zip(values, parts[1:], strict=True)) + '"'


def statement(s: Scene, st: Store, sql: str, values: Sequence[str], paste: Sequence[int] | None = None) -> tuple[str, str]:
    """Lines before, and the call of execute: one half has the values of `paste` (or all) in the text, the other binds them."""
    bad, bad_args = compose(st, sql, values, range(len(values)) if paste is None else paste, style(s))
    good, good_args = compose(st, sql, values, (), "f")
    if s.chance(0.4):
        query = s.var(("sql", "query", "stmt", "statement", "q"))
        args = bad_args if bad_args == good_args else alt(bad_args, good_args)
        return f"{query} = {alt(bad, good)}\n", f"{st.run}.execute({query}{args})"
    both = alt(bad + bad_args, good + good_args)
    return "", f"{st.run}.execute(\n    {both}\n)" if len(good) > 60 and s.chance(0.5) else f"{st.run}.execute({both})"


def bound(st: Store, sql: str, *values: str) -> str:
    """A call that is right in both halves."""
    text, args = compose(st, sql, values, (), "f")
    return f"{st.run}.execute({text}{args})"


def read(s: Scene, st: Store, call: str) -> str:
    """The call, and what becomes of the rows."""
    many = s.chance(0.5)
    fetch = "fetchall" if many else "fetchone"
    row = s.var(("row", "row", "record", "r"))
    rows = s.var(("rows", "rows", "result", "found", "records")) if many else row
    if st.direct or (st.chained and s.chance(0.4)):
        before, source = "", f"{call}.{fetch}()"
    else:
        before, source = f"{call}\n", f"{st.run}.{fetch}()"
    if st.end:
        return f"{before}{rows} = {source}\n{st.end}return {rows}\n"
    if many:
        return before + s.one(
            f"return {source}\n",
            f"{rows} = {source}\nreturn [{row}[0] for {row} in {rows}]\n",
            f"{rows} = {source}\nfor {row} in {rows}:\n    print({row})\nreturn len({rows})\n",
            f"{rows} = {source}\nreturn [dict({row}) for {row} in {rows}]\n",
        )
    return before + s.one(
        f"return {source}\n",
        f"{row} = {source}\nif {row} is None:\n    return None\nreturn {row}[0]\n",
        f"{row} = {source}\nreturn dict({row}) if {row} else None\n",
        f"{row} = {source}\nreturn {row} is not None\n",
    )


def write(s: Scene, st: Store, call: str) -> str:
    """The call of a statement that changes rows, and the end of the work."""
    done = "" if st.direct else s.one("", f"return {st.run}.rowcount\n", f"return {st.run}.rowcount > 0\n")
    return f"{call}\n{st.commit}{st.end}{done}"


def entry(s: Scene, arg: str, *, always: bool = False) -> str:
    """Lines at the start of a function that change nothing about the SQL."""
    return s.one(
        *(() if always else ("", "")),
        f"if not {arg}:\n    return None\n",
        f"{arg} = {arg}.strip()\n",
        f'if not {arg}:\n    raise ValueError("empty value")\n',
        f"{arg} = {arg}.strip()\nif not {arg}:\n    return None\n",
        f'if len({arg}) > 100:\n    raise ValueError("too long")\n',
    )


def pasted_reason(s: Scene, arg: str, where: str) -> str:
    return s.one(
        f"{where} puts {arg} into the text of the SQL statement. An outsider who chooses {arg} can add SQL of their own.",
        f"{arg} becomes part of the SQL text in {where} and is not bound. Whoever sends it can end the value and change the statement.",
        f"The statement in {where} is glued together with {arg}. Whoever sends {arg} can rewrite it and reach other rows.",
    )


def bound_reason(s: Scene, arg: str, where: str) -> str:
    return s.one(
        f"{where} hands {arg} to the driver apart from the SQL text. It stays a value and cannot change the statement.",
        f"{arg} is bound to a placeholder in {where}. Whatever it holds is treated as data and never read as SQL.",
        f"The SQL text in {where} does not contain {arg}, which is sent beside it. A quote in it changes nothing.",
    )
