"""C: the test is right, and what is done with its answer or with the tested part decides; keys, records, openat."""

from collections.abc import Callable

from training.programs.cwe_22.parts import C_ABSENT, C_VERBS, c_idle, c_path, c_plain, c_refuse, c_root, c_sink, root_path
from training.programs.scene import Draft, Scene, alt


def helper_answer(s: Scene) -> Draft:
    """A helper that tests a name rightly; its answer ends the function, or not."""
    root, name, arg = c_root(s), s.text(), s.var(("s", "text_in", "str", "candidate"))
    helper, p = s.func(("is_plain", "valid", "check", "accept"), "texts"), s.var(("p", "c"))
    allowed = s.one(
        f"!isalnum((unsigned char)*{p}) && *{p} != '_'",
        f"*{p} == '/'",
        f"*{p} == '/' || *{p} == '\\\\'",
        f"!isalnum((unsigned char)*{p}) && *{p} != '-'",
    )
    lines = s.one(
        f"for (const char *{p} = {arg}; *{p} != '\\0'; {p}++) {{\nif ({allowed}) return 0;\n}}\nreturn 1;",
        f"if (strstr({arg}, \"..\") != NULL) return 0;\nreturn {arg}[0] != '/';",
        f"if (strchr({arg}, '/')) return 0;\nreturn {arg}[0] != '\\0';",
        f'return strcspn({arg}, "/") == strlen({arg});',
    )
    s.function("int", helper, [f"const char *{arg}"], lines)
    path, build = c_path(s, root, name)
    sink = c_sink(s, path)
    ok = s.var(("ok", "fine", "rc"))
    good = s.one(f"if (!{helper}({name})) return -1;", f"if ({helper}({name}) == 0) return -1;")
    mode = s.one("dropped", "kept", "said", "operator")
    if mode == "operator":
        other = s.one(f"strlen({name}) > 100", f"{name}[0] == '\\0'", f"{name}[0] == '~'")
        step = f"if ({other} {alt('&&', '||')} !{helper}({name})) return -1;"
        fault = f"the && lets a name pass that {helper} refuses"
    else:
        loose = {
            "dropped": s.one(f"{helper}({name});", f"(void){helper}({name});"),
            "kept": f'int {ok} = {helper}({name});\nprintf("%d\\n", {ok});',
            "said": s.one(f'if (!{helper}({name})) fprintf(stderr, "bad name %s\\n", {name});', f"if (!{helper}({name})) puts({name});"),
        }[mode]
        step = alt(loose, good)
        fault = f"the answer of {helper} does not end the function"
    s.function("int", s.func(C_VERBS, "items"), [f"const char *{name}"], f"{step}\n{build}{sink.lines}")
    return Draft(
        hardness="hard",
        vulnerable=f"{fault}. With ../ in {name} an outsider can {sink.deed} outside {root}.",
        patched=f"the function ends when {helper} refuses {name}. {path} cannot leave {root}.",
        absent=C_ABSENT,
    )


def packed_records(s: Scene) -> Draft:
    """A small program that unpacks records with a name and a size of their own format."""
    root, owner, h = c_root(s, s.one("out", "unpacked", "files", root_path(s))), s.type_name(), s.var(("h", "hdr", "rec"))
    name, size, fp, out, c, left = (
        s.text(),
        s.var(("size", "bytes")),
        s.var(("fp", "in_file", "src")),
        s.var(("out", "dst")),
        s.var(("c", "ch")),
        s.var(("left", "i")),
    )
    s.types.append(f"struct {owner} {{\nchar {name}[64];\nuint32_t {size};\n}};")
    field = f"{h}.{name}"
    path, build = c_path(s, root, field)
    idle, right = c_idle(s, field), c_plain(s, field)
    stop = s.one("return -1;", "return -1;", "break;")
    silent = s.chance(0.4)
    if silent:
        say = s.one(f'fprintf(stderr, "odd name %s\\n", {field});', f"puts({field});", "count++;")
        test = f"if ({right}) {{\n{alt(say, stop)}\n}}\n"
        if say == "count++;":
            s.globals.append("static int count;")
    else:
        test = f"if ({alt(idle, right)}) {stop}\n"
    body = (
        f"struct {owner} {h};\nwhile (fread(&{h}, sizeof({h}), 1, {fp}) == 1) {{\n{field}[sizeof({field}) - 1] = '\\0';\n{test}{build}"
        f'FILE *{out} = fopen({path}, "wb");\nif ({out} == NULL) return -1;\n'
        f"for (uint32_t {left} = 0; {left} < {h}.{size}; {left}++) {{\nint {c} = fgetc({fp});\nif ({c} == EOF) break;\nfputc({c}, {out});\n}}\nfclose({out});\n}}\nreturn 0;"
    )
    func = s.func(("unpack", "extract", "restore", "unload"), "things")
    s.function("int", func, [f"FILE *{fp}"], body)
    if s.chance(0.6):
        f = s.var(("f", "archive_file", "input_file"))
        main = s.one(
            f"return {func}(stdin) == 0 ? 0 : 1;",
            f'if (argc < 2) return 2;\nFILE *{f} = fopen(argv[1], "rb");\nif ({f} == NULL) return 1;\nint status = {func}({f});\nfclose({f});\nreturn status == 0 ? 0 : 1;',
        )
        s.function("int", "main", ["int argc", "char **argv"] if "argv" in main else [], main)
    what = "is noticed but not refused" if silent else "is not refused"
    return Draft(
        hardness="hard" if silent else "clear",
        vulnerable=f"a {name} from the file with ../ in it {what} and becomes part of {path}. Such a file makes {func} write outside {root}.",
        patched=f"a {name} that leads up is refused before {path} is opened. {func} writes only under {root}.",
        absent={"CWE-787": f"fread fills exactly one struct, and {path} is written by snprintf with its size."},
    )


def number_or_word(s: Scene) -> Draft:
    """The file is picked by free text, or by a number or a word from a table."""
    root, key = c_root(s), s.text()
    suffix = s.one(".dat", ".txt", ".cfg", ".log")
    mode = s.one("number", "number", "digits", "table", "table")
    i, ok = s.var(("i", "k")), s.var(("known", "found", "hit"))
    path = s.var(("path", "full", "file_path"))
    sink = c_sink(s, path)
    size = s.one("256", "512", "300")
    build = f'char {path}[{size}];\nsnprintf({path}, sizeof({path}), "%s/%s{suffix}", {root}, {key});\n'
    lead = s.one("", f"if ({key} == NULL) return -1;\n", f"if ({key}[0] == '\\0') return -1;\n")
    idle = c_idle(s, key)
    if mode == "number":
        number = s.one(f"atoi({key})", f"(int)strtol({key}, NULL, 10)", f"abs(atoi({key}))")
        form, value = alt("%s", "%d"), alt(key, number)
        lines = f'char {path}[{size}];\nsnprintf({path}, sizeof({path}), "%s/{form}{suffix}", {root}, {value});\n'
        if s.chance(0.6):
            check = alt(f"if ({idle}) return -1;", "")
            lines = f"{check}\n{lines}"
        cure = f"{key} is turned into a number, so it adds digits only"
    elif mode == "digits":
        right = s.one(f'strspn({key}, "0123456789") != strlen({key})', f"{key}[strspn({key}, \"0123456789abcdef\")] != '\\0'")
        lines = c_refuse(s, alt(idle, right)) + build
        cure = f"the test lets only digits and letters of {key} pass"
    else:
        table = s.items()
        known = s.rng.sample(s.domain.texts + s.domain.items, 3)
        s.globals.append(f"static const char *{table}[] = {{ " + ", ".join(f'"{word}"' for word in known) + " };")
        find = f"int {ok} = 0;\nfor (int {i} = 0; {i} < 3; {i}++) {{\nif (strcmp({key}, {table}[{i}]) == 0) {ok} = 1;\n}}\n"
        loose = s.one(f"if (!{ok}) puts({key});", f'if (!{ok}) fprintf(stderr, "new %s\\n", {key});', f"if (!{ok} && {idle}) return -1;")
        lines = find + alt(loose, f"if (!{ok}) return -1;") + f"\n{build}"
        cure = f"Only a word from {table} can be {key}"
    s.function("int", s.func(C_VERBS, "items"), [f"const char *{key}"], lead + lines + sink.lines)
    return Draft(
        hardness="clear",
        vulnerable=f"{key} goes into {path} as free text and may hold ../ segments. An outsider can {sink.deed} ending in {suffix} outside {root}.",
        patched=f"{cure}. {path} stays in {root}.",
        absent=C_ABSENT,
    )


def opened_at(s: Scene) -> Draft:
    """openat below a folder does not keep a name there; a test of the name does."""
    s.limits.insert(0, "#include <fcntl.h>")
    name, dirfd, fd = s.text(), s.var(("dirfd", "root_fd", "base_fd", "dir")), s.var(("fd", "file_fd", "file"))
    flags = s.one("O_RDONLY", "O_RDONLY | O_NOFOLLOW", "O_RDONLY | O_CLOEXEC", "O_WRONLY | O_CREAT | O_TRUNC")
    call = f"int {fd} = openat({dirfd}, {name}, {flags}{', 0600' if 'CREAT' in flags else ''});\nif ({fd} < 0) return -1;\n"
    buf, n = s.var(("buf", "chunk")), s.var(("n", "got"))
    deed = "write files" if "CREAT" in flags else "read files"
    if deed == "write files":
        use = s.one(f'dprintf({fd}, "{s.word("items")}\\n");\nclose({fd});\nreturn 0;', f"return {fd};")
    else:
        use = s.one(
            f"char {buf}[256];\nssize_t {n};\nwhile (({n} = read({fd}, {buf}, sizeof({buf}))) > 0) {{\nfwrite({buf}, 1, (size_t){n}, stdout);\n}}\nclose({fd});\nreturn 0;",
            f"return {fd};",
        )
    idle, right = (
        c_idle(s, name),
        s.one(
            f"strchr({name}, '/') != NULL",
            f"strchr({name}, '/')",
            f'strpbrk({name}, "/\\\\") != NULL',
            f"{name}[strcspn({name}, \"/\")] != '\\0'",
        ),
    )
    s.function(
        "int",
        s.func(("open", "load", "serve", "fetch"), "texts"),
        [f"int {dirfd}", f"const char *{name}"],
        c_refuse(s, alt(idle, right)) + call + use,
    )
    return Draft(
        hardness="clear",
        vulnerable=f"openat starts at {dirfd} but follows ../ segments, and the test lets them pass in {name}. An outsider can {deed} outside that folder.",
        patched=f"{name} must not hold a slash, so openat finds a file directly in {dirfd}. A name with ../ is refused.",
        absent={"CWE-787": "Every read is given the size of its buffer."},
    )


def last_part_unused(s: Scene) -> Draft:
    """The last part of a name is worked out rightly; it names the file, or it is only shown."""
    root, name, base = c_root(s), s.text(), s.var(("base", "last", "leaf", "tail", "slash"))
    path, build = c_path(s, root, alt(name, base))
    cut = s.one(
        f"const char *{base} = strrchr({name}, '/');\n{base} = {base} != NULL ? {base} + 1 : {name};\n",
        f"const char *{base} = strrchr({name}, '/');\nif ({base} == NULL) {base} = {name};\nelse {base}++;\n",
        f"const char *{base} = {name} + strlen({name});\nwhile ({base} > {name} && {base}[-1] != '/') {base}--;\n",
    )
    sink = c_sink(s, path)
    note = s.one(
        f'printf("%s\\n", {base});\n',
        f'fprintf(stderr, "{s.word("items")} %s\\n", {base});\n',
        f"if ({base}[0] == '.' || {base}[0] == '\\0') return -1;\n",
    )
    body = s.one(cut + note + build, cut + build + note) if "return" not in note else cut + note + build
    s.function("int", s.func(C_VERBS, "texts"), [f"const char *{name}"], body + sink.lines)
    return Draft(
        hardness="hard",
        vulnerable=f"{base} is worked out, but {path} is built from the whole {name}. With ../ in it an outsider can {sink.deed} outside {root}.",
        patched=f"{path} is built from {base}, the part of {name} after its last slash. It lies directly in {root}.",
        absent=C_ABSENT,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (helper_answer, packed_records, number_or_word, opened_at, last_part_unused)
}
