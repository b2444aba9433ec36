"""Verdicts that steering turned, beside those that turn in a repeat without steering."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import EffectError
from harness.records import Label, Verdict


@dataclass(frozen=True, kw_only=True)
class SteeredVerdict:
    """What one held-out example was said to be: unsteered, unsteered once more, and steered at one signed strength."""

    scenario: str
    variant: str
    label: Label
    strength: float
    baseline: Verdict
    repeat: Verdict
    steered: Verdict

    @property
    def pushed(self) -> Verdict:
        """The side this strength pushes to."""
        return Verdict.VULNERABLE if self.strength > 0 else Verdict.SECURE


@dataclass(frozen=True, kw_only=True)
class Flips:
    """Responses whose verdict went to the pushed side, and how many did so in a repeat run without steering.

    toward and noise count over the same `of` responses; away went to the other side.
    """

    toward: int
    away: int
    noise: int
    of: int


def count_flips(verdicts: Sequence[SteeredVerdict]) -> Flips:
    """Verdicts that went to the pushed side, and the noise floor: repeats without steering that did the same.

    A flip toward the pushed side ends there and did not start there; undecided is a start or an end like any other.
    Raises: EffectError where nothing was read, or a strength is 0.
    """
    if not verdicts:
        raise EffectError("0 verdicts hold no flips; read at least one response, or pass none at all")
    unpushed = [verdict for verdict in verdicts if not np.isfinite(verdict.strength) or verdict.strength == 0]
    if unpushed:
        raise EffectError(f"a steered verdict of {unpushed[0].scenario} has strength {unpushed[0].strength}; it pushes to neither side")
    opposite = {Verdict.VULNERABLE: Verdict.SECURE, Verdict.SECURE: Verdict.VULNERABLE}
    return Flips(
        toward=sum(verdict.baseline != verdict.pushed == verdict.steered for verdict in verdicts),
        away=sum(verdict.baseline != opposite[verdict.pushed] == verdict.steered for verdict in verdicts),
        noise=sum(verdict.baseline != verdict.pushed == verdict.repeat for verdict in verdicts),
        of=len(verdicts),
    )
