"""Measures the exported model on programs it has not seen, and writes the model card: `python -m training.evaluate`."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.prompts import QUESTIONS
from training.card import write_card
from training.generation import respond, sentences
from training.intervals import auc, balanced_accuracy, pair_bootstrap, share_interval
from training.margins import ask, margins, unseen_pairs, unseen_twins
from training.programs import CWES, HELD_OUT, ProgramPair
from training.train import NANO
from training.trials import FITTED, HELD_BACK, trials

STRENGTHS = (1.0, 5.0, 10.0, 20.0)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is measured: pairs a set for margins, pairs a set for whole answers, steering trials a set."""

    pairs: int = 100
    answered: int = 12
    trials: int = 6


BY_HAND = "by hand, held out"


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Programs that were never trained on: of families that were, of families that were not, or written by hand."""

    cwe: str
    families: str

    def pairs(self, count: int, *, seed: str) -> list[ProgramPair]:
        """`count` pairs, or as many hand-written ones as there are."""
        if self.families == BY_HAND:
            return unseen_twins(count, seed=seed)
        return unseen_pairs(self.cwe, count, held_out=self.families == "held out", seed=seed)


def measure(folder: Path, effort: Effort) -> dict[str, Any]:
    """All figures of the card. The seeds are neither those of the training nor those that chose layer and scale."""
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    layer = json.loads((folder / "declared.json").read_text(encoding="utf-8"))["layer"]
    sets = [
        Unseen(cwe=cwe, families=families) for cwe in CWES for families in ("trained", "held out") if families == "trained" or HELD_OUT[cwe]
    ]
    sets.append(Unseen(cwe="CWE-787", families=BY_HAND))
    return {
        "layer": layer,
        "telling_apart": [_telling_apart(network, tokenizer, unseen, effort.pairs) for unseen in sets],
        "answers": _answers(network, tokenizer, sets, effort.answered),
        "steering": [_steering(network, tokenizer, unseen, effort.trials, layer) for unseen in sets],
    }


def _telling_apart(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, unseen: Unseen, count: int) -> dict[str, Any]:
    """By hardness: the ambiguous programs cannot be told apart by anyone, so they only show that the model stays near zero."""
    pairs = unseen.pairs(count, seed="card")
    decidable = [pair for pair in pairs if pair.vulnerable.hardness != "ambiguous"]
    by_question = {question: _margins_of(network, tokenizer, decidable, question) for question in QUESTIONS}
    vulnerable, patched = np.mean(list(by_question.values()), axis=0)
    everything = np.abs(np.stack([_margins_of(network, tokenizer, pairs, question) for question in QUESTIONS]))
    return {
        "cwe": unseen.cwe,
        "families": unseen.families,
        "pairs": len(pairs),
        "decidable": len(decidable),
        "auc": _with_interval(auc, vulnerable, patched),
        "balanced_accuracy": _with_interval(balanced_accuracy, vulnerable, patched),
        "balanced_accuracy_by_question": {question: balanced_accuracy(*found) for question, found in by_question.items()},
        "median_margin": float(np.median(everything)),
    }


def _margins_of(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, pairs: list[ProgramPair], question: str) -> np.ndarray:
    halves = [ask(pair.vulnerable, question) for pair in pairs] + [ask(pair.patched, question) for pair in pairs]
    return margins(network, tokenizer, halves).numpy().astype(np.float64).reshape(2, len(pairs))


def _with_interval(statistic: Any, vulnerable: np.ndarray, patched: np.ndarray) -> dict[str, float]:
    interval = pair_bootstrap(statistic, vulnerable, patched)
    return {"value": statistic(vulnerable, patched), "low": interval.low, "high": interval.high}


def _answers(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, sets: list[Unseen], count: int) -> dict[str, Any]:
    questions = list(QUESTIONS)
    prompts = [
        ask(half, questions[at % len(questions)])
        for unseen in sets
        for at, pair in enumerate(unseen.pairs(count, seed="answers"))
        for half in (pair.vulnerable, pair.patched)
    ]
    responses = respond(network, tokenizer, prompts)
    good = sum(response.ended and sentences(response.text) >= 2 for response in responses)
    interval = share_interval(good, len(responses))
    samples = [{"asks": prompt.asks, "answer": response.text} for prompt, response in zip(prompts, responses, strict=True)]
    return {
        "of": len(responses),
        "good": good,
        "low": interval.low,
        "high": interval.high,
        "samples": samples[:: max(1, len(samples) // 8)],
    }


def _steering(network: GPTBigCodeForCausalLM, tokenizer: PreTrainedTokenizerBase, unseen: Unseen, count: int, layer: int) -> dict[str, Any]:
    held = trials(network, tokenizer, unseen.pairs, count, seed="card")
    draw = torch.Generator().manual_seed(0)
    ranked = [trial.shift_among_placebos(layer, 10.0, draw) for trial in held]
    return {
        "cwe": unseen.cwe,
        "families": unseen.families,
        "trials": count,
        "fitted": FITTED,
        "tested": HELD_BACK,
        "norm": fmean(trial.median_norm(layer) for trial in held),
        "distance": fmean(float(trial.difference(layer).norm()) for trial in held),
        "flips": np.mean([trial.flips(layer, STRENGTHS) for trial in held], axis=0).tolist(),
        "shift": fmean(found.treatment for found in ranked),
        "p_nuisance": [found.p(found.nuisance) for found in ranked],
        "p_label_flip": [found.p(found.label_flip) for found in ranked],
    }


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=NANO, help="folder of the exported model (%(default)s)")
    parser.add_argument("--pairs", type=int, default=Effort.pairs, help="unseen pairs a CWE and kind of family (%(default)s)")
    parser.add_argument("--trials", type=int, default=Effort.trials, help="steering trials a CWE and kind of family (%(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of torch (%(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    figures = measure(options.model, Effort(pairs=options.pairs, trials=options.trials))
    (options.model / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    write_card(options.model, figures)


if __name__ == "__main__":
    main()
