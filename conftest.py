"""The plugin of the harness, and nothing else: harness/plugin/__init__.py lists its modules."""

pytest_plugins = ["harness.plugin"]
