"""Whether residuals come out of enough layers."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import EffectError
from harness.numerics.gates.result import GateResult, check_within
from harness.records import GateStatus


@dataclass(frozen=True, kw_only=True)
class ExtractionThresholds:
    """`share`: more than this share of the layers must come out."""

    share: float = 0.8

    def __post_init__(self) -> None:
        check_within("share of layers", self.share, low=0.0, high=1.0)


def extraction_gate(
    ok_layers: int,
    layers: int,
    failures: Mapping[int, str],
    thresholds: ExtractionThresholds | None = None,
    *,
    final_norm: str | None = None,
) -> GateResult:
    """Whether residuals come out of enough layers.

    Args: ok_layers of `layers`; failures, layer -> cause, one for every layer that is not ok; final_norm, why the final norm's output
        did not come out, which is told but is no layer's.
    Raises: EffectError for a model without layers or counts that don't add up.
    """
    limits = thresholds or ExtractionThresholds()
    if layers < 1:
        raise EffectError(f"{layers} layers give no share; the model's block list was not found")
    if ok_layers + len(failures) != layers:
        raise EffectError(f"{ok_layers} good and {len(failures)} failed layers do not add up to {layers}; every failure needs its cause")
    value = ok_layers / layers
    passed = value > limits.share
    reason = f"{ok_layers} of {layers} layers came out ({value:.1%}), {'above' if passed else 'not above'} {limits.share:.0%}"
    if failures:
        reason += "; failed: " + "; ".join(f"layer {layer}: {cause}" for layer, cause in sorted(failures.items()))
    if final_norm:
        reason += f"; the final norm: {final_norm}"
    return GateResult(
        gate="extraction",
        status=GateStatus.PASS if passed else GateStatus.FAIL,
        reason=reason,
        statistic=value,
        threshold=limits.share,
        details={
            "layers": layers,
            "ok_layers": ok_layers,
            "failures": {str(layer): cause for layer, cause in sorted(failures.items())},
            "final_norm": final_norm or "ok",
        },
    )
