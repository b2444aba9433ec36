"""Whether a session is one over evals: only that gets a run folder, a plan and a report."""

import pytest


def names_evals(config: pytest.Config) -> bool:
    """Whether the command line points into a folder of evals."""
    folders = [(config.rootpath / folder).resolve() for folder in config.getini("eval_paths")]
    targets = [(config.invocation_params.dir / str(arg).split("::")[0]).resolve() for arg in config.args]
    return any(target == folder or folder in target.parents for target in targets for folder in folders)
