"""What the options said, checked once, before anything is loaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from harness.errors import PlanError
from harness.plans import Fit, ModelRequest, check_strength
from harness.prompts import QUESTIONS
from harness.records import Estimator, Positions

POSITIONS_HELP = "tokens that are steered: 'generated' (from the last prompt token on), 'prompt', or 'all' (default: generated)"
DEFAULT_STRENGTHS = (1.0, 5.0, 10.0, 20.0)
DEFAULT_NEW_TOKENS = 96


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of one run, as plain values."""

    models: tuple[ModelRequest, ...]
    dataset: str
    dataset_dir: str | None
    split: str | None
    strengths: tuple[float, ...]
    layers: tuple[int, ...]
    positions: Positions
    fit: Fit
    estimator: Estimator
    question: str
    max_new_tokens: int
    placebos: int
    extraction_threshold: float
    seed: int

    def __post_init__(self) -> None:
        _one_of("--positions", self.positions, get_args(Positions))
        _one_of("--fit", self.fit, get_args(Fit))
        _one_of("--estimator", self.estimator, get_args(Estimator))
        _one_of("--prompt", self.question, tuple(QUESTIONS))
        for strength in self.strengths:
            check_strength(strength)
        _at_least("--max-new-tokens", self.max_new_tokens, 1)
        _at_least("--placebos", self.placebos, 1)
        _at_least("--seed", self.seed, 0)
        ids = [short_name(model.name) for model in self.models]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            sharing = " and ".join(model.name for model in self.models if short_name(model.name) == twice[0])
            raise PlanError(
                f"the models {sharing} share the short name {twice[0]!r}, by which cases are told apart; run them one after the other, "
                "or give one as a folder of another name"
            )
        if not 0 <= self.extraction_threshold < 1:
            raise PlanError(
                f"--extraction-threshold {self.extraction_threshold} is outside 0..1 (1 excluded, the share must exceed it); 0.8 is usual"
            )

    @property
    def text_as_pinned(self) -> bool:
        """Whether texts come about as those in snapshots/ did: the same question, positions, length, fit, estimator and data."""
        chosen = (self.question, self.positions, self.max_new_tokens, self.fit, self.estimator, self.dataset_dir, self.split)
        return chosen == ("vulnerable", "generated", DEFAULT_NEW_TOKENS, "cwe", "mean-difference", None, None)

    @classmethod
    def from_options(cls, option: Any) -> "Settings":
        """Read pytest's parsed options."""
        names = dict.fromkeys(option.model or ["nano"])
        return cls(
            models=tuple(
                ModelRequest(name=name, revision=option.revision, dtype=option.dtype, device_map=option.device_map) for name in names
            ),
            dataset=option.dataset,
            dataset_dir=option.dataset_dir,
            split=option.split,
            strengths=tuple(dict.fromkeys(option.strength or DEFAULT_STRENGTHS)),
            layers=tuple(dict.fromkeys(option.layer or ())),
            positions=option.positions,
            fit=option.fit,
            estimator=option.estimator,
            question=option.prompt,
            max_new_tokens=option.max_new_tokens,
            placebos=option.placebos,
            extraction_threshold=option.extraction_threshold,
            seed=option.seed,
        )


def short_name(model: str) -> str:
    """A model's name as it stands in test ids: last part, lower case, without dashes, so that -k can select it."""
    last = Path(model).name or model
    return "".join(letter for letter in last.lower() if letter.isalnum() or letter in "._")


def _one_of(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise PlanError(f"{option} {value!r} is none of {', '.join(choices)}; choose one of these")


def _at_least(option: str, value: int, least: int) -> None:
    if value < least:
        raise PlanError(f"{option} {value} is below {least}; give {least} or more")
