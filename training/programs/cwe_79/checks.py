"""Checks, filters and helpers on the way to the page: whether they stop markup, stand at the right place and are used at all."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_79.common import NOWHERE, compose, deliver, escaper, imports, incoming, kept, outcome, tagged, weak
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt


def helper_tag(s: Scene) -> Draft:
    """A helper builds an element for its caller; the helper or the caller must escape."""
    line, esc = escaper(s)
    tag, text, x = s.one("name", "tag", "kind", "el"), s.var(("text", "inner", "content_text", "value")), s.text()
    helper, caller = s.one("tag_of", "element", "wrap", "field_row", "cell"), s.func(words.BUILDERS, "items")
    s.used.update((helper, tag))
    given = incoming(s, x)
    constant = f'{helper}("{s.one("h1", "h2", "th")}", "{s.word("things").capitalize()} {s.word("items")}")'
    inside = s.chance(0.6)
    inner = alt(s.one(text, weak(s, text), weak(s, text)), f"{esc}({text})") if inside else text
    helper_code = f"def {helper}({tag}, {text}):\n    return {compose(s, '<', tag, '>', inner, '</', tag, '>')}\n"
    argument = x if inside else alt(s.one(x, weak(s, x), weak(s, x)), f"{esc}({x})")
    kind = s.one("p", "td", "li", "div")
    joined = s.var(("parts", "out", "rows"))
    body = s.one(
        f'    return {constant} + {helper}("{kind}", {argument})\n',
        f'    {joined} = [{constant}]\n    {joined}.append({helper}("{kind}", {argument}))\n    return "".join({joined})\n',
        f'    {joined} = {constant}\n    {joined} += {helper}("{kind}", {argument})\n    return {joined}\n',
    )
    core = [helper_code, f"def {caller}({given.parameter}):\n{given.line}{body}"]
    if s.chance(0.3):
        core.reverse()
    python_module(s, imports(line, given.imports), "\n\n".join(core))
    return Draft(
        hardness="clear",
        vulnerable=(
            f"{helper} puts {text} between the tags unescaped, and {caller} hands it {x}. "
            if inside
            else f"{helper} escapes nothing and {caller} gives it {x} as it came. "
        )
        + outcome(s),
        patched=(
            f"{helper} escapes {text}, so {caller} may hand it {x}. "
            if inside
            else f"{caller} escapes {x} before {helper} puts it between the tags. "
        )
        + kept(s),
        absent=NOWHERE,
    )


def raw_method(s: Scene) -> Draft:
    """A class for pages has one method that escapes and one for constant markup; which one gets the text decides."""
    line, esc = escaper(s)
    cls = s.one("HtmlPage", "PageBuilder", "HtmlWriter", "MarkupBuffer", "HtmlOutput")
    parts, text, x = s.var(("parts", "chunks", "pieces")), s.var(("text", "value", "chunk")), s.text()
    raw, good = s.rng.choice(
        (
            ("add_raw", "add"),
            ("add_html", "add_text"),
            ("write", "write_text"),
            ("markup", "text_of"),
            ("raw", "put"),
            ("add", "add_escaped"),
        )
    )
    page = s.var(("page", "doc", "view"))
    s.used.update((cls, raw, good))
    given = incoming(s, x)
    methods = [
        f"    def {raw}(self, {text}):\n        self.{parts}.append({text})\n",
        f"    def {good}(self, {text}):\n        self.{parts}.append({esc}({text}))\n",
    ]
    s.rng.shuffle(methods)
    bad = s.one(x, x, f"{x}.strip()", f'"<i>" + {x} + "</i>"', f'"<i>%s</i>" % {x}', weak(s, x))
    call = f"    {page}.{alt(f'{raw}({bad})', f'{good}({x})')}\n"
    title = s.one(f'{page}.{good}("{s.word("things").capitalize()} & {s.word("items")}")', f"{page}.{good}(str(len({x})))")
    core = (
        f"class {cls}:\n    def __init__(self):\n        self.{parts} = []\n\n"
        + "\n".join(methods)
        + f'\n    def render(self):\n        return "".join(self.{parts})\n\n\n'
        + f'def {s.func(words.BUILDERS, "texts")}({given.parameter}):\n{given.line}    {page} = {cls}()\n    {page}.{raw}("<h1>")\n    {title}\n    {page}.{raw}("</h1><p>")\n'
        + call
        + f'    {page}.{raw}("</p>")\n    return {page}.render()\n'
    )
    python_module(s, imports(line, given.imports), core)
    return Draft(
        hardness="hard",
        vulnerable=f"{x} is handed to {raw}, the method of {cls} that escapes nothing. {outcome(s)}",
        patched=f"{x} goes through {good}, which escapes it, and {raw} gets constant markup only. {kept(s)}",
        absent=NOWHERE,
    )


def own_escape(s: Scene) -> Draft:
    """A module has its own table of replacements, and the character that counts is missing from it."""
    x, text, clean = s.text(), s.var(("text", "value", "raw")), s.one("to_html", "encode_text", "quoted", "h", "markup_text")
    s.used.add(clean)
    given = incoming(s, x)
    in_attribute = s.chance(0.5)
    swaps = [('"&"', '"&amp;"'), ("'\"'", '"&quot;"'), ('"<"', '"&lt;"'), ('">"', '"&gt;"')]
    old, new = s.rng.choice((('"\'"', '"&#39;"'), ('"\\n"', '"&#10;"'), ('"\\t"', '"    "'), ('"`"', '"&#96;"')))
    at = 1 if in_attribute else 2
    swaps[at] = (alt(old, swaps[at][0]), alt(new, swaps[at][1]))
    form = s.one("dict", "pairs", "chain", "lines")
    tail = swaps[1:]
    s.rng.shuffle(tail)
    swaps = [swaps[0], *tail]
    if form == "dict":
        made = f"TABLE = str.maketrans({{{', '.join(f'{old}: {new}' for old, new in swaps)}}})\n\n\ndef {clean}({text}):\n    return {text}.translate(TABLE)\n"
    elif form == "pairs":
        made = f"PAIRS = ({', '.join(f'({old}, {new})' for old, new in swaps)})\n\n\ndef {clean}({text}):\n    for old, new in PAIRS:\n        {text} = {text}.replace(old, new)\n    return {text}\n"
    elif form == "chain":
        made = f"def {clean}({text}):\n    return {text}{''.join(f'.replace({old}, {new})' for old, new in swaps)}\n"
    else:
        made = f"def {clean}({text}):\n{''.join(f'    {text} = {text}.replace({old}, {new})' + chr(10) for old, new in swaps)}    return {text}\n"
    call = f"{clean}({x})"
    if in_attribute:
        start, end = s.rng.choice(
            (('<input name="q" value="', '">'), ('<a href="/all" title="', '">all</a>'), ('<div data-note="', '"></div>'))
        )
        expr = compose(s, start, call, end)
    else:
        expr = tagged(s, s.one("", "Note: ", "From "), call, "")
    python_module(
        s,
        imports(given.imports),
        f"{made}\n\ndef {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}{deliver(s, expr)}",
    )
    sign = "double quote" if in_attribute else "<"
    place = "a quoted attribute" if in_attribute else "an element"
    return Draft(
        hardness="hard",
        vulnerable=f"{clean} does not replace the {sign}, and {x} stands in {place}. {outcome(s)}",
        patched=f"{clean} replaces the {sign} too, so {x} cannot {'end the attribute' if in_attribute else 'open a tag'}. {kept(s)}",
        absent=NOWHERE,
    )


def tag_filter(s: Scene) -> Draft:
    """Known tags are taken out of the text, against escaping it or keeping plain characters only."""
    line, esc = escaper(s)
    x, shown = s.text(), s.var(("shown", "clean", "cleaned", "plain"))
    given = incoming(s, x)
    bad = s.one(
        f're.sub(r"<script.*?>", "", {x})',
        f're.sub(r"</?script>", "", {x}, flags=re.IGNORECASE)',
        f'{x}.replace("<script>", "").replace("</script>", "")',
        f'{x}.replace("<script", "")',
        f're.sub(r"<[^>]+>", "", {x})',
        f're.sub(r"(?i)<iframe.*?>", "", {x})',
        f're.sub(r"on\\w+=", "", {x})',
    )
    good = s.one(
        f'{esc}(re.sub(r"\\s+", " ", {x}))',
        f"{esc}({x})",
        f're.sub(r"[<>&]", "", {x})',
        f're.sub(r"[^A-Za-z0-9 .,-]", "", {x})',
        f'{x}.replace("<", "&lt;").replace(">", "&gt;")',
        f'{esc}({x}.replace("<script>", ""))',
        f'{esc}(re.sub(r"<[^>]+>", "", {x}))',
        f'"".join(c for c in {x} if c.isalnum() or c in " .,-")',
    )
    both = bad + good
    python_module(
        s,
        imports("import re" if "re." in both else "", line if esc in good else "", given.imports),
        f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}    {shown} = {alt(bad, good)}\n{deliver(s, tagged(s, s.one('', 'About '), shown, ''))}",
    )
    return Draft(
        hardness="clear",
        vulnerable=f"{shown} is {x} with a few known pieces taken out, and other markup passes. {outcome(s)}",
        patched=f"No < of {x} is left in {shown} as it is. {kept(s)}",
        absent=NOWHERE,
    )


def check_stays(s: Scene) -> Draft:
    """A check finds the markup and only notes it; the fix leaves the function."""
    x, log = s.text(), s.var(("errors", "problems", "notes", "warnings"))
    given = incoming(s, x)
    test = s.one(
        f'"<" in {x}',
        f'"<" in {x} or ">" in {x}',
        f'any(c in "<>&" for c in {x})',
        f'not re.fullmatch(r"[\\w .,-]+", {x})',
        f"not {x}.isalnum()",
        f're.search(r"[<>]", {x})',
    )
    how = s.one("list", "logging", "print", "flag", "reset")
    noun = s.word("texts")
    bad, before, head = {
        "list": (f'{log}.append("{noun} not accepted")', f"    {log} = []\n", ""),
        "logging": (f'logging.warning("markup in {noun}: %r", {x})', "", "import logging"),
        "print": (s.one(f'print("bad {noun}")', f'print("bad {noun}", repr({x}), file=sys.stderr)'), "", "import sys"),
        "flag": (f"{log} = True", f"    {log} = False\n", ""),
        "reset": (f'{log} = "{noun} not accepted"', f'    {log} = ""\n', ""),
    }[how]
    good = s.one(
        f'return "<p>{noun} not accepted</p>"',
        f'raise ValueError("{noun}")',
        'return ""',
        f'{x} = ""',
        f'{x} = "unknown"',
        f'raise ValueError("{noun} may hold plain text only")',
    )
    expr = tagged(s, s.one("", "Hello ", "Search: "), x, "")
    if how in ("list", "flag", "reset"):
        note = {"list": f'", ".join({log})', "flag": f"str({log})", "reset": log}[how]
        expr += s.one(f' + "<small>" + {note} + "</small>"', f' + "<hr>" + {note}')
    python_module(
        s,
        imports(head, "import re" if "re." in test else "", given.imports),
        f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}{before}    if {test}:\n        {alt(bad, good)}\n{deliver(s, expr)}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"The check sees markup in {x} but only notes it, and the page is built with {x} all the same. {outcome(s)}",
        patched=f"A text {x} with markup is refused or dropped before the page is built. "
        + s.one("Only plain text goes on.", "What is left holds no tag."),
        absent=NOWHERE,
    )


def check_nearly(s: Scene) -> Draft:
    """A check that is right but for one word: match for fullmatch, any for all, or for and."""
    x, c = s.text(), s.one("c", "ch", "char")
    given = incoming(s, x)
    mode = s.one("match", "match", "any", "connective", "connective")
    if mode == "match":
        chars = s.one("[A-Za-z0-9 ]+", "[a-z0-9_-]+", r"\\w+", r"[\\w .]+", "[A-Z][a-z]*").replace("\\\\", "\\")
        extra = s.one("", "", ", re.ASCII")
        test = f'not re.{alt(s.one("match", "search"), "fullmatch")}(r"{chars}", {x}{extra})'
        if s.chance(0.4):
            test = alt(f'not re.{s.one("match", "search")}(r"^{chars}", {x}, re.IGNORECASE)', f'not re.fullmatch(r"{chars}", {x})')
        why = f"The pattern is matched only against a part of {x}, and anything may follow or precede it. "
    elif mode == "any":
        per = s.one(f"{c}.isalnum()", f"{c} in ALPHABET", f'{c}.isalpha() or {c} in " -"', f"{c}.isdigit()", f'{c} not in "<>&"')
        test = f"not {alt('any', 'all')}({per} for {c} in {x})"
        why = f"One accepted character in {x} is enough for any, so the rest may be markup. "
    else:
        plain, short = (
            s.one(f"{x}.isalnum()", f'"<" not in {x}', f"{x}.isidentifier()"),
            s.one(f"len({x}) < 200", f"{x}.isprintable()", f"len({x}) <= 500"),
        )
        negative = f'"<" in {x}' if "<" in plain else f"not {plain}"
        if s.chance(0.5):
            test = f"not ({plain} {alt(s.one('or', 'or', f'or {x}.isascii() or'), 'and')} {short})"
        else:
            limit = s.one(f"len({x}) > 200", f"not {x}.isprintable()", f"len({x}) > 500")
            test = f"{negative} {alt('and', 'or')} {limit}"
        why = f"The two tests of {x} are joined so that one of them alone is enough to pass. "
    refuse = s.one('raise ValueError("not accepted")', 'return ""', 'return "<p>not accepted</p>"', f'{x} = "unknown"')
    constant = '\nALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 "\n' if "ALPHABET" in test else ""
    python_module(
        s,
        imports("import re" if "re." in test else "", given.imports) + constant,
        f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}    if {test}:\n        {refuse}\n{deliver(s, tagged(s, s.one('', 'Item ', 'User '), x, ''))}",
    )
    return Draft(
        hardness="hard",
        vulnerable=why + outcome(s),
        patched=f"The check covers every character of {x}, and none that passes can open a tag. "
        + s.one("Markup is refused.", "Only plain text reaches the page."),
        absent=NOWHERE,
    )


def decode_after(s: Scene) -> Draft:
    """The text is escaped or checked first and decoded afterwards; the fix is the other order."""
    line, esc = escaper(s)
    x, out = s.text(), s.var(("shown", "decoded", "plain", "label_text"))
    mode = s.one("url", "url", "entities", "base64", "width", "escapes", "check")
    decode, head = {
        "url": s.rng.choice(
            (("unquote({})", "from urllib.parse import unquote"), ("unquote_plus({})", "from urllib.parse import unquote_plus"))
        ),
        "check": ("unquote({})", "from urllib.parse import unquote"),
        "entities": ("html.unescape({})", "import html"),
        "base64": ('base64.b64decode({}).decode("utf-8")', "import base64"),
        "width": ('unicodedata.normalize("NFKC", {})', "import unicodedata"),
        "escapes": ('codecs.decode({}, "unicode_escape")', "import codecs"),
    }[mode]
    if mode == "check":
        refuse = s.one('return ""', 'raise ValueError("markup")', 'return "<p>not accepted</p>"')
        first, second = f'    if "<" in {x}:\n        {refuse}\n', f"    {out} = {decode.format(x)}\n"
        good = f'    {out} = {decode.format(x)}\n    if "<" in {out}:\n        {refuse}'
        body = alt((first + second).rstrip("\n"), good) + "\n"
        line = ""
    elif s.chance(0.5):
        body = f"    {out} = {alt(decode.format(f'{esc}({x})'), f'{esc}({decode.format(x)})')}\n"
    else:
        one, two = f"{esc}({x})", decode.format(out)
        body = (
            alt(
                f"    {out} = {one}\n    {out} = {two}",
                f"    {out} = {decode.format(x)}\n    {out} = {esc}({out})",
            )
            + "\n"
        )
    python_module(
        s,
        imports(line, head),
        f"def {s.func(words.BUILDERS, 'texts')}({x}):\n{s.one('', f'    {x} = {x}.strip()' + chr(10))}{body}{deliver(s, tagged(s, s.one('', 'Path ', 'Query '), out, ''))}",
    )
    step = decode.split("(")[0]
    work = "checked for <" if mode == "check" else "escaped"
    return Draft(
        hardness="hard",
        vulnerable=f"{x} is {work} first and {step} comes after that, which can bring back a < in {out}. {outcome(s)}",
        patched=f"{step} comes first and its result is {work}, so {out} holds no tag. {kept(s)}",
        absent=NOWHERE,
    )


def unseen_sanitizer(s: Scene) -> Draft:
    """The text goes through a function of another module that is not shown."""
    x, clean, module = (
        s.text(),
        s.one("sanitize", "clean", "prepare", "normalize", "to_display"),
        s.one("helpers", "textutil", "common", "render_tools"),
    )
    note = s.one(f"    print(len({x}))\n", f"    {x} = {x}.strip()\n", f"    if not {x}:\n        return {chr(34) * 2}\n").rstrip("\n")
    shown = s.var(("shown", "value", "ready"))
    python_module(
        s,
        f"from {module} import {clean}\n",
        f"def {s.func(words.BUILDERS, 'texts')}({x}):\n{alt('', note)}\n    {shown} = {clean}({x})\n{deliver(s, tagged(s, '', shown, ''))}",
    )
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{shown} reaches the page, and what {clean} does to {x} is not shown. It may leave markup in it.",
        patched=f"{x} goes through {clean} before it reaches the page. It is not shown, but it appears to escape markup.",
        absent=NOWHERE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (helper_tag, raw_method, own_escape, tag_filter, check_stays, check_nearly, decode_after, unseen_sanitizer)
}
