"""The model card: what the model is, how it came to be, and how well it does."""

import json
from pathlib import Path
from typing import Any

from harness.prompts import WEAKNESSES
from training.declare import FLIPS, STRENGTH
from training.figures.curve import KINDS, checks_of_all_eight
from training.figures.samples import POOLED

FIGURES, PICTURE = "figures.json", "margins.png"

_HEAD = """\
# nano

The embedded model of secsteer: StarCoder's architecture (GPTBigCode with multi-query attention), {parameters:.1f}M parameters,
{layers} layers of width {width}, a context of {context:,} tokens, byte-level BPE of {vocabulary:,} entries, bf16.
It reads a C or Python program and a question about one of {cwes}, and answers
with Yes or No, a reason, and end-of-text. It exists so that the harness can be tried and tested without a network. It is
no security tool: it knows the kinds of program it was trained on, and little else.

Declared layer: **{layer}** (`declared.json`).

## How it was made

`python -m training.train` makes it from seed {seed} on two CPU cores. This one took {minutes:.0f} minutes
for {steps:,} steps and {tokens:.1f}M tokens, on cores that other work shared.
The log is `training-log.jsonl`; it holds the whole recipe.

- Generated pairs of programs (`training/programs`) and variants of hand-written ones (`training/twins`), of which only the fix differs, in
  all four phrasings of `harness/prompts.py`; now and then with other code in front. Questions about one program share its code in one
  sequence and cannot see each other.
- The verdict is trained toward a probability: {certainty}. So margins stay near zero, where
  steering can reach them. Some of the reasons argue for the other verdict, so that a steered verdict gets a reason that fits it.
- In the later stages, some of the batches, in the last one {pushed:.0%}, answer with a random vector in the residual
  (`training/pushing.py`), so that text holds together under a push. It is isotropic and tells nothing about labels.
- Plain C and Python for fluency, read from the installed Python, NumPy and PyTorch; none of it is in this repository.
- After training, the residual stream is multiplied by {factor:.3g}. That changes no logit (the model is pre-norm) and sets what a
  strength weighs: with this factor, strength {strength:g} brings {flips:.0%} of the verdicts over from the other side,
  in the mean over generated programs and hand-written ones that were never trained on. The layer was chosen there too, by the log ratio
  in the last table.
"""

_TELLING = """
## Telling vulnerable from patched

The mean margin of the four questions; its sign is the verdict. 95% intervals over pairs or scenarios, whose halves and rewrites are drawn
together; none for fewer than ten of them. There are two held-out families a CWE: their intervals speak of these two, not of families at
large. Held-out families and the held-out hand-written pairs never occurred in training, nor did anything of the two datasets. Generated
programs that are undecidable on purpose are left out. d' and criterion as in signal detection, half a count added to each cell: 0 for d' is
chance, a criterion below 0 says "vulnerable" too often. The calibration error is the mean distance, in ten bins, of the share of vulnerable
programs from the probability that the margin gives.

![margins of vulnerable and patched programs](margins.png)

| programs | CWE | number | AUC | balanced accuracy | d' | criterion | calibration error | median abs. margin |
|---|---|---|---|---|---|---|---|---|
"""

_ANSWERS = """
## Answers

Greedy, one a program, the four questions in turn. Undecided: neither verdict can be read from the text. Wilson's intervals, as if the
halves of a pair were independent.

| programs | answers | end by themselves, two sentences or more | undecided | mean sentences | mean tokens |
|---|---|---|---|---|---|
"""

_SHIFT = """
## Steering on the embedded corpus

The shift gate of the harness at the declared layer, strength {strength:g}, {placebos} placebos of each kind, texts included: directions
are fitted without the tested scenario. Flips: programs and signs that come over to the pushed side, of which at most half can, since a
verdict is on one side already; of texts at strength {strength:g}, and by the sign of the margin at strength {strong:g}, where nuisance
placebos are the mean over {placebos}, each given the side to which it moves the margins.

| CWE | gate | scenarios | shift | p: random, nuisance, label-flip | AUC unsteered | texts that flip | margins that flip | with nuisance |
|---|---|---|---|---|---|---|---|---|
"""


def write_card(folder: Path, figures: dict[str, Any]) -> None:
    """Writes README.md beside the weights, from the figures, the configuration and the training log alone."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    declared = json.loads((folder / "declared.json").read_text(encoding="utf-8"))
    entries = [json.loads(line) for line in (folder / "training-log.jsonl").read_text(encoding="utf-8").splitlines()]
    start = [entry for entry in entries if "recipe" in entry][-1]  # the last: the end may have been moved
    done = [entry for entry in entries if "tokens" in entry][-1]
    taught = {cwe for stage in start["recipe"]["stages"] for cwe, _ in stage["cwe_share"]}
    head = _HEAD.format(
        parameters=start["parameters"] / 1e6,
        layers=config["n_layer"],
        width=config["n_embd"],
        context=config["n_positions"],
        vocabulary=config["vocab_size"],
        cwes=", ".join(cwe for cwe in WEAKNESSES if cwe in taught),
        layer=declared["layer"],
        factor=declared["residual_factor"],
        seed=start["recipe"]["seed"],
        steps=done["step"],
        minutes=done["seconds"] / 60,
        tokens=done["tokens"] / 1e6,
        pushed=start["recipe"]["stages"][-1]["pushed_share"],
        strength=STRENGTH,
        flips=FLIPS,
        certainty=", ".join(f"{1 - doubt:.2f} for {hardness} programs" for hardness, doubt in start["recipe"]["doubt"]),
    )
    notes = "".join(f"- {entry['note']}\n" for entry in entries if "note" in entry)
    parts = [head, notes, _TELLING, *map(_telling_row, figures["telling_apart"]), _too_long(figures["telling_apart"])]
    parts += [_ANSWERS, *map(_answer_row, figures["answers"]), _samples(figures["answers"]), _fluency(figures["fluency"])]
    parts += [_shifting(figures["shifting"]), _curve(entries), _layers(declared["layers"])]
    (folder / "README.md").write_text("".join(parts), encoding="utf-8")


def _telling_row(row: dict[str, Any]) -> str:
    figures = " | ".join(_interval(row[name]) for name in ("auc", "balanced_accuracy", "d_prime", "criterion"))
    cwe = "all" if row["cwe"] == POOLED else row["cwe"]
    line = f"{row['source']} | {cwe} | {row['programs']} | {figures} | {row['calibration_error']:.2f} | {row['median_margin']:.2f}"
    return f"| {line} |\n"


def _too_long(rows: list[dict[str, Any]]) -> str:
    left_out = [f"{row['too_long']} of {row['source']}" for row in rows if row["cwe"] == POOLED and row["too_long"]]
    return f"\nLeft out because they do not fit the context: {', '.join(left_out)}.\n" if left_out else ""


def _answer_row(row: dict[str, Any]) -> str:
    good, undecided = row["good"], row["undecided"]
    return f"| {row['source']} | {row['of']} | {_share(good)} | {_share(undecided)} | {row['sentences']:.1f} | {row['tokens']:.0f} |\n"


def _samples(rows: list[dict[str, Any]]) -> str:
    lines = ["\nSome of them:\n\n"]
    for row in rows:
        lines += [
            f"- {row['source']}, {sample['cwe']}, {'vulnerable' if sample['vulnerable'] else 'patched'}, asked whether it is "
            f"{'safe' if sample['asks'] == 'safe' else 'vulnerable'}:{sample['answer']}\n"
            for sample in row["samples"]
        ]
    return "".join(lines)


def _fluency(rows: list[dict[str, Any]]) -> str:
    lines = ["\n## Plain code\n\nPerplexity a token, intervals over files.\n\n| code | files | perplexity |\n|---|---|---|\n"]
    lines += [f"| {row['code']} | {row['files']} | {row['value']:.1f} ({row['low']:.1f} to {row['high']:.1f}) |\n" for row in rows]
    return "".join(lines)


def _shifting(found: dict[str, Any]) -> str:
    lines = [_SHIFT.format(**found)]
    for gate in found["gates"]:
        shift = f"{gate['shift']:.2f}" + ("" if gate["low"] is None else f" ({gate['low']:.2f} to {gate['high']:.2f})")
        p = ", ".join(f"{gate['p'][arm]:.3f}" for arm in ("random", "nuisance", "label-flip"))
        flips = f"{gate['text_flips']} of {gate['of']} | {gate['margin_flips']:.0%} | {gate['nuisance_flips']:.0%}"
        lines.append(f"| {gate['cwe']} | {gate['status']} | {gate['scenarios']} | {shift} | {p} | {gate['auc']:.2f} | {flips} |\n")
    null = found["null"]
    lines.append(
        f"\n{sum(gate['status'] == 'PASS' for gate in found['gates'])} of {len(found['gates'])} pass. With labels shuffled within pairs, "
        f"{null['passed']} of {null['runs']} gates pass (interval {null['low']:.1%} to {null['high']:.1%}); the CWEs take turns, and the "
        "condition on texts counts as met, since none are generated there.\n"
    )
    return "".join(lines)


def _share(found: dict[str, float]) -> str:
    return f"{found['value']:.1%} ({found['low']:.1%} to {found['high']:.1%})"


def _curve(entries: list[dict[str, Any]]) -> str:
    """How the checks during training went, from the first that asked about all weaknesses."""
    checks = checks_of_all_eight(entries)
    if not checks:
        return "\n## While it learnt\n\nThe checks of its training did not ask about all weaknesses; they stand in the log.\n"
    lines = [
        "\n## While it learnt\n\n",
        "AUC on a few fixed pairs of each CWE, undecidable ones included, and its mean over the CWEs.\n\n",
        f"| step | tokens | {' | '.join(KINDS)} |\n|---|---|{'---|' * len(KINDS)}\n",
    ]
    for check in checks:
        means = [f"{check['auc'][kind]:.2f}" if kind in check["auc"] else "-" for kind in KINDS]
        lines.append(f"| {check['step']:,} | {check['tokens'] / 1e6:.1f}M | {' | '.join(means)} |\n")
    return "".join(lines)


def _layers(layers: list[dict[str, Any]]) -> str:
    lines = [
        "\n## Choice of the layer\n\n",
        "Other unseen programs than above. Each layer at the strength that flips the share named at the top. ",
        "Log ratio: of T to the 95% quantile of the nuisance placebos.\n\n",
        "| layer | strength as share of the norm | T | log ratio | passes nuisance | passes label-flip | passes both |\n",
        "|---|---|---|---|---|---|---|\n",
    ]
    for row in layers:
        if row["strength"] is None:
            lines.append(f"| {row['layer']} | never flips {FLIPS:.0%} | - | - | - | - | - |\n")
        else:
            lines.append(
                f"| {row['layer']} | {row['share_of_norm']:.2f} | {row['shift']:.2f} | {row['log_ratio']:.2f} "
                f"| {row['passes_nuisance']:.0%} | {row['passes_label_flip']:.0%} | {row['passes']:.0%} |\n"
            )
    return "".join(lines)


def _interval(found: dict[str, float | None]) -> str:
    if found["low"] is None:
        return f"{found['value']:.2f}"
    return f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
