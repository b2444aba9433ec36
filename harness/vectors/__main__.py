"""`python -m harness.vectors show | export | import`: directions between runs, llama.cpp, repeng and plain safetensors."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np

from harness.errors import DirectionError, HarnessError
from harness.records import Direction, ReadPosition
from harness.storage.control_vectors import write_gguf
from harness.storage.vectors import save_directions
from harness.vectors.exchange import adopt, choose, directions_in, model_of_run, read_foreign, target_model


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done. 2: refused, with the reason in one paragraph."""
    options = _parser().parse_args(arguments)
    try:
        lines = options.action(options)
    except HarnessError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


def show(options: argparse.Namespace) -> list[str]:
    """What a run or a file holds, a line a vector."""
    source: Path = options.source
    if source.is_dir():
        return [_told(one) for one in directions_in(source)]
    found = read_foreign(source, options.layer)
    if found.directions:
        return [_told(one) for one in found.directions]
    hint = f"; of a {found.model_type} model" if found.model_type else ""
    lines = [f"layer {layer}: {len(vector)} entries, length {float(np.linalg.norm(vector)):.6g}" for layer, vector in found.vectors.items()]
    return [f"{len(found.vectors)} vectors without the harness' metadata{hint}", *lines]


def export(options: argparse.Namespace) -> list[str]:
    """Writes one direction a layer as a GGUF control vector."""
    chosen = choose(directions_in(options.source), layers=options.layer or (), held_out=options.held_out, cwe=options.cwe)
    write_gguf(options.out, chosen, model_type=options.model_type or _type_of(options, chosen))
    layers = ", ".join(str(one.layer) for one in chosen)
    return [
        f"{options.out}: layers {layers} of {chosen[0].cwe}, unit norm, from patched toward vulnerable",
        f"llama.cpp: --control-vector-scaled {options.out}:STRENGTH --control-vector-layer-range {chosen[0].layer} {chosen[-1].layer}",
        "repeng: ControlModel(model, layer_ids=[...]).set_control(ControlVector.import_gguf(...), STRENGTH)",
        "both steer every position, as --positions all does here",
    ]


def _type_of(options: argparse.Namespace, chosen: Sequence[Direction]) -> str:
    fitted_on = chosen[0].model
    name = options.model or model_of_run(options.source, fitted_on)
    if name is None:
        raise DirectionError(
            f"which model {fitted_on[:12]} is cannot be told from {options.source}; name it with --model or give --model-type"
        )
    target = target_model(name, options.revision)
    if target.fingerprint != fitted_on:
        raise DirectionError(
            f"the directions were fitted on model {fitted_on}, but {name} is {target.fingerprint}; give --model-type instead"
        )
    return target.model_type


def bring_in(options: argparse.Namespace) -> list[str]:
    """Writes what another tool made as a direction file of the harness."""
    found = read_foreign(options.source, options.layer)
    directions = adopt(
        found,
        target_model(options.model, options.revision),
        cwe=options.cwe,
        position=options.position,
        made_by=options.made_by,
        any_model=options.any_model,
    )
    save_directions(options.out, directions)
    return [f"{options.out}: {len(directions)} directions", *(_told(one) for one in directions)]


def _told(one: Direction) -> str:
    fitted = f"fitted on {len(one.fitted_on)} files" if one.fitted_on else "fitted on files unknown"
    without = f", {one.held_out} held out" if one.held_out else ""
    return (
        f"layer {one.layer}: {one.cwe}, {one.estimator} at position {one.position}, norm {one.norm:.6g} before it was normalised, "
        f"{len(one.vector)} entries, model {one.model[:12]}, {fitted}{without}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.vectors", description=__doc__, epilog="docs/vectors.md has the conventions.")
    commands = parser.add_subparsers(required=True)
    shown = commands.add_parser("show", help="what a run or a file holds")
    shown.add_argument("source", type=Path, metavar="RUN_OR_FILE")
    shown.add_argument("--layer", type=int, help="where the one vector of a plain safetensors file belongs")
    shown.set_defaults(action=show)

    exported = commands.add_parser("export", help="write a GGUF control vector for llama.cpp and repeng")
    exported.add_argument("source", type=Path, metavar="RUN_OR_FILE")
    exported.add_argument("--out", type=Path, required=True, metavar="FILE.gguf")
    exported.add_argument("--layer", type=int, action="append", help="repeatable (default: all fitted layers but 0)")
    exported.add_argument("--cwe", help="whose direction, where there are several")
    exported.add_argument("--held-out", metavar="SCENARIO", help="the fold that left out a scenario (default: the fit on all)")
    exported.add_argument("--model", help="the model they were fitted on (default: as the run names it)")
    exported.add_argument("--revision", help="of a hub model")
    exported.add_argument("--model-type", help="its architecture, such as gpt_bigcode, where the model is out of reach")
    exported.set_defaults(action=export)

    brought = commands.add_parser("import", help="read a GGUF control vector or plain safetensors")
    brought.add_argument("source", type=Path, metavar="FILE")
    brought.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    brought.add_argument("--model", required=True, help="the model the vectors are of: nano, a hub name or a folder")
    brought.add_argument("--revision", help="of a hub model")
    brought.add_argument("--cwe", help="what the vectors point at, where the file does not say, such as CWE-787")
    brought.add_argument("--layer", type=int, help="where the one vector of a plain safetensors file belongs")
    brought.add_argument("--position", choices=get_args(ReadPosition), default="last", help="where residuals were read (default: last)")
    brought.add_argument("--made-by", default="imported", metavar="NAME", help="the method that made them (default: imported)")
    brought.add_argument("--any-model", action="store_true", help="take vectors of another model of the same width")
    brought.set_defaults(action=bring_in)
    return parser


if __name__ == "__main__":
    sys.exit(main())
