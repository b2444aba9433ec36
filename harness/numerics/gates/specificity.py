"""Whether the direction of a CWE acts on that CWE, and not as much on any."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.numerics.gates.result import GateResult, check_within, inconclusive, status_of
from harness.numerics.specificity import HOLM, Advantage, Transfer, advantages, holm, smallest_exchange_p
from harness.numerics.wording import counted, probability


@dataclass(frozen=True, kw_only=True)
class SpecificityThresholds:
    """`p`: largest p-value against every other CWE, adjusted over the CWEs of the run."""

    p: float = 0.05

    def __post_init__(self) -> None:
        check_within("p", self.p, low=0.0, high=1.0)


def specificity_gate(
    transfers: Mapping[str, Transfer], cwe: str, rng: np.random.Generator, thresholds: SpecificityThresholds | None = None
) -> GateResult:
    """Whether a CWE's direction has an advantage on its own files over every other CWE's direction, beyond what it has on theirs.

    p of a CWE is the largest over the others: the claim is against each of them. Holm over the CWEs of the family. The measurement
    contract asks for sign flips of matched minus other; calibration showed that they take a stronger direction for a specific one.

    Args: transfers, CWE -> its scenarios under all directions, of every CWE of the family.
    """
    limits = thresholds or SpecificityThresholds()
    if len(transfers) < 2:
        return inconclusive(
            "specificity", f"{cwe} alone was selected; its direction is compared on the files of other CWEs too, so select two or more"
        )
    found = {one: advantages(transfers, one, rng) for one in transfers}
    raw = {one: max(advantage.p for advantage in those) for one, those in found.items()}
    least = {one: max(advantage.smallest_p for advantage in those) for one, those in found.items()}
    p = holm(raw)[cwe]
    weakest = min(found[cwe], key=lambda advantage: (-advantage.p, advantage.mean))
    hopeless = _could_not_pass(least, cwe, limits)
    failed = [] if p <= limits.p else [f"{_sentence(weakest, cwe)}; {_p(p, len(raw))} is above {probability(limits.p)}"]
    return GateResult(
        gate="specificity",
        status=status_of(hopeless, failed),
        reason="; ".join(hopeless or failed or [f"{_sentence(weakest, cwe)}, and more over every other; {_p(p, len(raw))}"]),
        statistic=weakest.mean,
        threshold=0.0,
        scenarios=len(transfers[cwe].own),
        p_values={"permutation": raw[cwe], HOLM: p},
        interval=weakest.interval.interval,
        interval_method=weakest.interval.method,
        details=_details(transfers, found[cwe]),
    )


def _could_not_pass(least: Mapping[str, float], cwe: str, limits: SpecificityThresholds) -> list[str]:
    best = holm(least)[cwe]
    if best <= limits.p:
        return []
    enough = next((n for n in range(1, 64) if len(least) * smallest_exchange_p(n, n) <= limits.p), None)
    remedy = f"{enough} of each suffice" if enough else "no number reaches it"
    return [f"so few scenarios of {counted(len(least), 'CWE')} give p >= {probability(best)}, above {probability(limits.p)}; {remedy}"]


def _sentence(weakest: Advantage, cwe: str) -> str:
    bound = weakest.interval.interval
    interval = f" ({bound.low:+.2g} .. {bound.high:+.2g})" if bound else ""
    return (
        f"on {cwe} its direction gains {weakest.mean:+.3g} logits{interval} on that of {weakest.other}, beside the files of {weakest.other}"
    )


def _p(p: float, cwes: int) -> str:
    return f"p = {probability(p)} by permutation of scenarios, Holm over {cwes} CWEs"


def _details(transfers: Mapping[str, Transfer], own: tuple[Advantage, ...]) -> dict[str, Any]:
    return {
        "transfer": {one: transfer.row for one, transfer in transfers.items()},
        "advantages": {advantage.other: {"mean": advantage.mean, "p": advantage.p} for advantage in own},
    }
