"""What a CI system is told of a run: a summary, annotations, and which model a protocol needs."""

from typing import Any

Case = dict[str, Any]
"""A case as it stands in summary.json."""
ORDER = ("FAIL", "ERROR", "INCONCLUSIVE", "PASS")
"""What is told first."""
