"""From a CWE and a stream of random numbers to a pair of programs."""

import re
from collections.abc import Callable
from random import Random

from training.programs import cwe_22, cwe_77, cwe_79, cwe_89, cwe_190, cwe_416, cwe_476, cwe_787, filler
from training.programs.assemble import c_source
from training.programs.records import Label, Language, Program, ProgramPair
from training.programs.scene import Draft, Scene, resolve

Family = Callable[[Scene], Draft]

_MODULES = {
    "CWE-22": cwe_22,
    "CWE-77": cwe_77,
    "CWE-79": cwe_79,
    "CWE-89": cwe_89,
    "CWE-190": cwe_190,
    "CWE-416": cwe_416,
    "CWE-476": cwe_476,
    "CWE-787": cwe_787,
}
_FAMILIES: dict[str, dict[str, Family]] = {cwe: module.FAMILIES for cwe, module in _MODULES.items()}
CWES: tuple[str, ...] = tuple(_FAMILIES)
HELD_OUT: dict[str, tuple[str, ...]] = {cwe: module.HELD_OUT for cwe, module in _MODULES.items()}
LONGEST = 2200  # characters; longer programs are drawn again

_ALLOCATES = re.compile(r"\bfree\(|\brealloc\(")
_COMMANDS = re.compile(r"system\(|popen\(|exec[lv]|subprocess|os\.system|shell")
_FILES = re.compile(r"open|Path|read_text|write_|zipfile|tarfile|listdir|rename|remove|unlink|stat\(|access\(|include|send_file")
_OPENS = re.compile(f"{_FILES.pattern}|{_COMMANDS.pattern}")  # a command may open what the code does not
_PAGES = re.compile(r"[<>]\w|html|HTTP|http|Template|write\(")
_QUERIES = re.compile(r"execute|sql|SELECT|INSERT|UPDATE|DELETE|query", re.IGNORECASE)
_MAY_BE_NULL = re.compile(r"alloc\(|fopen\(|strchr\(|strrchr\(|strstr\(|getenv\(|find|lookup|NULL|\*\s*next|->next|strtok|strdup")
_WRITES = re.compile(
    r"\[[^\]]*\]\s*[-+^|]?=[^=]|mem(?:cpy|move|set)\(|str(?:n?cpy|n?cat)\(|n?printf\(\w*buf|s(?:n|v)?printf\(|scanf|gets|\*\w+(?:\+\+)?\s*=[^=]|fread|\bread\("
)


def families(cwe: str) -> tuple[str, ...]:
    """The names of the structural families of a CWE, held-out ones included."""
    return tuple(_FAMILIES[cwe])


def generate_pair(rng: Random, cwe: str, family: str | None = None) -> ProgramPair:
    """One pair of programs that differ only by the fix.

    Args: rng, the only source of chance; cwe, one of CWES; family, one of families(cwe), or None for any family that is not held out.
    Raises: KeyError for a CWE or family that does not exist.
    """
    known = _FAMILIES[cwe]
    while True:
        name = family or rng.choice([name for name in known if name not in HELD_OUT[cwe]])
        pair = _draw(rng, cwe, name, known[name])
        if max(len(pair.vulnerable.code), len(pair.patched.code)) <= LONGEST:
            return pair


def generate_benign(rng: Random, language: str | None = None) -> str:
    """Plain code with nothing to find in it, "c" or "python"."""
    if (language or rng.choice(("c", "python"))) == "python":
        return filler.plain_python(rng)
    s = Scene(rng)
    for _ in range(rng.randint(1, 4)):
        filler.add_c(s)
    return s.layout.apply(c_source(s))


def _draw(rng: Random, cwe: str, name: str, family: Family) -> ProgramPair:
    s = Scene(rng)
    draft = family(s)
    source = s.python if s.python else _surround(s)
    halves = [resolve(source, half) for half in (1, 2)]
    language: Language = "python" if s.python else "c"
    if language == "c":
        halves = [s.layout.apply(half) for half in halves]
    reasons = [_sentence(draft.vulnerable), _sentence(draft.patched)]
    swapped = draft.hardness == "ambiguous" and rng.random() < 0.5
    if swapped:
        halves.reverse()

    def program(label: Label, code: str) -> Program:
        return Program(
            cwe=cwe,
            family=name,
            language=language,
            label=label,
            hardness=draft.hardness,
            code=code,
            reason_vulnerable=reasons[0],
            reason_patched=reasons[1],
            absent=_absent(cwe, language, code, draft),
        )

    return ProgramPair(vulnerable=program("vulnerable", halves[0]), patched=program("patched", halves[1]))


def _surround(s: Scene) -> str:
    """The C source of a scene with harmless functions before and after."""
    core = s.functions
    s.functions = []
    roll = s.rng.random()
    for _ in range(0 if roll < 0.4 else 1 if roll < 0.75 else 2 if roll < 0.95 else 3):
        filler.add_c(s)
    cut = s.rng.randint(0, len(s.functions))
    s.functions = s.functions[:cut] + core + s.functions[cut:]
    return c_source(s)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text[0].upper() + text[1:] if text.startswith(("the ", "a ", "every ", "no ")) else text


def _absent(cwe: str, language: str, code: str, draft: Draft) -> tuple[tuple[str, str], ...]:
    found = dict(draft.absent)
    if language == "python":
        found.setdefault("CWE-190", "This is Python, whose integers grow as they need to. No result wraps around.")
        found.setdefault("CWE-416", "This is Python, which frees memory by itself. Nothing can be used after it was freed.")
        found.setdefault("CWE-787", "This is Python, which checks every index. No write can leave a list or string.")
    else:
        if not _ALLOCATES.search(code):
            found.setdefault("CWE-416", "The code frees no memory, so nothing can be used after it was freed.")
        if not _MAY_BE_NULL.search(code) and "*" not in code.replace("/*", "").replace("*/", ""):
            found.setdefault("CWE-476", "The code follows no pointer that could be null.")
        if not _WRITES.search(code):
            found.setdefault("CWE-787", "The code writes to no array or buffer, so no write can leave one.")
    for other, does, reason in (
        ("CWE-22", _OPENS, "The code opens no file, so no path can leave its folder."),
        ("CWE-77", _COMMANDS, "The code runs no command, so no input can reach a shell."),
        ("CWE-79", _PAGES, "The code writes no page, so no input can become markup."),
        ("CWE-89", _QUERIES, "The code sends no query to a database, so no input can change one."),
    ):
        if not does.search(code):
            found.setdefault(other, reason)
    found.pop(cwe, None)
    return tuple(sorted(found.items()))
