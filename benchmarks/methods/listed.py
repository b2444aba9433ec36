"""All methods, and why those that can't be run here can't."""

from importlib.metadata import PackageNotFoundError, version

from benchmarks.methods.hook import HOOK
from benchmarks.methods.kinds import Method, Missing
from benchmarks.methods.naive import NAIVE
from benchmarks.methods.ours import OURS
from benchmarks.methods.repeng_ import REPENG
from benchmarks.methods.steering_vectors_ import STEERING_VECTORS

PEERS = ((STEERING_VECTORS, "0.12.2"), (REPENG, "0.4.0"))
"""Packages of others and the version that is compared with, as benchmarks/peers.txt pins them."""


def all_methods() -> tuple[list[Method], list[Missing]]:
    """Methods that can be run, the harness' own first, and packages that are not installed, or in another version."""
    found, missing = [OURS, HOOK, NAIVE], []
    for method, wanted in PEERS:
        try:
            installed = version(method.name)
        except PackageNotFoundError:
            missing.append(Missing(name=method.name, text=method.text, reason="not installed; `make bench` installs benchmarks/peers.txt"))
            continue
        if installed == wanted:
            found.append(method)
        else:
            missing.append(Missing(name=method.name, text=method.text, reason=f"{installed} is installed instead of {wanted}"))
    return found, missing
