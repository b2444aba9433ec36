"""Whether the model answers in sentences and stops."""

from dataclasses import asdict, dataclass

from harness.errors import EffectError
from harness.numerics.agreement import Agreement
from harness.numerics.gates.result import GateResult, check_within
from harness.records import GateStatus


@dataclass(frozen=True, kw_only=True)
class GenerationThresholds:
    """`share`: at least this share of the responses must end by itself after two sentences or more."""

    share: float = 0.9

    def __post_init__(self) -> None:
        check_within("share of responses", self.share, low=0.0, high=1.0)


def generation_gate(
    complete: int, responses: int, agreement: Agreement | None = None, thresholds: GenerationThresholds | None = None
) -> GateResult:
    """Whether the model answers in sentences and stops.

    Args: complete, responses that end by themselves after two sentences or more; responses, of how many; agreement, of
        what they say with their margins, which is told and decides nothing.
    Raises: EffectError for no response.
    """
    limits = thresholds or GenerationThresholds()
    if responses < 1:
        raise EffectError("0 responses show nothing; generate at least one")
    value = complete / responses
    return GateResult(
        gate="generation",
        status=GateStatus.PASS if value >= limits.share else GateStatus.FAIL,
        reason=(
            f"{complete} of {responses} responses end by themselves after two sentences or more ({value:.1%}); "
            f"{limits.share:.0%} are asked for{_told(agreement)}"
        ),
        statistic=value,
        threshold=limits.share,
        details={"complete": complete, "responses": responses, "margin_and_text": asdict(agreement) if agreement else None},
    )


def _told(agreement: Agreement | None) -> str:
    if agreement is None:
        return ""
    return (
        f"; of what they say {agreement.agree} agree with the sign of their margin, {agreement.disagree} say the opposite, "
        f"{agreement.undecided} are undecided"
    )
