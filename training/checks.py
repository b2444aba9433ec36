"""A quick look at a network in training: does it tell vulnerable from patched on programs it has not seen?"""

import torch
from sklearn.metrics import roc_auc_score
from transformers import GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from training.margins import ask, margins, unseen_pairs, unseen_twins
from training.programs import CWES, ProgramPair
from training.twins import as_pair, trained_twins

Figures = dict[str, float]


class QuickCheck:
    """Figures on fixed pairs of each CWE: unseen programs of trained and of held-out families, and twins, trained on and held out."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, pairs: int) -> None:
        self._tokenizer = tokenizer
        self._sets: dict[str, list[ProgramPair]] = {}
        for cwe in CWES:
            taught = trained_twins(cwe)
            self._sets |= {
                cwe: unseen_pairs(cwe, pairs, held_out=False, seed="check"),
                f"{cwe} held-out": unseen_pairs(cwe, pairs, held_out=True, seed="check"),
                f"{cwe} twins": [as_pair(twin) for twin in taught[:: max(1, len(taught) // pairs)]],
                f"{cwe} twins held-out": unseen_twins(cwe, 2 * pairs, seed="check", use="choosing"),
            }

    def __call__(self, network: GPTBigCodeForCausalLM) -> dict[str, Figures]:
        return {name: self._figures(network, pairs) for name, pairs in self._sets.items() if pairs}

    def _figures(self, network: GPTBigCodeForCausalLM, pairs: list[ProgramPair]) -> Figures:
        programs = [pair.vulnerable for pair in pairs] + [pair.patched for pair in pairs]
        found = torch.stack(
            [margins(network, self._tokenizer, [ask(program, question) for program in programs]) for question in ("vulnerable", "safe")]
        )  # (questions, programs)
        labels = torch.arange(len(programs)) < len(pairs)
        return {
            "auc": round(float(roc_auc_score(labels, found.mean(0))), 3),
            "balanced_accuracy": round(float(((found > 0) == labels).float().mean()), 3),
            "pairs_in_order": round(float((found[:, : len(pairs)] > found[:, len(pairs) :]).float().mean()), 3),
            "median_margin": round(float(found.abs().median()), 3),
        }
