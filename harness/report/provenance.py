"""What was run, in rows of a table: the first thing a reviewer asks."""

from collections.abc import Iterator, Sequence
from typing import Any

from harness.numerics.gates.limits import changed_limits
from harness.numerics.wording import counted
from harness.report.records import Manifest, RunRecords

Row = tuple[str, str]
SHORT = 12
"""Signs of a hash that are shown."""
UNFINISHED = "the session was killed or broken off, and the cases below are not all of it; start it again with the same --run-dir"


def provenance(run: RunRecords) -> list[Row]:
    """Model, data, protocol, settings, versions, and how the engine ran."""
    manifest = run.manifest
    settings = manifest["settings"]
    return [
        *(() if manifest["finished"] else [("not finished", UNFINISHED)]),
        ("models", "; ".join(f"{name}, fingerprint {fingerprint[:SHORT]}" for name, fingerprint in manifest["models"].items())),
        ("data", ", ".join(_data(manifest))),
        *_declared(settings),
        ("settings", _settings(settings)),
        ("engine", "\n".join(engine(run)) or "no record of how it ran"),
        ("versions", ", ".join(f"{name} {number}" for name, number in manifest["versions"].items())),
        ("platform", manifest["platform"]),
        ("command", " ".join(manifest["command"])),
    ]


def _data(manifest: Manifest) -> Iterator[str]:
    settings = manifest["settings"]
    yield settings["dataset"]
    if settings["split"]:
        yield f"split {settings['split']}"
    yield f"hash {manifest['data_hash'][:SHORT]}"


def _declared(settings: Any) -> Iterator[Row]:
    """What was declared before the run, and what was not kept of it."""
    protocol = settings["protocol"]
    if protocol:
        yield "protocol", f"{protocol['name']}, SHA-256 {protocol['sha256']}"
        yield "deviations from it", "; ".join(settings["deviations"]) or "none"
    else:
        yield "protocol", "none was declared"
    yield "gates that it claims", ", ".join(settings["claims"])
    yield "changed thresholds", "; ".join(changed_limits(settings["limits"])) or "none"
    yield "layer and strength", "chosen by the other scenarios, for placebos too" if settings["choose"] else "declared beforehand"


def _settings(settings: Any) -> str:
    names = ("estimator", "fit", "positions", "question", "placebos", "max_new_tokens", "seed")
    told = [f"{name.replace('_', ' ')} {settings[name]}" for name in names]
    return ", ".join([*told, f"weights in {' and '.join(sorted({model['dtype'] for model in settings['models']}))}"])


def engine(run: RunRecords) -> list[str]:
    """How each sweep was run: the way its rows shared a prompt, and whether the memory held its batches."""
    groups: dict[str, str] = {}
    for case in run.cases:
        for role, sweep in (case["rests_on"] or {}).get("sweeps", {}).items():
            if role != "second":  # of another model, whose own cases name it
                groups.setdefault(sweep, f"{case['model_name']} on {role if case['gate'] == 'specificity' else case['cwe']}")
    return [f"{group}: {_session(one)}" for sweep, group in groups.items() for one in run.engine.get(sweep, [])]


def _session(one: dict[str, Any]) -> str:
    way = one["way"] or "nothing shared"
    halved = f"batches halved {counted(one['halvings'], 'time')} after the memory ran out" if one["halvings"] else "memory held every batch"
    return f"{one['measured']} of {one['rows']} rows measured, {way}, {halved}"


def differences(first: Manifest, second: Manifest) -> list[tuple[str, str, str]]:
    """Name, first and second value of every setting, version, fingerprint and hash in which two runs differ."""
    values = [_flat(manifest) for manifest in (first, second)]
    return [
        (name, values[0].get(name, "-"), values[1].get(name, "-"))
        for name in dict.fromkeys([*values[0], *values[1]])
        if values[0].get(name) != values[1].get(name)
    ]


def _flat(manifest: Manifest) -> dict[str, str]:
    settings, versions, models = manifest["settings"], manifest["versions"], manifest["models"]
    return {
        **{f"model {name}": fingerprint[:SHORT] for name, fingerprint in models.items()},
        "data hash": manifest["data_hash"][:SHORT],
        **{name.replace("_", " "): _plain(value) for name, value in settings.items()},
        **{f"version of {name}": number for name, number in versions.items()},
        "platform": manifest["platform"],
    }


def _plain(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items()) or "none"
    return "none" if value is None else str(value)
