"""The place in the page decides what is enough: attributes, scripts, links, event handlers, numbers and choices."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_79.common import NOWHERE, compose, deliver, escaper, imports, incoming, outcome, tagged
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt


def attribute_quotes(s: Scene) -> Draft:
    """An escaped text in an attribute: escape leaves the quotes, or the attribute has none."""
    line, esc = escaper(s)
    x, shown = s.text(), s.var(("value", "attr", "shown", "safe", "quoted"))
    given = incoming(s, x)
    start, end = s.rng.choice(
        (
            ('<input name="q" value=', ">"),
            ('<img src="/logo.png" alt=', ">"),
            ('<a href="/view" title=', ">open</a>"),
            ('<button type="submit" value=', ">Send</button>"),
            ('<div class="box" data-label=', "></div>"),
            ('<input type="text" placeholder=', ">"),
            ('<p id="note" title=', ">more</p>"),
        )
    )
    bare = s.chance(0.35)
    if bare:
        value = f"{esc}({s.one(x, f'{x}.strip()', f'{x}, quote=True')})"
        start, end = start + alt("", '"'), alt("", '"') + end
    else:
        value = alt(
            s.one(
                f"{esc}({x}, quote=False)",
                f"{esc}({x}, quote=False)",
                f"{esc}({x}, False)",
                f'{x}.replace("&", "&amp;").replace("<", "&lt;")',
                f'{x}.replace("<", "&lt;").replace(">", "&gt;")',
            ),
            f"{esc}({x}{s.one('', ', quote=True', ', True')})",
        )
        start, end = f'{start}"', f'"{end}'
    body = f"    {shown} = {value}\n" if s.chance(0.5) or ('"' in value and s.chance(0.8)) else ""
    expr = compose(s, start, shown if body else value, end)
    if s.chance(0.4):
        head = s.var(("heading", "label_tag", "intro"))
        body += f"    {head} = {tagged(s, '', f'{esc}({x}, quote=False)', '')}\n"
        expr = f"{head} + {expr}"
    python_module(
        s, imports(line, given.imports), f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}{body}{deliver(s, expr)}"
    )
    if bare:
        why = f"{x} is escaped, but it stands in an attribute without quotes, so a space ends the value. "
        stop = f"The attribute is in double quotes and {esc} turns the quotes of {x} into entities. "
    else:
        why = f"The double quotes of {x} are left as they are, and it stands in a quoted attribute. "
        stop = f"{esc} also turns the double quotes of {x} into entities, so it cannot end the attribute. "
    return Draft(
        hardness="hard",
        vulnerable=why
        + s.one("An outsider can add a handler such as onmouseover that runs a script.", "Another attribute with a script can follow."),
        patched=stop + s.one("No attribute can be added.", "The value stays one value."),
        absent=NOWHERE,
    )


def script_data(s: Scene) -> Draft:
    """JSON inside a script element, where </script> ends it, or inside an attribute in single quotes."""
    x, data = s.text(), s.var(("data", "payload_json", "state", "blob", "config"))
    given = incoming(s, x)
    name = s.join(s.word("items"), s.one("data", "state", "info"))
    source = s.one(x, f'{{"{x}": {x}}}', f'{{"{s.word("numbers")}": {s.rng.randint(1, 12)}, "{x}": {x}}}', f"[{x}]")
    extra = ""
    if s.chance(0.7):
        bad = s.one(
            "",
            '.replace("<script>", "")',
            '.replace("\\n", " ")',
            '.replace("\'", "\\\\u0027")',
            '.replace("&", "\\\\u0026")',
            '.replace("\\u2028", "\\\\u2028")',
            '.replace("javascript:", "")',
        )
        good = s.one('.replace("</", "<\\\\/")', '.replace("<", "\\\\u003c")', '.replace("<", "\\\\u003C")')
        body = f"    {data} = json.dumps({source}){alt(bad, good)}\n"
        start, end = s.rng.choice(
            (
                (f"<script>var {name} = ", ";</script>"),
                (f"<script>window.{name} = ", ";</script>"),
                (f"<script>const {name} = ", "; start();</script>"),
                ('<script type="application/json" id="state">', "</script>"),
            )
        )
        why = f"json.dumps keeps the < of {x}, and {data} stands inside a script element that </script> ends. "
        stop = f"Every </ in {data} is rewritten, so {x} cannot end the script element. "
        rest = "It stays a string."
    else:
        extra, esc = escaper(s)
        tag = s.one("div", "section", "body", "main")
        if s.chance(0.5):
            body = f"    {data} = {alt(f'json.dumps({source})', f'{esc}(json.dumps({source}))')}\n"
        else:
            body = f"    {data} = {alt(f'json.dumps({esc}({x}, quote=False), indent=None)', f'{esc}(json.dumps({x}))')}\n"
        start, end = f"<{tag} data-{name.lower().replace('_', '-')}='", f"'></{tag}>"
        why = f"json.dumps keeps the single quotes of {x}, and {data} stands in an attribute in single quotes. "
        stop = f"{esc} is applied to the whole JSON, so no quote of {x} is left in {data}. "
        rest = "It cannot end the attribute."
    python_module(
        s,
        imports("import json", given.imports, extra),
        f"def {s.func(words.BUILDERS, 'items')}({given.parameter}):\n{given.line}{body}{deliver(s, compose(s, start, data, end))}",
    )
    return Draft(hardness="hard", vulnerable=why + outcome(s), patched=stop + rest, absent=NOWHERE)


def event_handler(s: Scene) -> Draft:
    """An escaped text inside JavaScript in an attribute: the browser decodes it before the script is read."""
    line, esc = escaper(s)
    x = s.text()
    given = incoming(s, x)
    call, event = s.one("showItem", "pick", "openItem", "choose", "removeItem"), s.one("onclick", "onclick", "onmouseover")
    tag, label, key = s.one("button", "a", "span", "li"), s.one("Show", "Open", "Details", "Remove"), s.one("value", "label", "ref", "key")
    slashed = s.chance(0.5)
    bad = f'{esc}({x}.replace("\'", "\\\\\'"))' if slashed else s.one(f"{esc}({x})", f"{esc}({x}, quote=True)")
    if s.chance(0.5):
        start = alt(f"<{tag} {event}=\"{call}('", f'<{tag} data-{key}="')
        end = alt("')\">", f'" {event}="{call}(this.dataset.{key})">') + f"{label}</{tag}>"
        value, extra = alt(bad, f"{esc}({x})"), ""
        stop = f"{x} is only a data attribute, and the handler reads it from there as a value. "
    else:
        start, end = f'<{tag} {event}="{call}(' + alt("'", ""), alt("'", "") + f')">{label}</{tag}>'
        value, extra = alt(bad, f"{esc}(json.dumps({x}))"), "import json"
        stop = f"json.dumps makes {x} a JavaScript string before {esc} makes it fit the attribute. "
    python_module(
        s,
        imports(line, extra, given.imports),
        f"def {s.func(words.BUILDERS, 'items')}({given.parameter}):\n{given.line}{deliver(s, compose(s, start, value, end))}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{x} is escaped for HTML only, but the browser decodes {event} before it runs it as a script. "
        + (
            "A backslash before a quote undoes the replacement and ends the string."
            if slashed
            else "A single quote in it ends the string and script code can follow."
        ),
        patched=stop + s.one("It never becomes code.", "The script sees one string."),
        absent=NOWHERE,
    )


def link_scheme(s: Scene) -> Draft:
    """An address of a visitor becomes a link; escaping does not stop javascript:, only a test of the scheme does."""
    line, esc = escaper(s)
    url, label = s.var(("url", "link", "href", "website", "homepage", "target")), s.text()
    bad = s.one(
        f'"://" not in {url}',
        f'{url}.startswith("javascript:")',
        f'{url}.lower().startswith("javascript:")',
        f"not urlsplit({url}).netloc",
        f"not urlsplit({url}).scheme",
        f'"http" not in {url}',
        f'"<" in {url} or ">" in {url}',
        f'"script>" in {url}.lower()',
        f"len({url}) > 2000",
        f'{url}.startswith("javascript:") or {url}.startswith("data:")',
        f'not {url} or "://" not in {url} or " " in {url}',
        f'urlsplit({url}).scheme.lower() in ("data", "file", "ftp")',
        f'"://" not in {url} or len({url}) > 200 or "<" in {url}',
        f'not urlsplit({url}).netloc and not {url}.startswith("#")',
        f'urlsplit({url}).scheme == "javascript" and "(" in {url}',
    )
    good = s.one(
        f'not {url}.startswith(("http://", "https://"))',
        f'urlsplit({url}).scheme not in ("http", "https")',
        f'not re.match(r"https?://", {url})',
        f'urlsplit({url}).scheme != "https"',
    )
    refuse = s.one(f'{url} = "#"', 'return ""', f'raise ValueError("{s.word("texts")} link")', f"return {esc}({label})", f'{url} = "/"')
    start, middle, end = s.rng.choice(
        (('<a href="', '">', "</a>"), ('<a class="link" href="', '" rel="nofollow">', "</a>"), ('<li><a href="', '">', "</a></li>"))
    )
    expr = compose(s, start, f"{esc}({url})", middle, f"{esc}({label})", end)
    both = bad + good
    python_module(
        s,
        imports(line, "from urllib.parse import urlsplit" if "urlsplit" in both else "", "import re" if "re.match" in both else ""),
        f"def {s.func(words.BUILDERS, 'items')}({label}, {url}):\n    {url} = {url}.strip()\n    if {alt(bad, good)}:\n        {refuse}\n{deliver(s, expr)}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"The test of {url} lets some javascript: addresses pass, and {esc} does not change them. A reader who follows the link runs the sender's script.",
        patched=f"Only a {url} with a web scheme passes the test, and {esc} keeps it inside the attribute. A javascript: address never becomes a link.",
        absent=NOWHERE,
    )


def links_in_text(s: Scene) -> Draft:
    """Addresses in a text become links by re.sub; the text must be escaped with its quotes before that."""
    line, esc = escaper(s)
    x, shown, html_out = s.text(), s.var(("shown", "safe", "plain", "base")), s.var(("linked", "markup", "result"))
    given = incoming(s, x)
    pattern = s.one(r"(https?://\S+)", r"(https://\S+)", r"\b(https?://[^\s<]+)")
    link = s.one(r'<a href="\1">\1</a>', r'<a href="\1" rel="nofollow">\1</a>', r'<a class="ext" href="\1">link</a>')
    bad = s.one(f"{esc}({x}, quote=False)", f"{esc}({x}, quote=False)", f"{esc}({x}, False)", f'{x}.replace("<", "&lt;")', f"{x}.strip()")
    good = f"{esc}({x}{s.one('', ', quote=True', ', True')})"
    compiled = s.chance(0.4)
    sub = f"LINK.sub(r'{link}', {shown})" if compiled else f"re.sub(r\"{pattern}\", r'{link}', {shown})"
    constant = f'\nLINK = re.compile(r"{pattern}")\n' if compiled else ""
    python_module(
        s,
        imports(line, "import re", given.imports) + constant,
        f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}    {shown} = {alt(bad, good)}\n    {html_out} = {sub}\n{deliver(s, tagged(s, '', html_out, ''))}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{shown} still holds the quotes of {x}, and the substitution puts an address from it into href. A quote in the address adds an attribute with a script.",
        patched=f"{shown} is {x} with quotes and < as entities before the links are made. An address from it cannot leave href.",
        absent=NOWHERE,
    )


def allowed_choice(s: Scene) -> Draft:
    """A choice of the visitor becomes a class or an attribute; only values of a fixed list may pass."""
    name, values = s.rng.choice(
        (
            ("theme", ("light", "dark")),
            ("color", ("red", "green", "blue")),
            ("size", ("small", "wide")),
            ("align", ("left", "right", "center")),
            ("lang", ("en", "de", "fr")),
            ("mode", ("list", "grid")),
        )
    )
    x, other, known = s.var((name,)), s.text(), s.one("ALLOWED", "CHOICES", "KNOWN", "OPTIONS")
    listed = ", ".join(f'"{value}"' for value in values)
    listed = s.one(f"({listed})", f"{{{listed}}}", f"[{listed}]")
    line, esc = escaper(s)
    crossed = s.chance(0.35)
    bad = (
        f"{other} not in {known}"
        if crossed
        else s.one(f"not {x}", f"len({x}) > 40", f"{x} is None", f"not isinstance({x}, str)", f'{x} == "" or {x}.isspace()')
    )
    fall = s.one(f'{x} = "{values[0]}"', f'raise ValueError("{x}")', 'return "<p>unknown</p>"')
    tag, attr = s.one("div", "body", "section", "span"), s.one("class", "id", "data-kind")
    expr = compose(s, f'<{tag} {attr}="', x, '">', f"{esc}({other})", f"</{tag}>")
    python_module(
        s,
        imports(line) + f"\n{known} = {listed}\n",
        f"def {s.func(words.BUILDERS, 'items')}({x}, {other}):\n    if {alt(bad, f'{x} not in {known}')}:\n        {fall}\n{deliver(s, expr)}",
    )
    return Draft(
        hardness="hard" if crossed else "clear",
        vulnerable=(
            f"The test compares {other} with {known}, but {x} is what stands in the attribute unescaped. "
            if crossed
            else f"{x} is not compared with {known} before it stands in the attribute, and it is not escaped. "
        )
        + outcome(s),
        patched=f"{x} is one of {known} when it reaches the attribute, and {other} is escaped. "
        + s.one("No other text gets there.", "An outsider can only choose among fixed words."),
        absent=NOWHERE,
    )


def number_value(s: Scene) -> Draft:
    """What should be a number is made one before the page is built, or stays the text that came."""
    x, number = s.var(("page", "start", "row_id", "amount", "year", "limit", "qty", *s.domain.numbers)), s.var(("number", "n", "parsed"))
    given = incoming(s, x)
    kind = s.one("int", "int", "float")
    start, end = s.rng.choice(
        (
            ("<p>Page ", "</p>"),
            ('<a href="?start=', '">next</a>'),
            ('<input name="n" value="', '">'),
            ("<td>", "</td>"),
            ("<h2>Entry no. ", "</h2>"),
        )
    )
    name = s.func(words.BUILDERS, "numbers")
    if s.chance(0.5):
        bad = s.one(
            f"{x}.strip()",
            f'{x} or "1"',
            f"str({x})",
            f'{x}.lstrip("0") or "0"',
            f'{x}.replace(",", ".").strip()',
            f'{x}.strip().lstrip("+") or "1"',
        )
        body = f"    {number} = {alt(bad, f'{kind}({x})')}\n"
        shown, hardness = number, "clear"
        why = f"{number} is still the text {x}, because nothing makes it a number. "
    else:
        fall = s.one("1", "0", "10")
        body = f"    try:\n        {number} = {kind}({x})\n    except ValueError:\n        {number} = {fall}\n"
        shown, hardness = alt(x, number), "hard"
        why = f"{number} is the checked value, but the page shows the text {x}, which need not be a number. "
        if s.chance(0.4):
            body += f"    if {number} < 0:\n        {number} = 0\n"
    python_module(
        s,
        imports(given.imports),
        f"def {name}({given.parameter}):\n{given.line}{body}{deliver(s, compose(s, start, f'str({shown})', end))}",
    )
    return Draft(
        hardness=hardness,
        vulnerable=why + outcome(s),
        patched=f"{number} comes from {kind}, so only a number reaches the page. "
        + s.one("No markup fits into it.", f"Other text in {x} is refused or replaced."),
        absent=NOWHERE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (attribute_quotes, script_data, event_handler, link_scheme, links_in_text, allowed_choice, number_value)
}
