"""Optional fields, lists that end and tables with gaps."""

from collections.abc import Callable

from training.programs import words
from training.programs.cwe_476.sources import NO_ARRAY, any_of, behind, beside, linked, null
from training.programs.scene import Condition, Draft, Scene, alt


def optional_callback(s: Scene) -> Draft:
    """A hook that may be unset is called."""
    hook, value = s.var(("on_done", "callback", "handler", "hook", "notify")), s.var(words.VALUE)
    owner, p = s.struct([f"void (*{hook})(int);"], 3)
    name = s.func(("fire", "run", "emit", "finish"))
    bad = s.one(f"if ({p} == NULL) return;", f"if ({value} < 0) return;")
    check = alt(bad, f"if ({p} == NULL || {p}->{hook} == NULL) return;")
    s.function("void", name, [f"{owner} *{p}", f"int {value}"], f"{check}\n{p}->{hook}({value});")
    return Draft(
        hardness="hard",
        vulnerable=f"{hook} may be unset, and it is called without a test for NULL.",
        patched=f"{p} and {hook} are both tested for NULL before the call.",
        absent=NO_ARRAY,
    )


def parent_followed(s: Scene) -> Draft:
    """An optional pointer in a struct is followed; the test is for the struct or for another field."""
    number, link, returns = s.var(s.domain.numbers), s.var(("parent", "owner", "config", "peer", "prev", "inner", "stats")), s.returns()
    owner = f"struct {s.type_name()}"
    p, v, alias = s.var((*words.HANDLE, "node", "child")), s.var(words.VALUE), s.var(("up", "other", "base", "above"))
    own = s.chance(0.5)
    inner = owner if own else f"struct {s.type_name()}"
    if not own:
        s.types.append(f"{inner} {{\nint {number};\nint {s.one('flags', 'refs', 'state')}_no;\n}};")
    second = s.var(("extra", "backup", "left", "data_next")) if s.chance(0.5) else ""
    rest = f"{owner} *{second};\n" if second else ""
    s.types.append(f"{owner} {{\nint {number if own else 'id_no'};\n{rest}{inner} *{link};\n}};")
    plain = number if own else "id_no"
    setup = f"{p}->{plain} = {v};\n{p}->{link} = NULL;\n" + (f"{p}->{second} = NULL;" if second else "")
    s.function("void", s.func(("init", "setup", "reset")), [f"{owner} *{p}", f"int {v}"], setup)
    idle = Condition(reject=f"{p}->{plain} < 0", accept=f"{p}->{plain} >= 0")
    follow = f"{p}->{link}->{number}"
    use = s.one(f"{follow} += {v};", f"{follow} = {v};", f'printf("%d\\n", {follow} + {v});', f"if ({follow} > {v}) {follow}--;")
    whole = null(s, p)
    field = null(s, f"{p}->{link}")
    good = any_of(whole, field) if s.chance(0.6) else field
    bad = (
        any_of(whole, null(s, f"{p}->{second}") if second else idle)
        if good is not field
        else (null(s, f"{p}->{second}") if second else idle)
    )
    mode = s.one("guard", "guard", "alias", "ternary")
    if mode == "alias":
        beyond = s.rng.choice((idle, whole, any_of(whole, idle)))
        follows = behind(s, beyond, null(s, alias), use.replace(follow, f"{alias}->{number}"), returns.fail)
        core = f"{inner} *{alias} = {p}->{link};\n{follows}"
    elif mode == "ternary":
        what = s.one(f"{p}->{plain} > 0", f"{p} != NULL", f"{p}->{plain} != {v}")
        core = f'int total = {alt(what, f"{p}->{link} != NULL")} ? {follow} : {v};\nprintf("%d\\n", total);\n'
    else:
        core = behind(s, bad, good, use, returns.fail)
    s.function(returns.type, s.func(("update", "apply", "raise", "visit", "sync")), [f"{owner} *{p}", f"int {v}"], core + returns.done)
    return Draft(
        hardness="hard",
        vulnerable=s.one(
            (
                f"{p}->{link} starts as NULL and is followed, and the test is for something else. "
                f"Where no {link} is set the program ends there."
            ),
            f"No test looks at {p}->{link} before {number} is reached through it. It is NULL until {link} is set.",
        ),
        patched=f"{p}->{link} is tested before {number} is reached through it. That it starts as NULL does no harm.",
        absent=NO_ARRAY,
    )


def list_search_then_use(s: Scene) -> Draft:
    """A walk to the end of a list leaves NULL behind."""
    by_text = s.chance(0.4)
    key, number = (s.text() if by_text else s.var(("key", "wanted", "code"))), s.var(s.domain.numbers)
    owner, step = linked(s, f"char {key}[24];" if by_text else f"int {key};", f"int {number};")
    p, head, v, returns = s.var(("node", "cur", "it", "e")), s.var(("head", "list", "first", "root")), s.var(words.VALUE), s.returns()
    given = s.chance(0.6)
    if not given:
        s.globals.append(f"static {owner} *{head};")
    same = f"strcmp({p}->{key}, {key}) == 0" if by_text else f"{p}->{key} == {key}"
    other = f"strcmp({p}->{key}, {key}) != 0" if by_text else f"{p}->{key} != {key}"
    walk = s.one(
        f"{owner} *{p} = {head};\nwhile ({p} != NULL && {other}) {p} = {p}->{step};\n",
        f"{owner} *{p} = {head};\nwhile ({p} != NULL) {{\nif ({same}) break;\n{p} = {p}->{step};\n}}\n",
        f"{owner} *{p};\nfor ({p} = {head}; {p} != NULL; {p} = {p}->{step}) {{\nif ({same}) break;\n}}\n",
        f"{owner} *{p} = {head};\nfor (; {p} && {other}; {p} = {p}->{step}) {{\n}}\n",
    )
    use = s.one(
        f"{p}->{number} = {v};",
        f"{p}->{number} += {v};",
        f'printf("%d\\n", {p}->{number} - {v});',
        f"if ({p}->{number} < {v}) {p}->{number}++;",
    )
    good, empty = null(s, p), null(s, head)
    mode = s.one("head", "head", "before", "idle", "late")
    if mode == "before":
        core = alt(f"if ({empty.reject}) {returns.fail}\n{walk.strip()}", f"{walk}if ({good.reject}) {returns.fail}") + f"\n{use}\n"
    elif mode == "late":
        core = walk + alt(f"{use}\nif ({good.reject}) {returns.fail}", f"if ({good.reject}) {returns.fail}\n{use}") + "\n"
    else:
        core = walk + behind(s, empty if mode == "head" else beside(s, numbers=(v,)), good, use, returns.fail)
    parameters = [f"{owner} *{head}" if given else "", f"const char *{key}" if by_text else f"int {key}", f"int {v}"]
    s.function(returns.type, s.func(words.SETTERS), parameters, core + returns.done)
    return Draft(
        hardness="clear",
        vulnerable=s.one(
            f"The walk ends with {p} NULL when no {key} matches. {p}->{number} is used after it all the same.",
            f"{p} is NULL behind the loop when {key} is not in the list, and it is followed there without a test.",
        ),
        patched=s.one(
            f"{p} is tested behind the loop. A walk that finds nothing is refused.",
            f"{p}->{number} is used only when the loop has stopped at a node, and {p} is not NULL then.",
        ),
        absent=NO_ARRAY,
    )


def list_walk_condition(s: Scene) -> Draft:
    """The condition of a loop over a list follows the pointer before it is known to be there."""
    number = s.var(s.domain.numbers)
    owner, step = linked(s, f"int {number};")
    p, q = s.var(("node", "cur", "p", "it")), s.var(("other", "peer_node", "q", "second"))
    head, v, total = s.var(("head", "list", "root")), s.var(("limit_no", "wanted", "v", "key")), s.var(("total", "sum", "n", "count"))
    mode = s.one("order", "order", "both", "last", "ahead", "ahead")
    body = s.one(f"{total}++;", f"{total} += {p}->{number};")
    parameters = [f"{owner} *{head}", f"int {v}"]
    if mode == "order":
        test = s.one(f"{p}->{number} != {v}", f"{p}->{number} < {v}", f"{p}->{number} > {v}")
        there = s.one(f"{p} != NULL", p)
        start = f"{owner} *{p} = {head};\n"
        if s.chance(0.5):
            loop = f"while ({alt(f'{test} && {there}', f'{there} && {test}')}) {{\n{body}\n{p} = {p}->{step};\n}}\n"
        else:
            loop = f"for (; {alt(f'{test} && {there}', f'{there} && {test}')}; {p} = {p}->{step}) {{\n{body}\n}}\n"
        core, why, rule = (
            start + loop,
            f"{p}->{number} is read before {p} is compared with NULL",
            f"{p} is compared with NULL before {p}->{number} is read",
        )
    elif mode == "both":
        good = null(s, p, q)
        lists = s.one(f"{p}->{number} * {q}->{number}", f"{p}->{number} - {q}->{number}")
        core = f"while ({alt(good.accept.replace('&&', '||'), good.accept)}) {{\n{total} += {lists};\n{p} = {p}->{step};\n{q} = {q}->{step};\n}}\n"
        parameters = [f"const {owner} *{p}", f"const {owner} *{q}"]
        why, rule = (
            f"The loop goes on while {p} or {q} is left, and it reads both",
            f"The loop ends with the shorter list, so {p} and {q} are both there when they are read",
        )
    elif mode == "last":
        idle = beside(s, numbers=(v,)).reject
        good_ = null(s, head).reject
        core = (
            f"{alt(f'if ({idle}) return -1;', f'if ({good_}) return -1;')}\n{owner} *{p} = {head};\n"
            f"while ({p}->{step} != NULL) {{\n{body}\n{p} = {p}->{step};\n}}\n{p}->{number} = {v};\n"
        )
        why, rule = (
            f"{p} starts as {head}, which is NULL for an empty list, and the loop reads {p}->{step} at once",
            f"An empty list is refused, so {p} is a node when {p}->{step} is read",
        )
    else:
        test = s.one(f"{p}->{step}->{number} < {v}", f"{p}->{step}->{number} != {v}")
        weak = s.one(
            f"{p} != NULL && {test}", f"{p}->{number} != {v} && {test}", f"{total} >= 0 && {test}", f"{p}->{number} >= 0 && {test}"
        )
        core = (
            f"if ({null(s, head).reject}) return -1;\n{owner} *{p} = {head};\n"
            f"while ({alt(weak, f'{p}->{step} != NULL && {test}')}) {{\n{body}\n{p} = {p}->{step};\n}}\n"
        )
        why, rule = (
            f"At the last node {p}->{step} is NULL, and the loop reads {number} through it",
            f"The loop stops at the last node, where {p}->{step} is NULL",
        )
    s.function("int", s.func(("count", "measure", "rank", "sum", "walk")), parameters, f"int {total} = 0;\n{core}return {total};")
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. A list with no fitting node ends the program."
        if mode in ("order", "ahead")
        else f"{why}. Whoever fills the list can make the program end there.",
        patched=f"{rule}. The walk never follows NULL.",
        absent=NO_ARRAY,
    )


def dispatch_table(s: Scene) -> Draft:
    """A table of functions with gaps: the range is tested, the entry is not."""
    returns, code, v, table = (
        s.returns(),
        s.var(("code", "op", "cmd", "kind")),
        s.var(words.VALUE),
        s.var(("handlers", "actions", "ops", "dispatch")),
    )
    first, second = s.func(("start", "on", "do", "handle")), s.func(("stop", "end", "finish", "print"))
    result = s.one(f"{v} + 1", f"{v} * 2", f"-{v}")
    s.function("int", first, [f"int {v}"], f"return {result};", static=True)
    s.function("int", second, [f"int {v}"], f'printf("%d\\n", {v});\nreturn 0;', static=True)
    call = s.var(("rc", "got", "answer"))
    idle = beside(s, numbers=(v,))
    if s.chance(0.55):
        size = s.rng.choice((4, 5, 6, 8))
        entries = s.rng.choice(
            (
                f"{first}, NULL, {second}, {first}",
                f"NULL, {first}, {second}",
                f"[1] = {first}, [{size - 1}] = {second}",
                f"[0] = {first}, [2] = {second}",
            )
        )
        s.functions.append(f"static int (*const {table}[{size}])(int) = {{{entries}}};")
        bound = s.one(str(size), f"sizeof({table}) / sizeof({table}[0])")
        out = Condition(reject=f"{code} >= {bound}", accept=f"{code} < {bound}")
        entry = null(s, f"{table}[{code}]")
        lead, use = "", f'int {call} = {table}[{code}]({v});\nprintf("%d\\n", {call});'
        if s.chance(0.5):
            lead = f"if ({out.reject}) {returns.fail}\n"
            bad, good = idle, entry
        else:
            bad, good = any_of(out, idle), any_of(out, entry)
        parameters = [f"unsigned {code}", f"int {v}"]
        if s.chance(0.4):
            text = s.text()
            lead, parameters = f"unsigned {code} = (unsigned){s.one('atoi', 'atol')}({text});\n{lead}", [f"const char *{text}", f"int {v}"]
        what = f"{table}[{code}]"
    else:
        item, text, run = f"struct {s.type_name()}", s.var(("name", "word", "label")), s.var(("run", "call", "fn"))
        p, i = s.var(("cmd_entry", "e", "c", "entry")), s.var(words.LOOP)
        s.types.append(f"{item} {{\nconst char *{text};\nint (*{run})(int);\n}};")
        a, b, c = s.rng.sample(sorted({*s.domain.items, *s.domain.numbers, "help", "quit"}), 3)
        rows = [f'{{"{a}", {first}}}', f'{{"{b}", NULL}}', f'{{"{c}", {second}}}']
        s.rng.shuffle(rows)
        s.functions.append(f"static const {item} {table}[] = {{{', '.join(rows)}}};")
        what = f"{p}->{run}"
        use = f"{call} = {what}({v});"
        bad, good = s.rng.choice((idle, null(s, f"{p}->{text}"), null(s, p))), null(s, what)
        inner = (
            f"const {item} *{p} = &{table}[{i}];\nif (strcmp({p}->{text}, {code}) != 0) continue;\n"
            f"{behind(s, bad, good, use, 'return -1;')}"
        )
        lead = f"int {call} = 0;\nfor (int {i} = 0; {i} < 3; {i}++) {{\n{inner}}}\n"
        parameters = [f"const char *{code}", f"int {v}"]
        s.function("int", s.func(("run", "execute", "process"), "things"), parameters, f"{lead}return {call};")
        return _gap(what, code)
    s.function(
        returns.type,
        s.func(("run", "execute", "process"), "things"),
        parameters,
        f"{lead}{behind(s, bad, good, use, returns.fail)}{returns.done}",
    )
    return _gap(what, code)


def _gap(what: str, code: str) -> Draft:
    return Draft(
        hardness="hard",
        vulnerable=(
            f"Some entries of the table hold no function, and {what} is called without a test for NULL. "
            f"An outsider can choose such an entry with {code}."
        ),
        patched=f"{what} is tested for NULL before the call. An entry without a function is refused.",
        absent=NO_ARRAY,
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f
    for f in (
        optional_callback,
        parent_followed,
        list_search_then_use,
        list_walk_condition,
        dispatch_table,
    )
}
