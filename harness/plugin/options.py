"""Command-line options of the harness, in one group of `pytest --help`."""

import pytest

from harness.plugin.settings import DEFAULT_NEW_TOKENS, POSITIONS_HELP

GROUP = "secsteer", "steering a code model, and measuring whether it did anything"


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
        default="float32",
        choices=("float32", "bfloat16", "float16", "auto"),
        help="weights are loaded in this type (default: float32)",
    )
    group.addoption("--device-map", metavar="MAP", help="where the weights go, as in transformers: auto, cpu, cuda:0 (default: cpu)")
    group.addoption(
        "--dataset", default="verified", metavar="NAME", help="'verified' (embedded, proven by running; the default) or 'secllmholmes'"
    )
    group.addoption(
        "--dataset-dir",
        metavar="DIR",
        help="folder of the dataset; else SECLLMHOLMES_DIR, the user's cache, or a download at the pinned commit",
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
        help="norm of the vector that is added to the residual, above 0; -S, -S/2, S/2 and S are measured; repeatable (default: 1 5 10 20)",
    )
    group.addoption(
        "--layer",
        action="append",
        type=int,
        metavar="L",
        help="block whose output is steered, from 0; repeatable (default: the declared layer of the model)",
    )
    group.addoption("--positions", default="generated", metavar="WHERE", help=POSITIONS_HELP)
    group.addoption(
        "--fit",
        default="cwe",
        metavar="HOW",
        help="pairs a direction is fitted on: 'cwe' (same CWE) or 'pooled' (all CWEs); never the tested scenario (default: cwe)",
    )
    group.addoption(
        "--estimator",
        default="mean-difference",
        metavar="HOW",
        help="how a direction is made of pairs: 'mean-difference', 'principal-component' or 'logistic-probe' (default: mean-difference)",
    )
    group.addoption(
        "--prompt",
        default="vulnerable",
        metavar="QUESTION",
        help="question that is put: vulnerable, safe, vulnerable-review, safe-review (default: vulnerable)",
    )
    group.addoption(
        "--max-new-tokens",
        default=DEFAULT_NEW_TOKENS,
        type=int,
        metavar="N",
        help="length at which a response is cut, if end-of-text does not come first (default: 96)",
    )
    group.addoption("--placebos", default=39, type=int, metavar="K", help="placebos of each kind; the smallest p is 1/(K+1) (default: 39)")
    group.addoption(
        "--extraction-threshold",
        default=0.8,
        type=float,
        metavar="SHARE",
        help="share of layers whose hidden states must come out, exceeded strictly (default: 0.8)",
    )
    group.addoption("--seed", default=0, type=int, help="seed of the placebos and intervals (default: 0)")
    group.addoption("--run-dir", metavar="DIR", help="folder of the run; an existing one is resumed (default: a new one under reports/)")
    parser.addini("eval_paths", type="args", default=["evals"], help="folders whose tests are evals: they get a run folder and a report")
