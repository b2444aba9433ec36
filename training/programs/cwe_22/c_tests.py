"""C: a name from outside goes behind a folder, and the test of the name or of the path holds it there or does not."""

from collections.abc import Callable

from training.programs.cwe_22.parts import C_ABSENT, C_VERBS, c_idle, c_path, c_plain, c_refuse, c_root, c_sink, root_path
from training.programs.scene import Draft, Scene, alt


def name_behind_folder(s: Scene) -> Draft:
    """The name is tested for what does not matter, or for a slash or two dots."""
    root, name = c_root(s), s.text()
    path, build = c_path(s, root, name, s.one("", "", ".txt", ".dat"))
    sink, idle, right = c_sink(s, path), c_idle(s, name), c_plain(s, name)
    lead = s.one("", "", f"if ({name} == NULL) return -1;\n", f"if ({name} == NULL || *{name} == '\\0') return -1;\n")
    early = lead + c_refuse(s, alt(idle, right))
    if s.chance(0.25):
        early = f"{lead}if ({alt(idle, right)}) {{\nerrno = EACCES;\nreturn -1;\n}}\n"
    s.function("int", s.func(C_VERBS, "texts"), [f"const char *{name}"], early + build + sink.lines)
    return Draft(
        hardness="clear",
        vulnerable=f"The test of {name} lets a later ../ pass, and {name} goes into {path}. An outsider can {sink.deed} outside {root}.",
        patched=f"{name} cannot climb out, as the test refuses what would lead up. {path} stays under {root}.",
        absent=C_ABSENT,
    )


def other_operand(s: Scene) -> Draft:
    """Two texts come in: one names the file, the other is only shown. The right test stands on either."""
    root, shown, name = c_root(s), s.text(), s.text()
    mode = s.one("parameters", "struct")
    if mode == "struct":
        owner, p = s.struct([f"char {shown}[64];", f"char {name}[64];"], 2)
        parameters, a, b = [f"const {owner} *{p}"], f"{p}->{shown}", f"{p}->{name}"
    else:
        parameters, a, b = [f"const char *{shown}", f"const char *{name}"], shown, name
        if s.chance(0.5):
            parameters.reverse()
    path, build = c_path(s, root, b)
    sink, condition = c_sink(s, path), c_plain(s, "@")
    wrong, right = condition.replace("@", a), condition.replace("@", b)
    if s.chance(0.5):
        left, joint = s.one(f"{b}[0] == '/'", f"{b}[0] == '\\0'", f"strlen({a}) > 48", f"{a}[0] == '#'"), "||"
        wrong, right = f"{left} {joint} {wrong}", f"{left} {joint} {right}"
        if s.chance(0.4):
            wrong, right = f"{left} && {condition.replace('@', b)}", right
    mixed = "&&" in wrong
    note = s.one(f'printf("%s\\n", {a});\n', f'fprintf(stderr, "{s.word("items")} %s\\n", {a});\n', f"puts({a});\n")
    lines = c_refuse(s, alt(wrong, right))
    body = s.one(note + lines + build, lines + note + build, lines + build + note) + sink.lines
    s.function("int", s.func(C_VERBS, "items"), parameters, body)
    fault = f"the operator lets {b} pass with ../ in it" if mixed else f"the test looks at {a}, while {b} goes into {path}"
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. An outsider can {sink.deed} outside {root}.",
        patched=f"the test looks at {b}, the text that goes into {path}. {a} is only shown, so nothing leaves {root}.",
        absent=C_ABSENT,
    )


def real_prefix(s: Scene) -> Draft:
    """realpath and a comparison with the folder: without its separator, of too few letters, or before realpath."""
    value = root_path(s)
    root, name = s.one("ROOT", "BASE_DIR", "DATA_DIR", "DOC_ROOT", "STORE"), s.text()
    real, n = s.var(("real", "resolved", "final", "canon")), s.var(("n", "len", "root_len"))
    path, build = c_path(s, root, name)
    sink, size = c_sink(s, real), s.one("4096", "PATH_MAX")
    if size == "PATH_MAX":
        s.limits.append("#include <limits.h>")
    mode = s.one("separator", "separator", "constant", "operand", "operator", "short")
    s.limits.append(f'#define {root} "{value}{alt("", "/") if mode == "constant" else ""}"')
    length = s.one(f"strlen({root})", f"sizeof({root}) - 1")
    lead, count = ("", length) if mode == "short" or s.chance(0.5) else (f"size_t {n} = {length};\n", n)
    before = f"strncmp({real}, {root}, {count}) != 0"
    slash = f"{real}[{count}] != '/'"
    full = f"{before} || {slash}"
    fault = f"{real} only has to begin with the letters of {root}, so a sibling folder with a longer name passes"
    if mode == "separator":
        wrong = s.one(
            before,
            before,
            f"{before} || {real}[{count} - 1] == '/'",
            f"{before} || strlen({real}) < {count}",
            f"strlen({real}) < strlen({root}) || {before}",
        )
        condition = alt(wrong, full)
    elif mode == "constant":
        condition = before
    elif mode == "operand":
        condition = alt(full.replace(real, path), full)
        fault = f"the test looks at {path}, which begins with {root} in any case, and {real} is used"
    elif mode == "operator":
        condition = f"{before} {alt('&&', '||')} {slash}"
        fault = f"the && lets {real} pass when only one of the two comparisons holds"
    else:
        few = s.one("4", "5", "3")
        condition = alt(f"strncmp({real}, {root}, {few}) != 0 || {real}[0] != '/'", full)
        fault = f"Only {few} letters of {real} are compared with {root}"
    step = f"char {real}[{size}];\nif (realpath({path}, {real}) == NULL) return -1;\n"
    s.function("int", s.func(C_VERBS, "texts"), [f"const char *{name}"], build + step + lead + c_refuse(s, condition) + sink.lines)
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. An outsider can {sink.deed} outside {root} with ../ in {name}.",
        patched=f"{real} has no .. left and must begin with {root} and a slash. Every other path is refused.",
        absent=C_ABSENT,
    )


def depth_of_segments(s: Scene) -> Draft:
    """The segments of the name are walked one by one and their depth is counted."""
    root, name = c_root(s), s.text()
    depth, p, part, copy = (
        s.var(("depth", "level", "deep")),
        s.var(("p", "cur", "q")),
        s.var(("seg", "part", "piece")),
        s.var(("tmp", "work", "scratch")),
    )
    path, build = c_path(s, root, name)
    sink = c_sink(s, path)
    mode = s.one("place", "place", "dots", "sign", "start")
    leave = s.reject(f"{depth} < 0", "return -1;")
    if s.chance(0.5):
        size = s.one("256", "200")
        walk = f'char {copy}[{size}];\nsnprintf({copy}, sizeof({copy}), "%s", {name});\nif (strlen({name}) >= sizeof({copy})) return -1;\n'
        loop = f'for (char *{part} = strtok({copy}, "/"); {part} != NULL; {part} = strtok(NULL, "/")) {{\n'
        is_up, is_here, end = f'strcmp({part}, "..") == 0', f'strcmp({part}, ".") != 0', ""
    else:
        n = s.var(("n", "len", "span"))
        walk = f"const char *{p} = {name};\n"
        loop = f"while (*{p} != '\\0') {{\nsize_t {n} = strcspn({p}, \"/\");\n"
        is_up = f"{n} == 2 && {p}[0] == '.' && {p}[1] == '.'"
        is_here = f"{n} > 0 && ({n} != 1 || {p}[0] != '.')"
        end = f"{p} += {n};\nif (*{p} == '/') {p}++;\n"
    fault = f"{depth} is tested only at the end, when later segments have raised it again"
    if mode == "place":
        late = s.one(leave, f"if ({depth} < 0 || {name}[0] == '\\0') return -1;", f"if (strlen({name}) > 200 || {depth} < 0) return -1;")
        count = f"if ({is_up}) {depth}--;\nelse if ({is_here}) {depth}++;\n"
        inner, outer = alt("", leave) + "\n", alt(late, "") + "\n"
        body = f"int {depth} = 0;\n{walk}{loop}{count}{inner}{end}}}\n{outer}"
    elif mode == "sign":
        count = f"if ({is_up}) {depth}--;\nelse if ({is_here}) {depth}++;\n"
        test = alt(s.one(f"{depth} < -1", f"{depth} < -2", f"{depth} < -3", f"{depth} > 9"), f"{depth} < 0")
        body = f"int {depth} = 0;\n{walk}{loop}{count}if ({test}) return -1;\n{end}}}\n"
        fault = f"the test of {depth} lets it fall below 0"
    elif mode == "dots":
        wrong = is_up.replace('".."', '"."') if "strcmp" in is_up else is_up.replace("== 2", "== 1").split(" && ")[0] + f" && {p}[0] == '.'"
        body = f"{walk}{loop}if ({alt(wrong, is_up)}) return -1;\n{end}}}\n"
        fault = "the loop looks for segments of one dot, and .. passes"
    else:
        go_on = s.one("break", f'fprintf(stderr, "up in %s\\n", {name})', f'printf("%s\\n", {name})')
        body = f"{walk}{loop}if ({is_up}) {alt(go_on, 'return -1')};\n{end}}}\n"
        fault = "the loop sees a .. segment, but the function goes on"
    start = f"if ({name}[0] == '/') return -1;\n" if s.chance(0.5) else ""
    s.function("int", s.func(C_VERBS, "texts"), [f"const char *{name}"], start + body + build + sink.lines)
    cure = f"{depth} is tested at every segment" if mode in ("place", "sign") else f"every .. segment of {name} ends the function"
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. An outsider can put ../ into {name} and {sink.deed} outside {root}.",
        patched=f"{cure}. So {path} never climbs above {root}.",
        absent=C_ABSENT,
    )


def decoded_after_test(s: Scene) -> Draft:
    """A request with %2e and the like is tested before it is decoded, or after."""
    root, raw, name = c_root(s), s.text(), s.var(("name", "plain", "decoded", "clean"))
    decode, i, o = s.func(("decode", "unescape", "percent_decode"), "texts"), s.var(("i", "k")), s.var(("o", "w", "used"))
    src, dst, room = s.var(("src", "from_text", "s")), s.var(("dst", "to_text", "d")), s.var(("room", "cap"))
    digit = s.var(("hex", "pair"))
    s.limits.insert(0, "#include <ctype.h>")
    s.function(
        "void",
        decode,
        [f"char *{dst}", f"size_t {room}", f"const char *{src}"],
        f"size_t {o} = 0;\nfor (size_t {i} = 0; {src}[{i}] != '\\0' && {o} + 1 < {room}; {i}++) {{\n"
        f"if ({src}[{i}] == '%' && isxdigit((unsigned char){src}[{i} + 1]) && isxdigit((unsigned char){src}[{i} + 2])) {{\n"
        f"char {digit}[3] = {{ {src}[{i} + 1], {src}[{i} + 2], '\\0' }};\n{dst}[{o}++] = (char)strtol({digit}, NULL, 16);\n{i} += 2;\n"
        f"}} else {{\n{dst}[{o}++] = {src}[{i}];\n}}\n}}\n{dst}[{o}] = '\\0';",
    )
    path, build = c_path(s, root, name)
    sink = c_sink(s, path)
    condition = s.one(
        'strstr(@, "..") != NULL', 'strstr(@, "..")', 'strstr(@, "../") != NULL', 'strstr(@, "/..") || strncmp(@, "..", 2) == 0'
    )
    size = s.one("128", "256", "200")
    call = f"{decode}({name}, sizeof({name}), {raw});"
    if s.chance(0.45):
        first, second = f"if ({condition.replace('@', raw)}) return -1;\n{call}", f"{call}\nif ({condition.replace('@', name)}) return -1;"
        lines = alt(first, second) + "\n"
    else:
        lines = f"{call}\n" + c_refuse(s, alt(condition.replace("@", raw), condition.replace("@", name)))
    s.function("int", s.func(C_VERBS, "items"), [f"const char *{raw}"], f"char {name}[{size}];\n{lines}{build}{sink.lines}")
    return Draft(
        hardness="hard",
        vulnerable=f"the test sees {raw} before {decode} has turned %2e into a dot. An outsider can {sink.deed} outside {root}.",
        patched=f"the test sees {name} as {decode} leaves it, and nothing is decoded later. {path} stays under {root}.",
        absent={"CWE-787": f"{decode} gets the size of {name}, and snprintf that of {path}."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (name_behind_folder, other_operand, real_prefix, depth_of_segments, decoded_after_test)
}
