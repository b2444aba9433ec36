"""Who frees: helpers, counters, queues and callbacks that take an object over while another part still uses it."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_416.common import NO_ARRAY, NO_WRITE, is_null, is_set, late, named, owned, report, show, spare
from training.programs.scene import Draft, Scene, alt


def unclear_owner(s: Scene) -> Draft:
    """Ambiguous: whether the helper frees is not shown."""
    owner, p, _, number = owned(s)
    helper = s.join(s.word("things"), s.one("finish", "submit", "done", "handoff"))
    s.functions.append(f"void {helper}({owner} *{p});")
    s.function(
        "int",
        s.func(("process", "run", "handle")),
        [f"{owner} *{p}"],
        f"if ({p} == NULL) return -1;\n{alt('', f'{p}->{number}++;')}\n{helper}({p});\nreturn {p}->{number};",
    )
    return Draft(
        hardness="ambiguous",
        vulnerable=f"{helper} may free {p}, and {p} is read afterwards. Its definition is not shown.",
        patched=f"Nothing shown here frees {p}. Whether {helper} does is not visible.",
        absent=NO_ARRAY,
    )


def refcount_dropped(s: Scene) -> Draft:
    """A counted object: read after its last put, stored without a get, or freed one holder too early."""
    text, refs, number = s.text(), s.var(("refs", "users", "holders", "refcount")), s.var(s.domain.numbers)
    owner, p = s.struct([f"int {refs};", f"char {text}[{s.one('16', '32', '64')}];", f"int {number};"], 1)
    get, put, name = (
        s.func(("get", "hold", "ref", "acquire")),
        s.func(("put", "unref", "release")),
        s.func(("deliver", "handle", "finish", "process")),
    )
    mode = s.one("order", "store", "store", "early")
    test = f"--{p}->{refs} {alt('<= 1', '<= 0')}" if mode == "early" else s.one(f"--{p}->{refs} == 0", f"--{p}->{refs} <= 0")
    dropped = f"if ({test}) {{\nfree({p});\n}}" if s.chance(0.5) else f"if ({test}) free({p});"
    s.function("void", put, [f"{owner} *{p}"], dropped)
    if mode == "early" or (mode == "store" and s.chance(0.5)):
        made = f"{owner} *{p} = calloc(1, sizeof(*{p}));\nif ({is_null(s, p)}) return NULL;\n{p}->{refs} = 1;\nreturn {p};"
        s.function(f"{owner} *", s.func(("new", "make", "create")), [], made)
    if mode != "order":
        s.function("void", get, [f"{owner} *{p}"], f"{p}->{refs}++;")
    read = show(s, ("%s", f"{p}->{text}"), ("%d", f"{p}->{number}"))
    if mode == "order":
        s.function(
            "void",
            name,
            [f"{owner} *{p}"],
            f"if ({is_null(s, p)}) return;\n{p}->{number}++;\n{late(s, f'{put}({p});', read, f'{p}->{number} > 0')}",
        )
        why, how = (
            f"{put} frees {p} when the last holder is gone, and {name} reads {p} after that.",
            f"{name} reads {p} before it gives up its hold with {put}.",
        )
    elif mode == "store":
        last, look = s.var(("last", "recent", "cached", "latest")), s.func(("show", "again", "repeat"))
        s.globals.append(f"static {owner} *{last};")
        note = s.one(f"{p}->{number}++;", report(s))
        take = spare(s, s.one("", f"if ({is_set(s, last)}) {get}({last});", f"if ({last} == {p}) {get}({p});"), f"{get}({p});", note)
        s.function("void", name, [f"{owner} *{p}"], f"if ({is_null(s, p)} || {last} != NULL) return;\n{take}\n{last} = {p};\n{put}({p});")
        s.function("void", look, [], f"if ({is_set(s, last)}) {read.replace(f'{p}->', f'{last}->')}")
        why, how = (
            f"{name} keeps {p} in {last} without a hold of its own, so {put} frees it while {look} can still read it.",
            f"{name} takes a hold with {get} for {last}, so {put} does not free what {look} reads.",
        )
    else:
        s.function(
            "void",
            name,
            [f"{owner} *{p}"],
            f"if ({is_null(s, p)}) return;\n{get}({p});\n{s.one('', report(s) + chr(10))}{put}({p});\n{read}",
        )
        why, how = (
            f"{put} frees {p} although one holder remains, and {name} goes on to read it.",
            f"{put} frees {p} only when no holder remains, and the caller of {name} still holds it.",
        )
    return Draft(
        hardness="hard",
        vulnerable=why + s.one(" Each message handled this way reads freed memory.", f" A client reaches it with any {s.word('items')}."),
        patched=how,
        absent={**NO_WRITE, "CWE-476": f"{p} is tested for NULL before {name} uses it."},
    )


def queue_takes_over(s: Scene) -> Draft:
    """A queue frees what it cannot take; the caller reads or frees it in the failed branch."""
    text, number = s.text(), s.var(s.domain.numbers)
    owner, p = s.struct([f"char {text}[{s.one('16', '32', '64')}];", f"int {number};"], 1)
    limit, queue, count, value = s.limit(), s.items(), s.var(words.COUNT), s.var(words.VALUE)
    s.globals += [f"static {owner} *{queue}[{limit}];", f"static int {count};"]
    push, name = s.func(("push", "submit", "enqueue", "post")), s.func(("receive", "accept", "request", "handle"))
    source = s.var(words.SOURCE)
    said = s.one('fprintf(stderr, "dropped %d\\n", WHAT);', f'printf("queue full, {s.word("items")} %d lost\\n", WHAT);')
    mode, lost = s.one("read", "saved", "saved", "free", "helper"), s.var(("lost", "kept", "last_one"))
    frees = f"free({p});"
    if mode == "read":
        failed = said.replace("WHAT", alt(f"{p}->{number}", value))
    elif mode == "saved":
        failed = said.replace("WHAT", alt(f"{p}->{number}", lost))
    elif mode == "free":
        failed = spare(s, frees, "", said.replace("WHAT", value))
    else:
        failed = said.replace("WHAT", f"{p}->{number}") + f"\n{frees}"
    inner = spare(s, frees, "") if mode == "helper" else frees
    s.function("int", push, [f"{owner} *{p}"], f"if ({count} >= {limit}) {{\n{inner}\nreturn -1;\n}}\n{queue}[{count}++] = {p};\nreturn 0;")
    body = (
        f"{owner} *{p} = {s.one(f'calloc(1, sizeof(*{p}))', f'malloc(sizeof(*{p}))')};\nif ({is_null(s, p)}) return -1;\n"
        f'{p}->{number} = {value};\nsnprintf({p}->{text}, sizeof({p}->{text}), "%s", {source});\n'
        + (alt("", f"int {lost} = {p}->{number};") + "\n" if mode == "saved" else "")
        + f"if ({push}({p}) {s.one('!= 0', '< 0')}) {{\n{failed}\nreturn -1;\n}}\nreturn 0;"
    )
    s.function("int", name, [f"const char *{source}", f"int {value}"], body)
    again = "frees it again" if mode == "free" else f"reads {p}->{number} afterwards"
    return Draft(
        hardness="hard",
        vulnerable=f"When {queue} is full, {push} frees {p}, and {name} {again}. "
        + s.one(f"A flood of {s.word('items')} data from outside fills {queue}.", "Anyone who sends enough of them reaches that branch."),
        patched=(
            f"{push} leaves {p} alone when {queue} is full. {name} then reads it and frees it once."
            if mode == "helper"
            else s.one(
                f"When {queue} is full, {push} frees {p} and {name} does not touch it afterwards.",
                f"{push} owns {p} from the call on, and the failed branch of {name} leaves it alone.",
            )
        ),
        absent={
            "CWE-787": f"{count} is compared with {limit} before {queue} is written.",
            "CWE-476": f"{p} is tested for NULL after it was allocated.",
        },
    )


def session_closed_by_handler(s: Scene) -> Draft:
    """The handler of a line frees the session; the loop must notice."""
    owner, p, text, number = owned(s)
    line, source = s.var(("line", "buf", "input")), s.var(("msg", "cmd", "request"))
    handle, name = s.func(("handle", "on", "dispatch", "process")), s.func(("serve", "run", "loop", "session"))
    word = s.one("quit", "bye", "exit", "close", "end")
    step = s.one(f"{p}->{number}++;", f'snprintf({p}->{text}, sizeof({p}->{text}), "%s", {source});')
    s.function(
        "int",
        handle,
        [f"{owner} *{p}", f"const char *{source}"],
        f'if (strncmp({source}, "{word}", {len(word)}) == 0) {{\n{s.one("", report(s) + chr(10))}free({p});\nreturn -1;\n}}\n'
        f"{step}\nreturn 0;",
    )
    call, rc = f"{handle}({p}, {line})", s.var(("rc", "ret", "status"))
    pointer = s.chance(0.3)
    if pointer:
        hook = s.var(("on_line", "callback", "handler"))
        call = f"{hook}({p}, {line})"
    says = report(s)
    core = s.one(
        f"if ({call} < 0) {alt(says, 'return;')}",
        alt(f"if ({call} < 0) {says}", f"if ({call} < 0) {{\n{says}\nreturn;\n}}"),
        alt(f"if ({call} < 0) {says}", f"if ({call} < 0) {{\n{says}\nreturn;\n}}"),
        f"if ({call} {alt('> 0', '< 0')}) return;",
        f"int {rc} = {call};\nif ({alt(f'{rc} < 0 && {line}[0] == {chr(39)}{chr(92)}0{chr(39)}', f'{rc} < 0')}) return;",
        f"int {rc} = {call};\n" + alt(f"if ({rc} < 0) {line}[0] = '\\0';", f"if ({rc} < 0) return;"),
        alt(f"{call};\nif ({line}[0] == '\\n') return;", f"if ({call} < 0) return;"),
    )
    read = show(s, ("%s", f"{p}->{text}"), ("%d", f"{p}->{number}"))
    parameters = [f"{owner} *{p}"] + ([f"int (*{hook})({owner} *, const char *)"] if pointer else [])
    body = (
        f"char {line}[{s.one('64', '128', '256')}];\nwhile (fgets({line}, sizeof({line}), stdin) != NULL) {{\n{core}\n"
        f"{read}\n}}\nfree({p});"
    )
    s.function("void", name, parameters, body)
    if pointer or s.chance(0.5):
        s.function(
            "int",
            "main",
            [],
            f"{owner} *{p} = calloc(1, sizeof(*{p}));\nif ({is_null(s, p)}) return 1;\n"
            f"{name}({p}{f', {handle}' if pointer else ''});\nreturn 0;",
        )
    return Draft(
        hardness="hard",
        vulnerable=f"{handle} frees {p} on {word}, but {name} stays in its loop and reads {p} again. "
        + s.one(f"A client that sends {word} makes it use freed memory.", f"The line {word} from outside is enough."),
        patched=s.one(
            f"{name} returns as soon as {handle} reports that it closed {p}, so the freed object is not read.",
            f"When {handle} has freed {p} it returns -1, and {name} leaves without touching {p}.",
        ),
        absent={"CWE-787": f"{line} and {text} are filled with their own sizes."},
    )


def alias_argument(s: Scene) -> Draft:
    """A setter frees the old text before it copies the new one, which may lie inside the old."""
    owner, p, text, number = named(s)
    value, fresh, rest = s.var(words.SOURCE), s.var(("fresh", "copy", "dup", "mine")), s.var(("rest", "start", "trimmed", "tail"))
    setter, name = s.func(("set", "assign", "store"), "texts"), s.func(("trim", "strip", "shorten", "normalize"), "texts")
    gone, take = f"free({p}->{text});", f"char *{fresh} = strdup({value});"
    check = f"if ({is_null(s, fresh)}) return -1;"
    bad, good = s.rng.choice(
        (
            (f"{gone}\n{take}\n{check}", f"{take}\n{check}\n{gone}"),
            (f"{gone}\n{p}->{text} = NULL;\n{take}\n{check}", f"{take}\n{check}\n{gone}"),
            (f"{gone}\n{p}->{text} = NULL;\n{take}\n{check}", f"{take}\n{check}\n{gone}"),
            (f"if ({p}->{text} != NULL) {gone}\n{take}\n{check}", f"{take}\n{check}\n{gone}"),
            (f"{gone}\n{take}\n{check}", f"{take}\n{check}\nif ({p}->{text} != NULL) {gone}"),
        )
    )
    s.function(
        "int",
        setter,
        [f"{owner} *{p}", f"const char *{value}"],
        f"{alt(bad, good)}\n{p}->{text} = {fresh};\n{s.one('', f'{p}->{number}++;' + chr(10))}return 0;",
    )
    skip = s.one(
        f'const char *{rest} = {p}->{text} + strspn({p}->{text}, " \\t");',
        f"const char *{rest} = {p}->{text};\nwhile (*{rest} == ' ') {rest}++;",
        f"const char *{rest} = strrchr({p}->{text}, '/');\nif ({rest} == NULL) return 0;\n{rest}++;",
        f"const char *{rest} = strchr({p}->{text}, ':');\nif ({rest} == NULL) return 0;\n{rest}++;",
    )
    s.function(
        "int",
        name,
        [f"{owner} *{p}"],
        f"if ({is_null(s, p)} || {is_null(s, p + '->' + text)}) return -1;\n{skip}\nreturn {setter}({p}, {rest});",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{name} passes a pointer into {p}->{text}, and {setter} frees that text before strdup reads {value}. "
        + s.one("Text from a user is copied out of freed memory.", f"Any {text} from outside that gets here is read after free."),
        patched=s.one(
            f"{setter} copies {value} before it frees the old {text}, so it may even point into it, as in {name}.",
            f"strdup reads {value} first and free comes after it, so the pointer from {name} is still valid.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{p}, its {text} and {fresh} are tested for NULL before use."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (unclear_owner, refcount_dropped, queue_takes_over, session_closed_by_handler, alias_argument)
}
