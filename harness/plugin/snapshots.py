"""Pinned generations: syrupy snapshots in one folder a model, `snapshots/<model>/`, at the top of the checkout."""

from collections.abc import Iterable
from pathlib import Path

from syrupy.extensions.amber import AmberSnapshotExtension
from syrupy.location import PyTestLocation

from harness.records import Measurement

SNAPSHOTS = "snapshots"


def extension_for(model: str, root: Path) -> type[AmberSnapshotExtension]:
    """The extension that keeps a model's snapshots under its own folder."""

    class ModelSnapshots(AmberSnapshotExtension):
        @classmethod
        def dirname(cls, *, test_location: PyTestLocation) -> str:  # noqa: ARG003
            return str(root / SNAPSHOTS / model)

    return ModelSnapshots


def is_pinned(extension: type[AmberSnapshotExtension], location: PyTestLocation, index: int | str = 0) -> bool:
    """Whether a snapshot of this test is there."""
    path = Path(extension.get_location(test_location=location, index=index))
    if not path.exists():
        return False
    collection = extension().read_snapshot_collection(str(path))
    return collection.get(extension.get_snapshot_name(test_location=location, index=index)) is not None


def pinned_text(responses: Iterable[Measurement]) -> str:
    """Responses as one readable text: file, strength and ending above what was said."""
    parts = []
    for one in responses:
        strength = "unsteered" if one.arm == "baseline" else f"layer {one.layer}, strength {one.strength:+g}"
        parts.append(f"--- {one.path}, {strength}, {one.finish}\n{(one.text or '').strip()}\n")
    return "\n".join(parts)
