"""Python: how a command is put together and started."""

from collections.abc import Callable
from textwrap import indent

from training.programs.cwe_77.python_parts import (
    TOOLS,
    VERBS,
    command,
    define,
    handed_back,
    head,
    incoming,
    placed,
    shell,
    started,
    words_of,
)
from training.programs.filler import python_module
from training.programs.scene import Draft, Scene, alt, lines

WITH_NUMBER = ("head -n {} {}", "ping -c {} {}", "tail -n {} {}", "cut -c {} {}", "traceroute -m {} {}", "fold -w {} {}")
WITH_TEXT = ("grep -c -e {} {}", "diff {} {}", "cmp {} {}", "comm {} {}", "dig {} {}", "cp {} {}", "join {} {}")


def python_shell(s: Scene) -> Draft:
    """A string for the shell against a list of arguments, or shlex.quote."""
    arg, tool, out = s.text(), s.one(*TOOLS), s.var(("result", "out", "done", "proc"))
    string = command(s, tool, arg)
    mode = s.one("run", "run", "quote", "os")
    func = s.one("run", "check_output", "call", "Popen")
    if mode == "run":
        call = f"subprocess.{func}({alt(f'{string}, shell=True', f'[{words_of(tool)}, {arg}]')})"
    elif mode == "quote":
        call = f'subprocess.{func}("{tool} " + {alt(s.one(f"{arg}", f"{arg}.strip()", f"str({arg}).strip()"), f"shlex.quote({arg})")}, shell=True)'
    else:
        call = alt(f"os.{s.one('system', 'popen')}({string})", f"subprocess.run([{words_of(tool)}, {arg}], check=False)")
    lead = s.one("", f"if not {arg}:\n    return None", f"{arg} = {arg}.strip()")
    core = define(s.func(VERBS, "texts"), [arg], lead, f"{out} = {call}\nreturn {out}")
    python_module(s, head(core), core)
    return Draft(
        hardness="clear",
        vulnerable=f"{arg} becomes part of a command that a shell reads. Characters such as ; or | in it start another command.",
        patched=f"{arg} reaches the program as one argument and the shell cannot read it as a command.",
    )


def _filled(s: Scene, template: str, first: str, second: str) -> str:
    """A command line with two values in it. The values may hold alternatives."""
    start, middle, _ = template.split("{}")
    return s.one(
        f'f"{start}{{{first}}}{middle}{{{second}}}"',
        f'"{template}".format({first}, {second})',
        f'"{start}%s{middle}%s" % ({first}, {second})',
        f'"{start}" + str({first}) + "{middle}" + {second}',
    )


def quote_other_value(s: Scene) -> Draft:
    """Two values in one line: shlex.quote stands around the number, around one of two texts, or its result is not used."""
    value, mode = incoming(s), s.one("number", "number", "one", "aside")
    x = value.name
    quoted = f"shlex.quote({x})"
    if mode == "number":
        other = s.var(("count", "limit", "width", "n", "size"))
        lead = f"{other} = {s.one(f'int({other})', f'max(1, int({other}))', f'min(int({other}), 50)')}"
        line = _filled(s, s.one(*WITH_NUMBER), alt(f"shlex.quote(str({other}))", other), alt(x, quoted))
        why = f"shlex.quote is put around {other}, which is a number anyway, and {x} reaches the shell as it came."
    elif mode == "one":
        other, lead = s.text(), ""
        bare = s.one(x, f"{x}.strip()", f"{x}.strip().lower()", f"{x}.strip()[:100]")
        line = _filled(s, s.one(*WITH_TEXT), f"shlex.quote({other})", alt(bare, quoted))
        why = f"Only {other} is quoted, and {x} stands bare in the same command line."
    else:
        other, name = s.text(), s.var(("quoted", "q", "word_arg", "shown", "plain"))
        lead = f"{name} = {quoted}"
        line = _filled(s, s.one(*WITH_TEXT), f"shlex.quote({other})", alt(x, name))
        why = f"{name} holds the quoted text, but the command line is built with {x} itself."
    core = placed(s, define(s.func(VERBS, "texts"), [value.parameter, other], value.opening, lead, started(s, line)))
    python_module(s, head(core, extra=value.modules), core)
    return Draft(
        hardness="hard",
        vulnerable=why + s.one(f" A ; or $( in {x} starts a command of the sender's choice.", f" With ; in {x} a second command runs."),
        patched=s.one(
            f"{x} is quoted with shlex.quote before the shell sees it. It stays one word whatever it holds.",
            f"What stands in the command line for {x} has gone through shlex.quote. The shell takes it as a single argument.",
        ),
    )


def hand_quotes(s: Scene) -> Draft:
    """Quotes put around the value by hand, which it can leave, against quoting that holds."""
    value = incoming(s)
    x = value.name
    helper = s.chance(0.4)
    part = s.var(("text", "raw", "s", "word_in")) if helper else x
    bad, why = s.rng.choice(
        (
            (f"\"'\" + {part} + \"'\"", f"a ' in {x} ends the quotes"),
            (f"\"'\" + {part}.replace(\"'\", \"\\\\'\") + \"'\"", f"a backslash does not escape ' inside single quotes, so {x} can end them"),
            (f"'\"' + {part}.replace('\"', '\\\\\"') + '\"'", f"inside double quotes the shell still expands $( ) in {x}"),
            (f"'\"' + {part} + '\"'", f"inside double quotes the shell still expands $( ) in {x}"),
            (f"\"'\" + shlex.quote({part}) + \"'\"", f"the second pair of quotes cancels those of shlex.quote around {x}"),
            (f"{part}.replace(\" \", \"\\\\ \")", f"only blanks in {x} are escaped"),
            (f"'\"{{}}\"'.format({part}.strip())", f"inside double quotes the shell still expands $( ) in {x}"),
            (f"{part}.replace(\";\", \"\").replace(\"&\", \"\")", f"removing ; and & from {x} leaves | and $( )"),
        )
    )  # fmt: skip
    good = s.one(
        f"shlex.quote({part})", f"shlex.quote({part})", f"shlex.quote({part}.strip())", f'"\'" + {part}.replace("\'", "\'\\\\\'\'") + "\'"'
    )
    tool, name = s.one("grep -c -e", "ls -ld", "file", "du -sh", "wc -l", "md5sum", "stat", "nslookup"), s.func(VERBS, "texts")
    if helper:
        quote = s.func(("quote", "wrap", "escape", "as_arg"), "texts")
        first = define(quote, [part], f"return {alt(bad, good)}")
        core = first + "\n\n" + define(name, [value.parameter], value.opening, started(s, command(s, tool, f"{quote}({x})")))
    else:
        word = s.var(("quoted", "arg", "word_arg", "shown"))
        body = f"{word} = {alt(bad, good)}\n" + started(s, command(s, tool, word))
        core = placed(s, define(name, [value.parameter], value.opening, body))
    python_module(s, head(core, extra=value.modules), core)
    return Draft(
        hardness="hard",
        vulnerable=f"{why[0].upper() + why[1:] if not why.startswith(x) else why}. Whoever sends {x} can run a command of their own.",
        patched=f"{x} is quoted so that no character in it can end the quotes. The shell takes it as one argument of {tool.split()[0]}.",
    )


def list_through_shell(s: Scene) -> Draft:
    """A list of arguments whose first is a shell, against a list for the program itself or a positional parameter."""
    value, tool = incoming(s), s.one(*TOOLS)
    x, args, mode = value.name, s.var(("args", "argv", "cmd", "parts")), s.one("shell", "shell", "position", "one_item")
    sh, tail = s.one("sh", "bash", "/bin/sh", "/bin/bash"), s.one("", ' + " 2>/dev/null"', ' + " 2>&1"')
    string = s.one(f'"{tool} " + {x}{tail}', f'f"{tool} {{{x}}}"', f"f'{tool} \"{{{x}}}\"'", f'"{tool} %s" % {x}')
    option = ""
    if mode == "shell":
        pair = alt(f'["{sh}", "-c", {string}]', f"[{words_of(tool)}, {x}]")
        right = f"{x} is an item of {args} of its own and no shell is started"
    elif mode == "position":
        pair = f'["{sh}", "-c", ' + alt(string, f'\'{tool} "$1"\', "sh", {x}') + "]"
        right = f"the text after -c is constant and {x} comes in as $1"
    else:
        pair, option = alt(f"[{string}]", f"[{words_of(tool)}, {x}]"), f", shell={alt('True', 'False')}"
        right = f"{x} is an item of {args} of its own and no shell is started"
    call = s.one(
        f"subprocess.run({args}{option}, capture_output=True, text=True).stdout",
        f"subprocess.check_output({args}{option})",
        f"subprocess.call({args}{option})",
        f"subprocess.run({args}{option}, check=False).returncode",
    )
    lead = s.one(
        "", f'print("{s.word("items")}", {x})', f"if not {x}:\n    return None", 'subprocess.run(["sh", "-c", "date"], check=False)'
    )
    core = placed(s, define(s.func(VERBS, "texts"), [value.parameter], value.opening, lead, f"{args} = {pair}", handed_back(s, call)))
    python_module(s, head(core, extra=value.modules), core)
    return Draft(
        hardness="hard" if mode == "position" else "clear",
        vulnerable=f"{args} looks like separate arguments, but a shell reads the text with {x} in it. A ; in {x} starts a further command.",
        patched=f"{right[0].upper() + right[1:] if not right.startswith(x) else right}. What {x} holds is never read as a command.",
    )


def command_runner(s: Scene) -> Draft:
    """A helper runs what its callers put together; the fix is in the helper or in the caller."""
    value, run, tool = incoming(s), s.func(("run", "execute", "call", "launch", "invoke"), "things"), s.one(*TOOLS)
    x, args, mode = value.name, s.var(("args", "parts", "argv", "pieces")), s.one("join", "join", "shell", "caller", "caller")
    fixed = s.one("uptime", "date", "df -h", "id", "uname -a")
    if mode == "join":
        bad = s.one(
            f'" ".join({args})',
            f'" ".join(str(part) for part in {args})',
            f'" ".join(part.strip() for part in {args})',
            f'" ".join(map(str, {args}))',
        )
        good = s.one(f"shlex.join({args})", f'" ".join(shlex.quote(part) for part in {args})', f"shlex.join({args})")
        helper = define(run, [args], started(s, alt(bad, good)))
        why, right = f"{run} joins {args} with blanks and quotes none of them", f"{run} quotes every item of {args} when it joins them"
    elif mode == "shell":
        rest = s.one("capture_output=True, text=True", "check=False", "timeout=10")
        given = alt(f'" ".join({args}), shell=True', args)
        helper = define(run, [args], handed_back(s, f"subprocess.run({given}, {rest})"))
        why, right = (
            f"{run} makes one line of {args} and gives it to a shell",
            f"{run} starts the program from the list {args} without a shell",
        )
    else:
        rest = s.one("capture_output=True, text=True", "check=False", "timeout=10")
        helper = define(run, [args], handed_back(s, f"subprocess.run({args}, shell=isinstance({args}, str), {rest})"))
        why, right = (
            f"{run} uses a shell for strings, and the call with {x} passes one",
            f"the call with {x} passes a list, and {run} uses no shell for it",
        )
    given = f"[{words_of(tool)}, {x}]"
    outside = f"return {run}({alt(command(s, tool, x), given) if mode == 'caller' else given})"
    constant = f'"{fixed}"' if mode == "caller" else f"[{words_of(fixed)}]"
    inside = define(s.func(("status", "system", "host_info", "uptime"), "things"), [], f"return {run}({constant})")
    callers = [define(s.func(VERBS, "texts"), [value.parameter], value.opening, outside), *([inside] if s.chance(0.7) else [])]
    s.rng.shuffle(callers)
    core = "\n\n".join((helper, *callers) if s.chance(0.7) else (*callers, helper))
    python_module(s, head(core, extra=value.modules), core)
    return Draft(
        hardness="hard",
        vulnerable=f"{why[0].upper() + why[1:] if why.startswith('the ') else why}. Shell characters in {x} run another command.",
        patched=f"{right[0].upper() + right[1:] if right.startswith('the ') else right}. {x} stays one argument.",
    )


def pipeline(s: Scene) -> Draft:
    """Two processes and a pipe; one of them is started through a shell."""
    value = incoming(s)
    x, p, q = value.name, s.var(("first", "source", "left", "producer", "p1")), s.var(("second", "sink", "right", "consumer", "p2"))
    where = s.word("texts")
    filters = s.chance(0.5)
    tool = s.one("grep -c -e", "grep -v -e", "tr -d") if filters else s.one("cat", "zcat", "tail -n 100", "ls -l", "dig +short", "du -a")
    quoted = s.chance(0.45)
    pair = (
        f"{command(s, tool, alt(x, f'shlex.quote({x})'))}, shell=True"
        if quoted
        else alt(f"{command(s, tool, x)}, shell=True", f"[{words_of(tool)}, {x}]")
    )
    if filters:
        feed = s.one(f'["cat", "/var/log/{where}.log"]', '["ps", "ax"]', '"ls -l /tmp | sort", shell=True')
        opening = f"{p} = subprocess.Popen({feed}, stdout=subprocess.PIPE)"
        closing = f"{q} = subprocess.Popen({pair}, stdin={p}.stdout, stdout=subprocess.PIPE)"
    else:
        opening = f"{p} = subprocess.Popen({pair}, stdout=subprocess.PIPE)"
        drain = s.one('["wc", "-l"]', '"sort | uniq -c", shell=True', '["sort"]', '"grep -v root | head", shell=True')
        closing = f"{q} = subprocess.Popen({drain}, stdin={p}.stdout, stdout=subprocess.PIPE)"
    out = s.var(("out", "output", "result", "text_out"))
    rest = f"{p}.stdout.close()\n{out}, _ = {q}.communicate()\n" + s.one(
        f"return {out}.decode()", f"return {out}.splitlines()", f"print({out}.decode())", f"return {out}.strip()"
    )
    core = placed(s, define(s.func(VERBS, "texts"), [value.parameter], value.opening, opening, closing, rest))
    python_module(s, head(core, extra=value.modules), core)
    name = tool.split()[0]
    return Draft(
        hardness="clear",
        vulnerable=f"The line for {name} goes to a shell with {x} in it. A ; or | in {x} adds another command.",
        patched=f"shlex.quote makes {x} a single word of the line for {name}. The shell finds no command in it."
        if quoted
        else f"{name} is started from a list and {x} is one item of it. No shell reads {x}.",
    )


def small_tool(s: Scene) -> Draft:
    """A whole program with main: a command for a file against the library function that does the same."""
    x, act = s.text(), s.func(("handle", "apply", "process", "do"), "items")
    tool, good = s.rng.choice(
        (
            ("rm -f", f"os.remove({x})"),
            ("mkdir -p", f"os.makedirs({x}, exist_ok=True)"),
            ("ls -l", f"os.listdir({x})"),
            ("cat", f"open({x}).read()"),
            ("wc -c", f"os.path.getsize({x})"),
            ("rm -r", f"shutil.rmtree({x})"),
            ("chmod 600", f"os.chmod({x}, 0o600)"),
        )
    )
    bad = shell(s, command(s, tool, x))
    if s.chance(0.5):
        good = (
            f'subprocess.{s.one("run", "check_output")}([{words_of(tool)}, "--", {x}], {s.one("timeout=10", "stderr=subprocess.STDOUT")})'
        )
        bad = s.one(f"os.system({command(s, tool, x)})", f"subprocess.getoutput({command(s, tool, x)})")
    library = good.split("(")[0]
    screen = s.one(
        "", 'os.system("clear")', 'subprocess.run("date", shell=True)', 'print(os.popen("uptime").read())', 'os.system("stty sane")'
    )
    note = s.one("", f'print("{s.word("items")}", {x})', f"if not {x}:\n    return None")
    first = define(act, [x], note, f"return {alt(bad, good)}")
    item = s.var(("line", "entry", "arg", "item"))
    loop = s.one(
        f"for {item} in sys.argv[1:]:\n    {act}({item})",
        f"for {item} in sys.stdin:\n    print({act}({item}.strip()))",
        f'{item} = input("{s.word("texts")}: ")\nwhile {item}:\n    print({act}({item}))\n    {item} = input()',
        f'parser = argparse.ArgumentParser()\nparser.add_argument("{item}")\nprint({act}(parser.parse_args().{item}))',
    )
    core = first + "\n\n" + define("main", [], screen, loop) + '\n\nif __name__ == "__main__":\n    main()\n'
    python_module(s, head(core), core)
    return Draft(
        hardness="clear",
        vulnerable=f"{act} puts {x} into a command line for a shell. A user who types ; or $( ) in {x} runs other commands.",
        patched=f"{act} hands {x} to {library} and no shell is started. {s.one('Shell characters mean nothing there.', f'{x} is only a name there.')}",
    )


def job_template(s: Scene) -> Draft:
    """A template of a command is filled from a record: after it was split into arguments, or into a line for the shell."""
    a, b = s.rng.sample(sorted({*s.domain.texts, "source", "target"}), 2)
    job, const = s.var(("job", "record", "task_data", "event", "message")), s.one("TEMPLATE", "COMMAND", "PATTERN", "STEP")
    text = s.one(
        f"cp {{{a}}} {{{b}}}", f"gzip -c {{{a}}} --name {{{b}}}", f"diff -q {{{a}}} {{{b}}}", f"md5sum {{{a}}} {{{b}}}", f"ls -ld {{{b}}}"
    )
    part = s.one("part", "word", "piece")
    split = f"{part}.format(**{job}) for {part} in {const}.split()"
    bad = s.one(
        f"{const}.format(**{job}), shell=True",
        f'" ".join({split}), shell=True',
        f'["sh", "-c", {const}.format(**{job})]',
        f'" ".join({part}.strip() for {part} in {const}.format(**{job}).split()), shell=True',
    )
    call = f"subprocess.{s.one('run', 'call', 'check_output', 'check_call')}({alt(bad, f'[{split}]')})"
    name, raw = s.func(("handle", "process", "perform", "work"), "things"), s.var(("body", "raw", "payload", "line"))
    if s.chance(0.5):
        core = placed(s, define(name, [raw], f"{job} = json.loads({raw})", s.one("", f'print("job", {job})'), handed_back(s, call)))
    else:
        queue = s.var(("queue", "inbox", "jobs", "source_queue"))
        core = placed(s, define(name, [queue], f"while True:\n{indent(lines(f'{job} = json.loads({queue}.get())', call), '    ')}"))
    python_module(s, head(core) + f'\n{const} = "{text}"\n', core)
    return Draft(
        hardness="clear",
        vulnerable=f"{const} is filled from {job} and the line goes to a shell. Who sends {job} can put ; or $( ) into {b} and run commands.",
        patched=f"{const} is split before it is filled from {job}, and no shell is used. {b} can only be one argument.",
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (python_shell, quote_other_value, hand_quotes, list_through_shell, command_runner, pipeline, small_tool, job_template)
}
