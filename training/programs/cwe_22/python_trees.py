"""Python: the finished path is tested against the root, in the right form, place and order or not."""

from collections.abc import Callable

from training.programs.cwe_22.parts import (
    READING,
    REMOVING,
    WRITING,
    block,
    define,
    equal,
    gate,
    incoming,
    inside,
    module,
    python_root,
    python_sink,
    real,
    refusal,
    root_path,
)
from training.programs.scene import Draft, Scene, alt, holds

VERBS = ("load", "read", "get", "fetch", "open", "serve", "store", "handle")
PATHS = ("path", "target", "full", "location", "resolved")


def sibling_prefix(s: Scene) -> Draft:
    """The start of the path is compared as text without a separator at its end."""
    pathlib = s.chance(0.45)
    root, name, path = python_root(s, pathlib=pathlib), s.text(), s.var(PATHS)
    sink, (parameter, lead) = python_sink(s, path), incoming(s, name)
    r, refuse = root.name, refusal(s, name)
    step = f"{path} = {real(s, r, name, pathlib=pathlib)}\n"
    constants = root.line
    if not pathlib and s.chance(0.25):
        value = root_path(s)
        constants = f'{r} = "{value}{alt("", "/")}"\n'
        test = holds(f"{path}.startswith({r})")
        lines = step + gate(s, test, test, sink.lines, refuse)
    else:
        text, top = (f"str({path})", f"str({r})") if pathlib else (path, r)
        wrong = s.rng.choice(
            (
                holds(f"{text}.startswith({top})"),
                holds(f"{text}.startswith({top})"),
                equal(f"{text}[:len({top})]", top),
                equal(f"os.path.commonprefix([{top}, {text}])", top),
                equal(f"{text}.find({top})", "0"),
            )
        )
        if "commonprefix" in wrong.reject and not pathlib:
            right = equal(f"os.path.commonpath([{top}, {text}])", top)
        else:
            right = inside(s, r, path, pathlib=pathlib)
        lines = step + gate(s, wrong, right, sink.lines, refuse)
    module(s, define(s.func(VERBS, "texts"), sink.parameters(parameter), lead + lines), constants)
    return Draft(
        hardness="hard",
        vulnerable=f"{path} only has to begin with the letters of {r}, so ../ and a sibling folder with a longer name pass. An outsider can {sink.deed} there.",
        patched=f"{path} must lie under {r} as a folder, with the separator counted. A sibling with the same first letters is refused.",
    )


def before_normalisation(s: Scene) -> Draft:
    """The path is compared with the root before its .. segments are worked out, or after."""
    root, name, path = python_root(s, pathlib=False), s.text(), s.var(("path", "target", "candidate"))
    final = s.var(("resolved", "real", "final", "absolute"))
    sink, (parameter, lead) = python_sink(s, final), incoming(s, name)
    r, refuse = root.name, refusal(s, name)
    test, work = s.one("startswith({} + os.sep)", 'startswith({} + "/")'), s.one("realpath", "abspath", "normpath")
    mode = s.one("order", "operand", "operand", "part")
    if mode == "order":
        check = f"if not {{}}.{test.replace('{}', r)}:\n{block(refuse)}"
        step = f"{final} = os.path.{work}({path})"
        first = f"{check.replace('{}', path)}{step}"
        second = f"{step}\n{check.replace('{}', final)}".rstrip("\n")
        lines = f"{path} = os.path.join({r}, {name})\n{alt(first, second)}\n{sink.lines}"
    elif mode == "operand":
        right = holds(f"{final}.{test.replace('{}', r)}")
        wrong = holds(f"{path}.{test.replace('{}', r)}")
        lines = f"{path} = os.path.join({r}, {name})\n{final} = os.path.{work}({path})\n" + gate(s, wrong, right, sink.lines, refuse)
    else:
        wordy = s.one(f"os.path.join({r}, {name})", f"os.path.join({r}, {name}.strip())", f"os.path.join({r}, os.path.expanduser({name}))")
        lines = f"{final} = {alt(wordy, f'os.path.{work}({r} + {chr(34)}/{chr(34)} + {name})')}\n"
        check = holds(f"{final}.{test.replace('{}', r)}")
        lines += gate(s, check, check, sink.lines, refuse)
    where = path if mode != "part" else final
    module(s, define(s.func(VERBS, "texts"), sink.parameters(parameter), lead + lines), root.line)
    return Draft(
        hardness="hard",
        vulnerable=f"The test looks at {where} while it still holds .. segments, so it begins with {r} in any case. An outsider can {sink.deed} elsewhere.",
        patched=f"The test looks at {final} after {work} has worked out every .. segment. What is left lies under {r}.",
    )


def tested_afterwards(s: Scene) -> Draft:
    """A whole small program that tests the path after it has been used."""
    pathlib = s.chance(0.5)
    root, name, path = python_root(s, pathlib=pathlib), s.text(), s.var(PATHS)
    deed = s.one(READING, WRITING, REMOVING)
    r, content = root.name, s.var(("content", "data", "body", "chunk"))
    act = {
        READING: s.one(
            f"with open({path}) as source:\n    sys.stdout.write(source.read())", f'{content} = open({path}, "rb").read()\nprint({content})'
        ),
        WRITING: s.one(
            f'with open({path}, "w") as output:\n    output.write(sys.stdin.read())',
            f'{content} = input()\nopen({path}, "w").write({content})',
        ),
        REMOVING: s.one(f"os.remove({path})", f"os.unlink({path})\nprint({name})"),
    }[deed]
    leave = s.one(
        'print("refused", file=sys.stderr)\n    return 1', "return 2", f'sys.exit("bad {s.word("texts")}")', f"raise ValueError({name})"
    )
    check = f"if {inside(s, r, path, pathlib=pathlib).reject}:\n    {leave}"
    step = f"{path} = {real(s, r, name, pathlib=pathlib)}\n"
    late = s.one("after", "after", "silent", "other")
    if late == "after":
        lines = step + alt(f"{act}\n{check}", f"{check}\n{act}") + "\n"
        fault = f"{path} is tested only after it was used"
    elif late == "silent":
        go_on = s.one('print("outside", file=sys.stderr)', f'sys.stderr.write("outside: " + {name} + "\\n")', f"{name} = {name}.strip()")
        lines = f"{step}if {inside(s, r, path, pathlib=pathlib).reject}:\n    {alt(go_on, leave)}\n{act}\n"
        fault = f"the test of {path} sees a path elsewhere but does not stop"
    else:
        key = s.var(("verbose", "strict", "debug"))
        test = inside(s, r, path, pathlib=pathlib).reject
        lines = f'{key} = "--{key}" in sys.argv\n{step}if {alt(f"{key} and ({test})", test)}:\n    {leave}\n{act}\n'
        fault = f"{path} is tested only when {key} is set"
    take = s.one(
        f"{name} = sys.argv[1]\n",
        f'if len(sys.argv) < 2:\n    print("usage: {s.word("things")} NAME")\n    return 2\n{name} = sys.argv[1]\n',
        f'parser = ArgumentParser()\nparser.add_argument("name")\n{name} = parser.parse_known_args()[0].name\n',
        f"{name} = sys.stdin.readline().strip()\n",
    )
    start = s.one('if __name__ == "__main__":\n    sys.exit(main())\n', 'if __name__ == "__main__":\n    raise SystemExit(main())\n')
    module(s, define("main", "", take + lines + "return 0\n") + "\n\n" + start, root.line)
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. With ../ in {name} an outsider can {deed} outside {r}.",
        patched=f"{path} is tested against {r} before it is used, and the test ends the program. A {name} with ../ leads nowhere.",
    )


def helper_result(s: Scene) -> Draft:
    """A helper that tests or cleans rightly, and a caller that does or does not use what it returns."""
    pathlib = s.chance(0.4)
    root, name, path = python_root(s, pathlib=pathlib), s.text(), s.var(PATHS)
    sink, (parameter, lead) = python_sink(s, path), incoming(s, name)
    r, refuse, arg = root.name, block(refusal(s, name)).rstrip("\n"), s.var(("value", "candidate", "given", "wanted"))
    mode = s.one("answer", "answer", "clean", "path", "operator")
    join = f"{r} / {name}" if pathlib else f"os.path.join({r}, {name})"
    check = inside(s, r, path, pathlib=pathlib)
    step = f"{path} = {real(s, r, arg, pathlib=pathlib)}\n"
    if mode == "clean":
        helper = s.func(("clean", "tidy", "shorten", "flatten"), "texts")
        good = s.one(f"os.path.basename({arg})", f"Path({arg}).name", f're.sub(r"[^A-Za-z0-9_-]", "_", {arg})', f'{arg}.split("/")[-1]')
        tool = define(helper, arg, f"return {good}")
        left = s.one("", "", f"{s.var(('shown', 'short', 'label'))} = ")
        lines = f"{alt(f'{left}{helper}({name})', f'{name} = {helper}({name})')}\n{path} = {join}\n"
        fault, cure = f"What {helper} returns is not what goes into {path}", f"{path} is built from what {helper} returns"
    elif mode == "path":
        helper = s.func(("locate", "resolve", "path_for", "checked"), "texts")
        tool = define(helper, arg, f"{step}if {check.reject}:\n    raise {s.one('ValueError', 'PermissionError')}({arg})\nreturn {path}")
        loose = s.one(
            join,
            f"{r}.joinpath({name}).resolve()" if pathlib else f"os.path.abspath({join})",
            f"{r} / {name}.strip()" if pathlib else f"os.path.join({r}, {name}.strip())",
        )
        lines = f"{path} = {alt(loose, f'{helper}({name})')}\n"
        fault, cure = f"{path} is built without {helper}, which would test it", f"{path} comes from {helper}, which tests it"
    else:
        helper = s.func(("is_inside", "allowed", "is_local", "permitted", "within"), "texts")
        tool = define(helper, arg, f"{step}return {check.accept}")
        if mode == "answer":
            ignored = s.one(
                f"{s.var(('ok', 'fine', 'known'))} = {helper}({name})",
                f"{helper}({name})",
                f"if not {helper}({name}):\n    print({name})",
                f'if not {helper}({name}):\n    print(f"refusing {{{name}}} as it is outside")',
            )
            lines = alt(ignored, f"if not {helper}({name}):\n{refuse}")
            fault, cure = f"The answer of {helper} does not stop the function", f"The function ends when {helper} refuses {name}"
        else:
            other = s.one(name, f"{name}.isprintable()", f"os.path.exists({r})", f"len({name}) < 64")
            before = s.one(f"not {name}", f'{name}.endswith("/")', f"len({name}) > 64")
            lines = s.one(
                f"if {before} {alt('and', 'or')} not {helper}({name}):\n{refuse}",
                f"if not ({helper}({name}) {alt('or', 'and')} {other}):\n{refuse}",
            )
            fault, cure = f"The operator lets a name pass that {helper} refuses", f"Every name that {helper} refuses ends the function"
        lines += f"\n{path} = {join}\n"
    func = define(s.func(VERBS, "texts"), sink.parameters(parameter), lead + lines + sink.lines)
    parts = [tool, func] if s.chance(0.7) else [func, tool]
    module(s, "\n\n".join(parts), root.line)
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. With ../ in {name} an outsider can {sink.deed} outside {r}.",
        patched=f"{cure}. Only files under {r} are reached.",
    )


def one_branch(s: Scene) -> Draft:
    """A helper that builds the path tests it in one branch only; the caller opens what it gets."""
    pathlib = s.chance(0.4)
    root, name, path = python_root(s, pathlib=pathlib), s.text(), s.var(PATHS)
    folder, helper = s.var(("folder", "section", "owner", "kind", "area")), s.func(("locate", "path_for", "resolve", "find"), "texts")
    r, got = root.name, s.var(("found", "chosen", "result"))
    sink = python_sink(s, got)
    refuse = s.one(f"raise ValueError({name})", f"raise PermissionError({path})")
    check = f"if {inside(s, r, path, pathlib=pathlib).reject}:\n{block(refuse)}"
    if pathlib:
        short, deep = f"({r} / {name}).resolve()", f"({r} / {folder} / {name}).resolve()"
    else:
        short, deep = f"os.path.realpath(os.path.join({r}, {name}))", f"os.path.realpath(os.path.join({r}, {folder}, {name}))"
    mode = s.one("branch", "both", "early", "early", "folder")
    optional = "=None"
    if mode in ("branch", "both"):
        first, second = (deep, short) if s.chance(0.5) else (short, deep)
        cond = folder if first == deep else s.one(f"not {folder}", f"{folder} is None")
        head, other = f"if {cond}:\n    {path} = {first}\n", f"else:\n    {path} = {second}\n"
        if mode == "branch":
            lines = head + other + alt(block(check) + f"return {path}", f"{check}return {path}")
        else:
            lines = head + alt(other.rstrip("\n"), block(check) + other.rstrip("\n")) + f"\n{block(check)}return {path}"
        fault = f"{helper} tests {path} in its else branch only"
    elif mode == "early":
        better = s.one(f'{folder} = "{s.word("items")}s"', f"{path} = {short}\n{check}return {path}")
        lines = f"if not {folder}:\n" + block(alt(f"return {short}", better)) + f"{path} = {deep}\n{check}return {path}"
        fault = f"{helper} returns early without a test when {folder} is empty"
    else:
        lines = f"{path} = {deep}\n" + alt(f"if os.path.isdir({path}):\n{block(check)}return {path}", f"{check}return {path}")
        fault, optional = f"{helper} tests {path} only when it is a folder", ""
    tool = define(helper, f"{name}, {folder}{optional}", lines)
    extra = s.one("", "", f"if not {name}:\n    return None\n", f'print("{s.word("items")}", {name})\n')
    call = f"{got} = {helper}({name}, {folder})\n"
    caller = define(s.func(VERBS, "texts"), ", ".join((name, sink.parameters(folder))), extra + call + sink.lines)
    module(s, f"{tool}\n\n{caller}", root.line)
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. With ../ in {name} an outsider can {sink.deed} outside {r}.",
        patched=f"{helper} tests every {path} against {r} before it returns it. The caller opens nothing else.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (sibling_prefix, before_normalisation, tested_afterwards, helper_result, one_branch)
}
