"""Which records a claim is decided by, from made-up records and without a model."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from harness.errors import EffectError
from harness.judge.claims import Claim, decide, responses_for
from harness.numerics.gates.result import GateResult
from harness.plans import Cell
from harness.records import GateStatus, Label, Measurement
from tests.measured import measurement

CELL = Cell(layer=4, strength=10.0)
SCENARIOS = "abcdefgh"
LABELS: tuple[Label, Label] = ("vulnerable", "patched")


@dataclass(kw_only=True)
class Made:
    """Records that are there, by sweep and part."""

    tested: dict[str, list[Measurement]]
    variants: dict[str, list[Measurement]] = field(default_factory=dict)
    observations: dict[str, Any] = field(default_factory=dict)

    def recall(self, sweep: str, part: str = "tested") -> list[Measurement]:
        return self.tested[sweep] if part == "tested" else self.variants.get(sweep, [])

    def observation(self, key: str) -> Any:
        return self.observations[key]

    def residuals(self, key: str) -> None:
        raise AssertionError(f"no gate here asks for residuals {key}")


def margins(effect: float, variant: str = "original", scenarios: str = SCENARIOS, share: float = 0.5) -> list[Measurement]:
    """Both files of every scenario at both ends, whose bias is the effect and a little that differs by scenario."""
    found = []
    for row, scenario in enumerate(scenarios):
        for label in LABELS:
            one = measurement(scenario=scenario, variant=variant, label=label, path=f"{scenario}/{variant}/{label}.c", layer=4)
            at = replace(one, arm="treatment", residual_share=share)
            found += [replace(at, strength=s, margin=(effect + row / 100) * s / 10) for s in (-10.0, 10.0)]
    return found


def retention(records: Made) -> GateResult:
    return decide(Claim(gate="retention", cwe="CWE-787", cells=(CELL,), sweeps={"own": "s"}), records)


def test_rewrites_are_judged_alike_whether_the_split_tests_them_or_not() -> None:
    apart = retention(Made(tested={"s": margins(2.0)}, variants={"s": margins(1.0, "renamed")}))
    together = retention(Made(tested={"s": [*margins(2.0), *margins(1.0, "renamed")]}))
    assert apart == together
    assert set(together.details["variants"]) == {"renamed"}
    # mean row / 100 of eight scenarios: .035
    assert together.statistic == pytest.approx(1.035 / 2.035)


def test_rewrites_without_their_originals_show_nothing() -> None:
    result = retention(Made(tested={"s": margins(1.0, "renamed")}))
    assert (result.status, result.reason) == (
        GateStatus.INCONCLUSIVE,
        "only rewrites were tested; choose a split that holds the originals too",
    )


def test_a_share_of_what_goes_the_wrong_way_is_not_kept() -> None:
    """Two of the originals go against the push; their rewrites do just the same, which is all of it."""
    against = margins(-0.5, scenarios="gh")
    originals = [*margins(2.0, scenarios="abcdef"), *against]
    rewritten = [*margins(2.0, "moved", "abcdef"), *margins(-0.5, "renamed", "gh")]
    result = retention(Made(tested={"s": originals}, variants={"s": rewritten}))
    assert result.status is GateStatus.INCONCLUSIVE
    assert result.reason == "the originals of renamed move by -0.495 logits over 2 scenarios: nothing to keep"


def test_a_pooled_direction_is_specific_to_no_cwe() -> None:
    claim = Claim(gate="specificity", cwe="CWE-787", cells=(CELL,), sweeps={"CWE-787": "s"}, observation="how")
    result = decide(claim, Made(tested={"s": margins(2.0)}, observations={"how": {"fit": "pooled"}}))
    assert result.status is GateStatus.INCONCLUSIVE
    assert "none is that of one CWE" in result.reason


def compare(second: list[Measurement]) -> GateResult:
    claim = Claim(gate="comparison", cwe="CWE-787", cells=(CELL, CELL), sweeps={"first": "s", "second": "t"})
    return decide(claim, Made(tested={"s": margins(2.0), "t": second}))


def test_models_are_compared_with_what_the_strength_is_to_each() -> None:
    result = compare([replace(one, margin=one.margin / 2) for one in margins(2.0, share=0.05)])
    assert result.status is GateStatus.PASS
    assert result.reason.startswith("steering at 50% of the residual norm moves the first model's margin by +1.02 logits (")
    assert "more than steering at 5% moves the second model's, over 8 scenarios" in result.reason
    assert result.details["residual_shares"] == [0.5, 0.05]


def test_a_strength_of_two_shares_is_refused() -> None:
    mixed = margins(2.0)
    with pytest.raises(EffectError, match=r"strength 10 has 2 shares of the residual norm"):
        compare([replace(mixed[1], residual_share=0.1), *mixed[2:], mixed[0], replace(mixed[1], path="x")])


@pytest.mark.parametrize("gate", ["shift", "sensitivity"])
def test_two_scenarios_that_cannot_choose_for_one_another_are_inconclusive(gate: str) -> None:
    claim = Claim(gate=gate, cwe="CWE-787", cells=(CELL, Cell(layer=5, strength=10.0)), sweeps={"own": "s"})
    result = decide(claim, Made(tested={"s": margins(2.0, scenarios="ab")}))
    assert (result.status, result.scenarios) == (GateStatus.INCONCLUSIVE, 2)
    texts = [replace(one, endpoint="text", text="Yes.") for one in margins(2.0, scenarios="ab")]
    assert responses_for(claim, [*margins(2.0, scenarios="ab"), *texts]) == []
    assert result.reason == "2 scenarios can't choose layer and strength for one another; 3 are needed, or leave --choose out"
