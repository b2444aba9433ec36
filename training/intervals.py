"""Intervals of shares."""

from scipy.stats import binomtest

from harness.records import Interval


def share_interval(hits: int, of: int) -> Interval:
    """Wilson's 95% interval of a share."""
    found = binomtest(hits, of).proportion_ci(method="wilson")
    return Interval(low=float(found.low), high=float(found.high))
