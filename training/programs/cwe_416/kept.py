"""A pointer to a freed object stays behind somewhere: in a field, a table, a global, a copy of a struct."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_416.common import (
    NO_ARRAY,
    NO_WRITE,
    is_null,
    is_set,
    named,
    owned,
    report,
    show,
    spare,
)
from training.programs.scene import Draft, Scene, alt, lines


def dangling_field(s: Scene) -> Draft:
    """A pointer in a struct stays behind after free; the fix clears it, and the reader tests it."""
    text, number = s.text(), s.var(s.domain.numbers)
    owner, p = s.struct([f"char *{text};", f"int {number};"], 2)
    clear = alt(f"{p}->{number} = 0;", f"{p}->{text} = NULL;")
    s.function("void", s.func(("reset", "clear", "close", "drop")), [f"{owner} *{p}"], f"free({p}->{text});\n{clear}")
    s.function(
        "void",
        s.func(("show", "print", "report", "dump")),
        [f"const {owner} *{p}"],
        f'if ({p}->{text} != NULL) printf("%s\\n", {p}->{text});',
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{text} is freed but the pointer is kept. The other function sees that it is not NULL and reads freed memory.",
        patched=f"{text} is set to NULL after free, and the reader tests for NULL first.",
        absent=NO_ARRAY,
    )


def stale_after_realloc(s: Scene) -> Draft:
    """A pointer into an array is read after realloc moved it."""
    arr, old, n, value, tmp = (
        s.items(),
        s.var(("first", "cur", "last", "base")),
        s.var(words.LENGTH),
        s.var(words.VALUE),
        s.var(("grown", "fresh", "mem")),
    )
    use = f"int {value} = {alt(f'*{old}', f'{tmp}[0]')};"
    body = (
        f"int *{old} = &{arr}[0];\nif (*{old} < 0) return NULL;\nint *{tmp} = realloc({arr}, ({n} + 1) * sizeof(int));\n"
        f"if ({tmp} == NULL) return NULL;\n{use}\n{tmp}[{n}] = {value};\nreturn {tmp};"
    )
    s.function("int *", s.func(words.ADDERS), [f"int *{arr}", f"size_t {n}"], body)
    return Draft(
        hardness="hard",
        vulnerable=f"{old} points into {arr}, which realloc may have freed. Reading *{old} afterwards uses freed memory.",
        patched=f"After realloc only {tmp} is used, never the old pointer.",
        absent={"CWE-787": f"{tmp} has {n} + 1 elements, and index {n} is the last."},
    )


def table_slot_kept(s: Scene) -> Draft:
    """The slot of a table keeps a freed object; the fix empties the slot, itself or by a helper that exists in both halves."""
    owner, p, text, number = owned(s)
    limit, table, id_ = s.limit(), s.items(), s.var(("id", "slot", "handle", "n", "which"))
    s.globals.append(f"static {owner} *{table}[{limit}];")
    opening, close, read = (
        s.func(("open", "create", "add")),
        s.func(("close", "delete", "remove")),
        s.func(("show", "query", "print", "status")),
    )
    kind = s.one("unsigned", "size_t", "int")
    outside = f"{id_} < 0 || {id_} >= {limit}" if kind == "int" else f"{id_} >= {limit}"
    slot = f"{table}[{id_}]"
    if s.chance(0.7):
        s.function(
            "int",
            opening,
            [f"{kind} {id_}"],
            f"if ({outside} || {slot} != NULL) return -1;\n{slot} = calloc(1, sizeof(*{slot}));\nreturn {slot} == NULL ? -1 : 0;",
        )
    helper = s.chance(0.3)
    local = s.chance(0.6)
    good, clear = f"{slot} = NULL;", s.func(("forget", "vacate", "unset", "reset"))
    if helper:
        s.function("void", clear, [f"{kind} {id_}"], f"if ({outside}) return;\n{slot} = NULL;")
        good = f"{clear}({id_});"
    bad, why = s.rng.choice((("", ""), (f"{p} = NULL;" if local else "", f"Only the local {p} is set to NULL. " if local else "")))
    lead = f"{owner} *{p} = {slot};\n" if local else ""
    gone = f"free({p});" if local else f"free({slot});"
    body = f"if ({outside} || {is_null(s, slot)}) return -1;\n{lead}{gone}\n{spare(s, bad, good)}\nreturn 0;"
    s.function("int", close, [f"{kind} {id_}"], body)
    use = show(s, ("%s", f"{slot}->{text}"), ("%d", f"{slot}->{number}"))
    guard = s.one(f"if ({outside}) return;\nif ({is_set(s, slot)}) {use}", f"if ({outside} || {is_null(s, slot)}) return;\n{use}")
    s.function("void", read, [f"{kind} {id_}"], guard)
    return Draft(
        hardness="hard" if why or helper else "clear",
        vulnerable=f"{why}{close} frees the object but leaves its pointer in {table}. "
        + s.one(
            f"A client that calls {read} with the same {id_} reads freed memory.",
            f"{read} then finds a slot that is not NULL and reads it.",
        ),
        patched=s.one(
            f"{close} frees the object and empties its slot in {table}, so {read} finds NULL and stops.",
            f"After free the slot in {table} is set to NULL, and {read} tests for that.",
        ),
        absent={
            "CWE-787": f"{id_} is compared with {limit} before {table} is used.",
            "CWE-476": f"A slot of {table} is tested for NULL before it is read.",
        },
    )


def current_left_behind(s: Scene) -> Draft:
    """A global pointer to the chosen object outlives it; the test that should clear it is right in one half only."""
    owner, p, text, number = owned(s)
    cur = s.var(("current", "active", "selected", "focus", "owner_now"))
    s.globals.append(f"static {owner} *{cur};")
    choose, end, status = (
        s.func(("select", "enter", "switch_to", "login")),
        s.func(("end", "destroy", "delete", "logout")),
        s.func(("status", "show", "whoami", "prompt")),
    )
    s.function("void", choose, [f"{owner} *{p}"], f"{cur} = {p};")
    clear = f"{cur} = NULL;"
    good = s.one(f"if ({cur} == {p}) {clear}", f"if ({p} == {cur}) {clear}", f"if ({cur} != NULL && {cur} == {p}) {clear}")
    gone = s.var(("gone", "was", "held", "tmp"))
    bad, why = s.rng.choice(
        (
            (f"if ({cur} != {p}) {clear}", f"{end} clears {cur} only when it is another object."),
            (f"{owner} *{gone} = {cur};\nif ({gone} == {p}) {gone} = NULL;", f"{end} clears only {gone}, a copy of {cur}."),
            (f"if ({cur} == {p} && {p}->{number} == 0) {clear}", f"{end} clears {cur} only when {number} is zero."),
            (f"if ({cur} == NULL) {clear}", f"{end} compares {cur} with NULL and not with {p}."),
            (f"if ({cur} == {p}) {report(s)}", f"{end} compares {cur} with {p} but does not clear it."),
        )
    )
    s.function("void", end, [f"{owner} *{p}"], lines(f"if ({is_null(s, p)}) return;", s.one("", report(s)), alt(bad, good), f"free({p});"))
    use = show(s, ("%s", f"{cur}->{text}"), ("%d", f"{cur}->{number}"))
    s.function("void", status, [], s.one(f"if ({is_null(s, cur)}) return;\n{use}", f"if ({is_set(s, cur)}) {use}"))
    return Draft(
        hardness="hard",
        vulnerable=f"{why} "
        + s.one(
            f"After {end}, {cur} points to freed memory and {status} reads it.",
            f"A user who calls {end} and then {status} reads freed memory through {cur}.",
        ),
        patched=s.one(
            f"{end} sets {cur} to NULL when it frees that object, and {status} tests {cur} first.",
            f"{cur} never outlives its object: {end} clears it, and {status} does nothing when it is NULL.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{status} tests {cur} for NULL before it reads it."},
    )


def shallow_copy(s: Scene) -> Draft:
    """A copy of a struct shares its text; the fix duplicates it."""
    owner, p, text, number = named(s)
    copy = s.var(("saved", "backup", "copy", "snapshot", "old"))
    value, name = s.var(words.SOURCE), s.func(("update", "replace", "reset", "apply"))
    good = f"{copy}.{text} = strdup({p}->{text});"
    bad = s.one(f"{copy}.{text} = {p}->{text};", f"{copy}.{number} = {p}->{number};", f"{copy}.{text} = {p}->{text};")
    take = s.one(f"{owner} {copy} = *{p};", f"{owner} {copy};\n{copy} = *{p};", f"{owner} {copy};\nmemcpy(&{copy}, {p}, sizeof({copy}));")
    use = s.one(show(s, ("%s", f"{copy}.{text}")), f'if (strcmp({copy}.{text}, {value}) == 0) puts("same {text}");')
    two = s.chance(0.4)
    start = f"if ({is_null(s, p)} || {is_null(s, p + '->' + text)}) return -1;"
    middle = f"{spare(s, bad, good)}\nif ({is_null(s, copy + '.' + text)}) return -1;"
    clean = s.func(("clear", "release", "wipe"))
    if two:
        s.function("void", clean, [f"{owner} *{p}"], f"free({p}->{text});\n{p}->{text} = NULL;\n{p}->{number} = 0;")
        gone = f"{clean}({p});\n{p}->{text} = strdup({value});"
    else:
        gone = f"free({p}->{text});\n{p}->{text} = strdup({value});"
    body = f"{start}\n{take}\n{middle}\n{gone}\n{use}\nfree({copy}.{text});\nreturn {s.one('0', f'{p}->{text} == NULL ? -1 : 0')};"
    s.function("int", name, [f"{owner} *{p}", f"const char *{value}"], body)
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            f"{copy} is a flat copy of *{p}, so both share one {text}. It is freed through {p} and then read through {copy}.",
            f"{copy}.{text} is the same pointer as {p}->{text}. {name} frees that text and reads it through {copy}, at any user's {value}.",
        ),
        patched=s.one(
            f"{copy} gets its own {text} from strdup. What is freed through {p} is not what {copy} holds.",
            f"{copy}.{text} is a copy of its own, so freeing {p}->{text} does not touch it.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{p}, its {text} and that of {copy} are tested for NULL before use."},
    )


def grow_in_helper(s: Scene) -> Draft:
    """A pointer to an element is held across a call that may move the array; the fix holds a value or takes the pointer anew."""
    items, count, cap, value, first = (
        s.items(),
        s.var(words.COUNT),
        s.var(("cap", "room", "capacity")),
        s.var(words.VALUE),
        s.var(("first", "head", "old", "top", "base")),
    )
    owner, p = s.struct([f"int *{items};", f"size_t {count};", f"size_t {cap};"], 1)
    push, name, grown = s.func(words.ADDERS), s.func(("process", "apply", "merge", "handle")), s.var(("grown", "fresh", "mem", "bigger"))
    s.function(
        "int",
        push,
        [f"{owner} *{p}", f"int {value}"],
        f"if ({p}->{count} == {p}->{cap}) {{\nsize_t more = {p}->{cap} + {s.one('8', '16', '32')};\n"
        f"int *{grown} = realloc({p}->{items}, more * sizeof(int));\n"
        f"if ({is_null(s, grown)}) return -1;\n{p}->{items} = {grown};\n{p}->{cap} = more;\n}}\n"
        f"{p}->{items}[{p}->{count}++] = {value};\nreturn 0;",
    )
    call = f"if ({push}({p}, {value}) {s.one('!= 0', '< 0')}) return -1;"
    start = f"if ({p}->{count} == 0) return -1;"
    elem = f"{p}->{items}[0]"
    use = s.one(f"return *{first};", f'printf("%d\\n", *{first});\nreturn 0;', f"*{first} += {value};\nreturn 0;")
    mode = s.one("value", "again", "again", "late", "check") if "+=" not in use else s.one("again", "late", "check")
    if mode == "value":
        core = f"int {alt('*', '')}{first} = {alt('&', '')}{elem};\n{call}\n" + alt(use, use.replace(f"*{first}", first))
    elif mode == "again":
        core = (
            f"int *{first} = &{elem};\n{s.one('', f'if (*{first} < 0) return -1;' + chr(10))}{call}\n"
            f"{spare(s, f'if ({first} == NULL) return -1;', f'{first} = &{elem};')}\n{use}"
        )
    elif mode == "late":
        after = s.one("", f"if ({p}->{items} == NULL) return -1;")
        core = alt(f"int *{first} = &{elem};\n{call}", lines(call, after, f"int *{first} = &{elem};")) + f"\n{use}"
    else:
        core = alt(f"int *{first} = &{elem};\nif ({first} == NULL) return -1;\n{call}", f"{call}\nint *{first} = &{elem};") + f"\n{use}"
    s.function("int", name, [f"{owner} *{p}", f"int {value}"], f"{start}\n{core}")
    return Draft(
        hardness="hard",
        vulnerable=f"{first} points into {items} and is used after {push}, whose realloc may have freed that array. "
        + s.one("A client that adds enough values makes it move.", f"Enough values of {value} from outside make it move."),
        patched=s.one(
            f"{name} keeps no pointer into {items} across the call of {push}, so a move by realloc does no harm.",
            f"What {name} uses after {push} does not come from the old array, even if realloc moved {items}.",
        ),
        absent={"CWE-787": f"{push} grows {items} before {count} can pass {cap}."},
    )


def observer_kept(s: Scene) -> Draft:
    """A freed object stays in a list of observers; the removal finds it in one half only."""
    owner, p, text, number = owned(s)
    limit, table, count, i = (
        s.limit(),
        s.var(("watchers", "listeners", "observers", "hooks", "clients")),
        s.var(("watching", "used", "active", "total")),
        s.var(words.LOOP),
    )
    s.globals += [f"static {owner} *{table}[{limit}];", f"static int {count};"]
    add, drop, notify = (
        s.func(("watch", "attach", "subscribe")),
        s.func(("destroy", "leave", "unsubscribe")),
        s.func(("notify", "tick", "broadcast", "update")),
    )
    if s.chance(0.7):
        s.function("int", add, [f"{owner} *{p}"], f"if ({count} >= {limit}) return -1;\n{table}[{count}++] = {p};\nreturn 0;")
    loop, test, take = f"for (int {i} = 0; {i} < {count}; {i}++) {{", f"if ({table}[{i}] == {p}) {{", f"{table}[{i}] = {table}[--{count}];"
    mode, why = s.rng.choice(
        (
            ("start", f"The search in {drop} begins at the second entry of {table}, so the first one is never removed."),
            ("branch", f"{drop} takes {p} out of {table} only when its {number} is positive."),
            ("last", f"{drop} changes the last entry of {table} and not the one that holds {p}."),
            ("other", f"{drop} only lowers the {number} of {p} and leaves it in {table}."),
        )
    )
    fuller = s.one(take, f"{count}--;\n{take.replace('--', '')}")
    if mode == "start":
        loop = f"for (int {i} = {alt('1', '0')}; {i} < {count}; {i}++) {{"
    elif mode == "branch":
        test = f"if ({table}[{i}] == {p}{alt(f' && {p}->{number} > 0', '')}) {{"
    elif mode == "last":
        take = alt(f"{table}[{count} - 1] = {table}[{i}];", fuller)
    else:
        take = alt(s.one(f"{table}[{i}]->{number}--;", f"{table}[{i}]->{number} = {table}[{i}]->{number} - 1;"), fuller)
    s.function("void", drop, [f"{owner} *{p}"], f"{loop}\n{test}\n{take}\nbreak;\n}}\n}}\nfree({p});")
    s.function(
        "void",
        notify,
        [],
        f"for (int {i} = 0; {i} < {count}; {i}++) {{\n{show(s, ('%s', f'{table}[{i}]->{text}'), ('%d', f'{table}[{i}]->{number}'))}\n}}",
    )
    return Draft(
        hardness="hard",
        vulnerable=f"{why} " + s.one(f"{notify} then reads freed memory.", f"A client that leaves is freed and still read by {notify}."),
        patched=s.one(
            f"{drop} takes {p} out of {table} before it frees it, so {notify} only reads live objects.",
            f"When {drop} frees {p}, it is no longer in {table}, and {notify} cannot reach it.",
        ),
        absent={"CWE-787": f"{table} is only written below {count}, which stays within {limit}."},
    )


def command_loop(s: Scene) -> Draft:
    """A whole program: commands make, drop and show one object."""
    owner, p, text, number = owned(s)
    line = s.var(("line", "cmd", "input", "buf"))
    new, drop, look = s.rng.choice((("n", "d", "s"), ("a", "r", "p"), ("o", "c", "l"), ("+", "-", "?")))
    bad = s.one("", f"{line}[0] = '\\0';", f"{line}[0] = '\\0';", "continue;")
    cases = (
        (
            new,
            f"if ({p} == NULL) {p} = calloc(1, sizeof(*{p}));\nif ({p} == NULL) return 1;\n"
            f'snprintf({p}->{text}, sizeof({p}->{text}), "%s", {line} + 1);\n{p}->{number}++;',
        ),
        (drop, f"free({p});\n{spare(s, bad, f'{p} = NULL;')}"),
        (look, s.one(f"if ({is_set(s, p)}) ", f"if ({p} == NULL) continue;\n") + show(s, ("%s", f"{p}->{text}"), ("%d", f"{p}->{number}"))),
    )
    if s.chance(0.5):
        inner = f"switch ({line}[0]) {{\n" + "\n".join(f"case '{key}':\n{code}\nbreak;" for key, code in cases) + "\ndefault:\nbreak;\n}"
    else:
        inner = "\n".join(f"{'else ' if n else ''}if ({line}[0] == '{key}') {{\n{code}\n}}" for n, (key, code) in enumerate(cases))
    start = (
        f'char {line}[{s.one("64", "128", "80")}] = "";\n{owner} *{p} = NULL;\n'
        f"while (fgets({line}, sizeof({line}), stdin) != NULL) {{\n{inner}\n}}\n"
    )
    if s.chance(0.6):
        s.function("int", "main", [], start + "return 0;")
    else:
        name = s.func(("serve", "run", "loop"))
        s.function("int", name, [], start + "return 0;")
        s.function("int", "main", [], f"return {name}();")
    return Draft(
        hardness="clear",
        vulnerable=f"The command {drop} frees {p} but leaves the pointer, so {look} still finds it set. "
        + s.one(f"Whoever types {drop} and then {look} reads freed memory.", f"The input {drop} followed by {look} is enough."),
        patched=s.one(
            f"The command {drop} sets {p} to NULL after free, and {look} tests {p} before it reads it.",
            f"{p} is NULL after {drop}, so the test in {look} keeps freed memory from being read.",
        ),
        absent={"CWE-787": f"{line} and {text} are filled with their own sizes.", "CWE-476": f"{p} is tested for NULL before each use."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (
        dangling_field,
        stale_after_realloc,
        table_slot_kept,
        current_left_behind,
        shallow_copy,
        grow_in_helper,
        observer_kept,
        command_loop,
    )
}
