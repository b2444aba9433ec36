"""Pinned generations: syrupy snapshots, in a folder for each model, weights, number type and kind of device at the top of the checkout."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from syrupy.data import SnapshotCollection, SnapshotCollections
from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation

from harness.numerics.gates.pinned import Response
from harness.records import Finish, Measurement

SNAPSHOTS = "snapshots"
_HEAD = re.compile(r"^--- (.+), (end-of-text|length)$", re.MULTILINE)

Pinned = dict[str, Response]
"""Name of a response -> the response, without the blanks around it."""


@dataclass(frozen=True, kw_only=True)
class PinKey:
    """What a generated text depends on beside its case: model by short name, fingerprint, number type, and kind of device."""

    model: str
    fingerprint: str
    dtype: str
    device: str

    def folder(self, root: Path) -> Path:
        """Where the pins are, such as `snapshots/nano/0123456789ab-float32-cpu`."""
        return root / SNAPSHOTS / self.model / f"{self.fingerprint[:12]}-{self.dtype}-{self.device}"

    def elsewhere(self, root: Path) -> tuple[str, ...]:
        """The model's pins of other weights, types or devices, by the names of their folders."""
        own = self.folder(root)
        return tuple(sorted(path.name for path in own.parent.glob("*/") if path != own))


@dataclass(frozen=True, kw_only=True)
class Selectable:
    """Which pins other options could ask for: those are no leftovers, to be complained of or deleted by --snapshot-update.

    tests: names of the tests of the session. cases: how ids of its model and dataset begin, `nano-verified-`; layers: how those of cases
    that exist do, `nano-verified-cwe787-l4-`.
    """

    tests: frozenset[str]
    cases: str
    layers: tuple[str, ...]

    def __call__(self, name: str) -> bool:
        test, _, case = name.partition("[")
        return test in self.tests and (case.startswith(self.layers) or not case.startswith(self.cases))


def extension_for(
    folder: Path, *, selectable: Callable[[str], bool], agrees: Callable[[Pinned, Pinned], bool]
) -> type[AmberSnapshotExtension]:
    """The extension that keeps pins in a folder of their own.

    Args: selectable, whether a pin that the session does not use belongs to a case all the same; agrees, whether responses count as the
    pinned ones though their texts differ.
    """

    class ModelSnapshots(AmberSnapshotExtension):
        @classmethod
        def dirname(cls, *, test_location: PyTestLocation) -> str:  # noqa: ARG003
            return str(folder)

        def discover_snapshots(self, *, test_location: PyTestLocation, ignore_extensions: list[str] | None = None) -> SnapshotCollections:
            found = SnapshotCollections()
            for collection in super().discover_snapshots(test_location=test_location, ignore_extensions=ignore_extensions):
                kept = SnapshotCollection(location=collection.location)
                for snapshot in collection:
                    if not selectable(snapshot.name):
                        kept.add(snapshot)
                # A file left out of the discovery is left alone; an emptied one would be deleted.
                if kept.has_snapshots:
                    found.add(kept)
            return found

        def matches(self, *, serialized_data: str, snapshot_data: str) -> bool:
            return serialized_data == snapshot_data or agrees(responses_of_pin(serialized_data), responses_of_pin(snapshot_data))

    return ModelSnapshots


def is_pinned(extension: type[AmberSnapshotExtension], location: PyTestLocation, index: int | str = 0) -> bool:
    """Whether a snapshot of this test is there."""
    path = Path(extension.get_location(test_location=location, index=index))
    if not path.exists():
        return False
    collection = extension().read_snapshot_collection(str(path))
    return collection.get(extension.get_snapshot_name(test_location=location, index=index)) is not None


def response_name(one: Measurement) -> str:
    """File and steering of a response, as its pin names it."""
    return f"{one.path}, " + ("unsteered" if one.arm == "baseline" else f"layer {one.layer}, strength {one.strength:+g}")


def pinned_text(responses: Iterable[Measurement]) -> str:
    """Responses as one readable text: file, strength and ending above what was said."""
    return "\n".join(f"--- {response_name(one)}, {one.finish}\n{(one.text or '').strip()}\n" for one in responses)


def responses_of_pin(serialized: str) -> Pinned:
    """The responses of a text from `pinned_text`, as syrupy keeps it: between two lines of quotes."""
    _, *parts = _HEAD.split("\n".join(serialized.split("\n")[1:-1]))
    return {
        name: Response(text.strip(), cast(Finish, finish)) for name, finish, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    }
