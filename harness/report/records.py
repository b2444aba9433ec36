"""What the page is made of: the files of a run folder, read once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import StoreError
from harness.judge.claims import GATES
from harness.plans import cwe_number
from harness.records import Measurement
from harness.storage.runs import DATABASE, MANIFEST, SUMMARY, RunStore

Case = Mapping[str, Any]
"""A case as it stands in summary.json: docs/records.md."""
Manifest = Mapping[str, Any]
"""run.json."""


@dataclass(frozen=True)
class RunRecords:
    """The records of a run. Nothing here measures, and nothing needs a model."""

    folder: Path

    @cached_property
    def manifest(self) -> Manifest:
        manifest: Manifest | None = self._store.read_json(MANIFEST)
        if manifest is None:
            raise StoreError(f"{self.folder} holds no {MANIFEST}: it was killed before its first case; start it again with this --run-dir")
        return manifest

    @cached_property
    def cases(self) -> list[Case]:
        """All cases, gate by gate as docs/gates.md lists them, then by model, CWE, layer and strength."""
        return sorted(self._store.read_json(SUMMARY) or [], key=_place)

    @cached_property
    def engine(self) -> dict[str, list[dict[str, Any]]]:
        """sweep -> how the engine ran it, one entry a session that measured some of it."""
        return self._store.notes("engine")

    @cached_property
    def code(self) -> dict[str, str]:
        """SHA-256 of a file -> its text."""
        return {sha256: found[0] for sha256, found in self._store.notes("file").items()}

    @cached_property
    def reasons(self) -> dict[str, dict[str, Any]]:
        """key of a response -> how its reason compares with the rationale of the file."""
        return {key: found[-1] for key, found in self._store.notes("reason").items()}

    def shown(self, sweep: str) -> list[Measurement]:
        """What the page shows of a sweep: responses and margins, unsteered and along the direction; gates hold the figures of placebos."""
        if sweep not in self._shown:
            self._shown[sweep] = self._store.recall(sweep, arms=("baseline", "repeat", "treatment"))
        return self._shown[sweep]

    @cached_property
    def _shown(self) -> dict[str, list[Measurement]]:
        return {}

    @cached_property
    def _store(self) -> RunStore:
        if not (self.folder / DATABASE).exists():
            raise StoreError(f"{self.folder} is no folder of a run: it holds no {DATABASE}; give one below reports/")
        return RunStore(self.folder)


def own_sweep(case: Case) -> str | None:
    """The id of the sweep that a case rests on; None where it rests on none of its own."""
    sweeps: Mapping[str, str] = (case["rests_on"] or {}).get("sweeps", {})
    return sweeps.get("own")


def with_details(cases: Iterable[Case], gate: str, name: str) -> Iterator[Case]:
    """The cases of a gate whose details hold a figure of this name."""
    return (case for case in cases if case["gate"] == gate and case["details"].get(name))


def _place(case: Case) -> tuple[Any, ...]:
    order = list(GATES)
    gate = order.index(case["gate"]) if case["gate"] in order else len(order)
    cwe = cwe_number(case["cwe"]) if case["cwe"] else 0
    layer = -1 if case["layer"] is None else case["layer"]
    return gate, case["gate"], case["model_name"] or "", cwe, layer, case["strength"] or 0.0, case["id"]
