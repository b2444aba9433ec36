"""The effects of an earlier run, by which a later one is judged: `--baseline RUN_OR_SUMMARY`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import PlanError
from harness.plugin.planning import Case
from harness.plugin.settings import Settings, short_name
from harness.storage.runs import MANIFEST, SUMMARY

if TYPE_CHECKING:
    from harness.numerics.gates.baseline import BaselineEffect

SAME = ("positions", "question", "estimator", "fit", "split")
"""Settings without which effects are effects of something else; seed and number of placebos do not touch them."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The shift cases of a summary, as it holds them. unknown: that no manifest lies beside it, which would say how it came about."""

    source: Path
    cases: tuple[dict[str, Any], ...]
    unknown: bool

    @classmethod
    def read(cls, path: Path, settings: Settings) -> "Baseline":
        """The baseline in a run folder, or in a summary.json alone, which holds the effect of every scenario too.

        Raises: PlanError for what cannot be read, holds no effect, or comes from a run of other settings.
        """
        source = path / SUMMARY if path.is_dir() else path
        summary, manifest = _json(source), source.with_name(MANIFEST)
        if not isinstance(summary, list):
            raise PlanError(f"baseline {source} is no summary of a run: a list of cases is expected; give a run folder or its {SUMMARY}")
        cases = tuple(one for one in summary if one.get("gate") == "shift" and one.get("details", {}).get("biases"))
        if not cases:
            raise PlanError(f"baseline {source} holds no effect: its run measured no shift; make one with -k shift")
        if manifest.exists():
            _refuse_other_settings(source, _json(manifest).get("settings", {}), settings)
        return cls(source=source, cases=cases, unknown=not manifest.exists())

    def effect(self, case: Case, data_hash: str, scenarios: Sequence[str]) -> "BaselineEffect":
        """The effect that a case is held against.

        Raises: PlanError where the baseline has none of the same dataset, CWE, layer and strength, or of other scenarios.
        """
        from harness.numerics.gates.baseline import BaselineEffect

        found = self._counterpart(case)
        effects: dict[str, float] = found["details"]["biases"]
        if strangers := sorted(effects.keys() - set(scenarios)):
            raise PlanError(
                f"baseline {self.source} was measured on other scenarios than {case.id}: {strangers[0]} is not among the "
                f"{len(scenarios)} of this run; take a baseline of the same data and split, or make it anew"
            )
        remarks = [
            "the data changed since" if found["data_hash"] != data_hash else "",
            "how it was measured is unknown" if self.unknown else "",
        ]
        told = tuple(f"baseline {self.source.name}: {one}" for one in remarks if one)
        return BaselineEffect(effects=effects, source=str(self.source), model=found["model"], remarks=told)

    def _counterpart(self, case: Case) -> dict[str, Any]:
        asked = (case.dataset, case.cwe, case.layer, case.strength)
        same = [one for one in self.cases if (one["dataset"], one["cwe"], one["layer"], one["strength"]) == asked]
        if len(same) > 1:
            same = [one for one in same if short_name(one["model_name"]) == short_name(case.model.name)]
        if len(same) != 1:
            there = ", ".join(sorted(one["id"].removeprefix("test_shift") for one in self.cases))
            raise PlanError(
                f"baseline {self.source} has {len(same)} effects to hold {case.id} against, one is needed; it has {there}: select the "
                "same CWE, --layer and --strength, or leave out the others with -k"
            )
        return same[0]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(f"baseline {path} cannot be read ({error}); give the folder of a finished run, or its {SUMMARY}") from None


def _refuse_other_settings(source: Path, before: dict[str, Any], settings: Settings) -> None:
    changed = [name for name in SAME if name in before and before[name] != getattr(settings, name)]
    if changed:
        told = "; ".join(f"{name} {before[name]}, not {getattr(settings, name)}" for name in changed)
        raise PlanError(f"baseline {source} is a run of other settings ({told}); give the same, or another baseline")
