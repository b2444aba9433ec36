"""What the families of CWE-79 share: imports, ways to put markup together, and changes to a text that leave its markup alive."""

from dataclasses import dataclass

from training.programs.scene import Scene

NOWHERE = {
    "CWE-22": "The code opens no file, so no input can choose a path.",
    "CWE-89": "The code runs no database query, so no input can change one.",
}
TAGS = ("p", "h1", "h2", "h3", "div", "span", "b", "em", "strong", "td", "li", "section", "blockquote")


@dataclass(frozen=True, kw_only=True)
class Input:
    """How a visitor's text comes into a function: its parameter, the line that reads it, and the import for that."""

    parameter: str
    line: str
    imports: str


def escaper(s: Scene) -> tuple[str, str]:
    """The import, and how this author calls html.escape."""
    return s.rng.choice(
        (
            ("import html", "html.escape"),
            ("import html", "html.escape"),
            ("from html import escape", "escape"),
            ("from html import escape as esc", "esc"),
        )
    )


def imports(*lines: str) -> str:
    """The imports in order, each once."""
    return "\n".join(sorted({line for line in lines if line}, key=lambda line: (line.startswith("from"), line))) + "\n"


def incoming(s: Scene, x: str) -> Input:
    """`x` is the parameter itself, or is read from a form, a query string or the environment."""
    mode, key = s.one("plain", "plain", "form", "query", "environ"), x.lower()
    if mode == "form":
        form = s.var(("form", "params", "fields", "data", "args"))
        read = s.one(f'{form}.get("{key}", "")', f'{form}["{key}"]')
        return Input(parameter=form, line=f"    {x} = {read}\n", imports="")
    if mode == "plain":
        return Input(parameter=x, line=s.one("", "", f'    if not {x}:\n        return ""\n'), imports="")
    source = s.var(("query", "query_string", "qs") if mode == "query" else ("environ", "env"))
    text = source if mode == "query" else f'{source}["QUERY_STRING"]'
    return Input(parameter=source, line=f'    {x} = parse_qs({text}).get("{key}", [""])[0]\n', imports="from urllib.parse import parse_qs")


def lit(text: str) -> str:
    """The text as Python source."""
    if '"' not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "\\'") + "'"


def compose(s: Scene, *pieces: str) -> str:
    """One expression from texts and values in turn (text, value, text, ..., text), in one of the ways people write it."""
    texts, values = pieces[::2], pieces[1::2]
    parts = [lit(piece) if at % 2 == 0 else piece for at, piece in enumerate(pieces) if piece]
    forms = [
        " + ".join(parts),
        f"{lit('{}'.join(texts))}.format({', '.join(values)})",
        f"{lit('%s'.join(texts))} % {values[0] if len(values) == 1 else '(' + ', '.join(values) + ')'}",
        f'"".join([{", ".join(parts)}])',
    ]
    if not any('"' in value or "'" in value for value in values):
        text = "".join(f"{before}{{{value}}}" for before, value in zip(texts, values, strict=False)) + texts[-1]
        forms += [f"f{lit(text)}"] * 3
    return s.one(*forms)


def tagged(s: Scene, *pieces: str) -> str:
    """The pieces inside one element."""
    tag = s.one(*TAGS)
    return compose(s, f"<{tag}>{pieces[0]}", *pieces[1:-1], f"{pieces[-1]}</{tag}>")


def weak(s: Scene, x: str) -> str:
    """A change to `x` that leaves its markup alive, shorter or longer than a call of escape."""
    if s.chance(0.4):
        return s.one(f"{x}.strip()", f"str({x})", f"{x}[:200]", f"{x}.lower()", f"{x}.rstrip()")
    return s.one(
        f'{x}.replace("<script>", "")',
        f'" ".join({x}.split())',
        f'{x}.strip().replace("\\n", "<br>")',
        f'{x}.replace("javascript:", "")',
        f'{x}.encode("utf-8", "replace").decode("utf-8")',
        f'{x}.replace("\\t", " ").strip()',
        f'{x}.replace("\\r\\n", "\\n").strip()',
        f'{x}.replace("\'", "").replace(";", "")',
    )


def deliver(s: Scene, expr: str, pad: str = "    ") -> str:
    """Ends a function with the page: returned at once or by a variable, sometimes as bytes."""
    page = s.var(("page", "body", "result", "markup", "out", "content"))
    return s.one(
        f"{pad}return {expr}\n",
        f"{pad}return {expr}\n",
        f"{pad}{page} = {expr}\n{pad}return {page}\n",
        f'{pad}{page} = {expr}\n{pad}return {page}.encode("utf-8")\n',
        f'{pad}{page} = {expr}\n{pad}return "<html><body>" + {page} + "</body></html>"\n',
        f'{pad}{page} = ["<!doctype html>"]\n{pad}{page}.append({expr})\n{pad}return "\\n".join({page})\n',
    )


def outcome(s: Scene) -> str:
    """What an outsider can do."""
    return s.one(
        "An outsider can send a script that runs in the browser of whoever opens the page.",
        "Whoever sends it can put a script into the page that other visitors run.",
        "Markup in it becomes part of the page, and a sent script runs in the reader's browser.",
    )


def kept(s: Scene) -> str:
    """What keeps the page right."""
    return s.one(
        "Markup in it is shown as plain text.",
        "The browser shows it as text and runs nothing from it.",
        "No sent markup can become part of the page.",
    )
