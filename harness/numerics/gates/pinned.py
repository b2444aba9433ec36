"""Whether the model says today what it said when its responses were pinned, as far as rounding lets it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from harness.errors import EffectError
from harness.numerics.gates.result import GateResult
from harness.numerics.wording import counted
from harness.records import Finish, GateStatus

SHOWN = 3
"""Divergences that a reason quotes; `details` holds all."""


class Response(NamedTuple):
    """What was said, and why it ended."""

    text: str
    finish: Finish


@dataclass(frozen=True, kw_only=True)
class Divergence:
    """The first token at which a response parts from the pinned one. What follows is another text and is not compared.

    response: file and steering, as the pin names them. place: how many tokens both share. said, pinned: what each goes on with.
    gap: how far apart the logits of these two lie there, of the model as it is today; None where both are one text in tokens.
    """

    response: str
    place: int
    said: str
    pinned: str
    gap: float | None

    def is_near_tie(self, tolerance: float) -> bool:
        """Whether rounding in another order could have chosen the other token."""
        return self.gap is not None and self.gap <= tolerance


@dataclass(frozen=True, kw_only=True)
class PinComparison:
    """What became of the responses of a case.

    responses: how many were compared. unmatched: those that only one side has. updated: whether today's text was pinned instead.
    tolerance: largest gap of logits that counts as a near-tie, of the model's number type. elsewhere: pins of the model for other weights,
    number types or devices.
    """

    responses: int
    divergences: tuple[Divergence, ...] = ()
    unmatched: tuple[str, ...] = ()
    updated: bool = False
    tolerance: float
    elsewhere: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "PinComparison":
        """A comparison as it was observed."""
        lists = {name: tuple(stored[name]) for name in ("unmatched", "elsewhere")}
        return cls(**{**stored, **lists, "divergences": tuple(Divergence(**one) for one in stored["divergences"])})


def pinned_text_gate(found: PinComparison) -> GateResult:
    """Whether every response is the pinned one, up to its first near-tie. Raises: EffectError for no response.

    statistic: the largest gap of logits at a first divergence, 0 where there is none; threshold: the tolerance.
    """
    if found.responses < 1:
        raise EffectError("0 responses were compared with their pins; generate at least one")
    near = [one for one in found.divergences if one.is_near_tie(found.tolerance)]
    wide = [one for one in found.divergences if one not in near]
    failed = [f"{_parting(wide, found)}: {_quoted(wide)}; if it is meant, pin today's text with --snapshot-update"] if wide else []
    if found.unmatched:
        failed.append(f"{', '.join(found.unmatched)}: pinned and not given, or given and not pinned; pin anew with --snapshot-update")
    return GateResult(
        gate="pinned_text",
        status=GateStatus.FAIL if failed else GateStatus.PASS,
        reason="; ".join([*(failed or [_success(found, len(near))]), *_notes(near, found)]),
        statistic=max((one.gap for one in found.divergences if one.gap is not None), default=0.0),
        threshold=found.tolerance,
        details=asdict(found),
    )


def _success(found: PinComparison, ties: int) -> str:
    if found.updated:
        return f"{counted(found.responses, 'response')} pinned anew"
    return f"{found.responses - ties} of {counted(found.responses, 'response')} are the pinned ones"


def _parting(some: Sequence[Divergence], found: PinComparison) -> str:
    return f"{len(some)} of {counted(found.responses, 'response')} part from the pinned text"


def _quoted(some: Sequence[Divergence]) -> str:
    more = f", and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
    return ", ".join(_sentence(one) for one in some[:SHOWN]) + more


def _sentence(one: Divergence) -> str:
    gap = "no gap is known" if one.gap is None else f"logits {one.gap:.2g} apart"
    return f"{one.response} after {counted(one.place, 'token')} with {one.said!r} instead of {one.pinned!r}, {gap}"


def _notes(near: Sequence[Divergence], found: PinComparison) -> list[str]:
    ties = [f"{_parting(near, found)} at a near-tie (tolerance {found.tolerance:g}): {_quoted(near)}"] if near else []
    return [*ties, *([f"pins for other weights, types or devices are kept: {', '.join(found.elsewhere)}"] if found.elsewhere else [])]
