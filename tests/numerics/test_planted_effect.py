"""The whole way from residuals to the shift gate, on made-up residuals and a margin that is linear in them."""

import numpy as np
import pytest

from harness.numerics.crossfit import cross_fit
from harness.numerics.effects import PairMargins, measure_effect
from harness.numerics.flips import SteeredVerdict
from harness.numerics.folds import leave_one_scenario_out
from harness.numerics.gates.result import GateResult
from harness.numerics.gates.shift import shift_gate
from harness.records import GateStatus, Verdict

WIDTH, STRENGTH = 32, 10.0
LADDER = (-10.0, -5.0, 0.0, 5.0, 10.0)


def judge(*, planted: float, readout: float, scenarios: int = 10, seed: int = 0) -> GateResult:
    """The margin is `readout` times the residual's first axis and a little of the others; labels lie `planted` apart on that axis."""
    rng = np.random.default_rng(seed)
    axis = np.eye(WIDTH)[0]
    base = 3 * rng.normal(size=(scenarios, WIDTH))
    vulnerable = base + rng.normal(size=(scenarios, WIDTH)) + planted * axis
    patched = base + rng.normal(size=(scenarios, WIDTH))
    gradients = readout * axis + 0.02 * rng.normal(size=(scenarios, WIDTH))
    names = [f"s{row:02}" for row in range(scenarios)]
    fitted = cross_fit(vulnerable, patched, names, leave_one_scenario_out(names), placebos=39, rng=rng)

    def measured(row: int, vector: np.ndarray, strengths: tuple[float, ...]) -> PairMargins:
        halves = {
            label: {strength: float(gradients[row] @ (residual[row] - base.mean(axis=0) + strength * vector)) for strength in strengths}
            for label, residual in (("vulnerable", vulnerable), ("patched", patched))
        }
        return PairMargins(scenario=names[row], variant="original", **halves)

    treatment = [measured(row, fold.treatment, LADDER) for row, fold in enumerate(fitted)]
    placebos = {
        kind: [
            [measured(row, fold.placebos[kind][index], (-STRENGTH, STRENGTH)) for row, fold in enumerate(fitted)]
            for index in range(len(fitted[0].placebos[kind]))
        ]
        for kind in ("random", "nuisance", "label-flip")
    }
    verdicts = [
        SteeredVerdict(
            scenario=pair.scenario,
            variant=pair.variant,
            label=label,
            strength=strength,
            baseline=said(half[0.0]),
            repeat=said(half[0.0]),
            steered=said(half[strength]),
        )
        for pair in treatment
        for label, half in (("vulnerable", pair.vulnerable), ("patched", pair.patched))
        for strength in (-STRENGTH, STRENGTH)
    ]
    return shift_gate(measure_effect(treatment, placebos, strength=STRENGTH, rng=rng, verdicts=verdicts))


def said(margin: float) -> Verdict:
    return Verdict.VULNERABLE if margin > 0 else Verdict.SECURE


def test_a_planted_direction_passes() -> None:
    result = judge(planted=6.0, readout=0.3)
    assert result.status is GateStatus.PASS, result.reason
    # strength 10 along an axis the margin reads with .3: about 3 logits, less what the estimate misses of the axis
    assert result.statistic == pytest.approx(3.0, abs=0.4)


def test_meaningless_labels_do_not_pass() -> None:
    passed = sum(judge(planted=0.0, readout=0.3, seed=seed).status is GateStatus.PASS for seed in range(1, 21))
    assert passed <= 2


def test_a_direction_the_margin_reads_the_other_way_fails_and_is_not_turned() -> None:
    result = judge(planted=6.0, readout=-0.3)
    assert result.status is GateStatus.FAIL
    assert "wrong way" in result.reason


def test_five_scenarios_are_inconclusive_however_strong_the_effect() -> None:
    result = judge(planted=6.0, readout=0.3, scenarios=5)
    assert result.status is GateStatus.INCONCLUSIVE
    assert "15 label-flip placebos give p >= .062" in result.reason
    assert "of 5 scenarios even none against the push" in result.reason
