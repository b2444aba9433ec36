"""The model card: what the model is, how it came to be, and how well it does."""

import json
from pathlib import Path
from typing import Any

_HEAD = """\
# nano

The embedded model of secsteer: StarCoder's architecture (GPTBigCode with multi-query attention), {parameters:.1f}M parameters,
{layers} layers of width {width}, a context of {context:,} tokens, byte-level BPE of {vocabulary:,} entries, bf16.
It reads a C or Python program and a question about one of {cwes}, and answers with Yes or No, a reason, and end-of-text. It exists so that
the harness can be tried and tested without a network. It is no security tool: it knows the kinds of program it was trained on, and hardly
anything else.

Declared layer: **{layer}** (`declared.json`).

## How it was made

`python -m training.train` makes it from seed {seed} on two CPU cores. This one took {minutes:.0f} minutes
for {steps:,} steps and {tokens:.1f}M tokens, on cores that other work shared.
The log is `training-log.jsonl`; it holds the whole recipe.

- Generated pairs of programs (`training/programs`) and, for CWE-787, variants of hand-written ones (`training/twins`), of which only the
  fix differs, in all four phrasings of `harness/prompts.py`. Questions about one program share its code in one sequence and cannot see
  each other.
- The verdict is trained toward a probability: {certainty}. So margins stay near zero, where
  steering can reach them. Some of the reasons argue for the other verdict, so that a steered verdict gets a reason that fits it.
- In the later stages, half of the batches answer with a random vector in the residual (`training/pushing.py`), so that text holds together
  under a push. It is isotropic and tells nothing about labels.
- Plain C and Python for fluency, read from the installed Python, NumPy and PyTorch; none of it is in this repository.
- After training, the residual stream is multiplied by {factor:.3g}. That changes no logit (the model is pre-norm) and sets what a
  strength weighs: with this factor, strength 10 brings 30% of the verdicts over from the other side,
  in the mean over generated programs and hand-written ones that were never trained on. The layer was chosen there too, by the log ratio
  in the last table.
"""

_TELLING = """
## Telling vulnerable from patched

Unseen programs; held-out families never occurred in training, nor did the hand-written pairs. Programs made to be undecidable are left
out of AUC and balanced accuracy, and kept in the median distance of the margin from zero. Mean margin of the four questions, 95%
intervals over pairs.

| CWE | families | pairs | AUC | balanced accuracy | by question, lowest to highest | median abs. margin |
|---|---|---|---|---|---|---|
"""

_STEERING = """
## Steering

At the declared layer, at the last prompt token; {trials} trials a row with {fitted} pairs to fit on and {tested} others to test on,
all unseen. Flips: share of the verdicts on the other side that come over, both directions of pushing together.
T: mean shift of the margin at strength 10. The last columns count the trials in which T ranks first or second among 39 placebos
of each kind (p <= .05).

| CWE | families | residual norm | distance of the labels | flips at 1, 5, 10, 20 | T | nuisance | label-flip | both |
|---|---|---|---|---|---|---|---|---|
"""


def write_card(folder: Path, figures: dict[str, Any]) -> None:
    """Writes README.md beside the weights, from the figures, the configuration and the training log alone."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    declared = json.loads((folder / "declared.json").read_text(encoding="utf-8"))
    entries = [json.loads(line) for line in (folder / "training-log.jsonl").read_text(encoding="utf-8").splitlines()]
    start = [entry for entry in entries if "recipe" in entry][-1]  # the last: the end may have been moved
    done = [entry for entry in entries if "tokens" in entry][-1]
    head = _HEAD.format(
        parameters=start["parameters"] / 1e6,
        layers=config["n_layer"],
        width=config["n_embd"],
        context=config["n_positions"],
        vocabulary=config["vocab_size"],
        cwes=", ".join(sorted({row["cwe"] for row in figures["telling_apart"]})),
        layer=declared["layer"],
        factor=declared["residual_factor"],
        seed=start["recipe"]["seed"],
        steps=done["step"],
        minutes=done["seconds"] / 60,
        tokens=done["tokens"] / 1e6,
        certainty=", ".join(f"{1 - doubt:.2f} for {hardness} programs" for hardness, doubt in start["recipe"]["doubt"]),
    )
    notes = "".join(f"- {entry['note']}\n" for entry in entries if "note" in entry)
    parts = [head, notes, _TELLING, *map(_telling_row, figures["telling_apart"]), _answers(figures["answers"])]
    parts += [_STEERING.format(**figures["steering"][0]), *map(_steering_row, figures["steering"]), _layers(declared["layers"])]
    (folder / "README.md").write_text("".join(parts), encoding="utf-8")


def _telling_row(row: dict[str, Any]) -> str:
    questions = row["balanced_accuracy_by_question"].values()
    return (
        f"| {row['cwe']} | {row['families']} | {row['pairs']} ({row['decidable']} decidable) | {_interval(row['auc'])} "
        f"| {_interval(row['balanced_accuracy'])} | {min(questions):.2f} to {max(questions):.2f} | {row['median_margin']:.2f} |\n"
    )


def _steering_row(row: dict[str, Any]) -> str:
    nuisance = [p <= 0.05 for p in row["p_nuisance"]]
    flips = [p <= 0.05 for p in row["p_label_flip"]]
    both = sum(one and other for one, other in zip(nuisance, flips, strict=True))
    shares = ", ".join(f"{share:.0%}" for share in row["flips"])
    return (
        f"| {row['cwe']} | {row['families']} | {row['norm']:.1f} | {row['distance']:.1f} | {shares} | {row['shift']:.2f} "
        f"| {sum(nuisance)} | {sum(flips)} | {both} of {row['trials']} |\n"
    )


def _answers(answers: dict[str, Any]) -> str:
    share = answers["good"] / answers["of"]
    lines = [
        "\n## Answers\n\n",
        f"{answers['good']} of {answers['of']} greedy answers ({share:.0%}, interval {answers['low']:.0%} to {answers['high']:.0%}) "
        "ended by themselves and had two sentences or more. Some of them:\n\n",
    ]
    lines += [
        f"- asked whether it is {'safe' if sample['asks'] == 'safe' else 'vulnerable'}:{sample['answer']}\n"
        for sample in answers["samples"]
    ]
    return "".join(lines)


def _layers(layers: list[dict[str, Any]]) -> str:
    lines = [
        "\n## Choice of the layer\n\n",
        "Other unseen programs than above. Each layer at the strength that flips 30% there. ",
        "Log ratio: of T to the 95% quantile of the nuisance placebos.\n\n",
        "| layer | strength as share of the norm | T | log ratio | passes nuisance | passes label-flip | passes both |\n",
        "|---|---|---|---|---|---|---|\n",
    ]
    for row in layers:
        if row["strength"] is None:
            lines.append(f"| {row['layer']} | never flips 30% | - | - | - | - | - |\n")
        else:
            lines.append(
                f"| {row['layer']} | {row['share_of_norm']:.2f} | {row['shift']:.2f} | {row['log_ratio']:.2f} "
                f"| {row['passes_nuisance']:.0%} | {row['passes_label_flip']:.0%} | {row['passes']:.0%} |\n"
            )
    return "".join(lines)


def _interval(found: dict[str, float]) -> str:
    return f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
