"""Python: where names from outside end up as files: a class around a folder, a handler, an archive."""

from collections.abc import Callable

from training.programs.cwe_22.parts import (
    READING,
    REMOVING,
    WRITING,
    block,
    define,
    inside,
    joined,
    module,
    python_root,
    python_sink,
    real,
)
from training.programs.scene import Draft, Scene, alt

VERBS = ("load", "read", "get", "fetch", "open", "serve", "store", "handle")
PATHS = ("path", "target", "full", "location", "resolved")


def store_class(s: Scene) -> Draft:
    """A class around a folder: the method that locates a name tests nothing, or another method goes past it."""
    pathlib = s.chance(0.45)
    thing = s.word("things").capitalize() + s.one("Store", "Files", "Folder")
    root, where = s.var(("root", "base", "folder", "directory")), s.var(("where", "location", "start"))
    name, path, content = s.text(), s.var(("path", "target", "full")), s.var(("content", "data", "blob"))
    r, locate = f"self.{root}", s.one("_path", "_locate", "_resolve", "path_of")
    bodies = {
        READING: (s.one("get", "read", "load"), name, "with open({}) as source:\n    return source.read()"),
        WRITING: (s.one("put", "save", "write"), f"{name}, {content}", 'with open({}, "w") as output:\n    output.write(' + content + ")"),
        REMOVING: (s.one("remove", "delete", "drop"), name, "os.remove({})\nreturn True"),
    }
    kinds = s.rng.sample((READING, WRITING, REMOVING), s.rng.randint(2, 3))
    deed = kinds[0]
    chosen = bodies[deed][0]
    s.rng.shuffle(kinds)
    check, step = inside(s, r, path, pathlib=pathlib).reject, f"{path} = {real(s, r, name, pathlib=pathlib)}\n"
    passed_by = s.chance(0.45)
    if passed_by:
        raw = s.one(f"{r} / {name}", f"{r}.joinpath({name})", f"Path({r}, {name})") if pathlib else joined(s, r, name)
        here = f"{path} = {alt(raw, f'self.{locate}({name})')}\n"
        fault = f"{chosen} joins {name} to {r} itself and passes by {locate}"
        cure = f"{chosen} takes its path from {locate}, as the others do"
    else:
        idle = s.one(f"not {name}", f'{name}.startswith("~")', f"{path} == {r}", f"os.path.isdir({path})", f"len({name}) > 100")
        check, here = alt(idle, check), f"{path} = self.{locate}({name})\n"
        fault = f"{locate} builds {path} and never compares it with {r}, and {chosen} opens it"
        cure = f"{locate} compares {path} with {r}, and {chosen} opens nothing else"
    finder = define(locate, f"self, {name}", f"{step}if {check}:\n    raise ValueError({name})\nreturn {path}")
    methods = []
    for kind in kinds:
        method, parameters, body = bodies[kind]
        own = kind == deed
        methods.append(define(method, f"self, {parameters}", here + body.format(path) if own else body.format(f"self.{locate}({name})")))
    value = f"Path({where}).resolve()" if pathlib else f"os.path.realpath({where})"
    init = define("__init__", f"self, {where}", f"{r} = {value}")
    module(s, f"class {thing}:\n" + "\n".join(block(part) for part in (init, finder, *methods)))
    return Draft(
        hardness="hard" if passed_by else "clear",
        vulnerable=f"{fault}. With ../ in {name} an outsider can {deed} elsewhere.",
        patched=f"{cure}. Whatever lies outside {r} is refused.",
    )


def request_handler(s: Scene) -> Draft:
    """A handler that turns the path of a request into a file."""
    root, path, body = python_root(s, pathlib=False), s.var(("target", "full", "local", "file_path")), s.var(("data", "payload", "page"))
    r, name = root.name, s.var(("name", "relative", "rel", "wanted"))
    framework = s.one("http", "http", "wsgi", "socket", "query")
    take = {
        "http": s.one("unquote(urlsplit(self.path).path)", "unquote(self.path[1:])", 'self.path.split("?")[0]'),
        "wsgi": 'environ["PATH_INFO"]',
        "socket": "self.rfile.readline().decode().strip()",
        "query": 'parse_qs(urlsplit(self.path).query).get("name", [""])[0]',
    }[framework]
    error = {
        "http": "self.send_error(403)\n    return",
        "query": "self.send_error(404)\n    return",
        "wsgi": 'start_response("403 Forbidden", [])\n    return [b"no"]',
        "socket": 'self.wfile.write(b"no\\n")\n    return',
    }[framework]
    tell = {
        "http": f"self.send_response(200)\nself.end_headers()\nself.wfile.write({body})",
        "query": f'self.send_response(200)\nself.send_header("Content-Length", str(len({body})))\nself.end_headers()\nself.wfile.write({body})',
        "wsgi": f'start_response("200 OK", [])\nreturn [{body}]',
        "socket": f"self.wfile.write({body})",
    }[framework]
    join, work = f"os.path.join({r}, {name})", s.one("realpath", "abspath", "realpath")
    idle = s.one(f"not os.path.isfile({path})", f"not os.path.exists({path})", f'{path}.endswith(".py")', f"not os.access({path}, os.R_OK)")
    if s.chance(0.6):
        check = alt(idle, inside(s, r, path, pathlib=False).reject)
        lines = f"{path} = os.path.{work}({join})\nif {check}:\n    {error}\n"
        cure = f"{path} is worked out by {work} and must lie under {r}"
    else:
        check = alt(s.one(idle, f"not {path}.startswith({r})"), s.one(f'".." in {name}', f'".." in {name}.split("/")'))
        lines = f"{path} = {join}\nif {check}:\n    {error}\n"
        cure = f"a {name} with .. is refused and a leading slash is stripped"
    code = f'{name} = {take}.lstrip("/")\n{lines}with open({path}, "rb") as source:\n    {body} = source.read()\n{tell}\n'
    if framework == "wsgi":
        core = define(s.one("application", "app", "serve"), "environ, start_response", code)
    elif framework == "socket":
        core = f"class {s.word('items').capitalize()}Handler(socketserver.StreamRequestHandler):\n" + block(define("handle", "self", code))
    else:
        core = f"class {s.word('items').capitalize()}Handler(BaseHTTPRequestHandler):\n" + block(define("do_GET", "self", code))
    module(s, core, root.line)
    return Draft(
        hardness="clear",
        vulnerable=f"{name} comes from the request and its ../ segments stay in {path}. An outsider can read files outside {r}.",
        patched=f"{cure}. The request cannot leave {r}.",
    )


def filtered_extraction(s: Scene) -> Draft:
    """extractall of a tar file with a filter that trusts the names, or with the one that refuses."""
    dest, archive, member = (
        s.var(("dest", "folder", "outdir", "where")),
        s.var(("bundle", "pack", "src", "container")),
        s.var(("member", "info", "entry")),
    )
    source, trusting, strict = s.var(("upload", "filename", "archive_path", "stream")), '"fully_trusted"', '"data"'
    before = s.one(
        f"for {member} in {archive}:\n    print({member}.name)\n",
        f"if len({archive}.getnames()) > 50:\n    return False\n",
        f"if any({member}.size > 10**7 for {member} in {archive}):\n    return False\n",
        f'if "{s.word("items")}.txt" not in {archive}.getnames():\n    raise KeyError({source})\n',
        "",
    )
    lead = s.one("", f"os.makedirs({dest}, exist_ok=True)\n", f"if not tarfile.is_tarfile({source}):\n    return False\n")
    if s.chance(0.6):
        act = s.one(
            f"{archive}.extractall({dest}, filter={alt(trusting, strict)})",
            f"{archive}.extractall(path={dest}, filter={alt(trusting, strict)})",
        )
    else:
        loose = s.one(f'not {member}.name.endswith("/")', f"{member}.size > 0", f"len({member}.name) < 100", f"{member}.name")
        kept = s.one(
            f'{member}.isfile() and "/" not in {member}.name', f"{member}.isfile() and os.path.basename({member}.name) == {member}.name"
        )
        chosen = s.var(("chosen", "members", "wanted"))
        act = f"{chosen} = [{member} for {member} in {archive} if {alt(loose, kept)}]\n{archive}.extractall({dest}, {chosen}, filter={trusting})"
    body = f"{lead}with tarfile.open({source}) as {archive}:\n{block(before + act)}{s.one('return True', f'return {dest}')}"
    module(s, define(s.func(("unpack", "extract", "restore", "install"), "things"), f"{source}, {dest}", body))
    return Draft(
        hardness="clear",
        vulnerable=f"extractall follows the names in {archive} wherever they lead. A {source} with ../ in a name writes files outside {dest}.",
        patched=f"Members of {archive} whose names lead elsewhere are kept from extractall. Nothing is written outside {dest}.",
    )


def archive_members(s: Scene) -> Draft:
    """Members of an archive are written one by one under the names that they bring along."""
    dest, member = s.var(("dest", "folder", "outdir", "where")), s.var(("member", "info", "entry", "item"))
    target, archive = s.var(("target", "path", "out_path")), s.var(("bundle", "pack", "src", "container"))
    source, data = s.var(("upload", "filename", "archive_path", "stream")), s.var(("data", "content", "blob"))
    func = s.func(("unpack", "extract", "restore", "install"), "things")
    opened, each, name, content, skip = s.rng.choice(
        (
            (
                f"zipfile.ZipFile({source})",
                f"{archive}.infolist()",
                f"{member}.filename",
                f"{archive}.read({member})",
                f"{member}.is_dir()",
            ),
            (f"tarfile.open({source})", archive, f"{member}.name", f"{archive}.extractfile({member}).read()", f"not {member}.isfile()"),
            (f"open({source})", f"json.load({archive})", f'{member}["name"]', f'{member}["text"].encode()', ""),
            (f"open({source})", archive, f'{member}.split("\\t")[0]', f'{member}.split("\\t")[1].encode()', ""),
        )
    )
    if skip:
        skip = f"if {skip}:\n    continue\n"
    write = s.one(
        f'with open({target}, "wb") as output:\n    output.write({content})',
        f"{data} = {content}\nPath({target}).write_bytes({data})",
        f'print("writing", {target})\nwith open({target}, "wb") as output:\n    output.write({content})',
    )
    refuse, mode, prepare = s.one("continue", "continue", f"raise ValueError({target})"), s.one("base", "gate", "gate", "silent"), ""
    if mode == "base":
        wordy = s.one(name, f"os.path.normpath({name})", f'{name}.replace("\\\\", "/")', f"{name}.strip()")
        short = s.one(f"os.path.basename({name})", f"Path({name}).name")
        lines = f"{target} = os.path.join({dest}, {alt(wordy, short)})\n{write}"
        cure = f"Only the last part of each name in {archive} is kept"
    else:
        top = s.var(("top", "base", "real_dest"))
        prepare = f"{top} = os.path.realpath({dest})\n"
        test = inside(s, top, target, pathlib=False).reject
        if mode == "silent":
            go_on = s.one('print("outside")', f'print(f"odd name {{{target}}}")', f"os.makedirs({top}, exist_ok=True)")
            check = f"if {test}:\n    {alt(go_on, refuse)}\n"
        else:
            idle = s.one(f"os.path.isdir({target})", f"os.path.exists({target})", f"{target} == {top}", f"len({target}) > 200")
            check = f"if {alt(idle, test)}:\n    {refuse}\n"
        lines = f"{target} = os.path.realpath(os.path.join({top}, {name}))\n{check}{write}"
        cure = f"{target} is tested against {top} before it is opened"
    loop = f"for {member} in {each}:\n{block(skip + lines)}"
    module(s, define(func, f"{source}, {dest}", f"{prepare}with {opened} as {archive}:\n{block(loop)}return True"))
    return Draft(
        hardness="hard" if mode == "silent" else "clear",
        vulnerable=f"The names in {archive} decide where {func} writes, and ../ in them stays in {target}. Such an archive writes files outside {dest}.",
        patched=f"{cure}. No name in {archive} leads outside {dest}.",
    )


def unseen_cleaner(s: Scene) -> Draft:
    """The name goes through a helper that is not shown."""
    root, name, path = python_root(s, pathlib=False), s.text(), s.var(PATHS)
    sink = python_sink(s, path)
    clean = s.one("clean_name", "sanitize", "normalize_name", "check_name", "tidy_path")
    place = s.one("helpers", "utils", "common", "paths")
    lines = f"{name} = {clean}({name})\n{alt('', f'print({name})')}\n{path} = {joined(s, root.name, name)}\n"
    module(s, define(s.func(VERBS, "texts"), sink.parameters(name), lines + sink.lines), root.line, f"from {place} import {clean}\n")
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{name} becomes part of {path}, and what {clean} removes is not shown. It may leave ../ segments.",
        patched=f"{name} goes through {clean} before it becomes part of {path}. It is not shown, but it appears to remove what leads outside.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (store_class, request_handler, filtered_extraction, archive_members, unseen_cleaner)
}
