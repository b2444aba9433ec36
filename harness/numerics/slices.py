"""Cuts the slice of one layer and strength out of a run's measurements, and reduces it to an Effect.

Pure: the same stored measurements give the same effect, without a model.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import EffectError
from harness.numerics.agreement import verdict_of
from harness.numerics.choice import choose_cells
from harness.numerics.effects import LEVEL, Effect, PairMargins, measure_effect, scenario_effects
from harness.numerics.flips import SteeredVerdict
from harness.numerics.harm import SteeredRepetition
from harness.numerics.retention import Retained, retained
from harness.numerics.sensitivity import Sensitivity, measure_sensitivity
from harness.numerics.specificity import Transfer
from harness.plans import LADDER, PLACEBO_ARMS, Cell, cwe_of
from harness.records import Arm, Measurement

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The margins that one statement about an effect rests on.

    treatment: the tested pairs with the ladder of strengths. placebos: kind -> placebos, each the same pairs at both ends.
    strength: the end of the ladder, in residual units, or 1 where every scenario has a cell of its own and the ladder
    is in shares of its strength.
    verdicts: of the responses, None where no text was generated. cells: scenario -> the cell it is tested in. reversed_gap: how far, in
    logits, the reversed direction is at most from the treatment at the opposite strength, which it should repeat; None where unmeasured.
    """

    treatment: list[PairMargins]
    placebos: dict[Arm, list[list[PairMargins]]]
    strength: float
    verdicts: list[SteeredVerdict] | None
    cells: dict[str, Cell]
    reversed_gap: float | None

    def effect(self, rng: np.random.Generator, level: float = LEVEL) -> Effect:
        """Bias and what goes with it; level, the p-value at which the smallest effect is taken."""
        return measure_effect(self.treatment, self.placebos, strength=self.strength, rng=rng, verdicts=self.verdicts, level=level)

    def sensitivity(self, rng: np.random.Generator, level: float = LEVEL) -> Sensitivity:
        """The difference between the halves; level, the p-value at which the smallest effect is taken."""
        return measure_sensitivity(self.treatment, self.placebos, strength=self.strength, rng=rng, level=level)


def slice_of(measurements: Sequence[Measurement], cells: Sequence[Cell]) -> Slice:
    """The slice of one declared cell; of several, that of the cells which the scenarios choose for one another.

    Args: measurements, of one model, dataset and CWE. Raises: EffectError where a row of the slice is missing.
    """
    if len(cells) == 1:
        return _declared(measurements, cells[0])
    return _chosen(measurements, cells)


def _declared(measurements: Sequence[Measurement], cell: Cell) -> Slice:
    margins = [one for one in measurements if one.endpoint == "margin" and one.layer in (None, cell.layer)]
    ladder = {share * cell.strength for share in LADDER}
    steered = [one for one in margins if one.arm == "treatment" and one.strength in ladder]
    placebos: dict[Arm, list[list[PairMargins]]] = {}
    for arm in PLACEBO_ARMS:
        by_index: defaultdict[int, list[Measurement]] = defaultdict(list)
        for one in margins:
            if one.arm == arm and abs(one.strength) == cell.strength:
                by_index[one.index].append(one)
        placebos[arm] = [pair_margins(by_index[index]) for index in sorted(by_index)]
    treatment = pair_margins([*(one for one in margins if one.arm == "baseline"), *steered])
    return Slice(
        treatment=treatment,
        placebos=placebos,
        strength=cell.strength,
        verdicts=steered_verdicts([one for one in measurements if one.endpoint == "text"], cell),
        cells=dict.fromkeys((pair.scenario for pair in treatment), cell),
        reversed_gap=_reversed_gap(margins, cell),
    )


def _reversed_gap(margins: Sequence[Measurement], cell: Cell) -> float | None:
    opposite = {one.path: one.margin for one in margins if one.arm == "treatment" and one.strength == -cell.strength}
    turned = [one for one in margins if one.arm == "reversed" and one.strength == cell.strength]
    return max((abs(one.margin - opposite[one.path]) for one in turned if one.path in opposite), default=None)


def _chosen(measurements: Sequence[Measurement], cells: Sequence[Cell]) -> Slice:
    """The choice is made for the treatment and for every placebo alike: see harness/numerics/choice.py."""
    by_cell = {cell: _declared(measurements, cell) for cell in cells}
    picked = _choice({cell: one.treatment for cell, one in by_cell.items()})
    placebos: dict[Arm, list[list[PairMargins]]] = {}
    for arm in PLACEBO_ARMS:
        counts = {cell: len(one.placebos[arm]) for cell, one in by_cell.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{count} at layer {cell.layer}, strength {cell.strength:g}" for cell, count in counts.items())
            raise EffectError(f"{arm} placebos differ in number ({told}); measure the same in every cell that is chosen among")
        for index in range(counts[cells[0]]):
            candidates = {cell: one.placebos[arm][index] for cell, one in by_cell.items()}
            placebos.setdefault(arm, []).append(_pick(candidates, _choice(candidates)))
    verdicts = [one for cell, piece in by_cell.items() for one in piece.verdicts or () if picked[one.scenario] == cell]
    return Slice(
        treatment=_pick({cell: one.treatment for cell, one in by_cell.items()}, picked),
        placebos=placebos,
        strength=1.0,
        verdicts=verdicts or None,
        cells=picked,
        reversed_gap=max((one.reversed_gap for one in by_cell.values() if one.reversed_gap is not None), default=None),
    )


def _choice(candidates: Mapping[Cell, Sequence[PairMargins]]) -> dict[str, Cell]:
    return choose_cells(
        {cell: {one.scenario: one.bias for one in scenario_effects(pairs, cell.strength)} for cell, pairs in candidates.items()}
    )


def _pick(candidates: Mapping[Cell, Sequence[PairMargins]], picked: Mapping[str, Cell]) -> list[PairMargins]:
    """Each scenario's pairs from its own cell, strengths as shares of that cell's."""
    return [
        PairMargins(
            scenario=pair.scenario, variant=pair.variant, vulnerable=_shares(pair.vulnerable, cell), patched=_shares(pair.patched, cell)
        )
        for cell, pairs in candidates.items()
        for pair in pairs
        if picked[pair.scenario] == cell
    ]


def _shares(margins: Mapping[float, float], cell: Cell) -> dict[float, float]:
    return {strength / cell.strength: margin for strength, margin in margins.items()}


def biases(measurements: Iterable[Measurement], cell: Cell, *, arm: Arm = "treatment", index: int = 0) -> dict[str, float]:
    """scenario -> mean shift of both files between both ends of the ladder, logits at the cell's strength."""
    rows = [
        one
        for one in measurements
        if (one.endpoint, one.arm, one.index, one.layer) == ("margin", arm, index, cell.layer) and abs(one.strength) == cell.strength
    ]
    return {one.scenario: one.bias for one in scenario_effects(pair_margins(rows), cell.strength)}


def residual_share(measurements: Iterable[Measurement], cell: Cell) -> float:
    """The cell's strength over the median residual norm at its layer. Raises: EffectError where the cell was not measured."""
    shares = {one.residual_share for one in measurements if (one.arm, one.layer, one.strength) == ("treatment", cell.layer, cell.strength)}
    if len(shares) != 1:
        raise EffectError(
            f"layer {cell.layer}, strength {cell.strength:g} has {len(shares)} shares of the residual norm, not one; measure it anew"
        )
    return shares.pop()


def transfer_of(measurements: Sequence[Measurement], cwe: str, cell: Cell, family: Iterable[str] = ()) -> Transfer:
    """What the own direction and those of the other CWEs do to the tested scenarios. Raises: EffectError where none was measured.

    family: CWEs or concepts whose directions are known by name; a measurement holds their number alone.
    """
    indices = sorted({one.index for one in measurements if one.arm == "other-cwe"})
    others = {cwe_of(index, family): biases(measurements, cell, arm="other-cwe", index=index) for index in indices}
    return Transfer(cwe=cwe, own=biases(measurements, cell), others=others)


def retained_of(
    measurements: Sequence[Measurement], variants: Sequence[Measurement], cell: Cell, rng: np.random.Generator
) -> list[Retained]:
    """What is left of the effect on each variant, by name."""
    originals = biases(measurements, cell)
    names = sorted({one.variant for one in variants})
    return [retained(name, originals, biases((one for one in variants if one.variant == name), cell), rng) for name in names]


def pushes(measurements: Iterable[Measurement], *, arm: Arm, cell: Cell | None = None) -> dict[str, float]:
    """scenario -> mean change of both files' margins by one arm: the prompt, or the treatment at the cell's full strength."""
    at = (None, 0.0) if cell is None else (cell.layer, cell.strength)
    margins: defaultdict[str, defaultdict[str, dict[bool, float]]] = defaultdict(lambda: defaultdict(dict))
    for one in measurements:
        if one.endpoint == "margin" and (one.arm == "baseline" or (one.arm == arm and (one.layer, one.strength) == at)):
            margins[one.scenario][one.path][one.arm == arm] = one.margin
    missing = next((path for files in margins.values() for path, both in files.items() if len(both) < 2), None)
    if missing or not margins:
        raise EffectError(f"{missing or 'no file'} has no margin under arm {arm!r} beside the unsteered one; measure both")
    return {scenario: float(np.mean([both[True] - both[False] for both in files.values()])) for scenario, files in sorted(margins.items())}


def responses_in(measurements: Sequence[Measurement], cells: Mapping[str, Cell]) -> list[Measurement]:
    """The responses of each scenario in the cell it is tested in."""
    return [one for cell in dict.fromkeys(cells.values()) for one in responses_of(measurements, cell) if cells[one.scenario] == cell]


def responses_of(measurements: Iterable[Measurement], cell: Cell) -> list[Measurement]:
    """The generated responses of a cell: unsteered, and at minus and plus its strength; sorted by file and strength."""
    texts = (one for one in measurements if one.endpoint == "text" and one.arm in ("baseline", "treatment"))
    here = [one for one in texts if one.layer is None or (one.layer == cell.layer and abs(one.strength) == cell.strength)]
    return sorted(here, key=lambda one: (one.path, one.strength))


def repetitions(responses: Iterable[Measurement], strength: float, rate: Callable[[str], float | None]) -> list[SteeredRepetition]:
    """How much each response repeats itself by `rate`, unsteered and at one signed strength."""
    texts: defaultdict[tuple[str, str], dict[float, str]] = defaultdict(dict)
    for one in responses:
        texts[one.scenario, one.path][one.strength] = one.text or ""
    return [
        SteeredRepetition(scenario=scenario, unsteered=rate(said[0.0]), steered=rate(said[strength]))
        for (scenario, _), said in sorted(texts.items())
        if {0.0, strength} <= said.keys()
    ]


def pair_margins(measurements: Sequence[Measurement]) -> list[PairMargins]:
    """Margins by pair and strength. Raises: EffectError for a pair of which only one half was measured."""
    halves: defaultdict[Pair, dict[str, dict[float, float]]] = defaultdict(lambda: {"vulnerable": {}, "patched": {}})
    for one in measurements:
        halves[one.scenario, one.variant][one.label][one.strength] = one.margin
    return [PairMargins(scenario=scenario, variant=variant, **half) for (scenario, variant), half in sorted(halves.items())]


def steered_verdicts(texts: Sequence[Measurement], cell: Cell) -> list[SteeredVerdict] | None:
    """Verdicts of the responses at the declared layer, at minus and plus the declared strength; None where no text was generated."""
    unsteered = {(one.arm, one.path): verdict_of(one) for one in texts if one.arm in ("baseline", "repeat")}
    steered = [one for one in texts if one.arm == "treatment" and one.layer == cell.layer and abs(one.strength) == cell.strength]
    if not steered:
        return None
    return [
        SteeredVerdict(
            scenario=one.scenario,
            variant=one.variant,
            label=one.label,
            strength=one.strength,
            baseline=unsteered["baseline", one.path],
            repeat=unsteered["repeat", one.path],
            steered=verdict_of(one),
        )
        for one in sorted(steered, key=lambda one: (one.path, one.strength))
    ]
