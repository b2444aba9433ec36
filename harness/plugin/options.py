"""Command-line options of the harness, in one group of `pytest --help`."""

import pytest

DEFAULT_CLAIMS = ("extraction", "identity", "generation", "pinned_text", "shift")
"""The gates whose FAIL fails a run. The others are measured and told: what a direction does beside shifting is no defect of it."""
GROUP = "secsteer", "steering a code model, and measuring whether it did anything (to begin: pytest evals -k cwe787 --strength 10)"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(*GROUP)
    group.addoption(
        "--model",
        action="append",
        metavar="NAME",
        help="model to steer: 'nano' (embedded, the default), a hub name such as bigcode/starcoderbase-1b, or a folder; repeatable",
    )
    group.addoption("--revision", metavar="REV", help="branch, tag or commit of a hub model")
    group.addoption(
        "--dtype",
        choices=("float32", "bfloat16", "float16", "auto"),
        help="weights are loaded in this type (default: float32)",
    )
    group.addoption("--device-map", metavar="MAP", help="where the weights go, as in transformers: auto, cpu, cuda:0 (default: cpu)")
    group.addoption(
        "--dataset",
        metavar="NAME",
        help="contrast pairs that are tested: 'verified' (embedded, proven by running; the default), 'secllmholmes', or the path of a "
        "JSONL file or a folder with pairs of your own, about any concept",
    )
    group.addoption(
        "--dataset-dir",
        metavar="DIR",
        help="where a dataset of that name lies; of secllmholmes else SECLLMHOLMES_DIR, the user's cache, or a download at the pinned "
        "commit",
    )
    group.addoption(
        "--split",
        metavar="SPLIT",
        help="part of the dataset: of verified 'variants', its files and their rewrites; of secllmholmes hand-crafted, augmented, trivial, "
        "non-trivial, real-world, or seed138, the 138 files of six CWEs that early StarCoder experiments used",
    )
    group.addoption(
        "--strength",
        action="append",
        type=float,
        metavar="S",
        help="how much of the direction is added: the norm of that vector, above 0; each is measured at -S, -S/2, S/2 and S, where plus "
        "pushes toward 'vulnerable'; repeatable (default: 1 5 10 20)",
    )
    group.addoption(
        "--layer",
        action="append",
        type=int,
        metavar="L",
        help="block whose output is steered, from 0; repeatable (default: the declared layer of the model)",
    )
    group.addoption(
        "--positions",
        metavar="WHERE",
        help="tokens that are steered: 'generated' (from the last prompt token on), 'prompt', or 'all' (default: generated)",
    )
    group.addoption(
        "--estimator",
        metavar="NAME",
        help="how a direction is fitted: mean-difference, principal-component (of the pair differences) or logistic-probe "
        "(default: mean-difference)",
    )
    group.addoption(
        "--fit",
        metavar="HOW",
        help="pairs a direction is fitted on: 'cwe' (same CWE) or 'pooled' (all CWEs); never the tested scenario (default: cwe)",
    )
    group.addoption(
        "--prompt",
        metavar="QUESTION",
        help="question that is put: vulnerable ('Yes' says that the code is), safe ('Yes' says that it is not), or either in other words, "
        "vulnerable-review, safe-review (default: vulnerable)",
    )
    group.addoption(
        "--max-new-tokens",
        type=int,
        metavar="N",
        help="length at which a response is cut, if end-of-text does not come first (default: 96)",
    )
    group.addoption(
        "--placebos",
        type=int,
        metavar="K",
        help="vectors of each kind that should do nothing, and among which the effect is ranked: the smallest p is 1/(K+1), and fewer "
        "than 19 cannot reach .05 (default: 39)",
    )
    group.addoption(
        "--choose",
        action="store_true",
        help="let the other scenarios choose layer and strength among those given, for placebos too: shift and sensitivity then have one "
        "case a CWE instead of one for each layer and strength",
    )
    group.addoption(
        "--baseline",
        metavar="RUN_OR_SUMMARY",
        help="folder of an earlier run, or its summary.json: the run fails where an effect has fallen since by more than the interval of "
        "the paired difference allows",
    )
    group.addoption(
        "--protocol",
        metavar="FILE",
        help="TOML file that declares the run beforehand: model, data, layers, strengths, claims, thresholds, seed; options still win, and "
        "each that does is listed in the report as a deviation. See protocols/",
    )
    group.addoption(
        "--claims",
        metavar="GATES",
        help="gates whose FAIL fails the run, separated by commas, or 'all' (docs/gates.md names them); the others are measured and told, "
        f"and their FAIL shows as xfailed (default: {','.join(DEFAULT_CLAIMS)})",
    )
    group.addoption(
        "--strict-gates", action="store_true", help="an INCONCLUSIVE gate that is claimed fails the run instead of being skipped"
    )
    group.addoption(
        "--gate",
        action="append",
        metavar="NAME=VALUE",
        help="a threshold instead of the declared one, such as shift.p=0.01; repeatable. [tool.secsteer.gates] in pyproject.toml and the "
        "protocol can hold them too; every one that differs is printed in the report",
    )
    group.addoption(
        "--extraction-threshold",
        type=float,
        metavar="SHARE",
        help="short for --gate extraction.share=SHARE: share of layers whose hidden states must come out, exceeded strictly (default: 0.8)",
    )
    group.addoption("--seed", type=int, metavar="N", help="seed of the placebos and intervals (default: 0)")
    group.addoption("--run-dir", metavar="DIR", help="folder of the run; an existing one is resumed (default: a new one under reports/)")
    parser.addini(
        "eval_paths",
        type="args",
        default=["evals"],
        help="folders whose tests are evals: named on the command line they get a run folder and a report",
    )
