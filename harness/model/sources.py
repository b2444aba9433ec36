"""From a model's name to the folder that holds it: the embedded model, a folder, or a hub id. Imports neither torch nor transformers."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import NamedTuple, TypeVar

from harness.errors import ModelError
from harness.storage.paths import data_folder

EMBEDDED = "nano"
HUB_PATIENCE = 3.0
"""Seconds the hub has for its first answer. The hub's own client retries for 23 s before it gives up."""

CONFIG = "config.json"
WEIGHT_INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
SMALL_FILES = ("*.json", "*.txt", "*.model")

Found = TypeVar("Found")


class Answer(NamedTuple):
    """What the hub lists for a repository."""

    files: frozenset[str]


def embedded_folder() -> Path:
    """Where the model that comes with the checkout lies."""
    return data_folder() / "models" / EMBEDDED


def is_folder(name: str) -> bool:
    """Whether a name means a folder rather than a hub id: a path that exists, or one written like a path."""
    return name == EMBEDDED or Path(name).expanduser().is_dir() or name.startswith((".", "/", "~")) or name.count("/") > 1


def local_folder(name: str) -> Path:
    """The folder a local name means.

    Raises: ModelError if there is none, or if it holds no config.json.
    """
    folder = embedded_folder() if name == EMBEDDED else Path(name).expanduser()
    if not folder.is_dir():
        raise ModelError(
            f"model folder {str(folder)!r} does not exist; give --model a folder, a hub id such as Qwen/Qwen2.5-Coder-1.5B, or nano"
        )
    if not (folder / CONFIG).is_file():
        raise ModelError(f"model folder {str(folder)!r} holds no {CONFIG}; point --model at a folder that save_pretrained wrote")
    return folder.resolve()


def find_config(name: str, revision: str | None = None) -> Path:
    """The folder in which a model's config.json lies; from the hub only that file is fetched.

    Raises: ModelError if the model is unknown or the hub can't be reached.
    """
    if is_folder(name):
        return local_folder(name)
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    cached = _checked(name, lambda: try_to_load_from_cache(name, CONFIG, revision=revision))
    if isinstance(cached, str):
        return Path(cached).parent
    listed = ask_hub(name, revision)
    if CONFIG not in listed.files:
        raise ModelError(f"{name} on the hub holds no {CONFIG}; choose a model of the transformers library")
    return Path(_checked(name, lambda: hf_hub_download(name, CONFIG, revision=revision))).parent


def find_model(name: str, revision: str | None = None) -> Path:
    """The folder with configuration, tokenizer and weights; a hub model is fetched into the hub's cache if it is not there.

    Raises: ModelError if the model is unknown, incomplete, or neither cached nor within reach.
    """
    if is_folder(name):
        folder = local_folder(name)
        if not has_weights(folder):
            raise ModelError(
                f"model folder {str(folder)!r} holds no complete weights ({' or '.join(WEIGHTS)}, sharded or not); save them there"
            )
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        cached = Path(snapshot_download(name, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        cached = None
    except ValueError as invalid:  # HFValidationError
        raise unknown(name, str(invalid)) from None
    if cached is not None and (cached / CONFIG).is_file() and has_weights(cached):
        return cached
    listed = ask_hub(name, revision)
    weights = "*.safetensors" if any(file.endswith(".safetensors") for file in listed.files) else "pytorch_model*.bin"
    return Path(_checked(name, lambda: snapshot_download(name, revision=revision, allow_patterns=[*SMALL_FILES, weights])))


def weight_files(folder: Path) -> list[Path]:
    """The weight files transformers reads from a folder, sorted by name; empty if there are none. Listed shards may be missing."""
    for single, index in zip(WEIGHTS, WEIGHT_INDEXES, strict=True):
        if (folder / index).is_file():
            return [folder / shard for shard in _shards(folder / index)]
        if (folder / single).is_file():
            return [folder / single]
    return []


def _shards(index: Path) -> list[str]:
    try:
        return sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise ModelError(f"{index} lists no weight files ({type(trouble).__name__}: {trouble}); download or save the model again") from None


def has_weights(folder: Path) -> bool:
    """Whether every weight file that should be in a folder is."""
    files = weight_files(folder)
    return bool(files) and all(file.is_file() for file in files)


def ask_hub(name: str, revision: str | None) -> Answer:
    """What the hub holds under a name, asked once and with a short patience.

    Raises: ModelError at once when the hub can't be reached, and for a name, revision or gate that the hub refuses.
    """
    answers: list[Answer] = []
    refusals: list[Exception] = []

    def ask() -> None:
        from huggingface_hub import HfApi

        try:
            info = HfApi().model_info(name, revision=revision, timeout=HUB_PATIENCE)
            answers.append(Answer(frozenset(file.rfilename for file in info.siblings or ())))
        except Exception as refusal:  # whatever the transport raises is told apart below
            refusals.append(refusal)

    if _offline():
        raise out_of_reach(name, "HF_HUB_OFFLINE is set")
    # A thread, since looking up a host name knows no time limit; a daemon, since nobody waits for it after that.
    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_PATIENCE)
    if answers:
        return answers[0]
    if refusals:
        raise _told_apart(name, refusals[0]) from None
    raise out_of_reach(name, f"no answer within {HUB_PATIENCE:.0f} s")


def out_of_reach(name: str, reason: str) -> ModelError:
    return ModelError(
        f"model {name!r} is neither a folder nor in the hub's cache, and the hub is out of reach ({reason}); "
        f"connect, download it first, or give --model a folder or {EMBEDDED}"
    )


def unknown(name: str, reason: str) -> ModelError:
    first_line = reason.strip().splitlines()[0] if reason.strip() else "no reason given"
    return ModelError(
        f"model {name!r} is unknown to the hub ({first_line}); give --model a folder, a hub id such as owner/name, or {EMBEDDED}"
    )


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def _told_apart(name: str, refusal: Exception) -> ModelError:
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError, RevisionNotFoundError

    if isinstance(refusal, GatedRepoError):
        return ModelError(f"model {name!r} is gated on the hub; accept its licence there and log in with `hf auth login`")
    if isinstance(refusal, RevisionNotFoundError):
        return ModelError(f"model {name!r} has no such revision on the hub; name a branch, tag or commit with --revision")
    if isinstance(refusal, (RepositoryNotFoundError, HFValidationError)):
        return unknown(name, str(refusal))
    return out_of_reach(name, type(refusal).__name__)


def _checked(name: str, action: Callable[[], Found]) -> Found:
    """Runs an action of the hub's client; what it refuses becomes a ModelError."""
    try:
        return action()
    except Exception as refusal:  # the client raises errors of several libraries
        raise _told_apart(name, refusal) from None
