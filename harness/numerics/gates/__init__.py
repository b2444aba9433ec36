"""Gates: from figures to PASS, FAIL or INCONCLUSIVE, with the reason in words. Pure functions; thresholds are data.

INCONCLUSIVE means that no result of this size could have passed: too few scenarios or placebos, or an arm that was not measured.
"""
