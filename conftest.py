"""The plugin modules of the harness, and nothing else."""

pytest_plugins = [
    "harness.plugin.options",
    "harness.plugin.threads",
    "harness.plugin.session",
    "harness.plugin.writing",
    "fixtures.models",
    "fixtures.gates",
    "fixtures.pins",
    "fixtures.runs",
]
