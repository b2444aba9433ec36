"""Hooks that turn a pytest session over evals into one planned run. Each delegates to a plain object in a line or two."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError, PlanError, StoreError
from harness.model.description import inspect_model
from harness.plans import SweepPlan
from harness.plugin.baseline import Baseline
from harness.plugin.planning import Case, Needs, Planner
from harness.plugin.settings import Settings
from harness.plugin.targets import names_evals
from harness.storage.runs import CASES, DATABASE, MANIFEST, SUMMARY, RunStore
from harness.storage.secllmholmes import doubt_about

if TYPE_CHECKING:
    from harness.numerics.gates.baseline import BaselineEffect

MARK = "declares"
ONE_A_FOLDER = ("dataset", "split", "positions", "estimator", "fit", "question", "max_new_tokens", "placebos", "seed")
"""Settings that no column of a measurement holds, or that make one placebo another: a run folder holds one value of each."""
RUN_KEY = pytest.StashKey["EvalRun"]()


class EvalRun:
    """One session over evals: settings, the run folder, and the plans of the selected cases. held: measurements found in the folder."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.planner = Planner(settings, inspect_model)
        self.plans: dict[str, SweepPlan] = {}
        self.baseline: Baseline | None = None
        self.held = 0

    def check(self) -> None:
        """Read dataset, model configurations and what the run folder holds, so that a bad request ends here and not after minutes."""
        if (self.folder / DATABASE).exists():
            store = RunStore(self.folder)
            store.check()
            store.read_json(SUMMARY)
            self._refuse_other_settings((store.read_json(MANIFEST) or {}).get("settings", {}))
            self.held = store.count()
        if self.settings.baseline:
            self.baseline = Baseline.read(Path(self.settings.baseline), self.settings)
        if not self.planner.cases(Needs(layer=True, strength=True)):
            split = f" of split {self.settings.split!r}" if self.settings.split else ""
            raise HarnessError(f"dataset {self.settings.dataset!r}{split} holds no contrast pair; choose another --split")

    def _refuse_other_settings(self, before: Mapping[str, Any]) -> None:
        """Records of a folder are told apart by model, data file, layer and strength, so all else must be the same for all of them."""
        changed = [name for name in ONE_A_FOLDER if name in before and before[name] != getattr(self.settings, name)]
        if changed:
            told = "; ".join(f"{name} {before[name]}, not {getattr(self.settings, name)}" for name in changed)
            raise StoreError(f"run folder {self.folder} holds a run of other settings ({told}); give another --run-dir")

    def plan(self, items: list[pytest.Item]) -> None:
        """Plan the groups of the cases that are left after -k, -m and the options, and find what they are held against."""
        cases = [(case_of(item), needs_of(item)) for item in items if is_eval(item)]
        self.plans = self.planner.plan(cases)
        for case, needs in cases:
            if needs.baseline:
                self.before(case)

    def before(self, case: Case) -> "BaselineEffect":
        """The effect that a case had in the baseline. Raises: PlanError where there is no baseline, or none that fits."""
        if self.baseline is None:
            raise PlanError(f"case {case.id} is held against no run; give one with --baseline")
        return self.baseline.effect(case, self.planner.data_hash, self.plans[case.group_id].scenarios)


def is_eval(item: pytest.Item) -> bool:
    return isinstance(getattr(getattr(item, "callspec", None), "params", {}).get("case"), Case)


def case_of(item: pytest.Item) -> Case:
    case = item.callspec.params["case"]  # type: ignore[attr-defined]
    assert isinstance(case, Case)
    return case


def needs_of(item: pytest.Item) -> Needs:
    mark = item.get_closest_marker(MARK)
    return Needs(**mark.kwargs) if mark else Needs()


@contextmanager
def as_usage_error() -> Iterator[None]:
    """A refusal of the harness ends the session with its one paragraph, without a traceback."""
    try:
        yield
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None


def run_folder(config: pytest.Config) -> Path:
    """The controller chooses the folder of the run; xdist workers are told."""
    told = getattr(config, "workerinput", {}).get("run_dir")
    chosen = told or config.getoption("run_dir")
    folder = Path(chosen).resolve() if chosen else unused_folder(config.rootpath / "reports" / datetime.now().strftime("%Y%m%d-%H%M%S"))
    check_writable(folder)
    return folder


def unused_folder(folder: Path) -> Path:
    """A folder that no run has used: a clock that was put back gives a name twice, and another run must not be taken for this one."""
    names = (folder, *(folder.with_name(f"{folder.name}-{number}") for number in range(2, 1000)))
    return next(name for name in names if not name.exists())


def check_writable(folder: Path) -> None:
    """Raises: StoreError for a folder that cannot be made or written. Makes nothing: a request may yet be refused."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise StoreError(f"run folder {folder} cannot be used, {there} is no folder that can be written; give another with --run-dir")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARK}({', '.join(field.name for field in fields(Needs))}): what an eval needs to have measured",
    )
    if not names_evals(config) or config.option.help:
        return
    with as_usage_error():
        config.stash[RUN_KEY] = EvalRun(Settings.from_options(config.option, config.rootpath), run_folder(config))
    share_groups_between_workers(config)
    if not config.option.collectonly:
        list_tests_in(config, config.stash[RUN_KEY].folder / CASES)


def share_groups_between_workers(config: pytest.Config) -> None:
    """Under -n, cases of one group go to one worker, since they share a sweep."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "load":
        config.option.dist = "loadgroup"


def list_tests_in(config: pytest.Config, path: Path) -> None:
    if not config.option.htmlpath:
        config.option.htmlpath = str(path)
        config.option.self_contained_html = True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if run := session.config.stash.get(RUN_KEY, None):
        with as_usage_error():
            run.check()


def pytest_report_header(config: pytest.Config) -> list[str]:
    run = config.stash.get(RUN_KEY, None)
    if not run:
        return []
    # Not at the head of the file: the gates need SciPy and scikit-learn, and whoever asks for --help does not.
    from harness.numerics.gates.limits import changed_limits

    models = ", ".join(model.name for model in run.settings.models)
    data = f"{run.settings.dataset} ({len(run.planner.pairs)} contrast pairs)"
    lines: list[str] = []
    if protocol := run.settings.protocol:
        lines += [
            f"secsteer: protocol {protocol.name} ({protocol.sha256[:12]})",
            *(f"secsteer: deviation: {one}" for one in run.settings.deviations),
        ]
    lines += [f"secsteer: threshold {one}" for one in changed_limits(run.settings.limits)]
    lines += [f"secsteer: model {models}; dataset {data}; run folder {_shown(run.folder, config)}"]
    if run.held:
        lines.append(f"secsteer: the run folder holds {run.held} measurements, none of which is measured again")
    if alone := len(run.planner.unpaired):
        lines.append(f"secsteer: {alone} of {len(run.planner.examples)} files have no partner of the other label and are left out")
    if doubtful := sum(doubt_about(example) is not None for example in run.planner.examples):
        lines.append(f"secsteer: {doubtful} of {len(run.planner.examples)} files have a label or rationale that does not fit their CWE")
    return lines


def _shown(path: Path, config: pytest.Config) -> str:
    return str(path.relative_to(config.rootpath)) if path.is_relative_to(config.rootpath) else str(path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    run = metafunc.config.stash.get(RUN_KEY, None)
    if run and "case" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker(MARK)
        metafunc.parametrize("case", run.planner.cases(Needs(**mark.kwargs) if mark else Needs()), ids=lambda case: case.id)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # A comparison without a second model, or without a baseline, stands for no case; pytest would show it as skipped.
    caseless = [item for item in items if item.get_closest_marker(MARK) and hasattr(item, "callspec") and not is_eval(item)]
    if caseless:
        config.hook.pytest_deselected(items=caseless)
        items[:] = [item for item in items if item not in caseless]
    # One model in memory at a time: all cases of a model run before the next one loads.
    order: dict[Any, int] = {}
    for item in items:
        if is_eval(item):
            order.setdefault(case_of(item).model, len(order))
    # Comparisons come last: by then both models have been measured.
    items.sort(key=lambda item: (case_of(item).rival is not None, order[case_of(item).model]) if is_eval(item) else (False, 0))


def pytest_collection_finish(session: pytest.Session) -> None:
    run = session.config.stash.get(RUN_KEY, None)
    if run is None or (hasattr(session.config, "workerinput") and not session.items):
        return
    if not session.items and not session.testsfailed and not session.config.option.numprocesses:
        withdraw_report(session.config)
        raise pytest.UsageError(nothing_selected(session.config, run))
    with as_usage_error():
        run.plan(session.items)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Under -n only the end shows that the workers had nothing to do."""
    run = session.config.stash.get(RUN_KEY, None)
    idle = exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and getattr(session.config.option, "numprocesses", None)
    if run and idle:
        withdraw_report(session.config)
        session.config.pluginmanager.getplugin("terminalreporter").write_line(f"ERROR: {nothing_selected(session.config, run)}", red=True)
    yield
    if run and idle:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR  # last: syrupy writes here too


def withdraw_report(config: pytest.Config) -> None:
    """Keeps pytest-html from writing an empty page, perhaps over a full one."""
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__module__ in ("pytest_html.report", "pytest_html.selfcontained_report"):
            config.pluginmanager.unregister(plugin)


def nothing_selected(config: pytest.Config, run: EvalRun) -> str:
    asked = " ".join(f"{flag} {value!r}" for flag, value in (("-k", config.option.keyword), ("-m", config.option.markexpr)) if value)
    ids = [case.id for case in run.planner.cases(Needs())]
    needed = {
        "comparison": "; a comparison needs two models: give --model twice" if len(run.settings.models) < 2 else "",
        "baseline": "" if run.settings.baseline else "; what is held against an earlier run needs --baseline",
    }
    missing = "".join(told for name, told in needed.items() if name in asked)
    return (
        f"{asked or 'the command line'} selects none of the evals; ids are built from the names of the tests and {', '.join(ids)}, "
        f"so for example -k {ids[0].rsplit('-', 1)[-1]} works{missing}"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under -n groups are shared out; None leaves it to xdist, where the command line chose another way."""
    if RUN_KEY not in config.stash or config.option.dist != "loadgroup":
        return None
    from harness.plugin.scheduling import GroupScheduling

    return GroupScheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker the run folder that the controller chose."""
    if run := node.config.stash.get(RUN_KEY, None):
        node.workerinput["run_dir"] = str(run.folder)
