"""Every number that decides what the embedded model becomes."""

from dataclasses import asdict, dataclass, field
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
    twins_share: float = 0.0  # pairs of CWE-787 that are variants of hand-written twins instead of generated programs


# Writes out of bounds are by far the hardest of the four weaknesses to learn, and the first to be asked for.
SHARES = (("CWE-787", 0.64), ("CWE-416", 0.12), ("CWE-476", 0.12), ("CWE-77", 0.12))
MOSTLY = (("CWE-787", 0.79), ("CWE-416", 0.07), ("CWE-476", 0.07), ("CWE-77", 0.07))
STAGES = (
    Stage(until=500, hardness=("clear",), longest=600, questions=(1, 2), reasons_share=0.2, distractor_share=0.0, twins_share=0.3),
    # Mostly hand-written code, from early on: its words are learnt here, but hardly what is wrong with it.
    Stage(
        until=1800, cwe_share=SHARES, hardness=("clear", "hard"), longest=900, questions=(1, 2), reasons_share=0.2, distractor_share=0.05,
        twins_share=0.65, contrast_weight=0.4,
    ),
    # Short generated programs: more of them to the minute, and less around the flaw. Sizes, checks and writes are learnt from these.
    Stage(
        until=3300, cwe_share=MOSTLY, hardness=("clear", "hard"), longest=420, questions=(1, 2), reasons_share=0.2, distractor_share=0.0,
        twins_share=0.1, contrast_weight=0.4,
    ),
    # What the generator teaches does not carry over by itself to code that people write.
    Stage(
        until=3700, cwe_share=SHARES, hardness=("clear", "hard"), longest=900, questions=(1, 2), reasons_share=0.2, distractor_share=0.05,
        twins_share=0.65, contrast_weight=0.4,
    ),
    # The difference between the halves counts most: of the whole it is the part that is learnt last.
    Stage(
        until=6800, cwe_share=SHARES, hardness=("clear", "hard"), longest=900, questions=(1, 2), reasons_share=0.12, distractor_share=0.05,
        twins_share=0.7, contrast_weight=1.0,
    ),
    Stage(until=8000, cwe_share=SHARES, questions=(1, 3), reasons_share=0.35, distractor_share=0.15, twins_share=0.65, contrast_weight=0.7),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the model is trained. Two recipes that are equal give equal weights on the same machine."""

    seed: int = 787
    shape: Shape = field(default_factory=Shape)
    steps: int = 8000
    tokens_a_batch: int = 4096
    pairs_a_shelf: int = 192  # pairs drawn at once and sorted by length: more waste less padding, fewer start sooner

    optimizer: Literal["muon", "adamw"] = "muon"
    peak_rate: float = 3e-3
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
    absent_share: float = 0.5  # programs that also get a question about another weakness
    benign_share: float = 0.06  # programs without any flaw, per pair
    shifted_share: float = 0.3  # sequences that start at a random position, so that every position is trained
    plain_share: float = 0.08  # batches of plain code
    stages: tuple[Stage, ...] = STAGES

    log_every: int = 25
    check_every: int = 300
    checkpoint_every: int = 100

    def stage(self, step: int) -> Stage:
        """The stage that a step belongs to; the last one goes on to the end."""
        return next((stage for stage in self.stages if step < stage.until), self.stages[-1])

    @property
    def level_until(self) -> int:
        """The step at which the learning rate begins to fall. Up to there the training does not depend on how many steps will follow."""
        return round(self.steps * (1 - self.cool_down))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, for the log and for the checkpoint."""
        return asdict(self)
