"""A run folder with made-up records, as the evals leave one: no model was loaded and no placebo drawn."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harness.plugin.results import CaseResult
from harness.records import Label, Measurement, Verdict
from harness.storage.runs import MANIFEST, SUMMARY, RunStore
from tests.measured import measurement

SCRIPT = '<script>document.title="ran"</script><img src=x onerror="document.title=`ran`">'
LABELS: tuple[Label, Label] = ("vulnerable", "patched")
SCENARIOS = ("a", "b", "c")
STRENGTH = 10.0
CELL = {"layer": 4, "strength": STRENGTH}


def said(text: str, verdict: Verdict) -> dict[str, Any]:
    return {"endpoint": "text", "text": text, "tokens": 7, "finish": "end-of-text", "verdict": verdict, "evidence": text.split(".")[0]}


def measurements(cwe: str, text: str, shift: float) -> list[Measurement]:
    """Both files of three scenarios, unsteered and at both ends; a push toward vulnerable flips the files of scenario a."""
    rows: list[Measurement] = []
    for number, scenario in enumerate(SCENARIOS):
        for label in LABELS:
            one = measurement(cwe=cwe, scenario=scenario, label=label, path=f"{scenario}/{label}.py", example=f"{cwe}{scenario}{label}")
            for strength in (-STRENGTH, 0.0, STRENGTH):
                margin = -0.5 + number + shift * strength / STRENGTH
                pushed = {
                    "arm": "treatment",
                    "layer": 4,
                    "strength": strength,
                    "added_norm": abs(strength) + 0.0004,
                    "residual_share": 0.25,
                }
                at = replace(one, margin=margin, **(pushed if strength else {}))
                flipped = scenario == "a" and strength > 0
                verdict, begin = (Verdict.VULNERABLE, "Yes") if flipped else (Verdict.SECURE, "No")
                rows += [at, replace(at, **said(f"{begin}, it is. {text}", verdict))]
    return [replace(row, key=f"{cwe}-{place}") for place, row in enumerate(rows)]


def shift(cwe: str, sweep: str, **changes: Any) -> CaseResult:
    """A shift case with the details its gate keeps."""
    dose = [{"strength": strength, "margin": strength / 5} for strength in (-STRENGTH, 0.0, STRENGTH)]
    part = cwe.lower().replace("-", "")
    values: dict[str, Any] = {
        "id": f"test_shift[nano-verified-{part}-l4-s10]", "gate": "shift", "status": "PASS", "statistic": 1.5, "threshold": 0.05,
        "p_value": 0.025, "p_values": {"nuisance": 0.025}, "interval": {"low": 1.0, "high": 2.0, "level": 0.95, "method": "BCa"},
        "scenarios": 3, "smallest_effect": 0.7, "reason": "moves", "model": "f" * 64, "model_name": "nano", "dataset": "verified",
        "data_hash": "d" * 64, "cwe": cwe, "layer": 4, "strength": STRENGTH,
        "rests_on": {"gate": "shift", "cwe": cwe, "cells": [CELL], "sweeps": {"own": sweep}},
        "details": {
            "dose": dose, "placebos": {"nuisance": [0.1, 0.2, 0.3]}, "strength": STRENGTH, "signed": 1.5, "slope": 0.08,
            "monotone_scenarios": {"count": 7, "of": 8}, "anti_steerable": {"count": 1, "of": 8, "upper": 0.4713},
            "flips": {"toward": 2, "away": 0, "noise": 0, "of": 12}, "biases": {"a": 1.0, "b": 1.5, "c": 2.0},
        },
    }  # fmt: skip
    return CaseResult(**(values | changes))


def manifest(**changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "models": [{"name": "nano", "revision": None, "dtype": "float32", "device_map": None}], "dataset": "verified", "split": None,
        "strengths": [STRENGTH], "layers": [], "choose": False, "positions": "generated", "estimator": "mean-difference", "fit": "cwe",
        "question": "vulnerable", "max_new_tokens": 96, "placebos": 39, "seed": 0, "limits": {}, "claims": ["shift"], "protocol": None,
        "deviations": [],
    }  # fmt: skip
    return {
        "finished": True,
        "command": ["pytest", "evals", "-k", "cwe79 and shift", "--strength", "10", "--run-dir", "reports/made up"],
        "settings": settings | changes,
        "models": {"nano": "f" * 64},
        "data_hash": "d" * 64,
        "versions": {"python": "3.11.0", "torch": "2.13.0"},
        "platform": "linux x86_64",
    }


def made_up_run(
    folder: Path, *, text: str = "The end.", shift_by: float = 1.0, more: Sequence[CaseResult] = (), cwes: Sequence[str] = ("CWE-79",),
    changes: dict[str, Any] | None = None, **settings: Any,
) -> Path:  # fmt: skip
    """Writes the records of a run with a shift case a CWE.

    Args: changes, of its cases; more, cases beside them; settings, of its manifest.
    """
    store, cases = RunStore(folder), list(more)
    for cwe in cwes:
        rows = measurements(cwe, text, shift_by)
        store.add(rows)
        sweep = store.remember({"tested": [row.key for row in rows]})
        store.note(
            "engine", {sweep: {"measured": 36, "rows": 36, "way": "parallel queries (logits differ by 1e-06 at most)", "halvings": 2}}
        )
        store.note("file", {row.example: f"print(1)\nprint({row.label!r})\n{text}\n" for row in rows})
        cases.append(shift(cwe, sweep, **(changes or {})))
    store.write_json(SUMMARY, [asdict(case) for case in cases])
    store.write_json(MANIFEST, manifest(**settings))
    return folder
