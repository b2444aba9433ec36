"""Whether the text of a response says what its margin says."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import EffectError
from harness.records import Measurement, Verdict


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Responses whose text and margin say the same, the opposite, or of which the text says nothing."""

    agree: int
    disagree: int
    undecided: int
    examples: tuple[str, ...]


def margin_and_text(responses: Iterable[Measurement]) -> Agreement:
    """Compares the verdict read from each response with the sign of its margin. `examples`: file and strength of those that disagree."""
    agree, undecided, examples = 0, 0, []
    for one in responses:
        by_margin = Verdict.VULNERABLE if one.margin > 0 else Verdict.SECURE
        if verdict_of(one) is Verdict.UNDECIDED:
            undecided += 1
        elif verdict_of(one) is by_margin:
            agree += 1
        else:
            examples.append(f"{one.path} at {one.strength:+g}")
    return Agreement(agree=agree, disagree=len(examples), undecided=undecided, examples=tuple(examples))


def verdict_of(one: Measurement) -> Verdict:
    """What a response was read to say. Raises: EffectError where it was stored unread."""
    if one.verdict is None:
        raise EffectError(f"the response to {one.path} was stored without a verdict; delete the run folder and measure again")
    return one.verdict
