"""Whole programs: a handler of requests, a small tool with main, a class that keeps the connection."""

from collections.abc import Callable

from training.programs.cwe_89.sql import (
    Module,
    Store,
    argument,
    bound,
    bound_reason,
    class_,
    columns,
    function,
    number_argument,
    pasted_reason,
    statement,
    store,
    table,
)
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene


def request_handler(s: Scene) -> Draft:
    """A field of a request goes into a statement: http.server, WSGI, a socket, an event."""
    t, m = table(s), Module()
    st = store(s, "connect", "with", "fetched", sqlite=True)
    arg, title = argument(s, t.text), t.item.capitalize()
    kind = s.one("get", "post", "wsgi", "socket", "event")
    sql = f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.text} = '{{}}'"
    if s.chance(0.3):
        sql = s.one(
            f"DELETE FROM {t.name} WHERE {t.text} = '{{}}'", f"UPDATE {t.name} SET {t.number} = {t.number} + 1 WHERE {t.text} = '{{}}'"
        )
    reading = sql.startswith("SELECT")
    lines, call = statement(s, st, sql, [arg])
    fetched = f"rows = {call}.fetchall()\n" if reading else f"rows = {call}.rowcount\n{st.commit}"
    work = st.wrap(lines + fetched) + st.end
    m.imports.add("json")
    answer = s.one("json.dumps(rows)", "json.dumps({" + f'"{t.item}"' + ": rows})", 'json.dumps({"result": rows})')
    if kind == "get":
        m.imports |= {"from http.server import BaseHTTPRequestHandler", "from urllib.parse import parse_qs, urlparse"}
        body = f'query = parse_qs(urlparse(self.path).query)\n{arg} = query.get("{t.text}", [""])[0]\n{work}'
        body += f"self.send_response(200)\nself.end_headers()\nself.wfile.write({answer}.encode())\n"
        name, core = "do_GET", class_(f"{title}Handler(BaseHTTPRequestHandler)", function("do_GET", ["self"], body))
    elif kind == "post":
        m.imports.add("from http.server import BaseHTTPRequestHandler")
        body = f'size = int(self.headers["Content-Length"])\ndata = json.loads(self.rfile.read(size))\n{arg} = data["{t.text}"]\n{work}'
        body += f"self.send_response(200)\nself.end_headers()\nself.wfile.write({answer}.encode())\n"
        name, core = "do_POST", class_(f"{title}Handler(BaseHTTPRequestHandler)", function("do_POST", ["self"], body))
    elif kind == "wsgi":
        m.imports.add("from urllib.parse import parse_qs")
        body = f'form = parse_qs(environ["QUERY_STRING"])\n{arg} = form.get("{t.text}", [""])[0]\n{work}'
        body += f'start_response("200 OK", [("Content-Type", "application/json")])\nreturn [{answer}.encode()]\n'
        name = s.one("app", "application", "serve")
        core = function(name, ["environ", "start_response"], body)
    elif kind == "socket":
        m.imports.add("from socketserver import StreamRequestHandler")
        body = f"{arg} = self.rfile.readline().decode().strip()\nif not {arg}:\n    return\n{work}self.wfile.write({answer}.encode())\n"
        name, core = "handle", class_(f"{title}Server(StreamRequestHandler)", function("handle", ["self"], body))
    else:
        name = s.one("handler", "handle", "on_request", "lambda_handler")
        body = f'data = json.loads(event["body"])\n{arg} = data.get("{t.text}", "")\n{work}return {{"statusCode": 200, "body": {answer}}}\n'
        core = function(name, ["event", "context"], body)
    python_module(s, m.text(st.head), core)
    return Draft(hardness="clear", vulnerable=pasted_reason(s, arg, name), patched=bound_reason(s, arg, name))


def small_program(s: Scene) -> Draft:
    """A tool with main, a fixed schema and one statement on what the user gives."""
    t, m = table(s), Module()
    st = store(s, "given", "cursor", sqlite=True)
    arg, conn = argument(s, t.text), st.parameter
    m.imports.add("sqlite3")
    m.constants.append(
        f'SCHEMA = "{st.sql(f"CREATE TABLE IF NOT EXISTS {t.name} ({t.key} INTEGER PRIMARY KEY, {t.text} TEXT, {t.number} INTEGER)")}"'
    )
    sql = s.one(
        f"SELECT {t.key}, {t.text} FROM {t.name} WHERE {t.text} = '{{}}'",
        f"SELECT {t.text}, {t.number} FROM {t.name} WHERE {t.text} >= '{{}}' ORDER BY {t.text}",
        f"INSERT INTO {t.name} ({t.text}, {t.number}) VALUES ('{{}}', 0)",
        f"UPDATE {t.name} SET {t.number} = {t.number} + 1 WHERE {t.text} = '{{}}'",
    )
    lines, call = statement(s, st, sql, [arg])
    if sql.startswith("SELECT"):
        work = lines + s.one(f"for row in {call}:\n    print(*row)\n", f"rows = {call}.fetchall()\nfor row in rows:\n    print(row)\n")
    else:
        work = f"{lines}{call}\n{conn}.commit()\n"
    taken = s.one("argv", "argparse", "input", "stdin")
    if taken == "argv":
        m.imports.add("sys")
        start = f'if len(sys.argv) != 2:\n    print("usage: {s.word("things")} {t.text.upper()}")\n    return\n{arg} = sys.argv[1]\n'
    elif taken == "argparse":
        m.imports.add("argparse")
        start = f'parser = argparse.ArgumentParser()\nparser.add_argument("{t.text}")\n{arg} = parser.parse_args().{t.text}\n'
    elif taken == "input":
        start = f'{arg} = input("{t.text}: ").strip()\n'
    else:
        m.imports.add("sys")
        start = f"{arg} = sys.stdin.readline().strip()\n"
    opened = f'{conn} = sqlite3.connect("{s.word("things")}s.db")\n{conn}.{s.one("execute", "executescript")}(SCHEMA)\n'
    if s.chance(0.5):
        name = s.func(("handle", "process", "run", "apply"))
        core = function(name, [conn, arg], st.lead + work) + "\n\n"
        core += function("main", [], f"{start}{opened}{name}({conn}, {arg})\n{conn}.close()\n")
    else:
        name, core = "main", function("main", [], f"{start}{opened}{st.lead}{work}{conn}.close()\n")
    core += '\n\nif __name__ == "__main__":\n    main()\n'
    python_module(s, m.text(st.head), core)
    return Draft(hardness="clear", vulnerable=pasted_reason(s, arg, name), patched=bound_reason(s, arg, name))


def repository(s: Scene) -> Draft:
    """A class with several statements; one of them is not like the others."""
    t, m = table(s), Module()
    base = store(s, "given", "cursor", sqlite=True)
    conn = s.one("conn", "db", "connection")
    st = Store(run=f"self.{conn}", direct=True, named=base.named, lower=base.lower)
    cls = f"{t.item.capitalize()}{s.one('Repository', 'Store', 'Dao', 'Table', 'Storage')}"
    text, number = argument(s, t.text), number_argument(s, t)
    get, find, add, rename, remove = (
        s.one("get", "load", "by_id"),
        s.one("find", f"by_{t.text}", "search"),
        s.one("add", "insert"),
        s.one("rename", "update"),
        s.one("remove", "delete"),
    )
    commit = f"\nself.{conn}.commit()\n"
    kinds = [
        (get, f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.key} = {{}}", [number], "return {}.fetchone()\n"),
        (find, f"SELECT {columns(s, t)} FROM {t.name} WHERE {t.text} = '{{}}'", [text], "return {}.fetchall()\n"),
        (add, f"INSERT INTO {t.name} ({t.text}) VALUES ('{{}}')", [text], "{}" + commit),
        (rename, f"UPDATE {t.name} SET {t.text} = '{{}}' WHERE {t.key} = {{}}", [text, number], "{}" + commit),
        (remove, f"DELETE FROM {t.name} WHERE {t.key} = {{}}", [number], "{}" + commit),
    ]
    chosen = s.rng.sample(kinds, s.rng.choice((3, 3, 4)))
    loose = s.rng.randrange(len(chosen))
    init = s.one(f"self.{conn} = {conn}\n", f"self.{conn} = sqlite3.connect(path)\n")
    if "sqlite3" in init:
        m.imports.add("sqlite3")
    methods = [function("__init__", ["self", "path" if "path" in init else conn], init)]
    if s.chance(0.4):
        methods.append(
            function("count", ["self"], f'return self.{conn}.execute("{st.sql(f"SELECT COUNT(*) FROM {t.name}")}").fetchone()[0]\n')
        )
    for position, (name, sql, values, form) in enumerate(chosen):
        lines, call = statement(s, st, sql, values) if position == loose else ("", bound(st, sql, *values))
        methods.append(function(name, ["self", *values], lines + form.format(call)))
    python_module(s, m.text(base.head), class_(cls, *methods))
    name, _, values, _ = chosen[loose]
    other = chosen[loose - 1][0]
    return Draft(
        hardness="hard",
        vulnerable=f"{other} binds its values, but {name} in {cls} writes {values[0]} into the SQL text. "
        f"Whoever sends {values[0]} can change the statement.",
        patched=f"All methods of {cls}, {name} and {other} among them, bind what they are given. {values[0]} never becomes SQL text.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {f.__name__: f for f in (request_handler, small_program, repository)}
