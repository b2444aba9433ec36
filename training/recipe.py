"""Every number that decides what the embedded model becomes."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the network. Defaults: 4.3M parameters."""

    vocabulary: int = 8192
    layers: int = 6
    width: int = 192
    heads: int = 4
    context: int = 2048


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the model is trained. Two recipes that are equal give equal weights on the same machine."""

    seed: int = 787
    shape: Shape = field(default_factory=Shape)
    steps: int = 3600
    tokens_a_batch: int = 6144
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

    cwe_share: tuple[tuple[str, float], ...] = (("CWE-787", 0.46), ("CWE-416", 0.18), ("CWE-476", 0.18), ("CWE-77", 0.18))
    doubt: tuple[tuple[str, float], ...] = (("clear", 0.08), ("hard", 0.15), ("ambiguous", 0.5))
    """How far the target of the verdict is from certain. It keeps margins near zero, within reach of a steering vector."""
    doubt_absent: float = 0.05  # questions about a weakness the program has nothing to do with
    swapped_reasons: float = 0.25  # at least this share of the reasons argue for the other verdict, so that they do follow it
    reasons_share: float = 0.35  # share of the branches that go on after the first token
    questions: tuple[int, int] = (2, 4)  # about a program's own weakness, fewest and most
    absent_share: float = 0.5  # programs that also get a question about another weakness
    benign_share: float = 0.06  # programs without any flaw, per pair
    distractor_share: float = 0.12  # pairs with unrelated code in front
    shifted_share: float = 0.3  # sequences that start at a random position, so that every position is trained
    plain_share: float = 0.08  # batches of plain code
    easy_until: int = 250  # steps with nothing but short, clear programs
    easy_length: int = 900  # characters

    log_every: int = 25
    check_every: int = 300
    checkpoint_every: int = 100

    @property
    def level_until(self) -> int:
        """The step at which the learning rate begins to fall. Up to there the training does not depend on how many steps will follow."""
        return round(self.steps * (1 - self.cool_down))

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, for the log and for the checkpoint."""
        return asdict(self)
