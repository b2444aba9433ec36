"""From outcomes to the committed page and figures, and what of them must not be."""

from collections.abc import Mapping, Sequence

from harness.calibration.judges import GATES
from harness.calibration.replicates import STRENGTH_SHARE
from harness.calibration.studies import Kind, Outcome
from harness.errors import PlanError
from harness.numerics.calibrated import Calibration
from harness.numerics.effects import LEVEL, POWER
from harness.numerics.intervals import Share

HEAD = """# Calibration of the gates

How often a gate passes where there is nothing to find, and where there is. Made by `make calibrate` (`python -m harness.calibration`),
never by hand; a gate's result carries its two figures from the same run (`harness/numerics/calibration.json`).

A replicate is a random GPTBigCode of three layers and width 32, whose answer reads one planted axis, and contrast pairs of random letters;
one character of the vulnerable half writes along the axis, by the stated size (0: the halves are exchangeable). Directions and placebos are
the product's own, cross-fitted; strength is {strength:g} of the median residual norm. Every replicate has a model of its own. Replicates
of equal number share their random numbers in all studies. Intervals are exact binomial ones, 95%.

Every gate is the product's, at its own number of resamples. In a bowl, the answer reads the square of how far a residual lies along the
axis, so that one push moves those files more that lie further along it: what sensitivity and specificity look for. For specificity there
are three CWEs in one model, with an axis each or one for all; the gate is that of the first, adjusted over the three. Prompt, comparison
and retention are not here: they compare two treatments of the same scenarios by sign flips, exact by construction, or bound a share. Nor
is harm, where no direction is judged: its bootstrap bound was simulated for itself (`harness.numerics.gates.harm.FEWEST`).
"""


GATE_MARK = "## "


def page(outcomes: Sequence[Outcome], *, seed: int) -> str:
    """The whole page, in Markdown."""
    return assembled(gate_sections(outcomes), seed=seed)


def assembled(sections: Mapping[str, str], *, seed: int) -> str:
    """The page from the section of each gate, in the order of GATES."""
    ordered = [sections[gate] for gate in GATES if gate in sections]
    return "\n".join([HEAD.format(strength=STRENGTH_SHARE), _seed_line(seed), *ordered])


def gate_sections(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """What the page says of each gate."""
    sections = {}
    for gate in dict.fromkeys(outcome.gate for outcome in outcomes):
        chosen = [outcome for outcome in outcomes if outcome.gate == gate]
        sections[gate] = "\n".join([f"{GATE_MARK}{gate}\n", _verdict(chosen), *_sections(chosen)])
    return sections


def kept_sections(text: str, *, seed: int) -> dict[str, str]:
    """The sections of an earlier page. Raises: PlanError for a page of another seed, of which a new one can't be a part."""
    head, *sections = text.split(f"\n{GATE_MARK}")
    if _seed_line(seed) not in head:
        raise PlanError(f"the page that is to be completed was not made with seed {seed}; give its seed, or run all gates")
    return {section.splitlines()[0]: GATE_MARK + section.rstrip("\n") + "\n" for section in sections}


def _seed_line(seed: int) -> str:
    return f"Seed {seed}.\n"


def _verdict(outcomes: Sequence[Outcome]) -> str:
    found = failures(outcomes)
    return "**Not calibrated:** " + "; ".join(found) + ".\n" if found else "Everything below is as it must be.\n"


def _sections(outcomes: Sequence[Outcome]) -> list[str]:
    titles: dict[Kind, str] = {
        "null": f"False positives (must not lie above {LEVEL:g}; the interval of the whole gate decides)",
        "power": f"Power (must reach {POWER:g} at the declared smallest effect, set in bold)",
        "control": "Positive control: the difference of the answers' unembeddings, added at the last layer",
        "copies": "What copies do when they are counted as scenarios (nothing to find)",
    }
    return [
        f"### {title}\n\n{_table([outcome for outcome in outcomes if outcome.study.kind == kind])}\n"
        for kind, title in titles.items()
        if any(outcome.study.kind == kind for outcome in outcomes)
    ]


def _table(outcomes: Sequence[Outcome]) -> str:
    parts = list(outcomes[0].parts)
    head = ["design", "K", "replicates", "mean T", "planted share", "gate passes", *parts]
    rows = [head, ["---"] * len(head), *(_row(outcome, parts) for outcome in outcomes)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(outcome: Outcome, parts: Sequence[str]) -> list[str]:
    name = f"**{outcome.study.name}**" if is_declared(outcome) else outcome.study.name
    figures = [str(outcome.study.design.placebos), str(outcome.passed.of), f"{outcome.statistic:.2f}", f"{outcome.share:.3f}"]
    return [name, *figures, _rate(outcome.passed), *(f"{outcome.parts[part].value:.3f}" for part in parts)]


def _rate(share: Share) -> str:
    return f"{share.value:.3f} ({share.interval.low:.3f} - {share.interval.high:.3f})"


def is_declared(outcome: Outcome) -> bool:
    """Whether this is the point of the power curve at which the gate must have its power."""
    design = outcome.study.design
    return outcome.study.kind == "power" and GATES[outcome.gate].declared[design.scenarios] == design.size


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """What is not as it must be, in words; empty where all is well.

    A rate under the null is too high where its exact interval holds no value up to the level; a power is too low where it is below POWER.
    """
    found = []
    for outcome in outcomes:
        where = f"{outcome.gate}, {outcome.study.name}"
        if outcome.study.kind == "null" and outcome.passed.interval.low > LEVEL:
            found.append(f"{where}: passes {_rate(outcome.passed)} of replicates with nothing to find, above {LEVEL:g}")
        if is_declared(outcome) and outcome.passed.value < POWER:
            found.append(f"{where}: passes {_rate(outcome.passed)} of replicates with an effect, below {POWER:g}")
        if outcome.study.kind == "control":
            found += _control_failure(outcome, where)
    return found


def _control_failure(outcome: Outcome, where: str) -> list[str]:
    if GATES[outcome.gate].control_passes:
        return [f"{where}: the positive control passes {_rate(outcome.passed)}, below {POWER:g}"] if outcome.passed.value < POWER else []
    return [f"{where}: the control passes {_rate(outcome.passed)}, above {LEVEL:g}"] if outcome.passed.interval.low > LEVEL else []


def calibrations(outcomes: Sequence[Outcome]) -> dict[str, tuple[Calibration, ...]]:
    """The two figures of each gate by number of scenarios: the plain null, and the declared smallest effect."""
    found: dict[str, list[Calibration]] = {}
    for null in outcomes:
        if null.study.kind != "null" or not null.study.baseline:
            continue
        (power,) = (one for one in outcomes if is_declared(one) and _same(one, null))
        figures = Calibration(
            scenarios=null.study.design.scenarios,
            placebos=null.study.design.placebos,
            false_positives=null.passed,
            power=power.passed,
            statistic=power.statistic,
        )
        found.setdefault(null.gate, []).append(figures)
    return {gate: tuple(figures) for gate, figures in found.items()}


def _same(one: Outcome, other: Outcome) -> bool:
    return one.gate == other.gate and one.study.design.scenarios == other.study.design.scenarios
