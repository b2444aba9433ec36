"""CWE-77, command injection, in C and Python."""

from collections.abc import Callable

from training.programs.filler import python_function
from training.programs.scene import Draft, Scene, alt

TOOLS = ("ping -c 1", "ls -l", "tar -tf", "convert", "grep -c root", "du -sh", "nslookup", "file", "wc -l", "gzip -t", "md5sum", "host")


def _python(s: Scene, head: str, core: str) -> None:
    parts = [python_function(s) for _ in range(s.rng.choice((0, 0, 1, 1, 2)))]
    parts.insert(s.rng.randint(0, len(parts)), core)
    s.python = head + "\n\n" + "\n\n".join(parts)


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
    idle = s.one(f"{arg}[{i}] == '\\n'", f"{arg}[{i}] == ' '", f"{arg}[{i}] == '\\t'", f"{arg}[{i}] == '/'", f"{arg}[{i}] == ';'")
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
        vulnerable=f"{arg} goes into a shell command and may hold characters such as $ or |. An attacker can run further commands.",
        patched=f"Only harmless characters pass the check of {arg}, so the shell command cannot be changed.",
        absent={"CWE-787": f"{cmd} is written by snprintf with its own size."},
    )


def c_exec_instead(s: Scene) -> Draft:
    """execlp with separate arguments against a shell with -c."""
    arg, tool = s.text(), s.one("ls", "cat", "ping", "file", "wc", "stat")
    bad = f'execlp("sh", "sh", "-c", {arg}, (char *)NULL);'
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


def python_shell(s: Scene) -> Draft:
    """A string for the shell against a list of arguments, or shlex.quote."""
    arg, tool, out = s.text(), s.one(*TOOLS), s.var(("result", "out", "done", "proc"))
    words_ = ", ".join(f'"{word}"' for word in tool.split())
    string = s.one(f'f"{tool} {{{arg}}}"', f'"{tool} " + {arg}', f'"{tool} {{}}".format({arg})', f'"{tool} %s" % {arg}')
    mode = s.one("run", "run", "quote", "os")
    func = s.one("run", "check_output", "call", "Popen")
    if mode == "run":
        call = f"subprocess.{func}({alt(f'{string}, shell=True', f'[{words_}, {arg}]')})"
        head = "import subprocess\n"
    elif mode == "quote":
        call = f'subprocess.{func}("{tool} " + {alt(s.one(f"{arg}", f"{arg}.strip()", f"str({arg})"), f"shlex.quote({arg})")}, shell=True)'
        head = "import shlex\nimport subprocess\n"
    else:
        call, head = (
            alt(f"os.{s.one('system', 'popen')}({string})", f"subprocess.run([{words_}, {arg}], check=False)"),
            "import os\nimport subprocess\n",
        )
    lead = s.one("", f"    if not {arg}:\n        return None\n", f"    {arg} = {arg}.strip()\n")
    _python(s, head, f"def {s.func(('run', 'check', 'show', 'inspect'), 'texts')}({arg}):\n{lead}    {out} = {call}\n    return {out}\n")
    return Draft(
        hardness="clear",
        vulnerable=f"{arg} becomes part of a command that a shell reads. Characters such as ; or | in it start another command.",
        patched=f"{arg} reaches the program as one argument and the shell cannot read it as a command.",
    )


def python_weak_filter(s: Scene) -> Draft:
    """A list of forbidden characters that is too short against a pattern of allowed ones."""
    arg, tool = s.text(), s.one(*TOOLS)
    idle = s.one(f'";" in {arg}', f'" " in {arg}', f'{arg}.startswith("-")', f"len({arg}) > 64", f'".." in {arg}')
    good = s.one(f'not re.fullmatch(r"[A-Za-z0-9.]+", {arg})', f"not {arg}.isalnum()", f"{arg} not in ALLOWED")
    head = "import os\nimport re\n" + (f'\nALLOWED = ("{s.word("items")}", "{s.word("texts")}")\n' if "ALLOWED" in good else "")
    refuse = s.one('raise ValueError("bad argument")', "return None", "return -1")
    _python(
        s,
        head,
        f'def {s.func(("run", "check", "lookup"), "texts")}({arg}):\n    if {alt(idle, good)}:\n        {refuse}\n    return os.system(f"{tool} {{{arg}}}")\n',
    )
    return Draft(
        hardness="hard",
        vulnerable=f"The test {idle.replace(chr(34), chr(39))} still lets shell characters in {arg} pass, and {arg} goes into os.system.",
        patched=f"Only values without shell characters pass the test of {arg} before os.system is called.",
    )


def unseen_sanitizer(s: Scene) -> Draft:
    arg, tool, clean = s.text(), s.one(*TOOLS), s.one("sanitize", "clean", "prepare", "normalize")
    _python(
        s,
        f"import subprocess\nfrom helpers import {clean}\n",
        f"def {s.func(('run', 'check'), 'texts')}({arg}):\n    {arg} = {clean}({arg})\n"
        + alt("", f"    print({arg})\n")
        + f'    return subprocess.call("{tool} " + {arg}, shell=True)\n',
    )
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{arg} reaches a shell, and what {clean} removes is not shown. It may leave shell characters.",
        patched=f"{arg} goes through {clean} before it reaches the shell. It is not shown, but it appears to remove what is dangerous.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (c_shell_string, c_exec_instead, python_shell, python_weak_filter, unseen_sanitizer)
}
HELD_OUT: tuple[str, ...] = ("python_weak_filter",)
