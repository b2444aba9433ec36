"""Whole handlers and small programs: what comes in with a request, and what goes out as a page."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_79.common import NOWHERE, compose, escaper, imports, kept, outcome, tagged, weak
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt

SERVER = "from http.server import BaseHTTPRequestHandler"
PARSE = "from urllib.parse import parse_qs, urlparse"


def _reply(s: Scene, body: str, kind: str = "text/html; charset=utf-8", status: str = "200") -> str:
    """The lines of a handler's method that send `body`."""
    more = s.one("", "", f'        self.send_header("Content-Length", str(len({body}.encode("utf-8"))))\n')
    return (
        f'        self.send_response({status})\n        self.send_header("Content-Type", "{kind}")\n{more}        self.end_headers()\n'
        f'        self.wfile.write({body}.encode("utf-8"))\n'
    )


def _serve(s: Scene, cls: str) -> str:
    """Starts the server, in some of the programs."""
    port = s.one("8000", "8080", "5000", "9000")
    run = f'HTTPServer(("", {port}), {cls}).serve_forever()'
    return s.one("", "", f"\n\ndef main():\n    {run}\n", f'\n\nif __name__ == "__main__":\n    {run}\n')


def _server_imports(served: str, *lines: str) -> str:
    return imports(f"{SERVER}, HTTPServer" if served else SERVER, *lines)


def _handler(s: Scene) -> str:
    return s.one("Handler", "WebHandler", "PageHandler", "RequestHandler", "SiteHandler")


def query_handler(s: Scene) -> Draft:
    """A handler reads a parameter of the query and answers with a page."""
    line, esc = escaper(s)
    cls, x, params, body = _handler(s), s.text(), s.var(("params", "query", "args", "qs")), s.var(("body", "page", "markup", "out"))
    key, served = x.lower(), _serve(s, cls)
    good, bad = f"{esc}({x})", s.one(x, weak(s, x), weak(s, x))
    if s.chance(0.4):
        bad = weak(s, x)
        step, value = f"        {x} = {alt(bad, good)}\n", x
    else:
        step, value = "", alt(bad, good)
    count = s.one(
        "",
        f"        self.log_message('%d', len({x}))\n",
        f'        if not {x}:\n            self.send_error(400, "no {s.word("texts")}")\n            return\n',
    )
    core = (
        f"class {cls}(BaseHTTPRequestHandler):\n    def do_GET(self):\n        {params} = parse_qs(urlparse(self.path).query)\n"
        f'        {x} = {params}.get("{key}", [""])[0]\n{count}{step}'
        f"        {body} = {tagged(s, s.one('', 'Hello ', 'Results for '), value, '')}\n{_reply(s, body)}{served}"
    )
    python_module(s, _server_imports(served, line, PARSE), core)
    return Draft(
        hardness="clear",
        vulnerable=f"do_GET takes {x} from the query and writes it into {body} without escaping it. {outcome(s)}",
        patched=f"do_GET escapes {x} with {esc} before it becomes part of {body}. {kept(s)}",
        absent=NOWHERE,
    )


def error_path(s: Scene) -> Draft:
    """An error page names the path that was asked for; send_error escapes its text, a page of one's own does not."""
    line, esc = escaper(s)
    cls, path, body, pages = (
        _handler(s),
        s.var(("path", "wanted", "route", "target")),
        s.var(("body", "page", "message")),
        s.var(("PAGES", "ROUTES")),
    )
    served = _serve(s, cls)
    known = f'{pages} = {{"/": "<h1>{s.word("things").capitalize()}</h1>", "/{s.word("items")}": "<p>No {s.word("items")} yet</p>"}}'
    found = f"        if {path} in {pages}:\n            self.reply(200, {pages}[{path}])\n            return\n"
    lead, tail = s.one("Not found: ", "No page at ", "Unknown path "), s.one("", ".")
    mode = s.one("escape", "escape", "send_error")
    if mode == "escape":
        bad = s.one(path, weak(s, path), weak(s, path))
        last = f"        {body} = {tagged(s, lead, alt(bad, f'{esc}({path})'), tail)}\n        self.reply(404, {body})\n"
        stop = f"{esc} turns the markup of {path} into entities before the error page is made. "
    else:
        line = ""
        own = f"        self.reply(404, {tagged(s, lead, path, tail)})"
        last = (
            alt(
                own,
                s.one(
                    f'        self.send_error(404, explain="{lead}" + {path})',
                    '        self.send_error(404, "Not found", f"' + lead + "{" + path + '}")',
                ),
            )
            + "\n"
        )
        stop = f"send_error escapes its explanation, and {path} goes only there. "
    core = (
        f"class {cls}(BaseHTTPRequestHandler):\n    def reply(self, status, text):\n"
        f"{_reply(s, 'text', status='status')}\n    def do_GET(self):\n"
        f"        {path} = unquote(urlsplit(self.path).path)\n{found}{last}{served}"
    )
    python_module(s, _server_imports(served, line, "from urllib.parse import unquote, urlsplit") + f"\n{known}\n", core)
    return Draft(
        hardness="clear",
        vulnerable=f"The error page repeats the decoded {path} as HTML and nothing escapes it. A link with markup in its path runs a script in the browser of whoever follows it.",
        patched=stop + kept(s),
        absent=NOWHERE,
    )


def exception_text(s: Scene) -> Draft:
    """The text of an exception repeats the input; it is shown in the page as it is, or escaped or replaced."""
    line, esc = escaper(s)
    x, err, result = (
        s.var(("amount", "page_no", "raw", *s.domain.numbers)),
        s.one("err", "exc", "error", "e"),
        s.var(("number", "value_no", "parsed")),
    )
    read = s.rng.choice(
        (
            ("int({})", "ValueError", ""),
            ("float({})", "ValueError", ""),
            ("int({}, 16)", "ValueError", ""),
            ("KINDS[{}]", "KeyError", ""),
            ("date.fromisoformat({})", "ValueError", "from datetime import date"),
        )
    )
    call, exc, head = read
    constant = ""
    if call.startswith("KINDS"):
        constant = f'\nKINDS = {{"{s.word("items")}": 1, "{s.word("things")}": 2}}\n'
    noun = s.word("numbers")
    shown = s.one(f"str({err})", f"str({err})", f"repr({err})")
    bad = s.one(shown, f'{shown}.strip().replace("\\n", "<br>")', f'{shown}.replace("\\n", " ").strip(".")')
    good = s.one(f"{esc}({shown})", f"{esc}(str({err}))", f'"{noun} must be a plain value"', f"type({err}).__name__")
    lead = s.one("Bad input: ", f"{noun}: ", "Error: ", "")
    logged = s.one("", f"        logging.info('rejected %r', {err})\n")
    core = (
        f"def {s.func(words.BUILDERS, 'numbers')}({x}):\n    try:\n        {result} = {call.format(x)}\n    except {exc} as {err}:\n{logged}"
        f"        return {tagged(s, lead, alt(bad, good), '')}\n    return {tagged(s, s.one('', 'Value '), f'str({result})', '')}\n"
    )
    python_module(
        s,
        imports(line if esc in good else "", head, "import logging" if logged else "") + constant,
        core,
    )
    return Draft(
        hardness="clear",
        vulnerable=f"The message of {exc} repeats {x}, and {err} is put into the page without being escaped. {outcome(s)}",
        patched=s.one(f"The page for {exc} holds no raw text of {x}. ", f"Nothing of {x} reaches the page of {exc} unescaped. ")
        + (kept(s) if esc in good else "The page is built from constants and names only."),
        absent=NOWHERE,
    )


def cgi_main(s: Scene) -> Draft:
    """A small program: CGI with QUERY_STRING, CGI with a form on stdin, or a WSGI application with its server."""
    line, esc = escaper(s)
    x, fields, build = s.text(), s.var(("fields", "form", "params")), s.func(words.BUILDERS, "items")
    kind = s.one("query", "stdin", "wsgi")
    page = s.var(("page", "body", "doc"))
    good, bad = f"{esc}({x})", s.one(x, weak(s, x), weak(s, x))
    inside = s.chance(0.5)
    start, end = s.rng.choice(
        (("<html><body><h1>", "</h1></body></html>"), ("<!doctype html><h1>", "</h1>"), ("<!doctype html><p>You asked for ", "</p>"))
    )
    wrapped = compose(s, start, alt(bad, good) if inside else x, end)
    core = f"def {build}({x}):\n    return {wrapped}\n\n\n"
    argument = f'{fields}.get("{x.lower()}", ["{s.word("items")}"])[0]'
    given = s.var(("value", "asked", "given"))
    argument_line = f"    {given} = {argument}\n"
    handed = given if inside else alt(s.one(given, weak(s, given), weak(s, given)), f"{esc}({given})")
    if kind == "wsgi":
        core += (
            f'def app(environ, start_response):\n    {fields} = parse_qs(environ.get("QUERY_STRING", ""))\n{argument_line}    {page} = {build}({handed})\n'
            f'    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])\n    return [{page}.encode("utf-8")]\n\n\n'
            f'if __name__ == "__main__":\n    make_server("", {s.one("8000", "8080", "5050")}, app).serve_forever()\n'
        )
        head, where = "from wsgiref.simple_server import make_server", "app"
    else:
        text = 'os.environ.get("QUERY_STRING", "")' if kind == "query" else "sys.stdin.read()"
        core += (
            f"def main():\n    {fields} = parse_qs({text})\n{argument_line}    {page} = {build}({handed})\n"
            f'    print("Content-Type: text/html")\n    print()\n    print({page})\n\n\nif __name__ == "__main__":\n    main()\n'
        )
        head, where = "import os" if kind == "query" else "import sys", "main"
    python_module(s, imports(line, head, "from urllib.parse import parse_qs"), core)
    return Draft(
        hardness="clear",
        vulnerable=f"{where} takes {given} from the request, and {build} makes it part of the page with nothing that escapes it. {outcome(s)}",
        patched=(
            f"{build} escapes {x}, which {where} takes from the request. "
            if inside
            else f"{where} escapes {given} before {build} makes the page. "
        )
        + kept(s),
        absent=NOWHERE,
    )


def content_type(s: Scene) -> Draft:
    """A text of a visitor goes out as it is: right as plain text or JSON, not as HTML."""
    x, params = s.text(), s.var(("params", "query", "args"))
    key, cls = x.lower(), _handler(s)
    as_json = s.chance(0.5)
    kind = alt(
        s.one("text/html", "text/html; charset=utf-8", "text/html; charset=utf-8"),
        s.one("application/json", "application/json; charset=utf-8") if as_json else s.one("text/plain", "text/plain; charset=utf-8"),
    )
    text = (
        s.one(f'json.dumps({{"{key}": {x}}})', f"json.dumps([{x}])", f'json.dumps({{"error": "no " + {x}}})')
        if as_json
        else s.one(f'"No entry for " + {x}', f'f"{s.word("items")} {{{x}}} not found"', x, f'"{key}=%s" % {x}')
    )
    head = "import json" if as_json else ""
    body = s.var(("body", "reply_text", "answer"))
    if s.chance(0.5):
        served = _serve(s, cls)
        other = f'        if not {x}:\n            self.send_response(200)\n            self.send_header("Content-Type", "text/html")\n            self.end_headers()\n            self.wfile.write(b"<p>Nothing asked</p>")\n            return\n'
        core = (
            f"class {cls}(BaseHTTPRequestHandler):\n    def do_GET(self):\n        {params} = parse_qs(urlparse(self.path).query)\n"
            f'        {x} = {params}.get("{key}", [""])[0]\n{s.one("", other)}        {body} = {text}\n        self.send_response(200)\n        self.send_header("Content-Type", "{kind}")\n'
            f'        self.send_header("X-Content-Type-Options", "nosniff")\n        self.end_headers()\n        self.wfile.write({body}.encode("utf-8"))\n{served}'
        )
        headers = _server_imports(served, head, PARSE)
    else:
        name, headers_var = s.one("app", "application", "handle"), s.var(("headers", "header_list"))
        core = (
            f'def {name}(environ, start_response):\n    {params} = parse_qs(environ["QUERY_STRING"])\n    {x} = {params}.get("{key}", [""])[0]\n    {body} = {text}\n'
            f'    {headers_var} = [("Content-Type", "{kind}"), ("X-Content-Type-Options", "nosniff")]\n    start_response("200 OK", {headers_var})\n    return [{body}.encode("utf-8")]\n'
        )
        headers = imports(head, "from urllib.parse import parse_qs")
    said = "JSON" if as_json else "plain text"
    python_module(s, headers, core)
    return Draft(
        hardness="hard",
        vulnerable=f"{body} repeats {x} from the query unescaped and is sent as a page. {outcome(s)}",
        patched=f"{body} repeats {x}, but it is sent as {said} with nosniff. The browser does not read markup in it.",
        absent=NOWHERE,
    )


def guestbook(s: Scene) -> Draft:
    """Entries are stored by one method and shown by another; one of their texts is escaped at neither."""
    line, esc = escaper(s)
    a, b, item, items = s.text(), s.text(), s.one("entry", "post", "item", "row"), s.one("entries", "posts", "saved")
    cls, out = s.one("Guestbook", "CommentList", "Wall", "NoteBoard", "CommentThread"), s.var(("out", "rows", "parts"))
    add, show = s.one("add", "post", "save", "submit"), s.one("render", "show", "page", "to_html")
    at_input = s.chance(0.5)
    style = s.one("dict", "tuple")
    stored, read = {a: a, b: b}, {a: f"{item}[0]", b: f"{item}[1]"}
    if style == "dict":
        read = {x: f'{item}["{x}"]' for x in (a, b)}
    escaped = stored if at_input else read
    raw = escaped[b]
    escaped[a], escaped[b] = f"{esc}({escaped[a]})", alt(s.one(raw, weak(s, raw), weak(s, raw)), f"{esc}({raw})")
    kept_entry = f'{{"{a}": {stored[a]}, "{b}": {stored[b]}}}' if style == "dict" else f"({stored[a]}, {stored[b]})"
    limit = s.one(
        "",
        f'        if len({b}) > {s.rng.choice((500, 1000, 2000))}:\n            raise ValueError("too long")\n',
        f"        if not {a} or not {b}:\n            return\n",
    )
    row = compose(s, "<li><b>", read[a], "</b> ", read[b], "</li>")
    order = s.one(f"self.{items}", f"reversed(self.{items})", f"self.{items}[-20:]")
    core = (
        f"class {cls}:\n    def __init__(self):\n        self.{items} = []\n\n    def {add}(self, {a}, {b}):\n{limit}        self.{items}.append({kept_entry})\n\n"
        f'    def {show}(self):\n        {out} = ["<ul>"]\n        for {item} in {order}:\n            {out}.append({row})\n        {out}.append("</ul>")\n        return "\\n".join({out})\n'
    )
    python_module(s, imports(line), core)
    where = add if at_input else show
    return Draft(
        hardness="hard",
        vulnerable=f"{where} escapes {a} but not {b}, and no other method of {cls} does. A sent {b} with a script runs in the browser of every reader.",
        patched=f"{where} escapes both {a} and {b} of an entry, so {show} gives out no raw text. {kept(s)}",
        absent=NOWHERE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (query_handler, error_path, exception_text, cgi_main, content_type, guestbook)
}
