"""What the Python families share: where the value comes from, command lines, and the ways to run them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent

from training.programs.scene import Condition, Scene, alt, lines

TOOLS = ("ping -c 1", "ls -l", "grep -c root", "du -sh", "nslookup", "file", "wc -l", "gzip -t", "md5sum", "host", "stat", "cat")
SHELLS = (
    "os.system({})",
    "os.popen({}).read()",
    "subprocess.run({}, shell=True, check=False)",
    "subprocess.run({}, shell=True, capture_output=True, text=True).stdout",
    "subprocess.check_output({}, shell=True)",
    "subprocess.getoutput({})",
    "subprocess.call({}, shell=True)",
    "subprocess.Popen({}, shell=True, stdout=subprocess.PIPE).communicate()[0]",
)
VERBS = ("run", "check", "show", "inspect", "lookup", "query", "report", "scan")


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value from outside: its name, and the parameter, opening line and module that bring it."""

    name: str
    parameter: str
    opening: str
    modules: tuple[str, ...] = ()


def incoming(s: Scene) -> Value:
    name, key = s.text(), s.word("texts")
    kind = s.one("plain", "plain", "plain", "typed", "request", "payload", "body", "argv", "typed")
    if kind == "plain":
        return Value(name=name, parameter=name, opening="")
    if kind == "typed":
        return Value(name=name, parameter=f"{name}: str", opening="")
    if kind == "argv":
        return Value(name=name, parameter="", opening=f"{name} = sys.argv[1]", modules=("sys",))
    if kind == "body":
        body = s.var(("body", "raw", "line", "message"))
        return Value(name=name, parameter=body, opening=f'{name} = json.loads({body})["{key}"]', modules=("json",))
    if kind == "payload":
        owner = s.var(("payload", "data", "params", "form", "job"))
        return Value(name=name, parameter=owner, opening=f'{name} = {owner}{s.one(f"""["{key}"]""", f""".get("{key}", "")""")}')
    owner = s.var(("request", "req"))
    return Value(
        name=name,
        parameter=owner,
        opening=f'{name} = {owner}.{s.one(f"""args["{key}"]""", f"""args.get("{key}", "")""", f"""form["{key}"]""", f"""GET["{key}"]""")}',
    )


def define(name: str, parameters: Sequence[str], *body: str) -> str:
    return f"def {name}({', '.join(part for part in parameters if part)}):\n{indent(lines(*body), '    ')}\n"


def head(*codes: str, extra: Sequence[str] = ()) -> str:
    """Imports for the modules that the code names."""
    known = ("argparse", "base64", "json", "os", "re", "shlex", "shutil", "subprocess", "sys")
    found = {module for module in known if any(re.search(rf"\b{module}\.", code) for code in codes)}
    return "".join(f"import {module}\n" for module in sorted(found | set(extra)))


def words_of(tool: str) -> str:
    return ", ".join(f'"{word}"' for word in tool.split())


def command(s: Scene, tool: str, value: str) -> str:
    """A command line with the value at its end. The value may hold alternatives."""
    return s.one(f'f"{tool} {{{value}}}"', f'"{tool} " + {value}', f'"{tool} {{}}".format({value})', f'"{tool} %s" % {value}')


def shell(s: Scene, line: str) -> str:
    """An expression that has a shell read the line, sometimes by way of a variable."""
    return s.one(*SHELLS).format(line)


def started(s: Scene, line: str) -> str:
    """Statements that run a command line in a shell and hand back what came of it."""
    if s.chance(0.5):
        name = s.var(("cmd", "command_line", "line", "cmdline"))
        return f"{name} = {line}\n{handed_back(s, shell(s, name))}"
    return handed_back(s, shell(s, line))


def handed_back(s: Scene, call: str) -> str:
    out = s.var(("result", "out", "done", "answer", "output"))
    return s.one(
        f"return {call}",
        f"return {call}",
        f"{out} = {call}\nreturn {out}",
        f"{out} = {call}\nprint({out})\nreturn {out}",
        f'{out} = {call}\nprint("{s.word("items")}:", {out})',
        f"{out} = {call}\nif not {out}:\n    return None\nreturn {out}",
    )


def refusal(s: Scene, name: str) -> str:
    item = s.word("items")
    return s.one(
        f'raise ValueError("bad {item}")',
        f"raise ValueError({name})",
        "return None",
        "return None",
        "return -1",
        f'return "no such {item}"',
    )


def guarded(s: Scene, bad: Condition, good: Condition, leave: str, action: str) -> str:
    """The action behind the bad test in one half and the good test in the other."""
    if s.chance(0.65):
        return f"if {alt(bad.reject, good.reject)}:\n{indent(leave, '    ')}\n{action}"
    return f"if {alt(bad.accept, good.accept)}:\n{indent(action, '    ')}\n{leave}"


def in_class(s: Scene, method: str) -> str:
    """The function as a method of a small class."""
    thing, number = s.word("things").capitalize(), s.var(s.domain.numbers)
    first, _, rest = method.partition("(")
    joined = "(self" + ("" if rest.startswith(")") else ", ") + rest
    opening = f"    def __init__(self, {number}={s.rng.randint(1, 30)}):\n        self.{number} = {number}\n"
    return f"class {thing}{s.one('Runner', 'Tool', 'Service', 'Worker')}:\n{opening}\n{indent(first + joined, '    ')}"


def placed(s: Scene, function: str) -> str:
    """The function as it is, or in a class."""
    return in_class(s, function) if s.chance(0.3) else function
