"""Whether steering breaks the model, in figures: perplexity on neutral code, undecided verdicts, repetition.

Pure functions of small records. All figures are those of one signed strength: harm on one side must not be averaged away by the other.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.errors import EffectError
from harness.numerics.flips import SteeredVerdict
from harness.numerics.intervals import IntervalEstimate, Share, mean_interval, share
from harness.records import Interval, Verdict


@dataclass(frozen=True, kw_only=True)
class RatioEstimate:
    """Perplexity under steering over perplexity without.

    ratio: exp of the mean over files of the change of the loss. by_file: the same of each file alone. interval: of the ratio, over files.
    """

    ratio: float
    by_file: Mapping[str, float]
    interval: IntervalEstimate

    @property
    def files(self) -> int:
        return len(self.by_file)


@dataclass(frozen=True, kw_only=True)
class MeanChange:
    """How a share changed under steering, steered minus unsteered, in shares (0.05 is 5 points).

    unsteered: mean share without steering. change: mean over scenarios. by_scenario: the change of each. interval: of the mean, over
    scenarios. unseen: 0 of so many scenarios, with its Wilson interval.
    """

    unsteered: float
    change: float
    by_scenario: Mapping[str, float]
    interval: IntervalEstimate
    unseen: Share

    @property
    def scenarios(self) -> int:
        return len(self.by_scenario)

    @property
    def upper(self) -> float:
        """The largest change that the scenarios leave possible, at the level of the interval.

        A bootstrap draws from what was measured and knows no other outcome. Where all scenarios are alike, most often because none
        changed, it has no spread and no interval; but that none of n changed is no proof that none ever does. The share that may, though
        0 of n did, has a Wilson upper bound u, and each such scenario may change by as much as 1. With c the change that all have in
        common, that makes c + u * (1 - c), or u where none rose. No n scenarios are given less than u: else one that changed a
        little would leave a lower bound than none.
        """
        unseen = self.unseen.interval.high
        if self.interval.interval is None:
            common = max(self.change, 0.0)
            return common + unseen * (1 - common)
        return max(self.interval.interval.high, unseen)

    @property
    def lower(self) -> float:
        """The smallest change that the scenarios leave possible; where all are alike, the unseen share may change by as little as -1."""
        if self.interval.interval is None:
            return self.change - self.unseen.interval.high * (1 + self.change)
        return self.interval.interval.low


@dataclass(frozen=True, kw_only=True)
class SteeredRepetition:
    """How much one response repeats itself, unsteered and steered; None where it is too short to tell."""

    scenario: str
    unsteered: float | None
    steered: float | None


@dataclass(frozen=True, kw_only=True)
class RepetitionChange:
    """change: None where no response has a rate both times. measured: responses that have. lost: those that had one unsteered alone."""

    change: MeanChange | None
    responses: int
    measured: int
    lost: int


@dataclass(frozen=True, kw_only=True)
class Harm:
    """What steering at one signed strength did beside its purpose; None for what was not measured."""

    strength: float
    perplexity: RatioEstimate | None
    undecided: MeanChange | None
    repetition: RepetitionChange | None


def perplexity_ratio(unsteered: Mapping[str, float], steered: Mapping[str, float], rng: np.random.Generator) -> RatioEstimate:
    """Perplexity under steering over perplexity without, as a geometric mean over files.

    Args: unsteered and steered, file -> mean negative log-likelihood a token, nats; rng, for the bootstrap.
    Returns: exp of the mean difference, each file weighing the same; its BCa interval is that of the mean difference, then exp.
    Raises: EffectError for no file, other files in one than in the other, a loss that is not finite.
    """
    if not unsteered:
        raise EffectError("0 neutral files have no perplexity; score at least one")
    if unsteered.keys() != steered.keys():
        alone = ", ".join(sorted(unsteered.keys() ^ steered.keys()))
        raise EffectError(f"{alone} has a loss with or without steering only; score the same files both times")
    for name, loss in (*unsteered.items(), *steered.items()):
        if not math.isfinite(loss):
            raise EffectError(f"loss {loss} on {name} is not finite; measure it again, or lower the strength")
    differences = {name: steered[name] - unsteered[name] for name in sorted(unsteered)}
    values = np.array(list(differences.values()))
    return RatioEstimate(
        ratio=math.exp(values.mean()),
        by_file={name: math.exp(difference) for name, difference in differences.items()},
        interval=_of_the_ratio(mean_interval(values, rng), len(values)),
    )


def _of_the_ratio(found: IntervalEstimate, files: int) -> IntervalEstimate:
    if found.interval is None:
        return replace(found, reason=f"{files} file(s) with one and the same change show no spread")
    of_logs = found.interval
    return replace(found, interval=Interval(low=math.exp(of_logs.low), high=math.exp(of_logs.high), level=of_logs.level))


def undecided_change(verdicts: Sequence[SteeredVerdict], rng: np.random.Generator) -> MeanChange:
    """How the share of undecided verdicts changed: a mean over the responses of a scenario first, then over scenarios.

    Args: verdicts, of one signed strength; rng, for the bootstrap.
    Raises: EffectError for no verdict, more than one strength, an example that was given twice.
    """
    if not verdicts:
        raise EffectError("0 verdicts have no share of undecided ones; read at least one response")
    strengths = sorted({verdict.strength for verdict in verdicts})
    if len(strengths) > 1:
        listed = ", ".join(f"{strength:g}" for strength in strengths)
        raise EffectError(f"verdicts at strengths {listed} were given together; take the change at each, or one could hide the other")
    examples = Counter((verdict.scenario, verdict.variant, verdict.label) for verdict in verdicts)
    if twice := [example for example, times in examples.items() if times > 1]:
        scenario, variant, label = twice[0]
        raise EffectError(f"the {label} file of scenario {scenario} ({variant}) was given twice; a response counts once")
    undecided = Verdict.UNDECIDED
    return _mean_change(((one.scenario, float(one.baseline == undecided), float(one.steered == undecided)) for one in verdicts), rng)


def repetition_change(responses: Sequence[SteeredRepetition], rng: np.random.Generator) -> RepetitionChange:
    """How the rate of repetition changed, over responses that have one both times; averaged per scenario first, then over scenarios.

    A response that is too short to repeat itself is left out, never counted as 0; how many were is told.
    Args: responses, of one signed strength; rng, for the bootstrap. Raises: EffectError for no response.
    """
    if not responses:
        raise EffectError("0 responses have no rate of repetition; generate at least one")
    measured = [(one.scenario, one.unsteered, one.steered) for one in responses if one.unsteered is not None and one.steered is not None]
    return RepetitionChange(
        change=_mean_change(measured, rng) if measured else None,
        responses=len(responses),
        measured=len(measured),
        lost=sum(one.unsteered is not None and one.steered is None for one in responses),
    )


def _mean_change(values: Iterable[tuple[str, float, float]], rng: np.random.Generator) -> MeanChange:
    """values: scenario, unsteered, steered, one a response."""
    gathered: dict[str, list[tuple[float, float]]] = {}
    for scenario, unsteered, steered in values:
        gathered.setdefault(scenario, []).append((unsteered, steered))
    means = {scenario: np.mean(gathered[scenario], axis=0) for scenario in sorted(gathered)}
    changes = {scenario: float(steered - unsteered) for scenario, (unsteered, steered) in means.items()}
    return MeanChange(
        unsteered=float(np.mean([unsteered for unsteered, _ in means.values()])),
        change=float(np.mean(list(changes.values()))),
        by_scenario=changes,
        interval=mean_interval(np.array(list(changes.values())), rng),
        unseen=share(0, len(changes)),
    )
