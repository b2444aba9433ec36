"""Pages are put together from texts of a visitor: which of them are escaped, and whether the escaped one is written."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_79.common import NOWHERE, compose, deliver, escaper, imports, incoming, kept, outcome, tagged, weak
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt

EMPTY = '""'


def page_value(s: Scene) -> Draft:
    """One text of a visitor in one expression; the fix escapes it."""
    line, esc = escaper(s)
    x = s.text()
    given = incoming(s, x)
    lead, tail = s.one("", "Hello, ", f"{s.word('items').capitalize()}: ", "Results for "), s.one("", "", "!", " not found", ".")
    constants = s.one(
        "",
        "",
        f'HEADER = "<h1>{s.word("things").capitalize()}</h1>"\n',
        f'STYLE = "<style>p {{ color: {s.one("red", "gray")} }}</style>"\n',
    )
    before, value = "", f"{esc}({x})"
    if s.chance(0.5):
        before = f"    {x} = {alt(weak(s, x), value)}\n"
        value = x
    else:
        value = alt(s.one(x, x, weak(s, x)), value)
    expr = tagged(s, lead, value, tail)
    if constants:
        expr = f"{constants.split()[0]} + {expr}"
    python_module(
        s,
        imports(line, given.imports) + ("\n" + constants if constants else ""),
        f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}{before}{deliver(s, expr)}",
    )
    return Draft(
        hardness="clear",
        vulnerable=s.one(f"{x} is put into the page without being escaped. ", f"Nothing escapes {x} before it becomes HTML. ") + outcome(s),
        patched=s.one(f"{x} passes {esc} before it becomes part of the page. ", f"{esc} turns the markup of {x} into entities. ") + kept(s),
        absent=NOWHERE,
    )


def list_rows(s: Scene) -> Draft:
    """A loop writes a row for each entry; the number of the row needs nothing, the text does."""
    line, esc = escaper(s)
    items, item, field, n = s.items(), s.var(s.domain.items), s.text(), s.var(("n", "number", "row_no", "i"))
    rows = s.var(("rows", "parts", "lines", "cells"))
    value = s.one(f"{item}.{field}", f'{item}["{field}"]', f'{item}.get("{field}", "")', item)
    good, bad = f"{esc}({value})", s.one(value, weak(s, value), weak(s, value))
    loop = f"for {n}, {item} in enumerate({items}, 1):"
    row = compose(s, s.one("<tr><td>", "<tr><th>"), f"str({n})", "</td><td>", alt(bad, good), "</td></tr>")
    if s.chance(0.4):
        row = compose(s, "<li>", alt(bad, good), "</li>")
        loop = f"for {item} in {items}:"
    wrap = s.one("ul", "ol", "menu") if "li>" in row else s.one("table", "tbody")
    form = s.one("append", "append", "plus", "generator")
    if form == "append":
        body = f'    {rows} = ["<{wrap}>"]\n    {loop}\n        {rows}.append({row})\n    {rows}.append("</{wrap}>")\n    return "\\n".join({rows})\n'
    elif form == "plus":
        body = f'    {rows} = "<{wrap}>"\n    {loop}\n        {rows} += {row}\n    return {rows} + "</{wrap}>"\n'
    else:
        body = f'    {rows} = "".join({row} {loop[:-1]})\n    return "<{wrap}>" + {rows} + "</{wrap}>"\n'
    python_module(s, imports(line), f"def {s.func(words.BUILDERS)}({items}):\n{body}")
    shown = value.replace('"', "'")
    return Draft(
        hardness="clear",
        vulnerable=f"The loop over {items} writes {shown} into each row without escaping it. {outcome(s)}",
        patched=f"Each row is built with {esc} around {shown}. {kept(s)}",
        absent=NOWHERE,
    )


def fields_one_missed(s: Scene) -> Draft:
    """Several texts of one form go into the page and all but one are escaped."""
    line, esc = escaper(s)
    a, b, c = s.text(), s.text(), s.text()
    rest = [a, c] if s.chance(0.5) else [a]
    order = [*rest, b]
    s.rng.shuffle(order)
    if s.chance(0.5):
        value = {x: f"{esc}({x})" for x in rest}
        value[b] = alt(s.one(b, weak(s, b)), f"{esc}({b})")
        lines = ""
    else:
        value = {x: x for x in order}
        lines = "".join(f"    {x} = {alt(weak(s, x), f'{esc}({x})') if x == b else f'{esc}({x})'}\n" for x in order)
    pieces = ["<article>"]
    for x in order:
        tag = s.one("h2", "p", "i", "div", "span", "small")
        pieces[-1] += f"<{tag}>"
        pieces += [value[x], f"</{tag}>"]
    pieces[-1] += "</article>"
    python_module(
        s,
        imports(line),
        f"def {s.func(words.BUILDERS, 'items')}({', '.join(order)}):\n{lines}{deliver(s, compose(s, *pieces))}",
    )
    others = " and ".join(rest)
    return Draft(
        hardness="hard",
        vulnerable=f"{esc} is used on {others}, but {b} goes into the same page unescaped. {outcome(s)}",
        patched=f"{b} is escaped as well as {others}, so every text of the page passes {esc}. {kept(s)}",
        absent=NOWHERE,
    )


def escape_some_keys(s: Scene) -> Draft:
    """A loop escapes the entries of a form by their keys; one that the page shows is not among them."""
    line, esc = escaper(s)
    a, b, other = s.text(), s.text(), s.text()
    form, key, value = s.var(("form", "fields", "data", "values")), s.var(("key", "k", "field_key")), s.var(("value", "v"))
    form_out = s.var(("shown", "clean", "ready", "ctx"))
    mode = s.one("tuple", "tuple", "comprehension", "skip")
    constants = ""
    if mode == "tuple":
        bad = s.one(f'("{a}", "{other}")', f'("{a}", "{a}_{other}")', f'["{a}"]', f'("{a}", "{b}_id")')
        keys, const = alt(bad, f'("{a}", "{b}")'), s.chance(0.5)
        constants = f"\nESCAPED = {keys}\n" if const else ""
        body = f"    {form_out} = dict({form})\n    for {key} in {'ESCAPED' if const else keys}:\n        {form_out}[{key}] = {esc}(str({form_out}.get({key}, {EMPTY})))\n"
    elif mode == "comprehension":
        test = alt(s.one(f'{key} != "{b}"', f'{key} == "{a}"', f'{key} in ("{a}", "{other}")'), f'{key} in ("{a}", "{b}")')
        body = f"    {form_out} = {{{key}: {esc}({value}) if {test} else {value} for {key}, {value} in {form}.items()}}\n"
    else:
        skipped = alt(b, other)
        body = f'    {form_out} = {{}}\n    for {key}, {value} in {form}.items():\n        if {key} == "{skipped}":\n            {form_out}[{key}] = {value}\n        else:\n            {form_out}[{key}] = {esc}({value})\n'
    expr = compose(s, "<dt>", f'{form_out}["{a}"]', "</dt><dd>", f'{form_out}["{b}"]', "</dd>")
    python_module(s, imports(line) + constants, f"def {s.func(words.BUILDERS)}({form}):\n{body}{deliver(s, expr)}")
    return Draft(
        hardness="hard",
        vulnerable=f"The loop over {form} leaves '{b}' as it came, and {form_out} hands it to the page. {outcome(s)}",
        patched=f"'{a}' and '{b}', the entries of {form_out} that the page shows, both pass {esc}. {kept(s)}",
        absent=NOWHERE,
    )


def escaped_copy(s: Scene) -> Draft:
    """An escaped copy is made and used in one place; the other place has the raw text."""
    line, esc = escaper(s)
    x = s.text()
    copy = s.var((f"{x}_html", "safe", "shown", "escaped", "clean", "e", f"display_{x}"))
    given = incoming(s, x)
    make = s.one(f"{esc}({x})", f"{esc}({x}.strip())", f"{esc}({x}[:60])", f"{esc}({x}, quote=True)")
    heading = s.one("title", "h1", "h2", "caption")
    first = compose(s, f"<{heading}>", copy, f"</{heading}>")
    second = tagged(s, s.one("You searched for ", "Entry ", "Dear ", "No match for ", ""), alt(x, copy), s.one("", ".", "!"))
    parts = s.var(("parts", "page", "chunks", "doc"))
    body = s.one(
        f'    {parts} = [{first}]\n    {parts}.append({second})\n    return "\\n".join({parts})\n',
        f"    {parts} = {first}\n    {parts} += {second}\n    return {parts}\n",
        f"    return {first} + {second}\n",
        f"    {parts} = []\n    {parts}.append({first})\n    if len({x}) > 2:\n        {parts}.append({second})\n    return {EMPTY}.join({parts})\n",
    )
    python_module(
        s,
        imports(line, given.imports),
        f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}    {copy} = {make}\n{body}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{copy} holds the escaped text, but the second piece of the page is built from {x} itself. {outcome(s)}",
        patched=f"Both pieces of the page are built from {copy}, the escaped form of {x}. {kept(s)}",
        absent=NOWHERE,
    )


def template_fill(s: Scene) -> Draft:
    """A string.Template or str.format page at the top of the module; the fix escapes what fills it."""
    line, esc = escaper(s)
    a, b, name = s.text(), s.text(), s.one("PAGE", "LAYOUT", "TEMPLATE", "CARD", "ROW")
    tag, style = s.one("p", "div", "td", "pre", "span"), s.one("template", "template", "safe_substitute", "format", "format_map")
    mark = "$%s" if style in ("template", "safe_substitute") else "{%s}"
    text = f"<html><body><h1>{mark % a}</h1><{tag}>{mark % b}</{tag}></body></html>"
    constant = s.one(f'"{s.word("things").capitalize()} {s.word("items")}"', f'"{s.word("things")}"', f'"{s.word("items")} <b>list</b>"')
    bad, good = s.one(b, weak(s, b), weak(s, b), weak(s, b)), f"{esc}({b})"
    pairs = f"{a}={constant}, {b}={alt(bad, good)}"
    if style == "format_map":
        fill = f'{name}.format_map({{"{a}": {constant}, "{b}": {alt(bad, good)}}})'
    else:
        fill = f"{name}.{'substitute' if style == 'template' else style}({pairs})"
    made = f'{name} = Template("{text}")' if "$" in text else f'{name} = "{text}"'
    given = incoming(s, b)
    python_module(
        s,
        imports(line, given.imports, "from string import Template" if "$" in text else "") + f"\n{made}\n",
        f"def {s.func(words.BUILDERS, 'things')}({given.parameter}):\n{given.line}{deliver(s, fill)}",
    )
    return Draft(
        hardness="clear",
        vulnerable=f"{name} is filled with {b} as it came, and filling in escapes nothing. {outcome(s)}",
        patched=f"{b} passes {esc} before {name} is filled, and {a} is a constant. {kept(s)}",
        absent=NOWHERE,
    )


def one_branch(s: Scene) -> Draft:
    """Only one of two branches escapes the text; the fix puts the call where both branches pass."""
    line, esc = escaper(s)
    x, out = s.text(), s.var(("shown", "cell", "value_html", "label_html"))
    given = incoming(s, x)
    test = s.one(
        f"len({x}) > {s.rng.choice((40, 60, 80, 120))}",
        f'"{s.one("@", ":", "-", "#")}" in {x}',
        f"not {x}.isascii()",
        f'{x}.startswith("{s.one("re:", "@", "x-")}")',
    )
    one, two = s.rng.sample((f"{x}[:80]", f"{x}.lower()", f"{x}.strip()", x, f"{x}.capitalize()"), 2)
    flip = s.chance(0.5)
    branches = [f"{esc}({one})", alt(s.one(two, *(weak(s, x) for _ in range(4))), f"{esc}({two})")]
    if flip:
        branches.reverse()
    if s.chance(0.25):
        body = f"    {out} = {branches[0]} if {test} else {branches[1]}\n"
    else:
        body = f"    if {test}:\n        {out} = {branches[0]}\n    else:\n        {out} = {branches[1]}\n"
    branch = "first" if flip else "other"
    python_module(
        s,
        imports(line, given.imports),
        f"def {s.func(words.BUILDERS, 'texts')}({given.parameter}):\n{given.line}{body}{deliver(s, tagged(s, s.one('', 'Name: ', 'Item '), out, ''))}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"Only one branch escapes {x}, the {branch} branch gives it to {out} as it came. {outcome(s)}",
        patched=f"Both branches fill {out} with the result of {esc}, so {x} never reaches the page raw. {kept(s)}",
        absent=NOWHERE,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (page_value, list_rows, fields_one_missed, escape_some_keys, escaped_copy, template_fill, one_branch)
}
