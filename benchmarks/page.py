"""The page docs/performance.md: everything that was measured, with the targets beside it. Knows no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.ratios import TOLERANCE, Found, Spread, spread
from benchmarks.work import Size

if TYPE_CHECKING:
    from benchmarks.agreement import Agreement
    from benchmarks.methods.kinds import Method, Missing

HEAD = """# What a sweep costs

Made by `make bench` (`python -m benchmarks`), never by hand. Every method is given the same prompts and the same cells (a layer, a strength
and a direction) and gives the same margins, which is checked before any time counts. All run in one process and in turns; a ratio is taken
within each round, and its median over the rounds is told with its quartiles. `make bench` fails where a ratio is worse than the committed
one (`benchmarks/baseline.json`) by more than a factor of {tolerance:g}; times are of one machine and are held against nothing.

All methods compute the logits of the last token alone. The floor has its tokens ready beforehand; every other method starts from text.
Where each cell or each prompt costs the same again, a round runs some of them, others each time, and its time is told for all: the last
column of the jobs says how many.
"""
METHODS_NOTE = """Packages of others are used as their documentation shows, but on whole batches, which favours them. repeng steers every
token, so it is compared at positions `all` alone. Both are installed without their declared dependencies (transformers below 5, NumPy below
2), beside which the harness can't be installed; repeng reads a name that NumPy 2 no longer has, which is lent to it while it is imported.
"""


@dataclass(frozen=True, kw_only=True)
class Section:
    """What was measured of one model, or of starting up.

    machine: what it was measured on. times: job -> its rounds. units: job -> "s" or "MB". parts: job -> which part of the work was run,
    where it was not all. told: lines of facts that stand above the tables.
    """

    name: str
    text: str
    machine: Mapping[str, str]
    found: tuple[Found, ...]
    times: Mapping[str, Sequence[float]]
    units: Mapping[str, str]
    parts: Mapping[str, str]
    agreements: "tuple[Agreement, ...]" = ()
    told: tuple[str, ...] = ()


def page(sections: Sequence[Section], size: Size, methods: "Sequence[Method | Missing]") -> str:
    """The whole page, in Markdown."""
    parts = [HEAD.format(tolerance=TOLERANCE), "## Work\n"]
    parts += [
        f"{size.prompts} prompts of about {size.length} tokens from the embedded corpus; {size.layers} layers x {size.strengths} "
        f"strengths; {size.placebos} placebos at one layer; {size.new_tokens} new tokens.\n",
        "## Methods\n",
        *(f"- `{method.name}`: {method.text}{_reason(method)}" for method in methods),
        "- `floor`: the unsteered model, batched, in plain transformers\n",
        METHODS_NOTE,
    ]
    for section in sections:
        parts += _section(section)
    return "\n".join(parts)


def _reason(method: "Method | Missing") -> str:
    reason = getattr(method, "reason", None)
    return f". **Skipped:** {reason}" if reason else ""


def _section(section: Section) -> list[str]:
    aimed = [one for one in section.found if one.target.limit is not None]
    told = [one for one in section.found if one.target.limit is None]
    facts = [*section.told, *(f"{name}: {value}" for name, value in section.machine.items())]
    parts = [f"## {section.name}\n", f"{section.text}\n", *(f"- {fact}" for fact in facts), ""]
    if aimed:
        rows = [[one.target.text, _limit(one), _ratio(one), _met(one)] for one in aimed]
        parts += [table(["target", "asked for", "measured", "met"], rows), ""]
    if told:
        rows = [[one.target.text, _ratio(one)] for one in told]
        parts += [table(["beside the targets", "measured"], rows), ""]
    rows = [
        [name, *_figures(spread(times), section.units[name]), section.parts.get(name, "all of it")] for name, times in section.times.items()
    ]
    parts += [table(["job", "median", "quartiles", "run"], rows), ""]
    if section.agreements:
        parts += [table(["agrees with the engine", "positions", "how"], [_agreed(one) for one in section.agreements]), ""]
    return parts


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _limit(one: Found) -> str:
    limit = one.target.limit
    return f"{limit:g}x or faster" if one.target.kind == "at least" else f"at most {limit:g}"


def _ratio(one: Found) -> str:
    times = "x faster" if one.target.kind == "at least" else ""
    return f"{one.ratio.median:.3g}{times} ({one.ratio.low:.3g} - {one.ratio.high:.3g})"


def _met(one: Found) -> str:
    return "met" if one.met else "**missed**"


def _figures(taken: Spread, unit: str) -> tuple[str, str]:
    return f"{taken.median:.4g} {unit}", f"{taken.low:.4g} - {taken.high:.4g}"


def _agreed(one: "Agreement") -> list[str]:
    if one.texts is not None:
        how = f"{one.texts} texts, {one.parted} of them part where two logits tie"
    else:
        ranging = "" if one.range_ is None else f"; they range over {one.range_:.2g} from cell to cell"
        how = f"margins differ by {one.difference:.2g} at most{ranging}"
    return [one.method, one.positions, how]
