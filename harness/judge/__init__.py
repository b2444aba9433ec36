"""From stored records to what a gate says, without a model: what the evals use, and `python -m harness.judge RUN`."""
