"""Every number that decides what the embedded model becomes.

The exported model may be of an earlier recipe: the one it was made with stands in its log.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from training.programs.records import Hardness


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the network. Defaults: 4.3M parameters."""

    vocabulary: int = 8192
    layers: int = 6
    width: int = 192
    heads: int = 4
    context: int = 2048


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the lessons are like until a step. The first stages are easier than the programs that the model shall know in the end."""

    until: int
    cwe_share: tuple[tuple[str, float], ...] = (("CWE-787", 0.46), ("CWE-416", 0.18), ("CWE-476", 0.18), ("CWE-77", 0.18))
    hardness: tuple[Hardness, ...] = ("clear", "hard", "ambiguous")
    longest: int | None = None  # characters of the vulnerable half
    questions: tuple[int, int] = (2, 4)  # about a program's own weakness, fewest and most
    reasons_share: float = 0.35  # share of the branches that go on after the first token
    distractor_share: float = 0.12  # pairs with unrelated code in front
    contrast_weight: float = 0.0  # of the difference between the halves of a pair: see training/objective.py
    absent_share: float = 0.5  # programs that also get a question about another weakness
    twins_share: float = 0.0  # pairs that are variants of hand-written ones, where there are any, and not generated
    sizes_as_n: bool = False  # numbers above twelve are N in the reasons
    pushed_share: float = 0.0  # batches whose questions and answers run with a random vector in the residual: see training/pushing.py


def _cwe_787(share: float) -> tuple[tuple[str, float], ...]:
    """Writes out of bounds with this share, and the same of each of the other three weaknesses of the former versions."""
    other = round((1 - share) / 3, 2)
    return (("CWE-787", share), ("CWE-416", other), ("CWE-476", other), ("CWE-77", other))


_HAND_WRITTEN = Stage(
    until=4400,
    cwe_share=_cwe_787(0.58),
    questions=(1, 2),
    reasons_share=0.6,
    contrast_weight=0.6,
    twins_share=0.5,
    pushed_share=0.5,
)
_SHORT = Stage(
    until=5900,
    cwe_share=_cwe_787(0.64),
    hardness=("clear", "hard"),
    longest=800,
    questions=(1, 2),
    reasons_share=0.15,
    distractor_share=0.0,
    contrast_weight=0.6,
    twins_share=0.25,
    pushed_share=0.3,
    sizes_as_n=True,
)
_ALL_EIGHT = replace(
    _SHORT,
    until=6000,
    cwe_share=(
        ("CWE-22", 0.13),
        ("CWE-77", 0.1),
        ("CWE-79", 0.14),
        ("CWE-89", 0.13),
        ("CWE-190", 0.16),
        ("CWE-416", 0.1),
        ("CWE-476", 0.1),
        ("CWE-787", 0.14),
    ),
    longest=900,
    reasons_share=0.1,
    absent_share=0.1,
    twins_share=0.0,
    pushed_share=0.1,
)
_WITH_TWINS = replace(
    _ALL_EIGHT,
    until=8000,
    longest=1200,
    reasons_share=0.15,
    distractor_share=0.05,
    contrast_weight=0.4,
    twins_share=0.5,
    pushed_share=0.2,
)
_AS_A_USER_MEETS_IT = replace(
    _WITH_TWINS,
    until=10150,
    hardness=("clear", "hard", "ambiguous"),
    longest=None,
    reasons_share=0.4,
    distractor_share=0.12,
    absent_share=0.15,
    contrast_weight=0.5,
    twins_share=0.2,
    pushed_share=0.4,
)

STAGES = (
    Stage(until=250, hardness=("clear",), longest=900, distractor_share=0.0),
    Stage(until=1300),
    # Short programs of every kind: more of them to the minute, and less around the flaw. Writes out of bounds, the hardest of the four
    # weaknesses, were hardly learnt from longer ones.
    Stage(
        until=2050,
        cwe_share=_cwe_787(0.76),
        hardness=("clear", "hard"),
        longest=420,
        questions=(1, 3),
        reasons_share=0.25,
        distractor_share=0.0,
    ),
    Stage(until=2800, cwe_share=_cwe_787(0.58), questions=(1, 3)),
    # What the generator taught did not carry over to code that people wrote, and answers about such code broke down, most of all under
    # a steering vector. Half of the pairs are hand-written now, most questions get a whole answer, and half of the batches are pushed.
    _HAND_WRITTEN,
    # Whole answers to every question. A small model that is to name a size it cannot copy writes digits without end.
    replace(_HAND_WRITTEN, until=4750, reasons_share=1.0, sizes_as_n=True),
    # Short programs again, now that contrast is taught as well.
    _SHORT,
    # All eight weaknesses, from clear generated programs to hand-written ones.
    _ALL_EIGHT,
    replace(_ALL_EIGHT, until=6600, hardness=("clear",), longest=700, reasons_share=0.05, absent_share=0.05, pushed_share=0.0),
    replace(_ALL_EIGHT, until=7200),
    _WITH_TWINS,
    replace(_WITH_TWINS, until=8300, contrast_weight=0.5, twins_share=0.4),
    # Twins, so few of each, are learnt by heart: those held out stay at chance. The generator gets more of the time.
    replace(_WITH_TWINS, until=9500, contrast_weight=0.5, twins_share=0.2),
    # What a user meets: whole answers, other code in front, a push.
    _AS_A_USER_MEETS_IT,
    replace(_AS_A_USER_MEETS_IT, until=10700, reasons_share=0.9, pushed_share=0.5),
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the model is trained. Two recipes that are equal give equal weights on the same machine."""

    seed: int = 787
    shape: Shape = field(default_factory=Shape)
    steps: int = 10700
    restarts: tuple[int, ...] = (2800, 4400, 4750, 8000, 9000, 9700)  # steps at which the learning rate rises again
    tokens_a_batch: int = 6144
    pairs_a_shelf: int = 192  # pairs drawn at once and sorted by length: more waste less padding, fewer start sooner

    optimizer: Literal["muon", "adamw"] = "muon"
    peak_rate: float = 3e-3
    restart_rates: tuple[float, ...] = (2e-3, 1e-3, 2e-3, 1.4e-3, 9e-4, 6e-4)  # peak after each restart
    warm_up: int = 60  # steps
    cool_down: float = 0.3  # share of the steps, at the end
    weight_decay: float = 0.05
    clip: float = 1.0

    answer_weight: float = 0.4  # the first answer token, which carries the verdict
    reason_weight: float = 0.2
    code_weight: float = 0.15
    spot_weight: float = 0.25  # the label as seen from each token of the code: see training/objective.py
    code_sample: float = 0.12  # share of the code tokens that get a loss: logits over the vocabulary are dear

    doubt: tuple[tuple[str, float], ...] = (("clear", 0.08), ("hard", 0.15), ("ambiguous", 0.5))
    """How far the target of the verdict is from certain. It keeps margins near zero, within reach of a steering vector."""
    doubt_absent: float = 0.05  # questions about a weakness the program has nothing to do with
    swapped_reasons: float = 0.25  # at least this share of the reasons argue for the other verdict, so that they do follow it
    benign_share: float = 0.06  # programs without any flaw, per pair
    shifted_share: float = 0.3  # sequences that start at a random position, so that every position is trained
    plain_share: float = 0.08  # batches of plain code
    stages: tuple[Stage, ...] = STAGES

    log_every: int = 25
    check_every: int = 600
    checkpoint_every: int = 100

    def stage(self, step: int) -> Stage:
        """The stage that a step belongs to; the last one goes on to the end."""
        return next((stage for stage in self.stages if step < stage.until), self.stages[-1])

    @property
    def level_until(self) -> int:
        """The step at which the learning rate begins to fall. Up to there the training does not depend on how many steps will follow."""
        return self.level_end(self.steps - 1)

    def cycle(self, step: int) -> tuple[int, int]:
        """First step and end of the cycle of the learning rate that a step belongs to."""
        bounds = (0, *(restart for restart in self.restarts if restart < self.steps), self.steps)
        start = max(bound for bound in bounds[:-1] if bound <= step or bound == 0)
        return start, bounds[bounds.index(start) + 1]

    def peak(self, step: int) -> float:
        """The highest learning rate in the cycle of a step."""
        start, _ = self.cycle(step)
        return self.restart_rates[self.restarts.index(start)] if start else self.peak_rate

    def level_end(self, step: int) -> int:
        """Where the learning rate begins to fall in the cycle of a step."""
        start, end = self.cycle(step)
        return start + round((end - start) * (1 - self.cool_down))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, for the log and for the checkpoint."""
        return asdict(self)
