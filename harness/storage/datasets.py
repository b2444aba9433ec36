"""One door to every dataset, and what is asked of any: its contrast pairs and its hash."""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.records import ContrastPair, Example
from harness.storage.concepts import load_concepts
from harness.storage.download import Announce
from harness.storage.secllmholmes import load_secllmholmes
from harness.storage.verified import load_verified

DATASETS = ("secllmholmes", "verified")
"""Those with a name. Any other is a path: data of one's own."""
VARIANTS = "variants"
"""The split of the embedded corpus that holds the rewrites of each pair, and the pair."""


def dataset_name(dataset: str) -> str:
    """The name of a dataset in ids and records: of a path the last part, lower case, letters, digits and "_" alone."""
    stem = Path(dataset).resolve().stem.lower()
    return dataset if dataset in DATASETS else re.sub(r"[^a-z0-9_]", "", stem) or "data"


def load_dataset(
    name: str, root: str | os.PathLike[str] | None = None, split: str | None = None, *, announce: Announce | None = None
) -> list[Example]:
    """The labelled examples of a dataset, in an order that does not depend on the machine.

    Each has `cwe` ("CWE-787"), `label` ("vulnerable" or "patched"), `scenario` (shared by both labels and by every variant),
    `variant` ("original" or the name of a rewrite), `language` ("c", "python"), `code`, `rationale` (why the label holds, or None),
    `sha256` (of the file's bytes), `path` (relative to the dataset's root) and `split`.

    verified: the embedded corpus. None gives its files as they stand, the split "variants" their rewrites as well: "renamed",
    "reordered", "padded", "commented", "reformatted", where a pair has something to rewrite.

    secllmholmes: 294 files. Splits: "hand-crafted" (48), "trivial" (84), "non-trivial" (132), "augmented" (the latter two, 216),
    "real-world" (30); "seed138" is the early StarCoder experiments' subset (36 hand-crafted and 102 non-trivial files of six CWEs,
    18 scenarios); None gives all. Scenarios read "cwe787/1" or "gpac/cve-2023-1452", variants "trivial/A1" or "non-trivial/A1_0".
    Labels come from the files' names, as upstream reads them; `harness.storage.secllmholmes.doubt_about` says which labels and
    rationales do not fit the CWE (30 files). Non-trivial A2, A3, A5 and A6 hold one label per CWE: `contrast_pairs` names the files
    without a partner. 29 groups of files are identical up to white space, so count scenarios, not files.

    Anything else is the path of a JSONL file or a folder with contrast pairs of one's own, about any concept: docs/data.md.

    Args: name, "secllmholmes", "verified" or a path. root, a folder with the dataset: for secllmholmes a checkout or its `datasets`
    (default: the environment's SECLLMHOLMES_DIR, else the user's cache, downloaded at the pinned commit when it is not there);
    for verified the corpus (default: the embedded one). split, see above. announce, called with the progress lines of a download
    (default: to stderr).
    Returns: a list of harness.records.Example.
    Raises: DataError for an unknown name or split (listing those that exist), a folder or file that is missing, a file whose
    SHA-256 is not the pinned one, a download that fails.
    """
    if name == "secllmholmes":
        return load_secllmholmes(root, split, announce=announce)
    if name != "verified":
        return _load_own(name, root, split)
    if split not in (None, VARIANTS):
        raise DataError(f"split {split!r} is unknown; dataset 'verified' has {VARIANTS!r}, leave the split out for its files as they stand")
    return load_verified(None if root is None else Path(root), variants=split == VARIANTS)


def _load_own(name: str, root: str | os.PathLike[str] | None, split: str | None) -> list[Example]:
    if not name or not Path(name).exists():
        raise DataError(
            f"dataset {name!r} is unknown; choose one of {', '.join(DATASETS)}, or give the path of a JSONL file or a folder with pairs of "
            "your own"
        )
    if root is not None or split is not None:
        raise DataError(f"dataset {name} is a path and has no splits; leave --dataset-dir and --split out")
    return load_concepts(Path(name), dataset_name(name))


def load_fitting(name: str, root: str | os.PathLike[str] | None = None, split: str | None = None) -> list[Example]:
    """What directions may be fitted on when `load_dataset` of the same arguments is tested: those examples, and their variants.

    A direction shall point from patched to vulnerable and not toward the names and the layout of a few files. The rewrites of the
    embedded corpus cost one pass each, and the mean over them is nearer to that. Args, Returns, Raises: as load_dataset.
    """
    return load_dataset(name, root, VARIANTS if name == "verified" else split)


@dataclass(frozen=True, kw_only=True)
class PairedExamples:
    """Contrast pairs, and the examples left without a partner of the other label."""

    pairs: tuple[ContrastPair, ...]
    alone: tuple[Example, ...]


def contrast_pairs(examples: Iterable[Example]) -> PairedExamples:
    """Pairs the vulnerable and the patched example of each scenario and variant, in the order of their first example.

    Every example comes back, in a pair or among `alone`.
    Raises: DataError when two examples have the same dataset, CWE, scenario, variant and label.
    """
    halves: dict[tuple[str, str, str, str], dict[str, Example]] = {}
    for example in examples:
        half = halves.setdefault((example.dataset, example.cwe, example.scenario, example.variant), {})
        if example.label in half:
            raise DataError(
                f"{half[example.label].path} and {example.path} are both the {example.label} example of scenario {example.scenario}, "
                f"variant {example.variant}; give each its own variant"
            )
        half[example.label] = example
    return PairedExamples(
        pairs=tuple(ContrastPair(**half) for half in halves.values() if len(half) == 2),
        alone=tuple(example for half in halves.values() if len(half) == 1 for example in half.values()),
    )


def data_hash(examples: Iterable[Example]) -> str:
    """SHA-256 over the sorted (sha256, label, scenario) of the examples: the same for the same data in any order and any folder.

    What data ask of their own is part of them.
    """
    facts = sorted((example.sha256, example.label, example.scenario, *_asked(example)) for example in examples)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _asked(example: Example) -> tuple[str, ...]:
    own = example.question
    return (own.asks, own.text, own.instruction or "") if own else ()
