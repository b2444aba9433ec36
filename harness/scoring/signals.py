"""Bias and sensitivity of yes-or-no verdicts, as signal detection has them."""

from dataclasses import dataclass
from statistics import NormalDist

from harness.errors import EffectError


@dataclass(frozen=True, kw_only=True)
class Signal:
    """Verdicts on vulnerable and on patched files, counted, and what they say of who gave them.

    hits of vulnerable: vulnerable files that were called vulnerable, of those with a verdict. false_alarms of patched: patched files that
    were called vulnerable, of those with a verdict. undecided: files without a verdict, which count on neither side.
    """

    hits: int
    vulnerable: int
    false_alarms: int
    patched: int
    undecided: int = 0

    def __post_init__(self) -> None:
        for said, files, label in ((self.hits, self.vulnerable, "vulnerable"), (self.false_alarms, self.patched, "patched")):
            if files < 1 or not 0 <= said <= files:
                raise EffectError(f"{said} of {files} {label} files called vulnerable give no rate; count 0..n of at least one file")

    @property
    def d_prime(self) -> float:
        """How well both labels are told apart, in standard deviations; 0 is chance."""
        return self._z_hits - self._z_false_alarms

    @property
    def criterion(self) -> float:
        """The bias c: 0 leans to neither side, negative to calling code vulnerable."""
        return -(self._z_hits + self._z_false_alarms) / 2

    @property
    def _z_hits(self) -> float:
        return _z(self.hits, self.vulnerable)

    @property
    def _z_false_alarms(self) -> float:
        return _z(self.false_alarms, self.patched)


def _z(said: int, files: int) -> float:
    """Quantile of a rate with the log-linear correction: half a file more on both sides, always, so that 0 and 1 stay finite.

    Source: Hautus 1995, Corrections for extreme proportions and their biasing effects on estimated values of d',
    Behavior Research Methods, Instruments, & Computers 27(1), 46-51.
    """
    return NormalDist().inv_cdf((said + 0.5) / (files + 1))
