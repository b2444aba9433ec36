"""What the benchmark refuses."""

from harness.errors import HarnessError


class BenchmarkError(HarnessError):
    """A comparison that would mean nothing: methods that do not agree, a baseline that is missing, a model that is unknown."""
