"""A protocol: what a run will do, written down before it is run. Its hash and every deviation from it stand in the report."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import PlanError
from harness.numerics.gates.limits import check_limits

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
        if not isinstance(value, KEYS[name]) or (isinstance(value, bool) and bool not in KEYS[name]):
            kinds = " or ".join(kind.__name__ for kind in KEYS[name])
            raise PlanError(f"{name} = {value!r} of protocol {path} is no {kinds}; mend the file")
    values = {name: _listed(value) if name in SEVERAL else value for name, value in stored.items()}
    return Protocol(
        name=path.name, sha256=hashlib.sha256(raw).hexdigest(), values=values, limits=check_limits(_flat(gates), f"protocol {path}")
    )


def _flat(gates: Mapping[str, Any]) -> dict[str, Any]:
    """[gates] shift.p = .05 is a table in a table; "shift.p" = .05 is not. Both are meant alike."""
    flat: dict[str, Any] = {}
    for name, value in gates.items():
        flat |= {f"{name}.{part}": inner for part, inner in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shown(value: Any) -> str:
    return " ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value) if isinstance(value, list) else str(value)
