"""Python: a name is cleaned or tested before it becomes a path, rightly or not."""

from collections.abc import Callable

from training.programs.cwe_22.parts import (
    READING,
    WRITING,
    block,
    define,
    gate,
    idle_name,
    incoming,
    joined,
    module,
    plain_name,
    python_root,
    python_sink,
    refusal,
)
from training.programs.scene import Draft, Scene, alt

VERBS = ("load", "read", "get", "fetch", "open", "serve", "store", "handle")


def name_joined(s: Scene) -> Draft:
    """A name joined to the root as it comes; the fix keeps its last part or tests it."""
    root, name, path = python_root(s, pathlib=False), s.text(), s.var(("path", "target", "full", "location"))
    sink, (parameter, lead) = python_sink(s, path), incoming(s, name)
    r = root.name
    if s.chance(0.5):
        wordy = s.one(
            f"os.path.join({r}, os.path.normpath({name}.strip()))",
            f"os.path.join({r}, os.path.expanduser({name}))",
            f"os.path.abspath(os.path.join({r}, {name}.strip()))",
            f'"{{}}/{{}}".format({r}, {name}.replace(" ", "_"))',
            f"os.path.join({r}, {name})",
            f'f"{{{r}}}/{{{name}}}"',
        )
        short = s.one(f"os.path.basename({name})", f"Path({name}).name", f'{name}.split("/")[-1]', f'{name}.replace("/", "_")')
        lines = f"{path} = {alt(wordy, f'os.path.join({r}, {short})')}\n{sink.lines}"
        fault, cure = f"{name} goes into {path} with all its directories", f"Only the part of {name} without a slash gets into {path}"
    else:
        wrong, right = idle_name(s, name, r), plain_name(s, name, r)
        lines = gate(s, wrong, right, f"{path} = {joined(s, r, name)}\n{sink.lines}", refusal(s, name))
        fault, cure = f"the test of {name} lets ../ pass on its way into {path}", f"{name} with a slash is refused before {path} is built"
    module(s, define(s.func(VERBS, "texts"), sink.parameters(parameter), lead + lines), root.line)
    return Draft(
        hardness="clear",
        vulnerable=f"{fault}. An outsider can {sink.deed} outside {r}.",
        patched=f"{cure}. Every path stays directly under {r}.",
    )


def sequences_stripped(s: Scene) -> Draft:
    """Parts of the name are cut out: once and from the left, or so that no slash is left."""
    root, name, path = python_root(s, pathlib=False), s.text(), s.var(("path", "target", "full", "location"))
    sink, (parameter, lead) = python_sink(s, path), incoming(s, name)
    bad, left = s.rng.choice(
        (
            (f'{name}.replace("../", "")', "....//x becomes ../x"),
            (f'{name}.replace("../", "", 1)', "a second ../ stays"),
            (f're.sub(r"\\.\\./", "", {name})', "....//x becomes ../x"),
            (f're.sub(r"^(\\.\\./)+", "", {name})', "./../x keeps its ../"),
            (f'{name}.removeprefix("../")', "a second ../ stays"),
            (f'{name}.replace("./", "")', "...//x becomes ../x"),
            (f'{name}.replace("..\\\\", "").replace("/./", "/")', "only backslashes are covered"),
            (f'{name}.replace("//", "/").lstrip("/")', "../ is not touched"),
            (f'{name}.lstrip("/").replace("\\\\", "/")', "../ is not touched"),
        )
    )
    good = s.one(
        f'{name}.replace("/", "_")',
        f'{name}.replace("/", "")',
        f're.sub(r"[^A-Za-z0-9_-]", "", {name})',
        f're.sub(r"\\W+", "_", {name})',
        f"os.path.basename({name})",
        f'{name}.rsplit("/", 1)[-1]',
        f'{name}.split("/")[-1]',
        f'"".join(c for c in {name} if c.isalnum() or c in "-_")',
    )
    extra = s.one("", f"if not {name}:\n{block(refusal(s, name))}", f'print("{s.word("items")}", {name})\n')
    clean = f"{name} = {alt(bad, good)}\n"
    build = f"{path} = {s.one(f'os.path.join({root.name}, {name}.lstrip({chr(34)}/{chr(34)}))', f'f{chr(34)}{{{root.name}}}/{{{name}}}{chr(34)}')}\n"
    func = s.func(VERBS, "texts")
    if s.chance(0.35):
        helper = s.func(("clean", "tidy", "strip", "flatten"), "texts")
        core = define(helper, name, f"return {alt(bad, good)}") + "\n\n"
        clean = f"{name} = {helper}({name})\n"
    else:
        core = ""
    module(s, core + define(func, sink.parameters(parameter), lead + clean + extra + build + sink.lines), root.line)
    return Draft(
        hardness="hard",
        vulnerable=f"What is cut out of {name} is not enough: {left}. An outsider can {sink.deed} outside {root.name}.",
        patched=f"No slash is left in {name} once it is cleaned. The file lies directly in {root.name}.",
    )


def decoded_late(s: Scene) -> Draft:
    """The test sees the encoded name, the file system the decoded one."""
    root, raw, name = python_root(s, pathlib=False), s.text(), s.var(("name", "decoded", "plain", "clean", "relative"))
    path = s.var(("path", "target", "full"))
    sink, (parameter, lead) = python_sink(s, path), incoming(s, raw)
    decode = s.one(
        "unquote({})",
        "unquote({})",
        "base64.b64decode({}).decode()",
        'unicodedata.normalize("NFKC", {})',
        "bytes.fromhex({}).decode()",
    )
    mode = s.one("order", "raw", "raw", "again")
    refuse = block(refusal(s, raw))
    parts = s.one('".." in {}', '".." in {} or "\\\\" in {}', '".." in {}.split("/")', '"../" in {}')
    build = f"{path} = os.path.join({root.name}, {name}.lstrip({chr(34)}/{chr(34)}))\n"
    if mode == "order":
        step = f"{name} = {decode.replace('{}', raw)}\n"
        early = f"if {parts.replace('{}', raw)}:\n{refuse}{step}"
        late = f"{step}if {parts.replace('{}', name)}:\n{refuse}"
        lines = alt(early.rstrip("\n"), late.rstrip("\n")) + f"\n{build}"
    elif mode == "raw":
        lines = f"{name} = {decode.replace('{}', raw)}\nif {alt(parts.replace('{}', raw), parts.replace('{}', name))}:\n{refuse}{build}"
    else:
        again = s.one("unquote({})", "unquote({}).strip()", 'unicodedata.normalize("NFKC", unquote({}))')
        calm = s.one('{}.replace(" ", "_")', "{}.lower()", "{}")
        last = alt(again.replace("{}", name), calm.replace("{}", name))
        lines = (
            f"{name} = unquote({raw})\nif {parts.replace('{}', name)}:\n{refuse}"
            f"{path} = os.path.join({root.name}, {last}.lstrip({chr(34)}/{chr(34)}))\n"
        )
    if mode == "again":
        late, which = f"{name} is decoded once more after the test", "a name encoded twice"
    else:
        late, which = f"the test sees {raw} before it is decoded", "an encoded .."
    module(s, define(s.func(VERBS, "texts"), sink.parameters(parameter), lead + lines + sink.lines), root.line)
    return Draft(
        hardness="hard",
        vulnerable=f"{late}, so {which} gets through to {path}. An outsider can {sink.deed} outside {root.name}.",
        patched=f"The test for .. sees {name} in its decoded form, and nothing is decoded after it. The path stays under {root.name}.",
    )


def absolute_name(s: Scene) -> Draft:
    """The test for .. is right, but an absolute name replaces the root in a join."""
    pathlib = s.chance(0.4)
    root, name, path = python_root(s, pathlib=pathlib), s.text(), s.var(("path", "target", "full"))
    sink, (parameter, lead) = python_sink(s, path), incoming(s, name)
    r = root.name
    dots = s.one(f'".." in {name}', f'".." in {name}.split("/")', f'".." in Path({name}).parts', f'{name}.count("..") > 0')
    join = f"{r} / {name}" if pathlib else f"os.path.join({r}, {name})"
    mode = s.one("test", "test", "join", "plain")
    extra = ""
    if mode == "test":
        idle = s.one(f'{name}.startswith("~")', f'{name}.endswith("/")', f"len({name}) > 100", f"not {name}", f'"\\\\" in {name}')
        right = s.one(f'{name}.startswith("/")', f"os.path.isabs({name})", f"Path({name}).is_absolute()", f'{name}[:1] == "/"')
        extra, build = f" or {alt(idle, right)}", join
    elif mode == "join":
        bare = s.one(f"{name}.strip()", f'{name}.rstrip("/")', f'{name}.replace(" ", "_")', f'{name}.removeprefix("./")', name)
        rest = alt(bare, f'{name}.lstrip("/")')
        build = f"{r} / {rest}" if pathlib else f"os.path.join({r}, {rest})"
    else:
        build = alt(join, s.one(f'f"{{{r}}}/{{{name}}}"', f'str({r}) + "/" + {name}'))
    lines = f"if {dots}{extra}:\n{block(refusal(s, name))}{path} = {build}\n{sink.lines}"
    module(s, define(s.func(VERBS, "texts"), sink.parameters(parameter), lead + lines), root.line)
    return Draft(
        hardness="hard",
        vulnerable=f"The test refuses .. but not a leading slash, and the join drops {r} for an absolute {name}. An outsider can {sink.deed} anywhere.",
        patched=f"{name} holds no .. and cannot replace {r} by a leading slash. The path stays under {r}.",
    )


def other_field(s: Scene) -> Draft:
    """An upload with two texts: the one that is cleaned is not the one that names the file."""
    root = python_root(s, pathlib=False)
    owner = s.var(("form", "upload", "item", "part", "fields", "meta"))
    shown, raw = s.rng.sample(
        ("filename", "title", "label", "display_name", "name", "original", "caption", "stored_as", "file", "topic"), 2
    )
    title, name, path = s.var((shown,)), s.var((raw,)), s.var(("path", "target", "dest"))
    sink = python_sink(s, path, (READING, WRITING, WRITING))
    take = s.one('{}["{}"]', '{}.get("{}", "")', '{}.pop("{}")')
    get_title, get_name = take.format(owner, shown), take.format(owner, raw)
    note = s.one(f'print(f"{{{title}}} saved")\n', f'{owner}["seen"] = {title}\n', f"log_{s.word('items')}({title})\n", f"print({title})\n")
    r = root.name
    if s.chance(0.5):
        clean = s.one("os.path.basename({})", "Path({}).name", 're.sub(r"[^A-Za-z0-9_-]", "_", {})', '{}.replace("/", "_")')
        other = s.one("{}.strip()", "str({})", "{}.lower()", "{}")
        first = alt(clean.format(get_title), other.format(get_title))
        second = alt(other.format(get_name), clean.format(get_name))
        lines = f"{title} = {first}\n{name} = {second}\n{path} = {joined(s, r, name)}\n"
        fault, cure = (
            f"Only {title} is cleaned, while {name} goes into {path} as sent",
            f"{name}, which goes into {path}, is cleaned of slashes",
        )
    else:
        refuse = block(refusal(s, title))
        pattern = s.one('"/" in {}', '"/" in {} or ".." in {}', "{0} != os.path.basename({0})", "os.sep in {}", "not {}.isalnum()")
        wrong, right = (pattern.replace("{}", which).replace("{0}", which) for which in (title, name))
        lines = f"{title} = {get_title}\n{name} = {get_name}\nif {alt(wrong, right)}:\n{refuse}{path} = {joined(s, r, name)}\n"
        fault, cure = (
            f"the test looks at {title}, while {name} goes into {path} as sent",
            f"{name} goes into {path} only when it has no slash",
        )
    helper = f"def log_{note.split('(')[0][4:]}(text):\n    print(text)\n\n\n" if note.startswith("log_") else ""
    module(
        s,
        helper + define(s.func(("save", "store", "accept", "handle", "receive")), sink.parameters(owner), lines + note + sink.lines),
        root.line,
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. An outsider can {sink.deed} outside {r}.",
        patched=f"{cure}. {title} is only shown, so the file lies in {r}.",
    )


def id_or_list(s: Scene) -> Draft:
    """A key that picks a file: any text, or only a number or a known word."""
    root, key, path = python_root(s, pathlib=False), s.text(), s.var(("path", "target", "page"))
    sink, (parameter, lead) = python_sink(s, path, (READING, READING, WRITING)), incoming(s, key)
    suffix, r = s.one(".json", ".txt", ".html", ".dat", ".log"), root.name
    known = ", ".join(f'"{word}"' for word in s.rng.sample(s.domain.texts + s.domain.items, 3))
    mode = s.one("number", "number", "list", "map", "digits")
    constants, refuse = root.line, block(refusal(s, key))
    build = f'{path} = os.path.join({r}, f"{{{key}}}{suffix}")\n'
    idle = s.one(
        f"not {key}", f"len({key}) > 40", f'{key}.startswith("/")', f"{key} is None", f'{key}.endswith("{suffix}")', f'" " in {key}'
    )
    if mode == "number":
        wordy = s.one("str({}).strip()", "{}.strip().lower()", "str({})", "{}")
        lines = f"{key} = {alt(wordy.replace('{}', key), f'int({key})')}\n{build}"
        cure = f"{key} is turned into a number before it names the file"
    elif mode == "digits":
        right = s.one(f"not {key}.isdigit()", f"not {key}.isdecimal()", f'not re.fullmatch(r"[0-9a-f]+", {key})', f"not {key}.isalpha()")
        lines = f"if {alt(idle, right)}:\n{refuse}{build}"
        cure = f"{key} may only hold digits or letters, which the test ensures"
    else:
        table = s.one("KNOWN", "PAGES", "ALLOWED", "NAMES")
        constants += f"{table} = {{{known}}}\n"
        if mode == "list":
            go_on = s.one(f'print("unknown", {key})', f"{key} = {key}.strip()", f"{key} = {key}.lower()", f'print(f"no {{{key}}} yet")')
            stop = refuse.strip()
            lines = f"if {key} not in {table}:\n    {alt(go_on, stop)}\n{build}"
        else:
            first = known.split(", ")[0]
            fallback = s.one(f"{key} or {first}", f"{key}.strip() or {first}", f"{key} if {key} else {first}")
            lines = f"{key} = {alt(fallback, f'{key} if {key} in {table} else {first}')}\n{build}"
        cure = f"Only a word from {table} can name the file"
    module(s, define(s.func(VERBS, "texts"), sink.parameters(parameter), lead + lines + sink.lines), constants)
    return Draft(
        hardness="clear",
        vulnerable=f"{key} becomes part of {path} as free text and may hold ../ segments. An outsider can {sink.deed} ending in {suffix} outside {r}.",
        patched=f"{cure}. It can hold no slash, and {path} stays in {r}.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (name_joined, sequences_stripped, decoded_late, absolute_name, other_field, id_or_list)
}
