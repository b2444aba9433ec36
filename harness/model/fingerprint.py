"""Which model it is, told from its files: directions and run records are bound to this.

A fingerprint is the SHA-256 over the configuration (without the fields that only say who saved it), the tokenizer's files, and every weight
tensor's name, type, shape and bytes. Of a tensor above WHOLE bytes only RUNS evenly spaced runs of RUN bytes enter, the first and the last
byte among them: retraining changes those, a single altered weight between them may go unnoticed. How the tensors are spread over files does
not matter. Weights that are not safetensors are sampled as plain files.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ModelError
from harness.model.description import read_json
from harness.model.sources import CONFIG, weight_files

WHOLE = 1 << 18
RUNS = 64
RUN = 64
SAVED_BY = frozenset({"_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache"})
TOKENIZER_FILES = (
    *("tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model"),
    *("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "generation_config.json"),
)
"""The tokenizer's files, and the one that says which token ends a text."""


def fingerprint(folder: Path) -> str:
    """The fingerprint of the model in a folder, 64 hexadecimal digits. Loads nothing into memory but the samples.

    Raises: ModelError if there are no weights or a weight file is damaged.
    """
    files = weight_files(folder)
    if not files:
        raise ModelError(f"model folder {str(folder)!r} holds no weights to take a fingerprint of; save the model there")
    digest = hashlib.sha256()
    config = {key: value for key, value in read_json(folder / CONFIG).items() if key not in SAVED_BY}
    digest.update(json.dumps(config, sort_keys=True).encode())
    for name in TOKENIZER_FILES:
        if (folder / name).is_file():
            digest.update(name.encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    for description, sample in sorted(entry for file in files for entry in _tensors(file)):
        digest.update(description.encode() + sample)
    return digest.hexdigest()


def _tensors(file: Path) -> list[tuple[str, bytes]]:
    """Description and digest of the sample, for each tensor of a file."""
    content: NDArray[np.uint8] = np.memmap(file, dtype=np.uint8, mode="r")
    if file.suffix != ".safetensors":
        return [(f"{file.name} {len(content)}", _sample(content))]
    header_end, header = _header(file, content)
    entries = []
    for name, tensor in header.items():
        if name != "__metadata__":
            start, end = (header_end + offset for offset in tensor["data_offsets"])
            entries.append((f"{name} {tensor['dtype']} {tensor['shape']}", _sample(content[start:end])))
    return entries


def _header(file: Path, content: NDArray[np.uint8]) -> tuple[int, dict[str, Any]]:
    """Where the data begins, and the header. Source: the safetensors format, 8 bytes of length, then that much JSON."""
    end = 8 + int.from_bytes(content[:8].tobytes(), "little")
    try:
        return end, json.loads(content[8:end].tobytes())
    except ValueError:
        raise ModelError(f"{file} has no safetensors header within its {len(content)} bytes; download or save the model again") from None


def _sample(content: NDArray[np.uint8]) -> bytes:
    if len(content) <= WHOLE:
        return hashlib.sha256(content.tobytes()).digest()
    starts = np.linspace(0, len(content) - RUN, RUNS).astype(np.int64)
    return hashlib.sha256(b"".join(content[start : start + RUN].tobytes() for start in starts)).digest()
