"""The page of a run, made from its records alone, and the page of two runs: `python -m harness.report RUN [RUN2]`."""
