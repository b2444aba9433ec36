"""How far the verdict reader agrees with independent readings: each model's responses are judged by weights learnt without that model.

`python -m harness.scoring.agreement --recorded FOLDER` prints the tables and writes docs/verdicts.md; with `--keep` it also learns the
reader's weights anew, from all models, and writes harness/scoring/weights.json. FOLDER holds responses.jsonl.gz.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.records import Verdict
from harness.scoring.fitting import Features, features_of, fit_weights, keep_weights
from harness.scoring.learnt import VERDICTS
from harness.scoring.recorded import Recorded, read_recorded
from harness.scoring.rules import counted_claims
from harness.scoring.verdicts import Answer

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
READINGS = (*VERDICTS, None)
WORDS = {Verdict.VULNERABLE: "vulnerable", Verdict.SECURE: "secure", Verdict.UNDECIDED: "undecided", None: "broken"}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A response with what the rules alone, and the reader with and without knowing the weakness, make of it.

    `claims`: whether the rules find that it says anything on either side. `weighed`: whether the weights had a say.
    """

    recorded: Recorded
    rules: Verdict
    known: Verdict
    presumed: Verdict
    claims: bool
    weighed: bool


def answers_of(recorded: Sequence[Recorded]) -> list[Answer]:
    """Each response, taken apart once for each text."""
    apart = {text: Answer(text) for text in {one.text for one in recorded}}
    return [apart[one.text] for one in recorded]


def judge_all(
    recorded: Sequence[Recorded], answers: Sequence[Answer], features: Features, say: Callable[[str], None] = print
) -> list[Judged]:
    """Every response, judged with weights learnt from the other models' responses."""
    judged = []
    for model in sorted({one.model for one in recorded}):
        say(f"judging {model} by the others")
        weights = fit_weights(recorded, features, without=model)
        judged += [
            Judged(
                recorded=one,
                rules=answer.ruled.verdict,
                known=answer.read(weights, one.cwe).verdict,
                presumed=answer.read(weights).verdict,
                claims=answer.opening is not None or any(counted_claims(answer.sentences, answer.claims)),
                weighed=answer.settled is None,
            )
            for one, answer in zip(recorded, answers, strict=True)
            if one.model == model
        ]
    return judged


def page_of(judged: Sequence[Judged]) -> str:
    """The page docs/verdicts.md, Markdown."""
    models = sorted({one.recorded.model for one in judged})
    return "\n".join(
        [
            _HEAD.format(responses=len(judged), models=len(models)),
            "| model | responses | rules alone | reader | broken readings left out | reader not told the weakness |",
            "|---|---|---|---|---|---|",
            *(_row(model, [one for one in judged if one.recorded.model == model]) for model in models),
            _row("all", judged),
            _CONFUSION,
            *_confusion(judged, models),
            _LIMITS.format(**_faults(judged)),
        ]
    )


def _row(name: str, judged: Sequence[Judged]) -> str:
    shares = [
        _share(one.rules == one.recorded.verdict for one in judged),
        _share(one.known == one.recorded.verdict for one in judged),
        _share(one.known == one.recorded.verdict for one in judged if one.recorded.verdict is not None),
        _share(one.presumed == one.recorded.verdict for one in judged),
    ]
    return f"| {name} | {len(judged):,} | {' | '.join(shares)} |"


def _share(agreed: Iterable[bool]) -> str:
    kept = list(agreed)
    return f"{sum(kept) / len(kept):.2%}"


def _confusion(judged: Sequence[Judged], models: Sequence[str]) -> list[str]:
    lines = [f"| model | independent reading | {' | '.join(WORDS[read] for read in VERDICTS)} |", "|---|---|---|---|---|"]
    for model in models:
        times = Counter((one.recorded.verdict, one.known) for one in judged if one.recorded.model == model)
        for independent in READINGS:
            counts = [times[independent, read] for read in VERDICTS]
            if any(counts):
                lines.append(f"| {model} | {WORDS[independent]} | {' | '.join(map(str, counts))} |")
    return lines


def _faults(judged: Sequence[Judged]) -> dict[str, object]:
    broken = Counter(one.recorded.reading[:40].strip() for one in judged if one.recorded.verdict is None)
    misasked = [one for one in judged if one.recorded.misasked]
    return {
        "broken": broken.total(),
        "kinds": ", ".join(f"`{reading}` ({times})" for reading, times in broken.most_common(3)),
        "misasked": len(misasked),
        "misasked_presumed": sum(one.presumed != one.recorded.verdict for one in misasked),
        "misasked_known": sum(one.known != one.recorded.verdict for one in misasked),
        "descriptions": _readings(one for one in judged if one.weighed and not one.claims),
        "wordless": _readings(one for one in judged if not one.weighed and not one.claims),
        "unlike_all": sum(one.known != one.recorded.verdict for one in judged),
        "silent": sum(one.known != one.recorded.verdict and not one.claims for one in judged),
        "below": ", ".join(_below(judged, 0.93)) or "none",
        **_of_same_texts(judged),
    }


def _readings(judged: Iterable[Judged]) -> str:
    times = Counter(one.recorded.verdict for one in judged)
    return f"{times.total()} ({', '.join(f'{times[reading]} {WORDS[reading]}' for reading in READINGS)})"


def _below(judged: Sequence[Judged], floor: float) -> list[str]:
    """Models of less agreement, each with how many of its disagreements claim nothing."""
    below = []
    for model in sorted({one.recorded.model for one in judged}):
        its = [one for one in judged if one.recorded.model == model]
        unlike = [one for one in its if one.known != one.recorded.verdict]
        if len(unlike) > (1 - floor) * len(its):
            below.append(f"{model} ({sum(not one.claims for one in unlike)} of its {len(unlike)})")
    return below


def _of_same_texts(judged: Sequence[Judged]) -> dict[str, int]:
    """Responses that are word for word the same, to a question about the same weakness, and were not read the same."""
    readings: dict[tuple[str, str], Counter[Verdict | None]] = {}
    for one in judged:
        readings.setdefault((one.recorded.text, one.recorded.cwe), Counter())[one.recorded.verdict] += 1
    unlike = [times for times in readings.values() if len(times) > 1]
    return {"unlike": len(unlike), "unlike_rows": sum(times.total() for times in unlike)}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns: 0, or 1 where the responses are missing."""
    parser = argparse.ArgumentParser(prog="python -m harness.scoring.agreement", description=__doc__)
    parser.add_argument("--recorded", type=Path, metavar="FOLDER", help="holds responses.jsonl.gz; RECORDED_RESPONSES_DIR says the same")
    parser.add_argument("--keep", action="store_true", help="also learn the reader's weights from all models and write them")
    options = parser.parse_args(arguments)
    try:
        recorded = read_recorded(options.recorded)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    answers = answers_of(recorded)
    features = features_of(recorded, answers)
    if options.keep:
        keep_weights(fit_weights(recorded, features))
    page = page_of(judge_all(recorded, answers, features, say=lambda line: print(line, file=sys.stderr)))
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")
    print(page)
    return 0


_HEAD = """# How far the verdict reader agrees with independent readings

Written by `python -m harness.scoring.agreement --recorded FOLDER`, from {responses:,} responses of {models} models to SecLLMHolmes,
each read by GPT-4 or GPT-4o as yes, no or n/a. The reader joins rules with a logistic regression over masked wording
(harness/scoring). In every row the weights were learnt from the other models alone. The rules were written with all of them in sight.
The weights in the package are learnt from all.

Agreement counts all three verdicts. A broken reading agrees with nothing. The last column shows `read_verdict(response)`, the two before
it `read_verdict(response, cwe=...)`.
"""
_CONFUSION = """
Responses by independent reading (rows) and by the reader that knows the weakness (columns):
"""
_LIMITS = """
## Where the independent readings are at fault

They are counted as they are, and the reader is not bent to them.

- {broken} are no reading at all but pieces of the text around one: {kinds} and others.
- {misasked} responses answer a question about an out-of-bounds write, but were read for another weakness (rewrite A4 for CWE-416, A6 for
  CWE-22). Told that weakness the reader disagrees on {misasked_known} of them, not told it on {misasked_presumed}.
- {unlike} texts stand in the file more than once with unlike readings for the same weakness ({unlike_rows} responses): no reader of
  texts can agree with all of these.
- {descriptions} responses describe the code and claim nothing; the figures are the independent readings. Most say
  "no", and so does the reader; the "yes" are the independent reader's own view of the code, not the text's.
- {wordless} responses claim nothing and are of fewer than twenty
  words, most of them code alone, ask for more, or go in circles. Their readings show no rule, and the reader leaves them undecided.

Of the responses that the reader and the independent reader take for different things, {silent} of {unlike_all} claim nothing on either
side. Below 93% stay: {below}.
"""

if __name__ == "__main__":
    sys.exit(main())
