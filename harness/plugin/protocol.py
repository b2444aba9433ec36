"""A protocol: what a run will do, written down before it is run. Its hash and every deviation from it stand in the report."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import PlanError

KEYS: dict[str, tuple[type, ...]] = {
    "model": (str, list),
    "revision": (str,),
    "dtype": (str,),
    "dataset": (str,),
    "split": (str,),
    "layer": (int, list),
    "strength": (int, float, list),
    "choose": (bool,),
    "positions": (str,),
    "estimator": (str,),
    "fit": (str,),
    "prompt": (str,),
    "placebos": (int,),
    "max_new_tokens": (int,),
    "seed": (int,),
    "claims": (list,),
}
"""What a protocol may declare, named as the options are, and the types it may have. Beside it stands the table [gates]."""
SEVERAL = ("model", "layer", "strength", "claims")


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A protocol file as it was read.

    sha256: of its bytes. values: option -> value, a list for what may be repeated. limits: threshold -> value.
    """

    name: str
    sha256: str
    values: Mapping[str, Any]
    limits: Mapping[str, float] = field(default_factory=dict)

    def deviations(self, options: Mapping[str, Any], limits: Mapping[str, float]) -> tuple[str, ...]:
        """What options ask for instead of what is declared here, such as "--strength 20 instead of 10"."""
        found = [
            f"--{name.replace('_', '-')} {_shown(options[name])} instead of {_shown(declared)}"
            for name, declared in self.values.items()
            if options.get(name) is not None and options[name] != declared
        ]
        changed = sorted(name for name, value in limits.items() if self.limits.get(name) != value)
        told = [
            f"--gate {name}={limits[name]:g}" + (f" instead of {self.limits[name]:g}" if name in self.limits else "") for name in changed
        ]
        return (*found, *told)


def read_protocol(path: Path) -> Protocol:
    """The protocol in a TOML file. Raises: PlanError for a file that is missing, is no TOML or holds what no protocol can declare."""
    # Not at the head of the file: the gates need SciPy, and whoever asks for --help does not.
    from harness.numerics.gates.limits import check_limits

    try:
        raw = path.read_bytes()
        stored = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise PlanError(
            f"protocol {path} cannot be read ({error.strerror}); give the path of a TOML file, such as protocols/nano.toml"
        ) from None
    except ValueError as error:
        raise PlanError(f"protocol {path} is no TOML: {error}; see protocols/nano.toml for one") from None
    gates = stored.pop("gates", {})
    if not isinstance(gates, dict):
        raise PlanError(f'"gates" of protocol {path} is no table; write [gates] and below it lines such as "shift.p" = 0.05')
    for name, value in stored.items():
        if name not in KEYS:
            raise PlanError(f"{name!r} of protocol {path} is unknown; it may declare {', '.join(KEYS)} and the table [gates]")
        _check_value(name, value, path)
    values = {name: _listed(value) if name in SEVERAL else value for name, value in stored.items()}
    return Protocol(name=path.name, sha256=hashlib.sha256(raw).hexdigest(), values=values, limits=check_limits(gates, f"protocol {path}"))


def _check_value(name: str, value: Any, path: Path) -> None:
    """Raises: PlanError for a value, or a part of a list, of another type than the option has; or for a list that leaves nothing to run."""
    kinds = tuple(kind for kind in KEYS[name] if kind is not list) or (str,)
    parts = value if isinstance(value, list) and list in KEYS[name] else [value]
    wrong = [part for part in parts if not isinstance(part, kinds) or (isinstance(part, bool) and bool not in kinds)]
    if wrong or not (isinstance(value, list) or set(kinds) & set(KEYS[name])):
        asked = " or ".join(kind.__name__ for kind in KEYS[name])
        raise PlanError(f"{name} = {value!r} of protocol {path} is no {asked}{_of_what(kinds, value)}; mend the file")
    if value == [] and name in ("model", "strength"):
        raise PlanError(f"{name} of protocol {path} is an empty list, so nothing would run; name at least one, or leave it out")


def _of_what(kinds: tuple[type, ...], value: Any) -> str:
    return f" of {' or '.join(kind.__name__ for kind in kinds)}" if isinstance(value, list) else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shown(value: Any) -> str:
    return " ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value) if isinstance(value, list) else str(value)
