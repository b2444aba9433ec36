"""SecLLMHolmes (arXiv:2312.12575): what the paths of its files say, and where the files are found.

A file's label is its name, as in the benchmark's own evaluation: `1.c` is vulnerable and `p_1.c` patched, `vuln.c` and `patch.c`
in real-world. Rewrites A2 to A6 of the non-trivial split hold one label per CWE, so that most of their files have no partner.
`python -m harness.storage.secllmholmes pin FOLDER` makes data/secllmholmes.toml.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pooch

from harness.errors import DataError, HarnessError
from harness.records import Example, Label
from harness.storage.download import Announce, download
from harness.storage.manifest import Manifest, read_checked, read_manifest, sha256_of, write_manifest
from harness.storage.paths import data_folder

NAME = "secllmholmes"
COMMIT = "9421928845d1f1f907946d7a70a6a57d62a163d8"
REPOSITORY = "ai4cloudops/SecLLMHolmes"
SOURCE = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/datasets/"
FOLDER_VARIABLE = "SECLLMHOLMES_DIR"
REMEDY = f"check out commit {COMMIT} of github.com/{REPOSITORY} and set {FOLDER_VARIABLE} to its folder"
CVE_DETAILS = "real-world/cve_details.json"

LANGUAGES = {"c": "c", "py": "python"}
SEED_CWES = frozenset({"CWE-22", "CWE-77", "CWE-190", "CWE-416", "CWE-476", "CWE-787"})
"""The CWEs of the early StarCoder experiments."""

_NUMBERED = re.compile(
    r"(?P<above>hand-crafted|augmented/trivial/(?P<trivial>A\d+)|augmented/non-trivial/A\d+/(?P<nontrivial>A\d+_[01]))"
    r"/dataset/(?P<cwe>CWE-\d+)/(?P<patched>p_)?(?P<number>\d+)\.(?P<suffix>c|py)"
)
_REAL_WORLD = re.compile(r"real-world/(?P<project>[^/]+)/(?P<cve>CVE-\d+-\d+)/(?P<file>vuln|patch)\.(?P<suffix>c|py)")


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the path of a labelled file says about it. `cwe` is None in real-world, where CVE_DETAILS holds it."""

    split: str
    cwe: str | None
    label: Label
    scenario: str
    variant: str
    language: str
    rationale: str


def place_of(path: str) -> Place | None:
    """What `path`, relative to the folder `datasets`, says; None where it is no labelled file (few-shot, rationales, the rest)."""
    if numbered := _NUMBERED.fullmatch(path):
        return _numbered_place(path, numbered)
    if real := _REAL_WORLD.fullmatch(path):
        return Place(
            split="real-world",
            cwe=None,
            label="vulnerable" if real["file"] == "vuln" else "patched",
            scenario=f"{real['project']}/{real['cve'].lower()}",
            variant="original",
            language=LANGUAGES[real["suffix"]],
            rationale=f"{path.rpartition('.')[0]}.txt",
        )
    return None


def _numbered_place(path: str, found: re.Match[str]) -> Place:
    split, variant, folder = "hand-crafted", "original", "ground-truth"
    if found["trivial"]:
        split, variant, folder = "trivial", f"trivial/{found['trivial']}", "ground_truth"
    elif found["nontrivial"]:
        split, variant = "non-trivial", f"non-trivial/{found['nontrivial']}"
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return Place(
        split=split,
        cwe=found["cwe"],
        label="patched" if found["patched"] else "vulnerable",
        scenario=f"{found['cwe'].lower().replace('-', '')}/{found['number']}",
        variant=variant,
        language=LANGUAGES[found["suffix"]],
        rationale=f"{found['above']}/{folder}/{found['cwe']}/{stem}.txt",
    )


SPLITS: Mapping[str, Callable[[Place], bool]] = {
    "hand-crafted": lambda place: place.split == "hand-crafted",
    "augmented": lambda place: place.split in ("trivial", "non-trivial"),
    "trivial": lambda place: place.split == "trivial",
    "non-trivial": lambda place: place.split == "non-trivial",
    "real-world": lambda place: place.split == "real-world",
    "seed138": lambda place: place.split in ("hand-crafted", "non-trivial") and place.cwe in SEED_CWES,
}

_OTHER_WEAKNESS = "its rationale speaks of an out-of-bounds write, not of its CWE"
_NAMED_PATCHED = "its name says patched, its rationale says that it writes out of bounds"
_DOUBTS = {
    ("non-trivial/A1_0", "CWE-416"): _OTHER_WEAKNESS,
    ("non-trivial/A1_1", "CWE-416"): _OTHER_WEAKNESS,
    ("non-trivial/A4_1", "CWE-416"): _OTHER_WEAKNESS,
    ("non-trivial/A6_0", "CWE-22"): _OTHER_WEAKNESS,
    ("non-trivial/A6_1", "CWE-22"): _OTHER_WEAKNESS,
    ("non-trivial/A6_0", "CWE-787"): _NAMED_PATCHED,
    ("non-trivial/A6_1", "CWE-787"): _NAMED_PATCHED,
}


def doubt_about(example: Example) -> str | None:
    """Why the label or rationale that SecLLMHolmes gives an example does not answer the question about its CWE; None for the rest.

    30 of the 294: rationales of A1 (12 files), A4_1 (6) and A6 (6) speak of another weakness than the folder they lie in;
    six files of A6 are named patched, and their rationale calls them vulnerable. They are loaded with upstream's label, none is dropped.
    """
    return _DOUBTS.get((example.variant, example.cwe)) if example.dataset == NAME else None


def load_secllmholmes(
    root: str | os.PathLike[str] | None = None,
    split: str | None = None,
    *,
    manifest: Manifest | None = None,
    announce: Announce | None = None,
) -> list[Example]:
    """The labelled files of one split, or of all four, sorted by path; few-shot examples are not among them.

    Args: root, a checkout or its folder `datasets`; else SECLLMHOLMES_DIR; else the user's cache, filled by download.
    split, one of SPLITS or None. manifest, what the files must be (default: data/secllmholmes.toml).
    announce, called with progress lines (default: to stderr).
    Raises: DataError for an unknown split, a folder that is not there, a file that is missing or differs, a download that fails.
    """
    if split is not None and split not in SPLITS:
        raise DataError(f"split {split!r} of {NAME} is unknown; choose one of {', '.join(SPLITS)}, or none for all files")
    manifest = manifest or read_manifest(data_folder() / f"{NAME}.toml")
    places = {path: place for path in sorted(manifest.files) if (place := place_of(path)) and (split is None or SPLITS[split](place))}
    wanted = _wanted(places, manifest)
    contents = read_checked(_folder(root, manifest, wanted, announce or _to_stderr), manifest, wanted)
    cwes = _cwes_of_cves(contents[CVE_DETAILS]) if CVE_DETAILS in contents else {}
    return [
        Example(
            dataset=NAME,
            split=place.split,
            cwe=place.cwe or _cwe_of(place.scenario, cwes),
            label=place.label,
            scenario=place.scenario,
            variant=place.variant,
            language=place.language,
            code=_text(path, contents[path]),
            rationale=_text(place.rationale, contents[place.rationale]).strip() if place.rationale in contents else None,
            sha256=sha256_of(contents[path]),
            path=path,
        )
        for path, place in places.items()
    ]


def _wanted(places: Mapping[str, Place], manifest: Manifest) -> list[str]:
    rationales = [place.rationale for place in places.values() if place.rationale in manifest.files]
    details = [CVE_DETAILS] if any(place.cwe is None for place in places.values()) else []
    return [*places, *rationales, *details]


def _folder(root: str | os.PathLike[str] | None, manifest: Manifest, wanted: list[str], announce: Announce) -> Path:
    """The folder `datasets` that was pointed at, else the cache, made complete."""
    if root is not None:
        return _datasets_in(Path(root), "given as the dataset's folder")
    if pointed := os.environ.get(FOLDER_VARIABLE):
        return _datasets_in(Path(pointed), f"named by {FOLDER_VARIABLE}")
    cache = cache_folder() / manifest.commit
    download(manifest, wanted, cache, announce=announce, remedy=REMEDY)
    return cache


def cache_folder() -> Path:
    """Where downloads are kept, a folder a commit."""
    return Path(pooch.os_cache(NAME))


def _datasets_in(root: Path, how: str) -> Path:
    root = root.expanduser()
    if not root.is_dir():
        raise DataError(f"folder {root}, {how}, does not exist; {REMEDY}")
    for folder in (root / "datasets", root):
        if any((folder / part).is_dir() for part in ("hand-crafted", "augmented", "real-world")):
            return folder
    raise DataError(f"folder {root}, {how}, holds no part of {NAME} (hand-crafted, augmented, real-world); {REMEDY}")


def _cwes_of_cves(content: bytes) -> dict[str, str]:
    """Scenario -> CWE."""
    projects = json.loads(content)
    return {f"{project}/{cve.lower()}": facts["cwe"].upper() for project, cves in projects.items() for cve, facts in cves.items()}


def _cwe_of(scenario: str, cwes: Mapping[str, str]) -> str:
    if scenario not in cwes:
        raise DataError(f"{CVE_DETAILS} names no CWE for {scenario}, only for {', '.join(cwes) or 'nothing'}; mend the dataset's index")
    return cwes[scenario]


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 at byte {error.start}; only UTF-8 can be pinned for {NAME}") from error


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def pin(folder: Path) -> Manifest:
    """The manifest of what the loader reads below `folder`, taken as it is: point it at an untouched checkout of COMMIT."""
    root = _datasets_in(folder, "to be pinned")
    labelled = [path for path in _relative_files(root) if place_of(path)]
    rationales = [place.rationale for path in labelled if (place := place_of(path))]
    names = [*labelled, *rationales, CVE_DETAILS]
    present = [name for name in names if (root / name).is_file()]
    return Manifest(name=NAME, commit=COMMIT, source=SOURCE, files={name: sha256_of((root / name).read_bytes()) for name in present})


def _relative_files(root: Path) -> Iterable[str]:
    return (path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file())


def main(arguments: list[str] | None = None) -> int:
    """Command line: `pin FOLDER` writes data/secllmholmes.toml from a checkout of COMMIT."""
    parser = argparse.ArgumentParser(prog="python -m harness.storage.secllmholmes", description=main.__doc__)
    commands = parser.add_subparsers(required=True)
    pinning = commands.add_parser("pin", help=f"write the SHA-256 of every file from a checkout of commit {COMMIT}")
    pinning.add_argument("folder", type=Path, help="the checkout, or its folder `datasets`")
    pinning.add_argument("--to", type=Path, default=None, help="the file to write (default: data/secllmholmes.toml)")
    options = parser.parse_args(arguments)
    try:
        target = options.to or data_folder() / f"{NAME}.toml"
        manifest = pin(options.folder)
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    remark = f"SecLLMHolmes, github.com/{REPOSITORY} (GPL-3.0): the files the harness reads. None of them is in this repository.\n"
    write_manifest(manifest, target, remark + f"Written by `{parser.prog} pin FOLDER`.")
    print(f"{len(manifest.files)} files pinned, {sum(place_of(path) is not None for path in manifest.files)} of them labelled: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
