"""C: a command line for system or popen, and programs started without a shell."""

from collections.abc import Callable
from dataclasses import dataclass

from training.programs.scene import Draft, Scene, alt

TOOLS = ("ping -c 1", "ls -l", "du -sh", "nslookup", "file", "wc -l", "gzip -t", "md5sum", "host", "cat", "stat", "grep -c root")
VERBS = ("run", "check", "show", "inspect", "query", "report", "lookup")
SETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "abcdefghijklmnopqrstuvwxyz0123456789.-",
    "abcdefghijklmnopqrstuvwxyz_",
    "0123456789abcdef",
)


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text from outside: how code writes it, its plain name, and what brings it into a function."""

    expr: str
    name: str
    parameter: str
    opening: str


def outside(s: Scene) -> Text:
    name = s.text()
    kind = s.one("plain", "plain", "plain", "plain", "field", "stdin")
    if kind == "plain":
        return Text(expr=name, name=name, parameter=f"const char *{name}", opening="")
    if kind == "field":
        owner, handle = s.struct([f"char {name}[{s.one('64', '48', '100')}];"])
        return Text(expr=f"{handle}->{name}", name=f"{handle}->{name}", parameter=f"const {owner} *{handle}", opening="")
    size = s.one("64", "100", "128")
    return Text(
        expr=name,
        name=name,
        parameter="",
        opening=f"char {name}[{size}];\nif (fgets({name}, sizeof({name}), stdin) == NULL) return -1;\n{name}[strcspn({name}, \"\\n\")] = '\\0';\n",
    )


def line_name(s: Scene) -> str:
    return s.var(("cmd", "command", "line", "buf", "cmdline"))


def built(s: Scene, cmd: str, tool: str, form: str, value: str) -> str:
    """Declares the command line and fills it. The form stands for the value."""
    return s.one(
        f'char {cmd}[256];\nsnprintf({cmd}, sizeof({cmd}), "{tool} {form}", {value});\n',
        f'char {cmd}[256];\nif (snprintf({cmd}, sizeof({cmd}), "{tool} {form}", {value}) >= (int)sizeof({cmd})) return -1;\n',
        f'char {cmd}[512] = "";\nsnprintf({cmd}, sizeof {cmd}, "{tool} {form} 2>/dev/null", {value});\n',
    )


def ran(s: Scene, cmd: str) -> str:
    """Statements that run the line in a shell and end the function."""
    rc, fp, out = s.var(("rc", "status", "ret")), s.var(("fp", "pipe_in", "p", "stream")), s.var(("row", "answer", "text_line", "reply"))
    return s.one(
        f"return system({cmd});",
        f"int {rc} = system({cmd});\nreturn {rc} == 0 ? 0 : -1;",
        f"if (system({cmd}) != 0) return -1;\nreturn 0;",
        f'FILE *{fp} = popen({cmd}, "r");\nif ({fp} == NULL) return -1;\nreturn pclose({fp});',
        f'FILE *{fp} = popen({cmd}, "r");\nif ({fp} == NULL) return -1;\nchar {out}[80];\nwhile (fgets({out}, sizeof({out}), {fp}) != NULL) {{\nfputs({out}, stdout);\n}}\nreturn pclose({fp});',
    )


def fits(cmd: str) -> dict[str, str]:
    return {"CWE-787": f"{cmd} is written by snprintf with its own size."}


def guarded(s: Scene, bad: str, good: str, action: str) -> str:
    """A guard that leaves on the bad condition in one half, on the good one in the other."""
    if s.chance(0.2):
        note = s.one(f'fprintf(stderr, "bad {s.word("items")}\\n");', 'puts("refused");')
        return f"if ({alt(bad, good)}) {{\n{note}\nreturn -1;\n}}\n{action}"
    return f"if ({alt(bad, good)}) return -1;\n{action}"


def c_shell_string(s: Scene) -> Draft:
    """The command line is put together from an argument; the fix lets only plain characters pass."""
    size = s.rng.choice((128, 256, 512))
    cmd, arg, tool, i = s.var(("cmd", "command", "line", "buf")), s.text(), s.one(*TOOLS), s.var(("i", "k", "n"))
    run = s.one(f"return system({cmd});", f'FILE *fp = popen({cmd}, "r");\nif (fp == NULL) return -1;\nreturn pclose(fp);')
    allowed = s.one(
        f"!isalnum((unsigned char){arg}[{i}])",
        f"!isalnum((unsigned char){arg}[{i}]) && {arg}[{i}] != '.'",
        f"!isalpha((unsigned char){arg}[{i}])",
    )
    idle = s.one(
        f"{arg}[{i}] == '\\n' || {arg}[{i}] == '\\r'",
        f"{arg}[{i}] == ' ' || {arg}[{i}] == '\\t'",
        f"iscntrl((unsigned char){arg}[{i}]) || {arg}[{i}] == ';'",
        f"{arg}[{i}] == ';' || {arg}[{i}] == '|'",
        f"{arg}[{i}] == ';'",
        f'strchr(";&|<>", {arg}[{i}]) != NULL',
        f"!isprint((unsigned char){arg}[{i}])",
        f"!isalnum((unsigned char){arg}[0]) && {arg}[0] != '.'",
    )
    weak = s.chance(0.65)
    test = alt(idle, allowed) if weak else allowed
    guard = f"for (size_t {i} = 0; {arg}[{i}] != '\\0'; {i}++) {{\nif ({test}) return -1;\n}}\n"
    if not weak:
        guard = alt(f"if (strlen({arg}) > 64) return -1;\n", guard)
    s.function(
        "int",
        s.func(("run", "check", "show", "inspect"), "texts"),
        [f"const char *{arg}"],
        f'char {cmd}[{size}];\n{guard}\nsnprintf({cmd}, sizeof({cmd}), "{tool} %s", {arg});\n{run}',
    )
    return Draft(
        hardness="hard" if weak else "clear",
        vulnerable=f"{arg} goes into a shell command and may hold characters such as $ or |. An attacker can run further commands."
        if "|" not in idle
        else f"{arg} goes into a shell command and may hold $( ). An attacker can run further commands.",
        patched=f"Only harmless characters pass the check of {arg}, so the shell command cannot be changed.",
        absent=fits(cmd),
    )


def c_exec_instead(s: Scene) -> Draft:
    """execlp with separate arguments against a shell with -c."""
    arg, tool = s.text(), s.one("ls", "cat", "ping", "file", "wc", "stat")
    bad = s.one(f'execlp("sh", "sh", "-c", {arg}, (char *)NULL);', f'execl("/bin/sh", "/bin/sh", "-c", {arg}, (char *)NULL);')
    good = f'execlp("{tool}", "{tool}", "--", {arg}, (char *)NULL);'
    s.function(
        "int",
        s.func(("run", "spawn", "start"), "texts"),
        [f"const char *{arg}"],
        f"if ({arg} == NULL) return -1;\n{alt(bad, good)}\nreturn -1;",
    )
    return Draft(
        hardness="clear",
        vulnerable=f"{arg} is handed to sh -c, which runs whatever it says.",
        patched=f"{tool} is started without a shell and {arg} is a single argument. It cannot become a command.",
        absent={
            "CWE-787": "The code writes to no array or buffer, so no write can leave one.",
            "CWE-476": f"{arg} is tested for NULL first.",
        },
    )


def c_fork_exec(s: Scene) -> Draft:
    """A child process: a shell with a line in it, a shell with a positional parameter, or the program itself."""
    x, tool, pid, mode = outside(s), s.one(*TOOLS), s.var(("pid", "child")), s.one("line", "vector", "direct", "direct", "position")
    words_ = ", ".join(f'"{word}"' for word in tool.split())
    first, shell = tool.split()[0], s.one("/bin/sh", "/bin/bash")
    cmd, args = line_name(s), s.var(("args", "argv_list", "parts"))
    text = f'char {cmd}[256];\nsnprintf({cmd}, sizeof({cmd}), "{tool} %s", {x.expr});\n'
    own = s.one(f'execlp("{first}", {words_}, {x.expr}, (char *)NULL);', f'execlp("{first}", {words_}, {x.expr}, NULL);')
    right = f"{first} is started without a shell and {x.name} is an argument of its own"
    if mode == "line":
        child = alt(f'{text}execl("{shell}", "sh", "-c", {cmd}, (char *)NULL);', own)
    elif mode == "direct":
        vector = s.one(f'{words_}, "--", (char *){x.expr}, NULL', f"{words_}, (char *){x.expr}, NULL")
        run_it = f"execvp({args}[0], {args});"
        child = f"char *{args}[] = {{{alt(f'''{chr(34)}sh{chr(34)}, {chr(34)}-c{chr(34)}, (char *){x.expr}, NULL''', vector)}}};\n{run_it}"
    elif mode == "vector":
        vector = f"{words_}, (char *){x.expr}, NULL"
        wrong = f'"sh", "-c", {cmd}, NULL'
        child = f"{alt(text.strip(), '')}\nchar *{args}[] = {{{alt(wrong, vector)}}};\nexecvp({args}[0], {args});"
    else:
        positional = f'"sh", "-c", "exec {tool} \\"$1\\"", "sh", {x.expr}, (char *)NULL'
        child = f'{alt(text.strip(), "")}\nexecl("{shell}", {alt(f"""{chr(34)}sh{chr(34)}, {chr(34)}-c{chr(34)}, {cmd}, (char *)NULL""", positional)});'
        right = f"the text after -c is constant and {x.name} comes in as $1"
    rc = s.var(("status", "rc", "st"))
    note = s.one("", f'printf("{s.word("items")} %s\\n", {x.expr});\n', 'system("date");\n')
    s.function(
        "int",
        s.func(("spawn", "start", "launch", "run"), "texts"),
        [x.parameter],
        f"{x.opening}{note}int {rc} = 0;\npid_t {pid} = fork();\nif ({pid} < 0) return -1;\nif ({pid} == 0) {{\n{child}\n_exit(127);\n}}\nwaitpid({pid}, &{rc}, 0);\nreturn {rc};",
    )
    return Draft(
        hardness="hard" if mode == "position" else "clear",
        vulnerable=f"{args} hands {x.name} to sh -c. The shell runs whatever {x.name} says."
        if mode == "direct"
        else f"The child runs sh -c with {cmd}, and {x.name} is part of that text. A ; in {x.name} starts a further command.",
        patched=f"{right[0].upper() + right[1:] if right.startswith('the ') else right}. No character in it can start a command.",
        absent={"CWE-787": f"Every write into a buffer is given its size, {x.name} included."} if "fgets" in x.opening else {},
    )


def c_library_call(s: Scene) -> Draft:
    """A command for a file against the library function that does the same, with a constant command beside it."""
    x, cmd, act = s.text(), line_name(s), s.func(("handle", "apply", "process", "visit"), "items")
    fp, part, total = s.var(("in", "fp", "stream")), s.var(("part", "row", "chunk")), s.var(("total", "sum", "seen"))
    opened = f'FILE *{fp} = fopen({x}, "r");\nif ({fp} == NULL) return -1;\n'
    tool, call = s.rng.choice(
        (
            ("rm -f", f"return remove({x});"),
            ("rm", f"return unlink({x});"),
            ("mkdir -p", f"return mkdir({x}, 0755);"),
            ("rmdir", f"return rmdir({x});"),
            ("chmod 600", f"return chmod({x}, 0600);"),
            ("test -r", f"return access({x}, R_OK);"),
            ("cat", ""),
            ("wc -c", f'{opened}fseek({fp}, 0, SEEK_END);\nprintf("%ld %s\\n", ftell({fp}), {x});\nreturn fclose({fp});'),
            (
                "wc -l",
                f"{opened}int {part};\nint {total} = 0;\nwhile (({part} = fgetc({fp})) != EOF) {{\nif ({part} == 10) {total}++;\n}}\n"
                f'printf("%d\\n", {total});\nreturn fclose({fp});',
            ),
            (
                "head -n 1",
                f'{opened}char {part}[128] = "";\nif (fgets({part}, sizeof({part}), {fp}) != NULL) puts({part});\nfclose({fp});\nreturn 0;',
            ),
            ("cat", f"{opened}int {part};\nwhile (({part} = fgetc({fp})) != EOF) {{\nputchar({part});\n}}\nfclose({fp});\nreturn 0;"),
            ("test -s", f"{opened}int {part} = fgetc({fp});\nfclose({fp});\nif ({part} == EOF) return 1;\nreturn 0;"),
        )
    )
    line = f'char {cmd}[256];\nsnprintf({cmd}, sizeof({cmd}), "{tool} {s.one("%s", "%s", "-- %s")}", {x});\n'
    if call:
        library = "fopen" if opened in call else call.removeprefix("return ").split("(")[0]
        body = alt(line + (f"return system({cmd});" if opened in call else ran(s, cmd)), call)
    else:
        library = "fopen"
        source = f'{alt(line.strip(), "")}\nFILE *{fp} = {alt(f"popen({cmd}", f"fopen({x}")}, "r");\nif ({fp} == NULL) return -1;\n'
        loop = f"char {part}[128];\nwhile (fgets({part}, sizeof({part}), {fp}) != NULL) {{\nfputs({part}, stdout);\n}}\n"
        body = f"{source}{loop}{alt('p', 'f')}close({fp});\nreturn 0;"
    lead = s.one(
        "", f"if ({x}[0] == '\\0') return -1;\n", f'printf("{s.word("items")}: %s\\n", {x});\n', f"if (strlen({x}) > 200) return -1;\n"
    )
    s.function("int", act, [f"const char *{x}"], lead + body)
    screen = s.one("", 'system("clear");\n', 'system("date");\n', 'system("stty sane");\n')
    i, row = s.var(("i", "k", "n")), s.var(("row", "input_line", "entry_text"))
    arguments = (
        f'for (int {i} = 1; {i} < argc; {i}++) {{\nif ({act}(argv[{i}]) != 0) fprintf(stderr, "%s failed\\n", argv[{i}]);\n}}\nreturn 0;'
    )
    typed = f"char {row}[200];\nwhile (fgets({row}, sizeof({row}), stdin) != NULL) {{\n{row}[strcspn({row}, \"\\n\")] = '\\0';\n{act}({row});\n}}\nreturn 0;"
    if s.chance(0.6):
        s.function("int", "main", ["int argc", "char **argv"], screen + arguments)
    else:
        s.function("int", "main", [], screen + typed)
    return Draft(
        hardness="clear",
        vulnerable=f"{act} puts {x} into the command line {cmd} for a shell. A ; or $( ) in {x} runs other commands.",
        patched=f"{act} hands {x} to {library} and starts no command for it. {x} is only the name of a file there.",
        absent={"CWE-787": "Every write into a buffer is limited by its size."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {f.__name__: f for f in (c_shell_string, c_exec_instead, c_fork_exec, c_library_call)}
