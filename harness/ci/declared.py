"""Which model a protocol needs from the hub: `python -m harness.ci.declared PROTOCOL` prints outputs of a workflow's step."""

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError, PlanError
from harness.model.sources import EMBEDDED, is_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """0: told. 2: the protocol cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m harness.ci.declared", description=__doc__)
    parser.add_argument("protocol", type=Path)
    try:
        for name, value in outputs(parser.parse_args(arguments).protocol).items():
            print(f"{name}={value}")
    except HarnessError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


def outputs(protocol: Path) -> dict[str, str]:
    """hub: "true" where a model comes from there. revision: the declared one, which is main where none is.

    Raises: PlanError for a file that is missing or no TOML.
    """
    try:
        declared = tomllib.loads(protocol.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(f"protocol {protocol} cannot be read ({error}); give a TOML file, such as protocols/nano.toml") from None
    models = declared.get("model", EMBEDDED)
    names = models if isinstance(models, list) else [models]
    return {"hub": str(not all(is_folder(name) for name in names)).lower(), "revision": str(declared.get("revision", "main"))}


if __name__ == "__main__":
    sys.exit(main())
