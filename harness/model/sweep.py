"""Runs one SweepPlan: fits its vectors, and measures every row that the store does not hold yet."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import PlanError
from harness.model.engine.budget import Budget, Way
from harness.model.engine.measuring import measure_in_parts
from harness.model.engine.rows import SteeredRow
from harness.model.fitting import Progress, SweepVectors, fit_vectors
from harness.model.loading import LoadedModel
from harness.model.readout import SteeredAnswer, SteeredMargin
from harness.model.tokens import token_length
from harness.plans import OWN_QUESTION, Row, SweepPlan
from harness.prompts import prompt_for
from harness.records import ContrastPair, Direction, FloatArray, Measurement, Prompt, is_cwe
from harness.scoring.rules import Reading
from harness.scoring.verdicts import read_answer, read_verdict
from harness.storage.runs import Part, RunStore, content_key

FEWEST_SCENARIOS = 3


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """An example whose prompt does not fit: its tokens, and the room the context leaves. `partners`: what goes out with it."""

    path: str
    tokens: int
    room: int
    partners: tuple[str, ...] = ()

    def __str__(self) -> str:
        alone = f"; {' and '.join(self.partners)} without a partner then" if self.partners else ""
        return f"{self.path} has {self.tokens} tokens, the context leaves room for {self.room}{alone}"


class TooFewScenarios(PlanError):
    """So few scenarios that no direction can be cross-fitted. `found`: how many; `skipped`: what did not fit the context."""

    def __init__(self, message: str, *, found: int, skipped: tuple[Skipped, ...]) -> None:
        super().__init__(message)
        self.found = found
        self.skipped = skipped


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What a sweep found, and under which id the store holds it.

    plan: with the pairs that fitted the context. whole: layer -> direction fitted on all scenarios, for text that is in no fit.
    residuals: key of the residuals that the fit was made of. measurements: of the tested pairs; variants: of their rewrites. reused: rows
    that the store held already. way: how rows shared the run of a prompt, None where nothing was shared; halvings: how often the memory did
    not hold a batch, which was then halved.
    """

    id: str
    plan: SweepPlan
    model: str
    skipped: tuple[Skipped, ...]
    directions: tuple[Direction, ...]
    whole: dict[int, FloatArray]
    residual_norms: dict[int, float]
    residuals: str | None
    measurements: tuple[Measurement, ...]
    variants: tuple[Measurement, ...]
    reused: int
    way: Way | None
    halvings: int


@dataclass(frozen=True, kw_only=True)
class Work:
    """A row with everything it needs to be measured, and the key its value is stored under."""

    row: Row
    prompt: Prompt
    delta: FloatArray | None
    key: str


def run_sweep(plan: SweepPlan, model: LoadedModel, store: RunStore, progress: Progress) -> SweepResult:
    """Measure every row of `plan`; what `store` holds already is not measured again.

    Raises: TooFewScenarios when cross-fitting has nothing to fit on; SteeringError when steering did not happen as planned.
    """
    plan, skipped = drop_too_long(plan, model)
    if plan.layers:
        _check_scenarios(plan, skipped)
    vectors = fit_vectors(plan, model, store, progress)
    work = [_work(row, plan, model, vectors) for row in plan.rows()]
    known = store.find([item.key for item in work])
    known |= read_again([item for item in work if item.key in known], known, plan, store)
    missing = [item for item in work if item.key not in known]
    what, done, budget = f"measuring {plan.cwe}", 0, Budget()
    for measured in _measure(missing, plan, model, vectors.residual_norms, budget):
        store.add(measured)
        known |= {measurement.key: measurement for measurement in measured}
        done += len(measured)
        progress(what, done, len(missing))
    rewritten = {example.path for example in plan.variants}
    parts: dict[Part, list[str]] = {"tested": [], "variants": []}
    for item in work:
        parts["variants" if item.row.example.path in rewritten else "tested"].append(item.key)
    sweep = store.remember(parts)
    store.note("file", {example.sha256: example.code for example in plan.examples})
    if missing:
        way = str(budget.way) if budget.way else None
        store.note("engine", {sweep: {"measured": len(missing), "rows": len(work), "way": way, "halvings": budget.halvings}})
    return SweepResult(
        id=sweep,
        plan=plan,
        model=model.fingerprint,
        skipped=skipped,
        directions=vectors.directions,
        whole=vectors.whole,
        residual_norms=vectors.residual_norms,
        residuals=vectors.residuals,
        measurements=tuple(known[key] for key in parts["tested"]),
        variants=tuple(known[key] for key in parts["variants"]),
        reused=len(work) - len(missing),
        way=budget.way,
        halvings=budget.halvings,
    )


def read_again(stored: Sequence[Work], known: Mapping[str, Measurement], plan: SweepPlan, store: RunStore) -> dict[str, Measurement]:
    """Reads the stored responses once more, and puts the verdicts that come out otherwise: by another reader than measured them.

    Returns: what was put, by key.
    """
    changed = {}
    for item in stored:
        before = known[item.key]
        if before.text is not None:
            now = _read(before.text, item, plan.cwe)
            if (now.verdict, now.evidence) != (before.verdict, before.evidence):
                changed[item.key] = replace(before, verdict=now.verdict, evidence=now.evidence)
    if changed:
        store.reread(changed.values())
        warnings.warn(
            f"{len(changed)} verdicts on {plan.cwe} in {store.folder} come out otherwise than they were stored: the reader of verdicts "
            "changed, and they stand as it reads them today",
            stacklevel=2,
        )
    return changed


def row_of(result: SweepResult, one: Measurement) -> SteeredRow:
    """The row that gave a measurement of the tested pairs: unsteered, or steered with the direction of its own fold."""
    (example,) = {example for example in result.plan.examples if example.path == one.path}
    prompt = prompt_for(example, result.plan.question)
    if one.layer is None:
        return SteeredRow(prompt=prompt)
    at = (one.scenario, one.layer)
    (direction,) = (direction for direction in result.directions if (direction.held_out, direction.layer) == at)
    return SteeredRow(prompt=prompt, layer=one.layer, delta=np.asarray(one.strength * direction.vector, dtype=np.float32))


def drop_too_long(plan: SweepPlan, model: LoadedModel) -> tuple[SweepPlan, tuple[Skipped, ...]]:
    """The plan without the pairs that do not fit the context, and the examples that did not. Nothing is ever cut to fit.

    Raises: PlanError when nothing is left.
    """
    room = model.info.context - (plan.max_new_tokens if plan.text_cells else 0)
    pairs = {
        (pair.cwe, pair.scenario, pair.variant): pair for pair in (*plan.fitting_pairs, *plan.variant_pairs, *plan.other_pairs)
    }.values()
    lengths = {
        example.path: token_length(model, prompt_for(example, plan.question, caution=plan.prompted))
        for pair in pairs
        for example in pair.examples
    }
    too_long = {path for path, length in lengths.items() if length > room}
    partners = {
        example.path: tuple(other.path for other in pair.examples if other.path not in too_long)
        for pair in pairs
        for example in pair.examples
    }
    skipped = tuple(Skipped(path=path, tokens=lengths[path], room=room, partners=partners[path]) for path in sorted(too_long))

    def fits(pair: ContrastPair) -> bool:
        return not any(example.path in too_long for example in pair.examples)

    kept = replace(
        plan,
        pairs=tuple(filter(fits, plan.pairs)),
        fitting_pairs=tuple(filter(fits, plan.fitting_pairs)),
        variant_pairs=tuple(filter(fits, plan.variant_pairs)),
        other_pairs=tuple(filter(fits, plan.other_pairs)),
    )
    if not kept.pairs:
        raise PlanError(
            f"of {len(plan.pairs)} pairs of {plan.cwe} none fits the context{_longest(skipped)}; choose another --split, or a model with a "
            "longer context"
        )
    return kept, skipped


def _check_scenarios(plan: SweepPlan, skipped: tuple[Skipped, ...]) -> None:
    found = len({pair.scenario for pair in plan.fitting_pairs})
    if found < FEWEST_SCENARIOS:
        raise TooFewScenarios(
            f"{found} of at least {FEWEST_SCENARIOS} scenarios are there to fit on: one is held out, and nuisance placebos need two that "
            f"vary{_longest(skipped)}; add scenarios, choose another --split, or fit on all CWEs with --fit pooled",
            found=found,
            skipped=skipped,
        )


def _longest(skipped: tuple[Skipped, ...]) -> str:
    return f"; the longest: {max(skipped, key=lambda one: one.tokens)}" if skipped else ""


def _work(row: Row, plan: SweepPlan, model: LoadedModel, vectors: SweepVectors) -> Work:
    prompt = prompt_for(row.example, plan.question, caution=row.arm == "prompt")
    if row.arm == "prompt" and prompt.text == prompt_for(row.example, plan.question).text:
        raise PlanError("the prompt arm asks what the baseline asks; its instruction must say something, see harness/prompts.py")
    delta = vectors.delta(row)
    # Both what the value depends on and which row it is: identical files, or a placebo that equals the treatment, stay apart.
    what = (plan.dataset, row.example.path, row.arm, row.index, row.layer, row.strength, row.endpoint)
    added = b"" if delta is None else delta.tobytes()
    decoding = ("greedy", plan.max_new_tokens) if row.endpoint == "text" else ()
    key = content_key(model.fingerprint, model.dtype, prompt.sha256, plan.positions, added, *what, *decoding)
    return Work(row=row, prompt=prompt, delta=delta, key=key)


def _measure(
    missing: Sequence[Work], plan: SweepPlan, model: LoadedModel, norms: dict[int, float], budget: Budget
) -> Iterator[list[Measurement]]:
    """Measurements in batches as the engine cuts them, each of a few seconds, so that a killed run loses little."""
    for company in _companies(missing):
        rows = [_steered_row(item, plan) for item in company]
        for part in measure_in_parts(model, rows, plan.positions, budget=budget):
            yield [_measurement(company[number], found, plan, model, norms) for number, found in part]


def _companies(work: Sequence[Work]) -> tuple[list[Work], ...]:
    """What is run together. Repeats measure what batching alone changes, so they share no run with what they repeat, nor all with each
    other, and come in another order."""
    repeats = [item for item in reversed(work) if item.row.arm == "repeat"]
    return [item for item in work if item.row.arm != "repeat"], repeats[0::2], repeats[1::2]


def _steered_row(item: Work, plan: SweepPlan) -> SteeredRow:
    new_tokens = plan.max_new_tokens if item.row.endpoint == "text" else None
    return SteeredRow(prompt=item.prompt, layer=item.row.layer, delta=item.delta, new_tokens=new_tokens)


def _measurement(
    item: Work, found: SteeredMargin | SteeredAnswer, plan: SweepPlan, model: LoadedModel, norms: dict[int, float]
) -> Measurement:
    row, answer = item.row, found if isinstance(found, SteeredAnswer) else None
    reading = _read(answer.text, item, plan.cwe) if answer else None
    return Measurement(
        key=item.key,
        model=model.fingerprint,
        model_name=plan.model.name,
        dtype=str(model.dtype).removeprefix("torch."),
        dataset=plan.dataset,
        cwe=plan.cwe,
        scenario=row.example.scenario,
        variant=row.example.variant,
        label=row.example.label,
        path=row.example.path,
        example=row.example.sha256,
        prompt=item.prompt.sha256,
        question=OWN_QUESTION if row.example.question else plan.question,
        arm=row.arm,
        index=row.index,
        layer=row.layer,
        strength=row.strength,
        positions=plan.positions,
        endpoint=row.endpoint,
        margin=found.margin,
        added_norm=None if item.delta is None else found.added_norm,
        residual_share=0.0 if row.layer is None else abs(row.strength) / norms[row.layer],
        text=answer.text if answer else None,
        tokens=len(answer.tokens) if answer else None,
        finish=answer.finish if answer else None,
        verdict=reading.verdict if reading else None,
        evidence=reading.evidence if reading else None,
    )


def _read(text: str, item: Work, cwe: str) -> Reading:
    asks = item.prompt.asks
    return read_verdict(text, asks=asks, cwe=cwe) if is_cwe(cwe) else read_answer(text, asks)
