"""What came of the cases, as records. A worker attaches them to the test's report, the controller collects them."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.plans import SweepPlan
from harness.plugin.planning import Case

if TYPE_CHECKING:
    from harness.numerics.gates.result import GateResult

PROPERTY = "secsteer"
"""Name of the user property that carries a result from a worker to the controller."""
BROKE = "secsteer_broke"
"""Attribute of a report whose case ended by an exception other than a failed assertion: it measured nothing."""


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """One case as it stands in summary.json.

    `model` is the fingerprint. `statistic` is T in the shift gate and `threshold` what it must exceed for every p to be small enough.
    `claimed`: whether its FAIL fails the run. `p_holm`: the p-value adjusted over all cases of its gate in the run. `false_positive_rate`
    and `power`: of the gate, as calibrated. `rests_on`: the claim, by which `python -m harness.judge` decides again. Figures that a case
    does not have, or that are no numbers, are None.
    """

    id: str
    gate: str
    status: str
    statistic: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    p_values: dict[str, float] = field(default_factory=dict)
    interval: dict[str, Any] | None = None
    scenarios: int | None = None
    smallest_effect: float | None = None
    false_positive_rate: float | None = None
    power: float | None = None
    reason: str
    claimed: bool = True
    p_holm: float | None = None
    model: str | None = None
    model_name: str | None = None
    dataset: str | None = None
    data_hash: str | None = None
    cwe: str | None = None
    layer: int | None = None
    strength: float | None = None
    skipped: list[str] = field(default_factory=list)
    rests_on: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        result: "GateResult",
        *,
        test: str,
        case: Case,
        model: str,
        plan: SweepPlan,
        skipped: list[str],
        claimed: bool = True,
        rests_on: dict[str, Any] | None = None,
    ) -> "CaseResult":
        """A gate's result with the case it belongs to, and what it rests on."""
        interval = asdict(result.interval) | {"method": result.interval_method} if result.interval else None
        figures = {
            "statistic": result.statistic,
            "threshold": result.threshold,
            "p_value": result.largest_p,
            "p_values": dict(result.p_values),
            "interval": interval,
            "smallest_effect": result.smallest_effect,
            "false_positive_rate": result.false_positive_rate,
            "power": result.power,
            "details": dict(result.details),
        }
        return cls(
            id=test,
            gate=result.gate,
            status=result.status.value,
            scenarios=result.scenarios,
            reason=result.reason,
            model=model,
            model_name=case.model.name,
            dataset=case.dataset,
            data_hash=plan.data_hash,
            cwe=case.cwe,
            layer=case.layer,
            strength=case.strength,
            skipped=skipped,
            claimed=claimed,
            rests_on=rests_on,
            **_finite(figures),
        )

    @classmethod
    def without_gate(cls, test: str, status: str, reason: str) -> "CaseResult":
        """A case that ended before its gate could say anything, or that has none."""
        return cls(id=test, gate=test.removeprefix("test_").split("[")[0], status=status, reason=reason)

    @property
    def case(self) -> str:
        """The id without the name of the eval, such as `nano-verified-cwe787-l4-s10`."""
        return self.id.partition("[")[2].removesuffix("]") or self.id


class Results:
    """The controller's collection of results, in the order of their ids."""

    def __init__(self) -> None:
        self._by_id: dict[str, CaseResult] = {}

    def __iter__(self) -> Iterator[CaseResult]:
        return iter(sorted(self._by_id.values(), key=lambda result: result.id))

    def __len__(self) -> int:
        return len(self._by_id)

    def over(self, earlier: "list[dict[str, Any]]") -> list[dict[str, Any]]:
        """These results as plain values, and of an earlier session those of other cases."""
        return sorted([*(one for one in earlier if one["id"] not in self._by_id), *map(asdict, self)], key=lambda one: str(one["id"]))

    def adjust(self) -> None:
        """Gives every result its p-value adjusted over the cases of its gate: Holm over the family that the run declared."""
        # Not at the head of the file: it needs statsmodels, and whoever asks for --help does not.
        from harness.numerics.specificity import HOLM, holm

        families: dict[str, dict[str, float]] = {}
        for result in self:
            # What its own gate has adjusted already must not pay for the family twice.
            raw = [p for kind, p in result.p_values.items() if kind != HOLM]
            if raw:
                families.setdefault(result.gate, {})[result.id] = max(raw)
        for family in families.values():
            for test, p in holm(family).items():
                self._by_id[test] = replace(self._by_id[test], p_holm=p)

    def get(self, test: str) -> CaseResult | None:
        return self._by_id.get(test)

    def collect(self, report: pytest.TestReport) -> None:
        """Take the result a report carries; a report that failed without one becomes a result too."""
        carried = [CaseResult(**json.loads(str(value))) for name, value in report.user_properties if name == PROPERTY]
        for result in carried:
            self._by_id[result.id] = result
        if report.failed and not carried:
            test = eval_name(report.nodeid)
            status = "FAIL" if report.when == "call" and not getattr(report, BROKE, False) else "ERROR"
            self._by_id[test] = CaseResult.without_gate(test, status, _message(report))


def eval_name(nodeid: str) -> str:
    """`test_shift[nano-verified-cwe787-l4-s10]` out of a node id, without the group that xdist appends."""
    name = nodeid.split("::", 1)[-1]
    return name[: name.rindex("]") + 1] if "]" in name else name


def _finite(value: Any) -> Any:
    """JSON knows neither NaN nor infinity: such a figure is none."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _message(report: pytest.TestReport) -> str:
    """What went wrong, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    # longreprtext of a worker's report begins with the worker, and not with what went wrong.
    text = crash.message if crash else report.longrepr if isinstance(report.longrepr, str) else report.longreprtext
    return next((line.strip() for line in text.splitlines() if line.strip()), "failed without a message")
