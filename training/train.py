"""Makes the embedded model from its recipe: `python -m training.train`.

Tokenizer, then training with checkpoints, then the choice of the declared layer and of the residual scale, then the export. A stopped
training goes on with the same command.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from training.checkpoints import start_from
from training.checks import QuickCheck
from training.export import export
from training.lessons import Lessons
from training.loop import Journal, Training
from training.network import build_network, parameters
from training.plain_code import PlainCode
from training.recipe import Recipe
from training.tokenizer import train_tokenizer

HERE = Path(__file__).parent
CHECKPOINTS = HERE / "checkpoints"
NANO = HERE.parent / "data" / "models" / "nano"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    recipe = Recipe()
    parser = argparse.ArgumentParser(
        prog="python -m training.train",
        description="Trains the embedded model nano from its seed and exports it. Three to four hours on two cores.",
        epilog="A stopped training goes on from its last checkpoint with the same command, and gives the same weights as one in a piece.",
    )
    parser.add_argument("--seed", type=int, default=recipe.seed, help="of weights, programs and batches (%(default)s)")
    parser.add_argument("--steps", type=int, default=recipe.steps, help="optimizer steps; the learning rate follows (%(default)s)")
    parser.add_argument("--stop-at", type=int, help="stop after this step and leave the checkpoint for later; 0 trains nothing")
    parser.add_argument("--export-now", action="store_true", help="with --stop-at: export what there is so far")
    parser.add_argument("--threads", type=int, default=2, help="of torch; another number gives other rounding (%(default)s)")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, help="folder of tokenizer, checkpoint and log (%(default)s)")
    parser.add_argument("--start", type=Path, help="folder of an exported model to go on from where there is no checkpoint")
    parser.add_argument("--out", type=Path, default=NANO, help="folder of the exported model (%(default)s)")
    parser.add_argument("--check-pairs", type=int, default=24, help="pairs a CWE in the checks during training (%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Trains and exports."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    recipe = replace(Recipe(), seed=options.seed, steps=options.steps)
    plain = PlainCode()
    tokenizer = tokenizer_of(recipe, plain, options.checkpoints / "tokenizer", options.start)
    lessons = Lessons(recipe, tokenizer, plain)
    network = build_network(recipe.shape, seed=recipe.seed, end_of_text=tokenizer.eos_token_id)
    start = start_from(options.start, network) if options.start else None
    training = Training(network, lessons, options.checkpoints, Journal(path=options.checkpoints / "training-log.jsonl"), start=start)
    if options.stop_at != 0:
        training.journal.note({"recipe": recipe.as_dict(), "parameters": parameters(network), "from_step": training.place.step})
    training.run(QuickCheck(tokenizer, options.check_pairs), stop_at=options.stop_at)
    if training.place.step == recipe.steps or options.export_now:
        declared = export(network, tokenizer, options.out)
        copyfile(training.journal.path, options.out / "training-log.jsonl")
        print(f"exported to {options.out}: layer {declared['layer']}, residual stream times {declared['residual_factor']:.3g}", flush=True)


def tokenizer_of(recipe: Recipe, plain: PlainCode, folder: Path, start: Path | None = None) -> PreTrainedTokenizerBase:
    """The tokenizer of an interrupted training, else that of the model to go on from, else a new one."""
    if not (folder / "tokenizer.json").exists():
        (AutoTokenizer.from_pretrained(start) if start else train_tokenizer(recipe, plain)).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


if __name__ == "__main__":
    main()
