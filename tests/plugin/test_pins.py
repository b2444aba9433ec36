"""Pinned texts: which pins belong to a session, what syrupy makes of them, and a run whose pin was changed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.numerics.gates.pinned import Response
from harness.plugin.snapshots import PinKey, Selectable, pinned_text, responses_of_pin
from tests.measured import measurement
from tests.plugin.conftest import ROOT, Run

KEY = PinKey(model="tiny", fingerprint="0123456789abcdef", dtype="float32", device="cpu")
SELECTABLE = Selectable(
    tests=frozenset({"test_pinned_text"}), cases="tiny-verified-", layers=("tiny-verified-cwe787-l0-", "tiny-verified-cwe787-l1-")
)


@pytest.mark.parametrize(
    ("name", "selectable"),
    [
        ("test_pinned_text[tiny-verified-cwe787-l1-s5]", True),
        ("test_pinned_text[tiny-secllmholmes-cwe22-l1-s5]", True),  # data that were not asked for
        ("test_pinned_text[tiny-verified-cwe787-l9-s5]", False),  # no such layer
        ("test_pinned_text[tiny-verified-cwe999-l1-s5]", False),  # no such CWE
        ("test_old_name[tiny-verified-cwe787-l1-s5]", False),
    ],
)
def test_a_pin_of_a_case_that_exists_is_no_leftover(name: str, selectable: bool) -> None:
    assert SELECTABLE(name) is selectable


def test_pins_of_other_weights_types_and_devices_have_folders_of_their_own(tmp_path: Path) -> None:
    assert KEY.folder(tmp_path) == tmp_path / "snapshots" / "tiny" / "0123456789ab-float32-cpu"
    assert KEY.elsewhere(tmp_path) == ()
    for name in ("0123456789ab-float32-cpu", "0123456789ab-bfloat16-cuda", "ffff-float32-cpu"):
        (tmp_path / "snapshots" / "tiny" / name).mkdir(parents=True)
    assert KEY.elsewhere(tmp_path) == ("0123456789ab-bfloat16-cuda", "ffff-float32-cpu")


def test_responses_come_back_out_of_the_pinned_text() -> None:
    """As syrupy keeps a text of several lines: between lines of three quotes."""
    said = [
        measurement(path="a.c", text=" Yes.\n\n--- a line\nend ", finish="end-of-text"),
        measurement(path="b.c", text="", finish="length", arm="treatment", layer=4, strength=-10.0),
    ]
    assert responses_of_pin(f"'''\n{pinned_text(said)}\n'''") == {
        "a.c, unsteered": Response("Yes.\n\n--- a line\nend", "end-of-text"),
        "b.c, layer 4, strength -10": Response("", "length"),
    }


PINS = {
    name: f"test_pinned_text[tiny-verified-cwe787-{cell}]"
    for name, cell in {"own": "l0-s5", "other_strength": "l0-s9", "no_such_layer": "l7-s5"}.items()
}
INNER = """
from harness.plugin.snapshots import Selectable, extension_for
from pathlib import Path
import pytest

@pytest.mark.parametrize("cell", ["tiny-verified-cwe787-l0-s5"])
def test_pinned_text(snapshot, cell):
    selectable = Selectable(tests=frozenset({"test_pinned_text"}), cases="tiny-verified-", layers=("tiny-verified-cwe787-l0-",))
    agrees = lambda said, pinned: {one.text for one in pinned.values()} == {"nearly"}
    extension = extension_for(Path(__file__).parent / "pins", selectable=selectable, agrees=agrees)
    assert snapshot.use_extension(extension) == "--- a.c, unsteered, length\\ntoday\\n"
"""


@pytest.fixture
def inner(tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Runs a small project of pinned texts after writing its pins; gives exit code, output, and the pins afterwards."""
    (tmp_path / "test_inner.py").write_text(INNER)
    (tmp_path / "pins").mkdir()
    file = tmp_path / "pins" / "test_inner.ambr"

    def run(*args: str, **pins: str) -> tuple[int, str, str]:
        if pins:
            parts = [
                f"# name: {PINS[name]}\n  '''\n  --- a.c, unsteered, length\n  {text}\n  \n  '''\n# ---\n" for name, text in pins.items()
            ]
            file.write_text("# serializer version: 1\n" + "".join(parts))
        command = [sys.executable, "-m", "pytest", str(tmp_path), "-p", "no:cacheprovider", "--rootdir", str(tmp_path), *args]
        # Under xdist syrupy would take the inner session for a worker's, which reports nothing.
        outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
        done = subprocess.run(command, cwd=tmp_path, env=outside | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, file.read_text() if file.exists() else ""

    return run


def test_what_agrees_counts_as_pinned_and_what_does_not_fails(inner: Callable[..., tuple[int, str, str]]) -> None:
    for text, code, told in (("today", 0, "1 snapshot passed"), ("nearly", 0, "1 snapshot passed"), ("long ago", 1, "1 snapshot failed")):
        found, output, _ = inner(own=text)
        assert (found, told in output) == (code, True), output


def test_an_unused_pin_is_told_and_one_of_another_strength_is_none(inner: Callable[..., tuple[int, str, str]]) -> None:
    code, output, _ = inner(own="today", other_strength="x")
    assert (code, "snapshot unused" in output) == (0, False), output
    code, output, _ = inner("--snapshot-details", own="today", no_such_layer="x")
    assert (code, "1 snapshot unused" in output) == (1, True), output


def test_an_update_writes_today_deletes_what_is_unused_and_keeps_other_strengths(inner: Callable[..., tuple[int, str, str]]) -> None:
    code, output, pins = inner("--snapshot-update", own="long ago", other_strength="x", no_such_layer="x")
    assert code == 0, output
    assert "1 snapshot updated. 1 unused snapshot deleted." in output
    names = [line.removeprefix("# name: ") for line in pins.splitlines() if line.startswith("# name")]
    assert names == [PINS["own"], PINS["other_strength"]]
    assert "today" in pins
    assert inner()[0] == 0


@pytest.fixture
def embedded(tiny_model: Path, tmp_path: Path, environment: dict[str, str]) -> Callable[..., Run]:
    """Runs the pinned texts of one CWE of the embedded corpus on a tiny model, with snapshots below a folder of the test."""

    def run(*args: str) -> Run:
        folder = tmp_path / "run"
        selected = ("-k", "cwe22 and pinned_text", "--strength", "10", "--model", str(tiny_model), "--run-dir", str(folder))
        place = (
            "-c",
            str(ROOT / "pyproject.toml"),
            "--rootdir",
            str(tmp_path),
            "-o",
            f"eval_paths={ROOT / 'evals'}",
            "-p",
            "no:cacheprovider",
        )
        command = [sys.executable, "-m", "pytest", str(ROOT / "evals"), *place, *selected, *args]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        return Run(code=done.returncode, output=done.stdout + done.stderr, folder=folder)

    return run


def test_a_changed_pin_fails_a_run_and_one_of_another_device_is_not_compared(embedded: Callable[..., Run], tmp_path: Path) -> None:
    def said(run: Run) -> tuple[str, bool, int]:
        (case,) = run.summary
        return case["status"], case["claimed"], run.code

    run = embedded("--snapshot-update")
    assert said(run) == ("PASS", True, 0), run.output
    assert "12 responses pinned anew" in run.summary[0]["reason"]
    (pins,) = (tmp_path / "snapshots" / "tiny").glob("*/test_generation.ambr")
    assert pins.parent.name == f"{run.summary[0]['model'][:12]}-float32-cpu"

    text = pins.read_text()
    place = text.index("unsteered, length\n  ") + len("unsteered, length\n  ")
    pins.write_text(text[:place] + "No, " + text[place:])
    run = embedded()
    assert said(run) == ("FAIL", True, 1), run.output
    (divergence,) = run.summary[0]["details"]["divergences"]
    assert divergence["gap"] > 0.001
    assert divergence["response"].endswith("unsteered")

    other = pins.parent.rename(pins.parent.with_name(pins.parent.name.replace("float32-cpu", "bfloat16-cuda")))
    run = embedded()
    assert said(run) == ("INCONCLUSIVE", False, 0), run.output
    assert f"pinned for {other.name}, and are not compared" in run.summary[0]["reason"]
