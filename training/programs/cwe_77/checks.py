"""Python: a check stands before the command, and it does or does not hold what it should."""

from collections.abc import Callable

from training.programs.cwe_77.python_parts import (
    TOOLS,
    VERBS,
    command,
    define,
    guarded,
    head,
    incoming,
    placed,
    refusal,
    shell,
    started,
)
from training.programs.filler import python_module
from training.programs.scene import Condition, Draft, Scene, alt, holds, lines

CLASSES = ("[A-Za-z0-9.]", "[a-z0-9_-]", r"[\w.-]", "[A-Za-z0-9_]", r"[\w.:-]", "[a-z]", "[a-z0-9]")


def python_weak_filter(s: Scene) -> Draft:
    """A list of forbidden characters that is too short against a pattern of allowed ones."""
    arg, tool = s.text(), s.one(*TOOLS)
    idle = s.one(
        f'";" in {arg}',
        f'" " in {arg}',
        f'{arg}.startswith("-")',
        f"len({arg}) > 64",
        f'".." in {arg}',
        f'any(c in {arg} for c in ";|<> ")',
        f'";" in {arg} or "|" in {arg}',
        f'len({arg}) > 64 or {arg}.startswith("-")',
        f'{arg}.startswith("-") or ".." in {arg}',
        f'"&&" in {arg} or "||" in {arg}',
        f'any(c in {arg} for c in (";", "|"))',
    )
    good = s.one(f'not re.fullmatch(r"[A-Za-z0-9.]+", {arg})', f"not {arg}.isalnum()", f"{arg} not in ALLOWED")
    top = "import os\nimport re\n" + (f'\nALLOWED = ("{s.word("items")}", "{s.word("texts")}")\n' if "ALLOWED" in good else "")
    refuse = s.one('raise ValueError("bad argument")', "return None", "return -1")
    core = define(
        s.func(("run", "check", "lookup"), "texts"), [arg], f'if {alt(idle, good)}:\n    {refuse}\nreturn os.system(f"{tool} {{{arg}}}")'
    )
    python_module(s, top, core)
    return Draft(
        hardness="hard",
        vulnerable=f"The test {idle.replace(chr(34), chr(39))} still lets shell characters in {arg} pass, and {arg} goes into os.system.",
        patched=f"Only values without shell characters pass the test of {arg} before os.system is called.",
    )


def unseen_sanitizer(s: Scene) -> Draft:
    """A helper of another module, whose body is not shown, is said to clean the value."""
    arg, tool, clean = s.text(), s.one(*TOOLS), s.one("sanitize", "clean", "prepare", "normalize")
    core = define(
        s.func(("run", "check"), "texts"),
        [arg],
        f"{arg} = {clean}({arg})\n{alt('', f'print({arg})')}\n" + f'return subprocess.call("{tool} " + {arg}, shell=True)',
    )
    python_module(s, f"import subprocess\nfrom helpers import {clean}\n", core)
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{arg} reaches a shell, and what {clean} removes is not shown. It may leave shell characters.",
        patched=f"{arg} goes through {clean} before it reaches the shell. It is not shown, but it appears to remove what is dangerous.",
    )


def pattern_reach(s: Scene) -> Draft:
    """A pattern is matched against the whole value, or only its start, a part, one of its lines, or another value."""
    value, tool, chars = incoming(s), s.one(*TOOLS), s.one(*CLASSES)
    x, const = value.name, s.one("PATTERN", "NAME", "ALLOWED", "VALID", "PLAIN", "TOKEN")
    mode, constant, extra = s.one("method", "method", "method", "lines", "star", "other"), "", ""
    if mode in ("method", "other") and s.chance(0.6):
        constant = f'{const} = re.compile(r"{chars}+")'
    whole = f"{const}.fullmatch({x})" if constant else f're.fullmatch(r"{chars}+", {x})'
    if mode == "method":
        wrong = s.one("match", "match", "search")
        bad, good = whole.replace("fullmatch", wrong), whole
        if s.chance(0.4):
            bad = bad.replace(f"({x})", f"({x}.strip())").replace(f", {x})", f", {x}.strip())")
        why = f"{wrong} is content when {'the start' if wrong == 'match' else 'some part'} of {x} fits, and anything may stand around it"
    elif mode == "lines":
        flag, call = s.one("re.M", "re.MULTILINE"), s.one("match", "search")
        good = s.one(f're.{call}(r"^{chars}+$", {x})', f're.{call}(r"^{chars}+$", {x}, re.ASCII)')
        bad = f're.{call}(r"^{chars}+$", {x}, {flag})'
        why = f"With {flag} the pattern is content with one line of {x}, and further lines may hold commands"
    elif mode == "star":
        bad = s.one(f're.match(r"^{chars}+.*$", {x})', f're.match(r"{chars}+", {x})', f're.search(r"^{chars}", {x})')
        good = s.one(f're.match(r"^{chars}+$", {x})', f're.match(r"{chars}+$", {x})', f're.search(r"^{chars}*$", {x})')
        why = f"The pattern holds only the first characters of {x} and leaves the rest open"
    else:
        other = s.var(("mode", "fmt", "kind", "level", "lang"))
        bad, good, extra = whole.replace(f"{x})", f"{other})"), whole, f'{other}="{s.word("items")}"'
        why = f"The pattern is matched against {other} and not against {x}"
    body = guarded(s, holds(bad), holds(good), refusal(s, x), started(s, command(s, tool, x)))
    core = placed(s, define(s.func(VERBS, "texts"), [value.parameter, extra], value.opening, body))
    python_module(s, head(core, constant, extra=value.modules) + (f"\n{constant}\n" if constant else ""), core)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. With {'a new line' if mode == 'lines' else '; or |'} in {x} the shell then runs another command.",
        patched=s.one(
            f"The whole of {x} has to fit the pattern, which holds no shell characters. Anything else never reaches the command.",
            f"Every character of {x} has to be one the pattern names. None of them means anything to the shell.",
        ),
    )


def allow_table(s: Scene) -> Draft:
    """A table of known names: a miss falls back to what came, does not leave, or the test takes only a part."""
    value, tool = (
        incoming(s),
        s.one("systemctl status", "service", "journalctl -u", "man", "id", "getent passwd", "ip addr show", "crontab -l -u"),
    )
    x, table = value.name, s.one("COMMANDS", "ACTIONS", "KNOWN", "ALLOWED", "SERVICES", "NAMES")
    known = s.rng.sample(("nginx", "cron", "sshd", "redis", "backup", "mail", "eth0", "web", "proxy", "lo"), 3)
    mode, extra = s.one("fallback", "fallback", "stays", "part", "part", "connective"), ""
    if mode == "fallback":
        runs = s.rng.sample(("uptime", "df -h", "free -m", "who", "date", "ps ax", "uname -a"), 3)
        constant = f"{table} = {{" + ", ".join(f'"{name}": "{run}"' for name, run in zip(known, runs, strict=True)) + "}"
        line = s.var(("command", "cmd", "line", "chosen"))
        miss = s.one(f'{table}.get({x}, "{runs[0]}")', f"{table}[{x}]", f'{table}.get({x}, "true")')
        action = f"{line} = {alt(s.one(f'{table}.get({x}, {x})', f'{table}.get({x}) or {x}', f'{table}.get({x}, {x}).strip()'), miss)}"
        body = lines(action, shell_return(s, line))
        why = f"When {x} is not in {table}, {x} itself becomes the command"
        right = f"{line} can only be one of the constant commands, whatever {x} holds"
    else:
        constant = f"{table} = {s.one('({})', '[{}]', '{{{}}}').format(', '.join(f'{chr(34)}{name}{chr(34)}' for name in known))}"
        run = started(s, command(s, tool, x))
        inside = Condition(accept=f"{x} in {table}", reject=f"{x} not in {table}")
        right = f"{x} has to equal a name in {table} before the command is built"
        if mode == "stays":
            say = s.one(f'print("unknown {s.word("items")}", {x})', f"{x} = {x}.strip()", f"print({x!r}, {x})")
            body = f"if {inside.reject}:\n    {alt(say, refusal(s, x))}\n{run}"
            why = f"The test of {x} against {table} finds a wrong name, but the function goes on with it"
        elif mode == "part":
            weak = s.rng.choice(
                (
                    Condition(accept=f"{x}.split()[0] in {table}", reject=f"{x}.split()[0] not in {table}"),
                    Condition(accept=f"{x}[:4] in {table}", reject=f"{x}[:4] not in {table}"),
                    holds(f"any({x}.startswith(name) for name in {table})"),
                    holds(f"any(name in {x} for name in {table})"),
                    holds(f"{x}.startswith(tuple({table}))"),
                )
            )
            if "[:4]" in weak.accept:
                constant = f'{table} = ("{known[0][:4]}", "cron", "mail", "sshd")'
            exact = holds(weak.accept.replace(f"{x}.startswith(name)", f"{x} == name").replace(f"name in {x}", f"name == {x}"))
            strict = exact if weak.accept.startswith("any(") and s.chance(0.5) else inside
            body = guarded(s, weak, strict, refusal(s, x), run)
            why = f"Only a part of {x} is compared with {table}, so more may follow a known name"
        else:
            flag = s.var(("force", "quiet", "verbose", "fast"))
            extra = f"{flag}=False"
            open_ = Condition(accept=f"{x} in {table} or {x}.strip()", reject=f"{x} not in {table} and not {x}.strip()")
            open_ = s.rng.choice(
                (open_, Condition(accept=f"{x} in {table} or len({x}) < 40", reject=f"{x} not in {table} and len({x}) > 40"))
            )
            closed = Condition(accept=open_.accept.replace(" or ", " and "), reject=open_.reject.replace(" and ", " or "))
            body = guarded(s, open_, closed, refusal(s, x), run)
            body = f"if {flag}:\n    print({x})\n{body}"
            why = f"The two parts of the test are joined so that {x} passes without being in {table}"
    core = placed(s, define(s.func(VERBS, "texts"), [value.parameter, extra], value.opening, body))
    python_module(s, head(core, extra=value.modules) + f"\n{constant}\n", core)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. A value such as $(id) in {x} is then run by the shell.",
        patched=f"{right}. Nothing an outsider writes reaches the shell as text of its own.",
    )


def shell_return(s: Scene, line: str) -> str:
    out = s.var(("result", "out", "answer"))
    return s.one(f"return {shell(s, line)}", f"{out} = {shell(s, line)}\nprint({out})\nreturn {out}")


def number_expected(s: Scene) -> Draft:
    """The value should be a number: converted, converted with a way round, or tested for some digits only."""
    value, tool = incoming(s), s.one("kill -9", "sleep", "pmap", "renice -n 5 -p", "seq", "fuser -n tcp", "ps -o args= -p", "factor")
    x, n = value.name, s.var(("pid", "port_no", "n", "number", "amount", "num"))
    mode = s.one("plain", "fallback", "fallback", "passes", "digits", "digits", "length")
    line = s.one(f'f"{tool} {{{n}}}"', f'"{tool} {{}}".format({n})', f'"{tool} %s" % {n}', f'"{tool} " + str({n})')
    if mode == "plain":
        raw = s.one(x, f"{x}.strip()", f"str({x})", f"{x}.strip()[:10]")
        body = f"{n} = {alt(raw, s.one(f'int({x})', f'int({x})', f'abs(int({x}.strip()))'))}\n{started(s, line)}"
        why = f"{n} is {x} as it came and goes into a line for the shell"
        right = f"{n} is made with int, so it can only be a number"
    elif mode == "fallback":
        wrong = s.one(f"{n} = {x}", f"{n} = {x}.strip()", f'{n} = {x} or "0"')
        leave = s.one(f"{n} = 0", "return None", 'raise ValueError("not a number") from None', f'return "no number: " + {x}')
        body = f"try:\n    {n} = int({x})\nexcept ValueError:\n    {alt(wrong, leave)}\n{started(s, line)}"
        why = f"When int fails, {n} becomes the text {x} after all"
        right = f"{n} is always a number, because {x} is not used when int refuses it"
    elif mode == "passes":
        wrong = s.one('print("not a number")', "pass", f'print("using", {x})', f'print("odd {s.word("numbers")}:", {x})')
        leave = s.one("return None", "raise", f'return "not a number: " + {x}', f"raise ValueError({x}) from None")
        body = f"try:\n    int({x})\nexcept ValueError:\n    {alt(wrong, leave)}\n{started(s, command(s, tool, x))}"
        why = f"A value of {x} that int refuses is noticed, but the function goes on with it"
        right = f"A value of {x} that int refuses leaves the function, so only numbers go on"
    elif mode == "digits":
        bad = s.one(f"any(c.isdigit() for c in {x})", f"{x}[:1].isdigit()", f"{x}.strip()[0].isdigit()", f"{x}[-1:].isdigit()")
        good = (
            f"all(c.isdigit() for c in {x})"
            if bad.startswith("any")
            else s.one(f"{x}.isdigit()", f"{x}.isdecimal()", f're.fullmatch("[0-9]+", {x})', f're.fullmatch(r"\\d{{1,5}}", {x})')
        )
        body = guarded(s, holds(bad), holds(good), refusal(s, x), started(s, command(s, tool, x)))
        why = f"The test is content with one digit in {x} and does not ask for digits only"
        right = f"Every character of {x} has to be a digit before the command runs"
    else:
        size = s.one("10", "12", "8")
        weak = Condition(accept=f"0 < len({x}) <= {size}", reject=f"not 0 < len({x}) <= {size}")
        body = guarded(
            s,
            weak,
            holds(s.one(f"{x}.isdigit()", f're.fullmatch("[0-9]+", {x})', f're.fullmatch(r"\\d{{1,5}}", {x})')),
            refusal(s, x),
            started(s, command(s, tool, x)),
        )
        why = f"Only the length of {x} is limited, and a short text is enough for a command"
        right = f"Every character of {x} has to be a digit before the command runs"
    core = placed(s, define(s.func(VERBS, "numbers"), [value.parameter], value.opening, body))
    python_module(s, head(core, extra=value.modules), core)
    return Draft(
        hardness="clear" if mode in ("plain", "length") else "hard",
        vulnerable=f"{why}. With ;id in {x} the shell runs id as well.",
        patched=f"{right}. Digits mean nothing special to the shell.",
    )


def check_helper(s: Scene) -> Draft:
    """A second function tests the value; its caller ignores the answer, asks too late, or asks about something else."""
    value, tool = incoming(s), s.one(*TOOLS)
    x, valid, part = (
        value.name,
        s.func(("is_plain", "valid", "check", "accepts"), "texts"),
        s.var(("text", "s", "raw", "candidate")),
    )
    rule = s.one(
        f'return re.fullmatch(r"[A-Za-z0-9._%-]+", {part}) is not None',
        f'return all(c.isalnum() or c in "._%-" for c in {part})',
        f'return bool(re.fullmatch(r"[\\w.%-]+", {part}))',
        f"for c in {part}:\n    if not (c.isalnum() or c in '._%-'):\n        return False\nreturn True",
        f"return set({part}) <= set(string.ascii_letters + string.digits + '._%-')",
    )
    first = define(valid, [part], rule)
    mode = s.one("ignored", "late", "decoded", "decoded", "other", "branch", "inverted")
    run, leave, extra, more = started(s, command(s, tool, x)), refusal(s, x), "", ""
    guard = f"if not {valid}({x}):\n    {leave}"
    if mode == "ignored":
        aside = s.var(("ok", "fine", "checked", "good_name"))
        idle = s.one(
            f"{valid}({x})", f"{aside} = {valid}({x})\nprint({aside})", f'if not {valid}({x}):\n    print("odd {s.word("texts")}:", {x})'
        )
        body = f"{alt(idle, guard)}\n{run}"
        why = f"{valid} is called on {x}, but its answer stops nothing"
    elif mode == "late":
        call, out = shell(s, command(s, tool, x)), s.var(("result", "out", "answer"))
        body = alt(f"{out} = {call}\n{guard}", f"{guard}\n{out} = {call}") + f"\nreturn {out}"
        why = f"{valid} is asked about {x} only after the command has run"
    elif mode == "decoded":
        clear = s.var(("decoded", "plain", "clear", "unpacked"))
        decode, module = s.rng.choice(
            (
                ("unquote({})", "from urllib.parse import unquote"),
                ("bytes.fromhex({}).decode()", ""),
                ("base64.b64decode({} + '==').decode()", ""),
            )
        )
        more = f"{module}\n" if module else ""
        step, run = f"{clear} = {decode.format(x)}", started(s, command(s, tool, clear))
        if s.chance(0.5):
            body = alt(f"{guard}\n{step}", f"{step}\nif not {valid}({clear}):\n    {leave}") + f"\n{run}"
        else:
            body = f"{step}\nif not {valid}({alt(x, clear)}):\n    {leave}\n{run}"
        why = f"{valid} sees {x} before it is decoded, and {clear} may hold anything"
        x = clear
    elif mode == "other":
        other = s.var(("mode", "label_text", "fmt", "lang", "title_text"))
        extra, body = other, f"if not {valid}({alt(other, x)}):\n    {leave}\nprint({other})\n{run}"
        why = f"{valid} is asked about {other}, and {x} goes into the command"
    elif mode == "branch":
        flag = s.var(("strict", "verbose", "remote", "debug"))
        extra, body = f"{flag}=False", f"if {alt(f'{flag} and ', '')}not {valid}({x}):\n    {leave}\nif {flag}:\n    print({x})\n{run}"
        why = f"{valid} is asked about {x} only when {flag} is set"
    else:
        body = guarded(s, Condition(accept=f"not {valid}({x})", reject=f"{valid}({x})"), holds(f"{valid}({x})"), leave, run)
        why = f"The answer of {valid} is taken the wrong way, so {x} passes when it holds shell characters"
    caller = define(s.func(VERBS, "texts"), [value.parameter, extra], value.opening, body)
    core = "\n\n".join((first, caller) if s.chance(0.75) else (caller, first))
    imports = head(core, extra=(*value.modules, *(["string"] if "string." in rule else []))) + more
    python_module(s, imports, core)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. Characters such as ; and $ in {x} then run another command.",
        patched=f"{valid} has to accept {x} before the command is run. It lets through only characters that mean nothing to the shell.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (python_weak_filter, unseen_sanitizer, pattern_reach, allow_table, number_expected, check_helper)
}
