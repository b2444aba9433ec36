"""The records that travel between the parts of the harness. Frozen, keyword-only, checked at construction."""

import hashlib
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, DirectionError, PlanError

FloatArray = NDArray[np.float32]

Label = Literal["vulnerable", "patched"]
Asks = Literal["vulnerable", "safe"]
Positions = Literal["generated", "prompt", "all"]
"""Which tokens are steered: from the last prompt token on, all prompt tokens, or both."""
ReadPosition = Literal["last", "code"]
"""Where a residual is read: at the last prompt token, or as the mean over the tokens of the code."""
ORIGINAL = "original"
"""The variant of a pair as it was written."""
Arm = Literal["baseline", "repeat", "prompt", "treatment", "reversed", "random", "nuisance", "label-flip", "other-cwe"]
"""What is added: nothing, nothing once more in another batch (noise floor), an instruction instead of a vector, the direction, minus the
direction, a placebo, or the direction of another CWE."""
Finish = Literal["end-of-text", "length"]
Estimator = Literal["mean-difference", "principal-component", "logistic-probe"]
"""How a direction is made of contrast pairs: harness/numerics/estimators.py has the definitions."""


class Verdict(StrEnum):
    """What a response says about the code. Undecided is never counted as secure."""

    VULNERABLE = "vulnerable"
    SECURE = "secure"
    UNDECIDED = "undecided"


class GateStatus(StrEnum):
    """Outcome of a gate. Inconclusive is never shown as success."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about a text. `asks` is the polarity: what "Yes" means.

    instruction: what the prompt arm says ahead of it, instead of steering; None where its data give none.
    """

    asks: Asks
    text: str
    instruction: str | None = None


def is_cwe(concept: str) -> bool:
    """Whether what data are about is a weakness, "CWE-787", and no concept of another kind."""
    return concept.startswith("CWE-")


@dataclass(frozen=True, kw_only=True)
class Example:
    """One source file with a known label.

    `scenario` names the situation within its dataset and is shared by the vulnerable file, the patched file
    and every variant of both; `variant` is "original" or the name of a rewrite. `path` is relative to the dataset's root.
    `question` is the one that its data put; None leaves it to harness/prompts.py, which asks about weaknesses. Data with a question may be
    about any concept: `cwe` then holds its name, "vulnerable" is what shows the concept and "patched" what does not.
    """

    dataset: str
    split: str
    cwe: str
    label: Label
    scenario: str
    variant: str
    language: str
    code: str
    rationale: str | None
    sha256: str
    path: str
    question: Question | None = None

    def __post_init__(self) -> None:
        if self.label not in get_args(Label):
            raise DataError(f"label {self.label!r} of {self.path} is neither 'vulnerable' nor 'patched'; mend the dataset's index")
        if self.question is None and not is_cwe(self.cwe):
            raise DataError(
                f"CWE {self.cwe!r} of {self.path} does not look like 'CWE-787'; mend the dataset's index, or give the concept a question"
            )


@dataclass(frozen=True, kw_only=True)
class ContrastPair:
    """The vulnerable and the patched example of one scenario and one variant."""

    vulnerable: Example
    patched: Example

    def __post_init__(self) -> None:
        for example, label in ((self.vulnerable, "vulnerable"), (self.patched, "patched")):
            if example.label != label:
                raise DataError(f"{example.path} is labelled {example.label!r} but stands as the {label} half of a pair; swap the halves")
        if self._identity(self.vulnerable) != self._identity(self.patched):
            raise DataError(f"{self.vulnerable.path} and {self.patched.path} differ in dataset, CWE, scenario or variant; they are no pair")

    @staticmethod
    def _identity(example: Example) -> tuple[str, str, str, str]:
        return example.dataset, example.cwe, example.scenario, example.variant

    @property
    def cwe(self) -> str:
        return self.vulnerable.cwe

    @property
    def scenario(self) -> str:
        return self.vulnerable.scenario

    @property
    def variant(self) -> str:
        return self.vulnerable.variant

    @property
    def examples(self) -> tuple[Example, Example]:
        return self.vulnerable, self.patched


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A question about a piece of code, and the two answers whose first tokens the margin compares.

    `code_start` and `code_end` are character offsets of the code within `text`.
    """

    text: str
    asks: Asks
    vulnerable_answer: str
    secure_answer: str
    code_start: int
    code_end: int

    def __post_init__(self) -> None:
        if not 0 <= self.code_start < self.code_end <= len(self.text):
            raise PlanError(f"code span {self.code_start}:{self.code_end} lies outside a prompt of {len(self.text)} characters")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Direction:
    """Unit vector in the residual stream, from patched toward vulnerable.

    vector: (d_model,), float32, unit norm. norm: length of the estimate before it was normalised, in residual units.
    model: fingerprint of the model it was fitted on. held_out: the scenario that was left out of the fit, None when none was.
    fitted_on: SHA-256 of every file of the fit.
    """

    vector: FloatArray
    norm: float
    layer: int
    estimator: str
    position: ReadPosition
    model: str
    cwe: str
    held_out: str | None = None
    fitted_on: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.vector.ndim != 1 or not np.isfinite(self.vector).all():
            raise DirectionError(f"a direction is one finite vector; got shape {self.vector.shape} at layer {self.layer}; refit it")
        length = float(np.linalg.norm(self.vector))
        if abs(length - 1.0) > 1e-4:
            raise DirectionError(f"norm {length:.6f} of the direction at layer {self.layer} is not 1; normalise it before use")


@dataclass(frozen=True, kw_only=True)
class SteeringPlan:
    """What is added to the residual of one batch.

    layer: the block whose output is changed. deltas: (rows, d_model), float32, one vector a row, strength already multiplied in;
    a row of zeros is the unsteered baseline.
    """

    layer: int
    positions: Positions
    deltas: FloatArray

    def __post_init__(self) -> None:
        if self.positions not in get_args(Positions):
            raise PlanError(f"positions {self.positions!r} is none of {', '.join(get_args(Positions))}")
        if self.deltas.ndim != 2:
            raise PlanError(f"deltas have shape {self.deltas.shape}; (rows, d_model) is needed")
        if not np.isfinite(self.deltas).all():
            raise PlanError("a steering delta is not finite; check the strength and the direction")
        if self.layer < 0:
            raise PlanError(f"layer {self.layer} is below 0; layers count from 0")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A confidence interval and its level."""

    low: float
    high: float
    level: float = 0.95

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ValueError(f"interval {self.low}..{self.high} is empty or not a number")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What came out of one row of a sweep. Plain values only: a verdict can be recomputed from these records without a model.

    key: hash of everything the value depends on. model: fingerprint. example, prompt: SHA-256 of the file and of the prompt's text.
    index: which placebo of the arm; of other-cwe the number of the CWE whose direction it is; else 0.
    strength: signed, in residual units. added_norm: change of the residual measured in the model, L2, None where nothing was added.
    residual_share: strength over the median residual norm at the layer. margin: log p(vulnerable answer) - log p(secure answer), nats.
    text, tokens, finish, verdict, evidence: of the generated response; None for rows that measure the margin alone.
    """

    key: str
    model: str
    model_name: str
    dtype: str
    dataset: str
    cwe: str
    scenario: str
    variant: str
    label: Label
    path: str
    example: str
    prompt: str
    question: str
    arm: Arm
    index: int
    layer: int | None
    strength: float
    positions: Positions
    endpoint: str
    margin: float
    added_norm: float | None
    residual_share: float
    text: str | None
    tokens: int | None
    finish: Finish | None
    verdict: Verdict | None
    evidence: str | None
