"""Made-up measurements for tests that need no model."""

from typing import Any

from harness.records import Measurement


def measurement(**changes: Any) -> Measurement:
    """One unsteered margin of a vulnerable file, with what is changed."""
    values: dict[str, Any] = {
        "key": "key", "model": "f" * 64, "model_name": "nano", "dtype": "float32", "dataset": "verified", "cwe": "CWE-787",
        "scenario": "cwe787/a", "variant": "original", "label": "vulnerable", "path": "cwe787/a/vulnerable.c", "example": "e" * 64,
        "prompt": "p" * 64, "question": "vulnerable", "arm": "baseline", "index": 0, "layer": None, "strength": 0.0,
        "positions": "generated", "endpoint": "margin", "margin": 0.5, "added_norm": None, "residual_share": 0.0, "text": None,
        "tokens": None, "finish": None, "verdict": None, "evidence": None,
    }  # fmt: skip
    return Measurement(**(values | changes))
