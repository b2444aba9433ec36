"""What the families share: objects on the heap, tests for NULL, and lines that change nothing."""

from training.programs.scene import Scene, alt, lines

NO_WRITE = {"CWE-787": "Every copy is given the size of its target, and nothing is written past the end of a buffer."}
NO_ARRAY = {"CWE-787": "The code writes to no array or buffer, so no write can leave one."}


def owned(s: Scene) -> tuple[str, str, str, str]:
    """A struct with a text and a number. Type, pointer, text, number."""
    text, number = s.text(), s.var(s.domain.numbers)
    owner, p = s.struct([f"char {text}[{s.rng.choice((16, 32, 64))}];", f"int {number};"], 2)
    return owner, p, text, number


def named(s: Scene) -> tuple[str, str, str, str]:
    """A struct that points to its text. Type, pointer, text, number."""
    text, number = s.text(), s.var(s.domain.numbers)
    owner, p = s.struct([f"char *{text};", f"int {number};"], 1)
    return owner, p, text, number


def node(s: Scene, *fields: str) -> str:
    """Declares a list node around the fields and returns how its type is written."""
    owner = f"struct {s.type_name()}"
    lines = [*fields, f"{owner} *next;"] if s.chance(0.7) else [f"{owner} *next;", *fields]
    s.types.append(f"{owner} {{\n" + "\n".join(lines) + "\n};")
    return owner


def is_null(s: Scene, p: str) -> str:
    return s.one(f"{p} == NULL", f"!{p}")


def is_set(s: Scene, p: str) -> str:
    return s.one(f"{p} != NULL", p)


def report(s: Scene) -> str:
    """A statement that only says something."""
    said = f"{s.one(s.word('items'), s.word('things'))} {s.one('closed', 'removed', 'done', 'dropped', 'released')}"
    return s.one(f'fprintf(stderr, "{said}\\n");', f'puts("{said}");', f'printf("{said}\\n");')


def show(s: Scene, *values: tuple[str, str]) -> str:
    """A statement that prints one of the values, each given with its format."""
    form, value = s.rng.choice(values)
    if form == "%s" and s.chance(0.4):
        return f"puts({value});"
    lead = s.one("", f"{s.word('things')} ", f"{s.word('items')}: ", f"{s.word('numbers')}=")
    return s.one(
        f'printf("{lead}{form}\\n", {value});', f'printf("{lead}{form}\\n", {value});', f'fprintf(stderr, "{lead}{form}\\n", {value});'
    )


def spare(s: Scene, bad: str, good: str, note: str = "") -> str:
    """The place of the fix. An idle line stands before it in one half, both or none, so that neither half is always the longer."""
    note = note or report(s)
    roll = s.rng.random()
    left, right = (note, "") if roll < 0.45 else (note, note) if roll < 0.65 else ("", note) if roll < 0.85 else ("", "")
    return alt(lines(left, bad), lines(right, good))


def late(s: Scene, release: str, use: str, guard: str) -> str:
    """The use stands after the release in one half and before it in the other; a test may stand before the use."""
    tested = f"if ({guard}) {use}"
    before, after = s.rng.choice(((use, use), (use, tested), (use, tested), (use, tested), (tested, use), (tested, tested)))
    return alt(f"{release}\n{after}", f"{before}\n{release}")
