"""Nodes of a list: taken out, swept, searched."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_416.common import NO_ARRAY, NO_WRITE, is_null, node, report, show, spare
from training.programs.scene import Draft, Scene, alt


def list_next_after_free(s: Scene) -> Draft:
    """The loop takes the next node from the one it has just freed."""
    owner_name = s.type_name()
    owner, p, nxt, number = (
        f"struct {owner_name}",
        s.var(("node", "cur", "p", "it", "e")),
        s.var(("next", "following", "after", "tmp")),
        s.var(s.domain.numbers),
    )
    s.types.append(f"{owner} {{\nint {number};\n{owner} *next;\n}};")
    head = s.var(("head", "list", "first", "root"))
    with_sum = s.chance(0.5)
    note = f'printf("%d\\n", {p}->{number});' if with_sum else ""
    lead = f"{owner} *{p} = {head};\n{owner} *{nxt};\nwhile ({p} != NULL) {{\n{note}\n"
    good = f"{nxt} = {p}->next;\nfree({p});\n{p} = {nxt};"
    bad = f"free({p});\n{nxt} = {p}->next;\n{p} = {nxt};"
    s.function("void", s.func(("free", "clear", "destroy", "drop")), [f"{owner} *{head}"], lead + alt(bad, good) + "\n}")
    return Draft(
        hardness="hard",
        vulnerable=f"The loop frees {p} and then reads {p}->next. The freed node is used.",
        patched=f"The loop saves {p}->next before it frees {p}, so no freed node is read.",
        absent={**NO_ARRAY, "CWE-476": f"The loop ends when {p} is NULL."},
    )


def pop_reads_node(s: Scene) -> Draft:
    """A node is taken from a list and freed, and its value is what the function returns."""
    number, text, value = s.var(s.domain.numbers), s.text(), s.var(words.VALUE)
    mode = s.one("saved", "wordy", "wordy", "next", "text", "text")
    held = f"char *{text};" if mode == "text" else f"int {number};"
    owner, n = node(s, held), s.var(("node", "top", "cur", "item", "e"))
    field = text if mode == "text" else number
    where = s.one("global", "double", "struct")
    if where == "global":
        head, parameter = s.var(("head", "stack", "first", "pending")), ""
        s.globals.append(f"static {owner} *{head};")
        access = head
    elif where == "double":
        head = s.var(("head", "list", "stack"))
        parameter, access = f"{owner} **{head}", f"*{head}"
    else:
        head = s.var(("head", "first", "tail_end"))
        holder, handle = s.struct([f"{owner} *{head};", f"int {s.var(words.COUNT)};"], 1)
        parameter, access = f"{holder} *{handle}", f"{handle}->{head}"
    name, step = s.func(("pop", "take", "dequeue", "shift", "fetch")), f"{access} = {n}->next;"
    fail = "return NULL;" if mode == "text" else "return -1;"
    start = f"{owner} *{n} = {access};\nif ({is_null(s, n)}) {fail}\n"
    if mode == "saved":
        body = f"{step}\n" + alt(f"free({n});\nreturn {n}->{number};", f"int {value} = {n}->{number};\nfree({n});\nreturn {value};")
    elif mode == "wordy":
        good = f"int {value} = {n}->{number};\nfree({n});"
        body = f"{step}\n" + alt(f"int {value} = 0;\nfree({n});\n{value} = {n}->{number};", good) + f"\nreturn {value};"
    elif mode == "next":
        body = f"int {value} = {n}->{number};\n" + alt(f"free({n});\n{step}", f"{step}\nfree({n});") + f"\nreturn {value};"
    else:
        body = f"char *{value} = {n}->{text};\n{step}\n{spare(s, f'free({value});', '')}\nfree({n});\nreturn {value};"
    s.function("char *" if mode == "text" else "int", name, [parameter], start + body)
    user, got, fmt = s.func(("show", "next", "process", "print")), s.var(("got", "taken", "res")), "%s" if mode == "text" else "%d"
    if mode == "text":
        use = f"char *{got} = {name}({parameter.split('*')[-1]});\nif ({is_null(s, got)}) return;\n{show(s, (fmt, got))}\nfree({got});"
        s.function("void", user, [parameter], use)
    elif s.chance(0.4):
        s.function("void", user, [parameter], show(s, (fmt, f"{name}({parameter.split('*')[-1]})")))
    reason = {
        "saved": f"{name} frees {n} and then returns {n}->{number}.",
        "wordy": f"{name} frees {n} and then copies {n}->{number} into {value}.",
        "next": f"{name} frees {n} and then reads {n}->next.",
        "text": f"{name} frees {value} and still returns it, and {user} reads it.",
    }[mode]
    return Draft(
        hardness="clear",
        vulnerable=reason
        + s.one(" Every call reads freed memory.", f" A client that makes the program take a {s.word('items')} triggers it."),
        patched=s.one(
            f"What {name} returns of {n} is taken before {n} is freed."
            + (f" The text itself is freed only by {user}." if mode == "text" else ""),
            f"{name} reads {field} and next of {n} first and frees {n} last.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{n} is tested for NULL before it is followed."},
    )


def unlink_missed_head(s: Scene) -> Draft:
    """A node is freed but the list still leads to it when it was the first one."""
    number, key = s.var(s.domain.numbers), s.var(("key", "wanted", "id", "code"))
    owner = node(s, f"int {key};", f"int {number};")
    head, cur, prev = s.var(("head", "first", "list", "root")), s.var(("cur", "node", "entry", "e")), s.var(("prev", "before", "last"))
    s.globals.append(f"static {owner} *{head};")
    name, walk = s.func(("remove", "delete", "drop", "expire")), s.func(("show", "list", "print", "dump"))
    inner = f"{prev}->next = {cur}->next;"
    good = f"if ({prev} == NULL) {head} = {cur}->next;\nelse {inner}"
    bad, why = s.rng.choice(
        (
            (f"if ({prev} != NULL) {inner}", f"When {cur} is the first node, {name} frees it but {head} still points to it."),
            (
                f"if ({prev} != NULL) {inner}\nelse {prev} = {cur}->next;",
                f"For the first node {name} sets {prev} and not {head}, so {head} keeps the freed node.",
            ),
            (
                f"if ({prev} == NULL) {prev} = {cur}->next;\nelse {inner}",
                f"For the first node {name} sets {prev} and not {head}, so {head} keeps the freed node.",
            ),
            (
                f"if ({prev} != NULL && {cur}->next != NULL) {inner}\nelse if ({prev} == NULL) {head} = {cur}->next;",
                f"{name} does not unlink the last node, so {prev}->next keeps pointing to it after free.",
            ),
            (
                f"if ({prev} != NULL && {prev} != {head}) {inner}\nelse if ({prev} == NULL) {head} = {cur}->next;",
                f"{name} does not unlink the second node, so {head}->next keeps pointing to it after free.",
            ),
        )
    )
    loop = s.one(
        f"for ({owner} *{cur} = {head}; {cur} != NULL; {prev} = {cur}, {cur} = {cur}->next) {{\n"
        f"if ({cur}->{key} != {key}) continue;\nUNLINK\nfree({cur});\nreturn 0;\n}}\nreturn -1;",
        f"{owner} *{cur} = {head};\nwhile ({cur} != NULL && {cur}->{key} != {key}) {{\n{prev} = {cur};\n"
        f"{cur} = {cur}->next;\n}}\nif ({is_null(s, cur)}) return -1;\nUNLINK\nfree({cur});\nreturn 0;",
    )
    s.function("int", name, [f"int {key}"], f"{owner} *{prev} = NULL;\n" + loop.replace("UNLINK", alt(bad, good)))
    s.function(
        "void",
        walk,
        [],
        f"for (const {owner} *{cur} = {head}; {cur} != NULL; {cur} = {cur}->next) {{\n"
        f"{show(s, ('%d', f'{cur}->{number}'), ('%d', f'{cur}->{key}'))}\n}}",
    )
    return Draft(
        hardness="hard",
        vulnerable=why + s.one(f" {walk} then reads it.", f" A client that picks this {key} makes {walk} read it."),
        patched=s.one(
            f"{name} unlinks {cur} in every case, at {head} or behind {prev}, before it frees it. {walk} meets only live nodes.",
            f"Before {cur} is freed, either {head} or {prev}->next is moved past it, so nothing leads to it.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{cur} and {prev} are tested for NULL before they are followed."},
    )


def expired_in_loop(s: Scene) -> Draft:
    """The loop frees an old entry and goes on with it in the same round; the fix goes to the next."""
    number, age = s.var(s.domain.numbers), s.var(("idle", "stamp", "expires", "seen"))
    now, total, cur = (
        s.var(("now", "limit_time", "cutoff", "deadline")),
        s.var(("live", "kept", "remaining", "active")),
        s.var(("cur", "e", "n", "entry")),
    )
    name, old = s.func(("sweep", "expire", "purge", "collect")), f"{cur}->{age} {s.one('<', '<=')} {now}"
    listed = s.chance(0.5)
    if listed:
        owner, link = node(s, f"int {number};", f"long {age};"), s.var(("link", "slot", "where", "at"))
        opening, gone = f"{owner} *{cur};\nwhile (({cur} = *{link}) != NULL) {{", f"*{link} = {cur}->next;\nfree({cur});"
        use, parameters = f"{total} += {cur}->{number};\n{link} = &{cur}->next;", [f"{owner} **{link}", f"long {now}"]
        what = f"{cur}->{number} is read and {link} moves into it"
    else:
        owner, _ = s.struct([f"int {number};", f"long {age};"], 1)
        table, n, i = s.items(), s.var(words.LENGTH), s.var(words.LOOP)
        opening = f"for (size_t {i} = 0; {i} < {n}; {i}++) {{\n{owner} *{cur} = {table}[{i}];\nif ({is_null(s, cur)}) continue;"
        gone, parameters = f"{table}[{i}] = NULL;\nfree({cur});", [f"{owner} **{table}", f"size_t {n}", f"long {now}"]
        use = s.one(f"{total} += {cur}->{number};", f"{total}++;\n{show(s, ('%d', f'{cur}->{number}'))}")
        what = f"{cur}->{number} is read"
    if s.chance(0.65):
        round_ = f"if ({old}) {{\n{gone}\n{spare(s, s.one('', '', f'{total}--;'), 'continue;')}\n}}\n{use}"
    else:
        round_ = f"if ({old}) {{\n{gone}\n" + alt(f"{report(s)}\n{total}--;\n}}\n{use}", f"}}\nelse {{\n{use}\n}}")
    s.function("int", name, parameters, f"int {total} = 0;\n{opening}\n{round_}\n}}\nreturn {total};")
    return Draft(
        hardness="hard",
        vulnerable=f"{name} frees an old {cur} but stays in the same round, where {what}. "
        + s.one("A peer that waits long enough to expire makes this happen.", f"Every entry whose {age} has run out is used after free."),
        patched=s.one(
            f"After free, {name} goes straight to the next round, so the freed {cur} is not read.",
            f"{name} reads {cur} only when it was not freed in this round.",
        ),
        absent={**NO_WRITE, "CWE-476": f"{cur} is tested for NULL in each round."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (list_next_after_free, pop_reads_node, unlink_missed_head, expired_in_loop)
}
