"""The targets, as ratios of jobs of the same rounds, and the ratios that no target asks for. Knows no model."""

from collections.abc import Sequence

from benchmarks.errors import BenchmarkError
from benchmarks.ratios import Target
from benchmarks.work import Size

HIDDEN = "output_hidden_states"
PEERS = {
    "steering-vectors": {"margins-generated": "margins, generated", "margins-all": "margins, all", "texts": "texts, generated"},
    "repeng": {"margins-all": "margins, all", "texts-all": "texts, all"},
}
"""What packages of others are compared on, those that can be run."""
STARTUP = (
    Target(
        id="startup-collect",
        text="pytest evals --collect-only, against importing torch, transformers and nnsight",
        over="pytest evals --collect-only",
        under="import torch, transformers, nnsight",
        kind="at most",
        limit=1.5,
    ),
    Target(
        id="startup-help",
        text="pytest evals --help, against the same imports",
        over="pytest evals --help",
        under="import torch, transformers, nnsight",
        kind="at most",
        limit=None,
    ),
)


def targets_of(size: Size, methods: Sequence[str]) -> list[Target]:
    """The targets of a model, and beside them the ratios to other methods that no target asks for.

    Args: methods, names of those that can be run.
    """
    cells, texts = f"{size.layers * size.strengths} cells", f"{size.new_tokens} new tokens"
    generated, all_, answers = "margins, generated", "margins, all", "texts, generated"
    own, one_pass = f"ours, {generated}", "floor, one pass"
    spread, rows = "all, layers spread over the depth", "of as many rows"
    made = [
        _faster("margins-generated-vs-hook", f"{cells}, {generated}, against a hook", "hook", generated, 16),
        _faster("margins-generated-vs-naive", f"{cells}, {generated}, against naive", "naive", generated, 20),
        _at_most("margins-generated-vs-floor", f"{cells}, {generated}, against the floor", own, one_pass, 1.4),
        _at_most("placebos-vs-floor", f"{size.placebos} placebos, margins, against the floor", "ours, margins, placebos", one_pass, 2.5),
        _faster("margins-all-vs-hook", f"{cells}, margins, {spread}, against a hook", "hook", all_, 1.6),
        _faster("texts-vs-hook", f"{cells}, {texts}, against a hook", "hook", answers, 4),
        _at_most("decoding-step", "a decoding step, against unsteered generate", "ours, decoding step", "floor, decoding step", 1.1),
        _at_most("reading-time", f"all layers read, against {HIDDEN}", "ours, all layers", HIDDEN, 1.05),
        _at_most("reading-memory", "the same, extra memory", "ours, all layers, extra memory", f"{HIDDEN}, extra memory", 0.2, slack=0.05),
        _at_most("doubled-strengths", _doubled(size), own, "ours, margins, half the strengths", 1.15),
        _at_most("texts-vs-floor", f"{cells}, {texts}, against unsteered generate {rows}", f"ours, {answers}", "floor, texts"),
        _faster("texts-vs-naive", f"{cells}, {texts}, against naive", "naive", answers),
        _faster("margins-all-vs-naive", f"{cells}, {all_}, against naive", "naive", all_),
    ]
    for name, kinds in PEERS.items():
        if name in methods:
            made += [_faster(f"{id_}-vs-{name}", f"{cells}, {kind}, against {name}", name, kind) for id_, kind in kinds.items()]
    return made


def _doubled(size: Size) -> str:
    return f"{size.strengths} strengths against {size.strengths // 2}, margins"


def _faster(id_: str, text: str, other: str, kind: str, limit: float | None = None) -> Target:
    return Target(id=id_, text=text, over=f"{other}, {kind}", under=f"ours, {kind}", kind="at least", limit=limit)


def _at_most(id_: str, text: str, over: str, under: str, limit: float | None = None, *, slack: float = 0.0) -> Target:
    return Target(id=id_, text=text, over=over, under=under, kind="at most", limit=limit, slack=slack)


def chosen(targets: Sequence[Target], only: Sequence[str]) -> list[Target]:
    """Targets whose id holds one of the given words; all where none is given.

    Raises: BenchmarkError for a word that no id holds.
    """
    for word in only:
        if not any(word in target.id for target in targets):
            raise BenchmarkError(f"--only {word} fits none of {', '.join(target.id for target in targets)}")
    return [target for target in targets if not only or any(word in target.id for word in only)]
