"""How telling vulnerable from patched grows with the size of the network: `python -m training.curve`.

Networks of several shapes learn the first steps of the recipe, from fresh weights, the same lessons in the same order: they differ in
nothing but size.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from training.checks import QuickCheck
from training.figures.curve import KINDS, draw_curves, means_of
from training.lessons import Lessons
from training.loop import Journal, Training
from training.network import build_network, parameters
from training.plain_code import PlainCode
from training.recipe import Recipe, Shape
from training.train import CHECKPOINTS

START = Path(__file__).parent / "start"
SHAPES = (
    Shape(layers=3, width=64, heads=2),
    Shape(layers=4, width=128),
    Shape(),
    Shape(layers=8, width=256),
)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What every network of the curve gets: steps, and pairs a CWE and kind in the check afterwards."""

    steps: int
    pairs: int


def taught(shape: Shape, tokenizer: PreTrainedTokenizerBase, lesson: Lesson, folder: Path) -> dict[str, Any]:
    """One point of the curve, with the AUC of each kind of program after the lesson. It goes on from a checkpoint in the folder."""
    recipe = Recipe(shape=shape, steps=lesson.steps)
    cwes = [cwe for cwe, _ in recipe.stage(0).cwe_share]
    lessons = Lessons(recipe, tokenizer, PlainCode())
    network = build_network(shape, seed=recipe.seed, end_of_text=tokenizer.eos_token_id)
    training = Training(network, lessons, folder, Journal(path=folder / "training-log.jsonl"))
    training.run()
    found = QuickCheck(tokenizer, lesson.pairs)(network.eval())
    return {
        "layers": shape.layers,
        "width": shape.width,
        "parameters": parameters(network),
        "steps": training.place.step,
        "tokens": training.place.tokens,
        "seconds": round(training.place.seconds),
        "cwes": cwes,
        "auc": means_of(found, cwes),
    }


def main() -> None:
    """Trains every shape, smallest first, and writes the points and their picture after each."""
    parser = argparse.ArgumentParser(prog="python -m training.curve", description=__doc__)
    parser.add_argument("--steps", type=int, default=700, help="of each network (%(default)s)")
    parser.add_argument("--pairs", type=int, default=32, help="pairs a CWE and kind of program in the check (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of torch (%(default)s)")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS / "curve", help="folder of checkpoints and logs (%(default)s)")
    parser.add_argument("--out", type=Path, default=START, help="folder of curve.json and curve.png (%(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(START)
    points: list[dict[str, Any]] = []
    for shape in SHAPES:
        folder = options.checkpoints / f"{shape.layers}x{shape.width}-{options.steps}"
        points.append(taught(shape, tokenizer, Lesson(steps=options.steps, pairs=options.pairs), folder))
        print(json.dumps(points[-1]), flush=True)
        (options.out / "curve.json").write_text(json.dumps(points, indent=1) + "\n", encoding="utf-8")
        draw_curves(options.out / "curve.png", points, START / "training-log.jsonl")
    print("AUC of " + ", ".join(KINDS) + f" written to {options.out}", flush=True)


if __name__ == "__main__":
    main()
