"""The committed ratios, one object a model, which later runs are held against."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.ratios import Found

BASELINE = Path(__file__).with_name("baseline.json")
Ratios = Mapping[str, Mapping[str, float]]
"""Model -> target id -> ratio."""


def read_baseline(path: Path) -> Ratios:
    """Raises: BenchmarkError for a file that is missing or holds something else."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {model: {name: float(ratio) for name, ratio in ratios.items()} for model, ratios in stored.items()}
    except OSError as trouble:
        raise BenchmarkError(f"no ratios to compare with in {path} ({trouble.strerror}); make them with --update-baseline") from None
    except (ValueError, AttributeError, TypeError) as trouble:
        raise BenchmarkError(f"{path} holds no ratios by model and target ({trouble}); make it anew with --update-baseline") from None


def write_baseline(path: Path, found: Mapping[str, Sequence[Found]]) -> None:
    """Puts the measured ratios in the place of the committed ones; models and targets that were not measured keep theirs."""
    kept = {model: dict(ratios) for model, ratios in read_baseline(path).items()} if path.is_file() else {}
    for model, of_model in found.items():
        kept.setdefault(model, {}).update({one.target.id: round(one.ratio.median, 4) for one in of_model})
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
