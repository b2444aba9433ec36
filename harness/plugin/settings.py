"""What options, protocol and pyproject.toml said, checked once, before anything is loaded."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from harness.errors import PlanError
from harness.plans import Cell, Fit, ModelRequest, check_strength
from harness.plugin.options import DEFAULT_CLAIMS
from harness.plugin.protocol import Protocol, read_protocol
from harness.prompts import QUESTIONS
from harness.records import Estimator, Positions

DEFAULT_STRENGTHS = (1.0, 5.0, 10.0, 20.0)
DEFAULT_NEW_TOKENS = 96
ALL_CLAIMS = "all"
DEFAULTS: dict[str, Any] = {
    "model": ["nano"],
    "revision": None,
    "dtype": "float32",
    "dataset": "verified",
    "split": None,
    "layer": [],
    "strength": list(DEFAULT_STRENGTHS),
    "choose": False,
    "positions": "generated",
    "estimator": "mean-difference",
    "fit": "cwe",
    "prompt": "vulnerable",
    "placebos": 39,
    "max_new_tokens": DEFAULT_NEW_TOKENS,
    "seed": 0,
    "claims": list(DEFAULT_CLAIMS),
}
"""What holds where neither an option nor a protocol says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The options of one run, as plain values.

    baseline: folder or summary of the run that effects are held against. limits: thresholds that differ from the declared ones. claims:
    gates whose FAIL fails the run. strict: INCONCLUSIVE fails it too. deviations: from the protocol, in words.
    """

    models: tuple[ModelRequest, ...]
    dataset: str = DEFAULTS["dataset"]
    dataset_dir: str | None = None
    split: str | None = DEFAULTS["split"]
    strengths: tuple[float, ...] = DEFAULT_STRENGTHS
    layers: tuple[int, ...] = ()
    choose: bool = DEFAULTS["choose"]
    positions: Positions = DEFAULTS["positions"]
    estimator: Estimator = DEFAULTS["estimator"]
    fit: Fit = DEFAULTS["fit"]
    question: str = DEFAULTS["prompt"]
    max_new_tokens: int = DEFAULTS["max_new_tokens"]
    placebos: int = DEFAULTS["placebos"]
    seed: int = DEFAULTS["seed"]
    baseline: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    claims: tuple[str, ...] = DEFAULT_CLAIMS
    strict: bool = False
    protocol: Protocol | None = None
    deviations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _one_of("--positions", self.positions, get_args(Positions))
        _one_of("--fit", self.fit, get_args(Fit))
        _one_of("--estimator", self.estimator, get_args(Estimator))
        _one_of("--prompt", self.question, tuple(QUESTIONS))
        for claim in self.claims:
            _one_of("--claims", claim, all_gates())
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

    @property
    def text_as_pinned(self) -> bool:
        """Whether texts come about as those in snapshots/ did: the same question, positions, length, fit and data."""
        chosen = {"prompt": self.question} | {
            name: getattr(self, name) for name in ("positions", "max_new_tokens", "fit", "estimator", "choose", "split")
        }
        return self.dataset_dir is None and all(DEFAULTS[name] == value for name, value in chosen.items())

    @classmethod
    def from_options(cls, option: Any, root: Path) -> "Settings":
        """Read pytest's parsed options, over the protocol they name, over the thresholds in the pyproject.toml of `root`."""
        protocol = read_protocol(Path(option.protocol)) if option.protocol else None
        said = {name: value for name in DEFAULTS if (value := _explicit(option, name)) is not None}
        chosen = {**DEFAULTS, **(protocol.values if protocol else {}), **said}
        on_command_line = _limits_of(option)
        claims = all_gates() if chosen["claims"] == [ALL_CLAIMS] else tuple(chosen["claims"])
        limits = {**limits_of_project(root), **(protocol.limits if protocol else {}), **on_command_line}
        from harness.numerics.gates.limits import declared_limits

        declared = declared_limits()
        with blaming(protocol):
            return cls(
                models=tuple(
                    ModelRequest(name=name, revision=chosen["revision"], dtype=chosen["dtype"], device_map=option.device_map)
                    for name in dict.fromkeys(chosen["model"])
                ),
                dataset=chosen["dataset"],
                dataset_dir=option.dataset_dir,
                split=chosen["split"],
                strengths=tuple(dict.fromkeys(map(float, chosen["strength"]))),
                layers=tuple(dict.fromkeys(chosen["layer"])),
                choose=chosen["choose"],
                positions=chosen["positions"],
                estimator=chosen["estimator"],
                fit=chosen["fit"],
                question=chosen["prompt"],
                max_new_tokens=chosen["max_new_tokens"],
                placebos=chosen["placebos"],
                seed=chosen["seed"],
                limits={name: value for name, value in limits.items() if value != declared[name]},
                baseline=option.baseline,
                # Whoever names a baseline claims that the effect has not fallen.
                claims=tuple(dict.fromkeys((*claims, "baseline") if option.baseline else claims)),
                strict=option.strict_gates,
                protocol=protocol,
                deviations=(*protocol.deviations(said, on_command_line), *_narrowed(option)) if protocol else (),
            )


@contextmanager
def blaming(protocol: Protocol | None) -> Iterator[None]:
    """Says with a refusal that a protocol was read: its message names the option, which nobody may have given."""
    try:
        yield
    except PlanError as error:
        if protocol is None:
            raise
        raise PlanError(
            f"{error} (protocol {protocol.name} was read: {', '.join(protocol.values)} come from it where no option says otherwise)"
        ) from error


def _explicit(option: Any, name: str) -> Any:
    """What the command line says of an option; None where it says nothing."""
    value = getattr(option, name)
    if name == "claims" and value is not None:
        return [claim.strip() for claim in value.split(",") if claim.strip()]
    return value or None if name == "choose" else value


def _narrowed(option: Any) -> Iterator[str]:
    """A selection that runs only a part of what is declared, such as "-k cwe787"."""
    for flag, selected in (("-k", option.keyword), ("-m", option.markexpr), ("--deselect", " ".join(option.deselect or ()))):
        if selected:
            yield f"{flag} {selected!r}: only a part of the cases"


def all_gates() -> tuple[str, ...]:
    """Every gate by name."""
    # Here and below not at the head of the file: the gates need SciPy and scikit-learn, and whoever asks for --help does not.
    from harness.numerics.gates.limits import THRESHOLDS

    return ("identity", *THRESHOLDS, "pinned_text")


def _limits_of(option: Any) -> dict[str, float]:
    from harness.numerics.gates.limits import check_limits

    pairs: dict[str, object] = {}
    for text in option.gate or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise PlanError(f"--gate {text!r} sets nothing; write --gate NAME=VALUE, such as --gate shift.p=0.01")
        pairs[name.strip()] = value
    if option.extraction_threshold is not None:
        pairs["extraction.share"] = option.extraction_threshold
    return check_limits(pairs, "--gate")


def limits_of_project(root: Path) -> dict[str, float]:
    """The thresholds in [tool.secsteer.gates] of a pyproject.toml; none where there is no such table."""
    from harness.numerics.gates.limits import check_limits

    path = root / "pyproject.toml"
    if not path.exists():
        return {}
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("secsteer", {}).get("gates", {})
    if not isinstance(table, dict):
        raise PlanError(
            f'gates = {table!r} of [tool.secsteer] in {path.name} is no table; write [tool.secsteer.gates] and "shift.p" = 0.05'
        )
    return check_limits(table, f"[tool.secsteer.gates] in {path.name}")


def cells_of(layers: Sequence[int], strengths: Sequence[float]) -> tuple[Cell, ...]:
    """Every layer with every strength."""
    return tuple(Cell(layer=layer, strength=strength) for layer in layers for strength in strengths)


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
