"""C: a check or quotes stand before the command, and they do or do not hold what they should."""

from collections.abc import Callable

from training.programs.cwe_77.commands import SETS, TOOLS, VERBS, built, fits, guarded, line_name, outside, ran
from training.programs.scene import Draft, Scene, alt


def c_character_set(s: Scene) -> Draft:
    """strspn or strpbrk over the whole text, over its start, for too few characters, or on another text."""
    x, cmd, tool = outside(s), line_name(s), s.one(*TOOLS)
    e, other = x.expr, s.var(("mode", "kind", "user", "lang"))
    chars = f'"{s.one(*SETS)}"'
    if s.chance(0.5):
        chars, text = s.var(("PLAIN_CHARS", "NAME_CHARS", "SAFE_SET", "ALLOWED")), chars
        chars = chars.replace("SAFE_SET", "LETTERS")
        s.limits.append(f"#define {chars} {text}")
    good = s.one(
        f"strspn({e}, {chars}) != strlen({e})",
        f"{e}[strspn({e}, {chars})] != '\\0'",
        f"strspn({e}, {chars}) < strlen({e})",
        f'strpbrk({e}, ";&|<>$`()\\\\\\"\'*?~#\\n") != NULL',
    )
    mode = s.one("start", "few", "few", "length", "other")
    if mode == "start":
        bad = s.one(
            f"strspn({e}, {chars}) == 0",
            f"strspn({e}, {chars}) < 1",
            f"strchr({chars}, {e}[0]) == NULL",
            f"!isalnum((unsigned char){e}[0])",
        )
        why = f"Only the start of {x.name} has to be plain, and the rest may be anything"
    elif mode == "few":
        bad = s.one(
            f"strchr({e}, ';') != NULL",
            f'strpbrk({e}, " \\t\\r\\n") != NULL',
            f"strchr({e}, ';') != NULL || strchr({e}, '|') != NULL",
            f'strstr({e}, "&&") != NULL || strstr({e}, "||") != NULL',
            f'strpbrk({e}, ";&|<>") != NULL',
            f"strchr({e}, '/') != NULL || strchr({e}, ' ') != NULL",
            f"strstr({e}, \"..\") != NULL || {e}[0] == '-'",
        )
        why = f"The test of {x.name} does not look for $( )"
    elif mode == "length":
        bad = s.one(
            f"strlen({e}) > 60", f"{e}[0] == '\\0' || strlen({e}) > 60", f"{e}[0] == '\\0'", f"strlen({e}) < 2 || strlen({e}) >= 64"
        )
        why = f"The test of {x.name} looks at its length and not at its characters"
    else:
        bad = good.replace(e, other)
        why = f"The test looks at {other}, and {x.name} goes into {cmd}"
    if s.chance(0.4):
        bad = s.one(f"{bad} || strlen({e}) > 100", f"strlen({e}) > 100 || {bad}", f"{e}[0] == '-' || {bad}")
    body = x.opening + guarded(s, bad, good, built(s, cmd, tool, "%s", e) + ran(s, cmd))
    extra = f"const char *{other}" if mode == "other" else ""
    if extra:
        body = f'printf("%s\\n", {other});\n' + body
    s.function("int", s.func(VERBS, "texts"), [x.parameter, extra], body)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. With $(id) in {x.name} the shell runs id.",
        patched=f"{x.name} may hold no character that the shell treats as its own. {s.one('Anything else is refused before the command.', f'So {cmd} keeps its one command.')}",
        absent=fits(cmd),
    )


def c_check_helper(s: Scene) -> Draft:
    """A second function tests the text: wrongly, or rightly while the caller ignores it, asks too late or about something else."""
    x, cmd, tool = outside(s), line_name(s), s.one(*TOOLS)
    plain, t, i = s.func(("is_plain", "valid", "accept", "check"), "texts"), s.var(("s", "t", "str_in", "word_in")), s.var(("i", "k", "n"))
    mode = s.one("early", "early", "class", "ignored", "late", "other", "branch", "connective")
    c = s.var(("c", "ch"))
    good_class = s.one(
        f"!isalnum((unsigned char){t}[{i}])", f"!isalnum((unsigned char){t}[{i}]) && {t}[{i}] != '.'", f"!islower((unsigned char){t}[{i}])"
    )
    walk = f"for (size_t {i} = 0; {t}[{i}] != '\\0'; {i}++) {{\n"
    right_body = f"{walk}if ({good_class}) return 0;\n}}\nreturn 1;"
    helper_body, extra, lead = right_body, "", ""
    action = built(s, cmd, tool, "%s", x.expr) + ran(s, cmd)
    guard = f"if (!{plain}({x.expr})) return -1;"
    if mode == "early":
        yes = good_class.removeprefix("!").replace(" && ", " || ").replace("!=", "==")
        helper_body = f"{walk}if ({alt(yes, good_class)}) return {alt('1', '0')};\n}}\nreturn {alt('0', '1')};"
        why = f"{plain} returns 1 at the first plain character and does not look at the rest of {x.name}"
    elif mode == "class":
        wide = s.one(
            f"!isprint((unsigned char){t}[{i}])",
            f"isspace((unsigned char){t}[{i}]) || {t}[{i}] == ';'",
            f"iscntrl((unsigned char){t}[{i}])",
            f"!isgraph((unsigned char){t}[{i}]) || {t}[{i}] == '\\\\'",
        )
        helper_body = f"{walk}if ({alt(wide, good_class)}) return 0;\n}}\nreturn 1;"
        why = f"{plain} lets $ and ( ) pass, and {x.name} goes into {cmd}"
    elif mode == "connective":
        allowed, stop = s.one("_", ".", "-"), s.one(";", " ", "|")
        helper_body = f"for (const char *{c} = {t}; *{c} != '\\0'; {c}++) {{\nif (!isalnum((unsigned char)*{c}) && *{c} {alt('==', '!=')} '{alt(stop, allowed)}') return 0;\n}}\nreturn 1;"
        why = f"{plain} refuses only '{stop}' and lets $ and ( ) pass in {x.name}"
    elif mode == "ignored":
        note = s.one(
            f"{plain}({x.expr});",
            f"(void){plain}({x.expr});",
            f'if (!{plain}({x.expr})) puts("odd {s.word("texts")}");',
            f'if (!{plain}({x.expr})) fprintf(stderr, "odd\\n");',
        )
        guard = alt(note, guard)
        why = f"{plain} is called on {x.name}, but its answer stops nothing"
    elif mode == "late":
        run = f"int rc = system({cmd});"
        action = built(s, cmd, tool, "%s", x.expr) + alt(f"{run}\n{guard}", f"{guard}\n{run}") + "\nreturn rc;"
        guard = ""
        why = f"{plain} is asked about {x.name} only after the command has run"
    elif mode == "other":
        other = s.var(("mode", "kind", "user", "lang"))
        extra, lead = f"const char *{other}", f'printf("%s\\n", {other});\n'
        guard = f"if (!{plain}({alt(other, x.expr)})) return -1;"
        why = f"{plain} is asked about {other}, and {x.name} goes into {cmd}"
    else:
        flag = s.var(("strict", "verbose", "remote"))
        extra, lead = f"int {flag}", f'if ({flag}) puts("{s.word("items")}");\n'
        guard = f"if ({alt(f'{flag} && ', '')}!{plain}({x.expr})) return -1;"
        why = f"{plain} is asked about {x.name} only when {flag} is set"
    s.function("int", plain, [f"const char *{t}"], helper_body, static=True)
    s.function("int", s.func(VERBS, "texts"), [x.parameter, extra], f"{x.opening}{lead}{guard}\n{action}")
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. With $(id) in {x.name} the shell runs id.",
        patched=f"{plain} looks at every character of {x.name} and has to accept it first. Nothing that the shell treats as its own is let through.",
        absent=fits(cmd),
    )


def c_quotes(s: Scene) -> Draft:
    """The text stands in quotes, and what could end or pierce them is refused or escaped, or it is not."""
    x, cmd, tool, mode = outside(s), line_name(s), s.one(*TOOLS), s.one("refuse", "refuse", "kind", "escape", "escape")
    e = x.expr
    if mode == "refuse":
        bad = s.one(
            f"strchr({e}, '\"') != NULL",
            f"strchr({e}, ';') != NULL",
            f'strpbrk({e}, ";&|") != NULL',
            f'strpbrk({e}, "\\"`$") != NULL',
            f"strchr({e}, '\\\\') != NULL",
            f"{e}[0] == '\\''",
        )
        good = s.one(
            f"strchr({e}, '\\'') != NULL",
            f"strchr({e}, '\\'') != NULL",
            f'strpbrk({e}, "\'\\n") != NULL',
            f'strcspn({e}, "\'") != strlen({e})',
        )
        body = guarded(s, bad, good, built(s, cmd, tool, "'%s'", e) + ran(s, cmd))
        why, end = (
            f"{x.name} stands in single quotes, but a ' inside it is not refused",
            "ends the quotes and the rest is read as a command",
        )
        right = f"{x.name} stands in single quotes and is refused when it holds a ' itself"
    elif mode == "kind":
        test = s.one(f'strpbrk({e}, "\'\\"") != NULL', f"strchr({e}, '\\'') != NULL || strchr({e}, '\"') != NULL")
        body = f"if ({test}) return -1;\n" + built(s, cmd, tool, alt('\\"%s\\"', "'%s'"), e) + ran(s, cmd)
        why, end = f"{x.name} stands in double quotes, and the shell still expands $( ) there", "runs the command inside the brackets"
        right = f"{x.name} stands in single quotes, where the shell expands nothing, and may hold no quote itself"
    else:
        q, n, i = s.var(("quoted", "esc", "out", "arg_text")), s.var(("n", "len", "w", "at")), s.var(("i", "k", "j"))
        size = s.one("200", "160", "128")
        wrong_char, wrong_text = s.rng.choice((("'\\''", "\\\\'"), ("'\"'", '\\\\\\"'), ("' '", "\\\\ "), ("'\\\\'", "\\\\\\\\")))
        wrong = f'if ({e}[{i}] == {wrong_char}) {{\nmemcpy({q} + {n}, "{wrong_text}", 2);\n{n} += 2;'
        fine = f"if ({e}[{i}] == '\\'') {{\nmemcpy({q} + {n}, \"'\\\\''\", 4);\n{n} += 4;"
        loop = f"for (size_t {i} = 0; {e}[{i}] != '\\0'; {i}++) {{\nif ({n} + 5 > sizeof({q})) return -1;\n{alt(wrong, fine)}\n}} else {{\n{q}[{n}++] = {e}[{i}];\n}}\n}}\n{q}[{n}] = '\\0';\n"
        body = f"char {q}[{size}];\nsize_t {n} = 0;\n{loop}" + built(s, cmd, tool, "'%s'", q) + ran(s, cmd)
        why, end = f"What the loop writes into {q} lets a ' of {x.name} end the single quotes", "is read as a command after the quotes"
        right = f"Each ' of {x.name} is closed, escaped and opened again in {q}, so the single quotes hold"
    s.function("int", s.func(VERBS, "texts"), [x.parameter], x.opening + body)
    patched = f"{right}. The shell takes it as one argument."
    subject = "$(id) in it" if mode == "kind" else f"A ' in {x.name}"
    ending = "is run by the shell" if mode == "kind" else end if mode == "refuse" else "lets the rest be read as a command"
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. {subject} {ending}.",
        patched=patched,
        absent=fits(cmd)
        if mode != "escape"
        else {"CWE-787": f"{q} is left for full before a write could leave it, and {cmd} is written with its own size."},
    )


def c_allow_table(s: Scene) -> Draft:
    """A table of known names: compared whole, only by prefix, or with a test that does not leave."""
    x, cmd = outside(s), line_name(s)
    tool = s.one("systemctl status", "service --status", "journalctl -u", "id", "man", "ip addr show")
    names, i, found = s.items(), s.var(("i", "k", "n")), s.var(("found", "known", "hit", "ok"))
    known = s.rng.sample(("nginx", "cron", "sshd", "redis", "backup", "mail", "eth0", "web"), s.rng.choice((3, 4)))
    listed = ", ".join(f'"{name}"' for name in known)
    e, entry = x.expr, f"{names}[{i}]"
    count = f"sizeof({names}) / sizeof({names}[0])" if s.chance(0.6) else str(len(known))
    s.globals.append(f"static const char *const {names}[] = {{{listed}}};")
    whole, head_only = (
        f"strcmp({e}, {entry}) == 0",
        s.one(
            f"strncmp({e}, {entry}, strlen({entry})) == 0",
            f"strstr({e}, {entry}) == {e}",
            f"strstr({e}, {entry}) != NULL",
            f"strncmp({e}, {entry}, 3) == 0",
            f"{e}[0] == {entry}[0]",
        ),
    )
    mode = s.one("prefix", "prefix", "start", "stays", "uses")
    test = alt(head_only, whole) if mode == "prefix" else whole
    initial, value, refuse = "0", e, f"if (!{found}) return -1;"
    why, right = f"Only a part of {x.name} is compared with {names}", f"{x.name} has to equal a name in {names} before {cmd} is built"
    if mode == "start":
        initial = alt(s.one(f"{e}[0] != '\\0'", "1", f"strlen({e}) > 0"), "0")
        why = f"{found} is set before {names} is searched, so a miss refuses nothing"
    elif mode == "stays":
        refuse = alt(
            s.one(
                f'if (!{found}) puts("unknown {s.word("items")}");',
                f'if (!{found}) fprintf(stderr, "unknown %s\\n", {e});',
                f'if (!{found}) printf("no such {s.word("items")}: %s\\n", {e});',
            ),
            refuse,
        )
        why = f"A miss in {names} is only reported and {x.name} is used anyway"
    elif mode == "uses":
        pick = s.var(("pick", "chosen", "unit", "which"))
        fallback = alt(s.one(e, f'{e} + strspn({e}, " ")', e), f"{names}[0]")
        body = (
            f"const char *{pick} = {fallback};\nfor (size_t {i} = 0; {i} < {count}; {i}++) {{\nif ({whole}) {pick} = {entry};\n}}\n"
            + built(s, cmd, tool, "%s", pick)
            + ran(s, cmd)
        )
        why, right = f"When {names} holds no such name, {pick} is still {x.name} itself", f"{pick} can only be one of the constant {names}"
    if mode != "uses":
        loop = f"int {found} = {initial};\nfor (size_t {i} = 0; {i} < {count}; {i}++) {{\nif ({test}) {found} = 1;\n}}\n"
        body = f"{loop}{refuse}\n" + built(s, cmd, tool, "%s", value) + ran(s, cmd)
    s.function("int", s.func(VERBS, "texts"), [x.parameter], x.opening + body)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. With ;id behind a known name in {x.name} the shell runs id."
        if mode == "prefix"
        else f"{why}. With ;id in {x.name} the shell runs id.",
        patched=f"{right}. No text of an outsider reaches the shell.",
        absent=fits(cmd),
    )


def c_number_text(s: Scene) -> Draft:
    """The text should be a number: the number is tested and the text is used, or the tail of the text is not looked at."""
    x, cmd, tool = outside(s), line_name(s), s.one("kill -9", "sleep", "pmap", "renice -n 5 -p", "seq", "factor", "fuser -n tcp")
    e, n, end = x.expr, s.var(("pid", "num", "value", "amount", "number")), s.var(("end", "rest", "tail"))
    mode = s.one("text", "text", "tail", "tail", "digit", "scan")
    limit = s.one("0", "1")
    if mode == "text":
        convert = s.one(f"atoi({e})", f"(int)strtol({e}, NULL, 10)", f"atoi({e})")
        reject = s.one(f"{n} <= {limit}", f"{n} < {limit} || {n} > 65535", f"{n} == 0")
        form, value = alt("%s", "%d"), alt(e, n)
        body = f"int {n} = {convert};\nif ({reject}) return -1;\n" + built(s, cmd, tool, form, value) + ran(s, cmd)
        why = f"{n} is tested, but {x.name} itself goes into {cmd}, and the conversion ignores what follows the digits"
        right = f"{cmd} is built from the number {n} and not from {x.name}"
    elif mode == "tail":
        bad = s.one(
            f"{end} == {e}", f"{end} == {e} || {n} <= 0", f"{n} <= 0", f"errno != 0 || {end} == {e}", f"{end} == NULL || {end} == {e}"
        )
        good = s.one(f"{end} == {e} || *{end} != '\\0'", f"*{end} != '\\0'", f"*{end} != '\\0' || {n} <= 0", f"*{end} || {n} < 0")
        body = f"char *{end};\n{'errno = 0;' + chr(10) if 'errno' in bad else ''}long {n} = strtol({e}, &{end}, 10);\n" + guarded(
            s, bad, good, built(s, cmd, tool, "%s", e) + ran(s, cmd)
        )
        why = f"The test does not look at *{end}, so more may follow the digits of {x.name}"
        right = f"*{end} has to be the end of {x.name}, so it holds a number only"
    elif mode == "digit":
        digits = s.one('"0123456789"', '"0123456789"')
        bad = s.one(
            f"!isdigit((unsigned char){e}[0])",
            f"strspn({e}, {digits}) == 0",
            f"strcspn({e}, {digits}) == strlen({e})",
            f"strpbrk({e}, {digits}) == NULL",
        )
        good = s.one(f"strspn({e}, {digits}) != strlen({e})", f"{e}[strspn({e}, {digits})] != '\\0'")
        body = guarded(s, bad, good, built(s, cmd, tool, "%s", e) + ran(s, cmd))
        why = f"One digit in {x.name} is enough for the test"
        right = f"Every character of {x.name} has to be a digit"
    else:
        word = s.var(("word_in", "part", "field_text", "token_text"))
        body = (
            f'char {word}[32];\nif (sscanf({e}, "{alt("%31s", "%31[0-9]")}", {word}) != 1) return -1;\n'
            + built(s, cmd, tool, "%s", word)
            + ran(s, cmd)
        )
        why = f"sscanf puts any word of {x.name} into {word}"
        right = f"sscanf takes only the digits of {x.name} into {word}"
    s.function("int", s.func(VERBS, "numbers"), [x.parameter], x.opening + body)
    return Draft(
        hardness="hard",
        vulnerable=f"{why}. With 1;id in {x.name} the shell runs id as well.",
        patched=f"{right}. Digits mean nothing special to the shell.",
        absent=fits(cmd)
        if mode != "scan"
        else {"CWE-787": f"sscanf writes at most the size of {word}, and {cmd} is written by snprintf with its own size."},
    )


FAMILIES: dict[str, Callable[[Scene], Draft]] = {
    f.__name__: f for f in (c_character_set, c_check_helper, c_quotes, c_allow_table, c_number_text)
}
