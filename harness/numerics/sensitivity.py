"""Whether steering makes the model better at telling vulnerable from patched: figures of the sensitivity gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.numerics.discrimination import AucGain, Discrimination, auc_gain, discrimination
from harness.numerics.effects import LEVEL, PairMargins, placebo_effects, rank_p, scenario_effects, smallest_effect
from harness.numerics.intervals import IntervalEstimate, mean_interval
from harness.numerics.paired import sign_flip_p, smallest_sign_flip_p
from harness.records import Arm


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What steering does to the difference between the halves of held-out pairs, beside the placebos; logits at the declared strength.

    mean: mean D over scenarios, D = shift of the vulnerable file - shift of the patched one. placebos: kind -> mean D of each.
    p_values: rank of the mean among the placebos, one-sided: a placebo that lowers the difference is no rival. sign_flip_p: of D against
    zero, by flipping scenarios. at: discrimination unsteered and at both ends.
    """

    strength: float
    sensitivities: Mapping[str, float]
    mean: float
    interval: IntervalEstimate
    placebos: Mapping[Arm, tuple[float, ...]]
    p_values: Mapping[Arm, float]
    sign_flip_p: float
    smallest_sign_flip_p: float
    gain: AucGain
    at: tuple[Discrimination, ...]
    smallest: float | None
    smallest_reason: str


def measure_sensitivity(
    treatment: Sequence[PairMargins],
    placebos: Mapping[Arm, Sequence[Sequence[PairMargins]]],
    *,
    strength: float,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Sensitivity:
    """Args, Raises: as `harness.numerics.effects.measure_effect`."""
    found = {effect.scenario: effect.sensitivity for effect in scenario_effects(treatment, strength)}
    values = np.array(list(found.values()))
    mean = float(values.mean())
    ranked = {
        kind: tuple(float(np.mean([one.sensitivity for one in effects])) for effects in placebo_effects(treatment, arm, strength, kind))
        for kind, arm in placebos.items()
    }
    smallest, why_not = smallest_effect(values, ranked, level=level)
    return Sensitivity(
        strength=strength,
        sensitivities=found,
        mean=mean,
        interval=mean_interval(values, rng),
        placebos=ranked,
        p_values={kind: rank_p(mean, rivals) for kind, rivals in ranked.items() if rivals},
        sign_flip_p=sign_flip_p(values, rng),
        smallest_sign_flip_p=smallest_sign_flip_p(len(values)),
        gain=auc_gain(treatment, strength, rng),
        at=tuple(discrimination(treatment, at) for at in (-strength, 0.0, strength)),
        smallest=smallest,
        smallest_reason=why_not,
    )
