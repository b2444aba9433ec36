"""The machine and the versions that ratios were measured with, without its name or any path."""

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("torch", "transformers", "nnsight", "numpy")


def describe() -> dict[str, str]:
    """What the page says of the machine, by line."""
    import torch

    accelerator = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    return {
        "processor": f"{processor(_read('/proc/cpuinfo'))}, {os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads",
        "memory": memory(_read("/proc/meminfo")),
        "accelerator": accelerator,
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "day": date.today().isoformat(),
    }


def processor(cpuinfo: str) -> str:
    """The processor's model out of /proc/cpuinfo; where that says nothing, its kind."""
    named = [line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")]
    return named[0] if named and named[0] else platform.processor() or platform.machine()


def memory(meminfo: str) -> str:
    """The memory's size out of /proc/meminfo."""
    total = [line.split()[1] for line in meminfo.splitlines() if line.startswith("MemTotal:")]
    return f"{int(total[0]) / 2**20:.0f} GiB" if total else "unknown"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:  # not Linux
        return ""
