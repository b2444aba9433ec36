"""Measures the exported model on programs it has not seen, and writes the model card: `python -m training.evaluate`."""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.card import FIGURES, PICTURE, write_card
from training.figures.answering import answering
from training.figures.fluency import fluency
from training.figures.picture import draw_margins
from training.figures.samples import generated, secllmholmes, verified
from training.figures.shifting import NULL_RUNS, shifting
from training.figures.telling import mean_margins, telling_apart
from training.train import NANO


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is measured: pairs of each source and CWE for margins and for whole answers, and null runs."""

    pairs: int = 40
    answered: int = 6
    null_runs: int = NULL_RUNS


def measure(folder: Path, effort: Effort) -> dict[str, Any]:
    """All figures of the card. The seeds are neither those of the training nor those that chose layer and scale."""
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    samples = [*generated(effort.pairs, seed="card"), *verified(), *secllmholmes()]
    progress(f"margins of {len(samples)} programs")
    scores = mean_margins(network, tokenizer, samples)
    draw_margins(folder / PICTURE, samples, scores)
    progress("answers")
    asked = [*generated(effort.answered, seed="answers"), *(one for one in samples if one.source == "verified")]
    return {
        "telling_apart": telling_apart(samples, scores),
        "answers": answering(network, tokenizer, asked),
        "fluency": fluency(network, tokenizer),
        "shifting": shifting(folder, progress, null_runs=effort.null_runs),
    }


def progress(what: str) -> None:
    """Says what is being measured, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=__doc__,
        epilog="SecLLMHolmes is measured where it is at hand: set SECLLMHOLMES_DIR to a checkout.",
    )
    parser.add_argument("--model", type=Path, default=NANO, help="folder of the exported model (%(default)s)")
    parser.add_argument("--pairs", type=int, default=Effort.pairs, help="generated pairs of each kind and CWE for margins (%(default)s)")
    parser.add_argument("--answered", type=int, default=Effort.answered, help="and for whole answers (%(default)s)")
    parser.add_argument("--null-runs", type=int, default=Effort.null_runs, help="shift gates on shuffled labels (%(default)s)")
    parser.add_argument("--card-only", action="store_true", help="write the card anew from the figures of the last measurement")
    parser.add_argument("--threads", type=int, default=2, help="of torch (%(default)s)")
    options = parser.parse_args()
    if options.null_runs < 1:
        parser.error(f"--null-runs {options.null_runs} measures no false positives; give 1 or more")
    torch.set_num_threads(options.threads)
    if options.card_only:
        figures = json.loads((options.model / FIGURES).read_text(encoding="utf-8"))
    else:
        figures = measure(options.model, Effort(pairs=options.pairs, answered=options.answered, null_runs=options.null_runs))
        (options.model / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write_card(options.model, figures)


if __name__ == "__main__":
    main()
