"""What GitHub is told of a run, and the workflow that tells it."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.ci.__main__ import main
from harness.ci.annotations import annotation, annotations, place_of
from harness.ci.declared import outputs
from harness.ci.summary import markdown
from tests.plugin.conftest import ROOT, Run

WORKFLOW = ROOT / ".github" / "workflows" / "evals.yml"
ACTION = ROOT / "action.yml"
PAGE = ROOT / "docs" / "ci.md"


def case(status: str, *, claimed: bool = True, reason: str = "why", test: str = "test_shift[nano]") -> dict[str, Any]:
    figures: dict[str, Any] = {"statistic": 0.84213, "p_value": 0.025, "scenarios": 24, "interval": {"low": 0.81, "high": 0.8749}}
    return {"id": test, "gate": "shift", "status": status, "claimed": claimed, "reason": reason, **figures}


MANIFEST = {
    "models": {"nano": "ab" * 32},
    "data_hash": "cd" * 32,
    "settings": {
        "dataset": "verified", "seed": 3, "protocol": {"name": "mine.toml", "sha256": "ef" * 32},
        "deviations": ["--strength 20 instead of 10"], "limits": {"shift.p": 0.2},
    },
}  # fmt: skip


def test_the_summary_of_a_run_has_a_row_a_case_and_what_was_run(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "summary.md"
    page.write_text("what another step said\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert main([str(finished.folder), "--evals", str(ROOT / "evals")]) == 0
    text = page.read_text()
    assert text.startswith("what another step said\n")
    plain = text.replace("\\", "")
    rows = [line for line in plain.splitlines() if line.startswith("| ") and "<code>" in line]
    assert sorted(re.findall(r"<code>(.*?)</code>", "\n".join(rows))) == [one["id"] for one in finished.summary]
    for one in finished.summary:
        (row,) = [row for row in rows if f"<code>{one['id']}</code>" in row]
        assert one["status"] in row
        assert ("(not claimed)" in row) == (not one["claimed"])
    assert finished.summary[0]["model"][:12] in plain
    marked = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    claimed = [one for one in finished.summary if one["claimed"]]
    assert [line.partition(" ")[0] for line in marked] == ["::error"] * sum(one["status"] == "FAIL" for one in claimed) + [
        "::warning"
    ] * sum(one["status"] == "INCONCLUSIVE" for one in claimed)
    assert f"file={(ROOT / 'evals' / 'test_generation.py').as_posix()},line=" in marked[0]


def test_the_command_runs_where_no_file_is_named_for_the_summary(finished: Run) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness.ci", str(finished.folder)], cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("## secsteer: ")
    assert "\n::error file=evals/test_generation.py,line=" in done.stdout


def test_a_folder_without_a_run_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().out.startswith(f"::error title=no records::{tmp_path} holds no summary.json")


def test_figures_stand_in_three_digits_and_what_differs_from_the_protocol_is_told() -> None:
    text = markdown([case("PASS")], MANIFEST)
    assert "| ✅ PASS | shift | <code>test\\_shift\\[nano\\]</code> | 0.842 | 0.81 to 0.875 | 0.025 | 24 |" in text
    assert "protocol <code>mine.toml</code>, SHA-256 `efefefefefef`" in text
    assert "deviation: --strength 20 instead of 10" in text
    assert "threshold <code>shift.p</code> = 0.2, which is not the declared one" in text


def test_trouble_comes_first() -> None:
    statuses = ("PASS", "INCONCLUSIVE", "ERROR", "FAIL")
    text = markdown([case(status, test=f"test_{place}") for place, status in enumerate(statuses)], MANIFEST)
    assert text.startswith("## secsteer: 1 FAIL, 1 ERROR, 1 INCONCLUSIVE, 1 PASS\n")
    assert re.findall(r"^\| \S+ (\w+) \|", text, re.MULTILINE) == ["FAIL", "ERROR", "INCONCLUSIVE", "PASS"]


def test_what_a_reason_quotes_is_text() -> None:
    text = markdown([case("FAIL", reason="<img src=x onerror=alert(1)> | a\n\n# b `c` [d](e)")], MANIFEST)
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt; \\| a # b \\`c\\` \\[d\\](e)" in text


def test_an_annotation_keeps_colons_commas_and_lines_of_its_title_and_message() -> None:
    found = annotation("error", "FAIL test[a,b]: 90%", "one\ntwo: 5%", (Path("evals/test_x.py"), 7))
    assert found == "::error file=evals/test_x.py,line=7,title=FAIL test[a%2Cb]%3A 90%25::one%0Atwo: 5%25"


def test_only_what_fails_a_run_is_an_error() -> None:
    cases = [
        case("FAIL"),
        case("FAIL", claimed=False),
        case("ERROR"),
        case("INCONCLUSIVE"),
        case("INCONCLUSIVE", claimed=False),
        case("PASS"),
    ]
    levels = [line.split("title=")[0].strip(": ") + line.split("title=")[1].split(" ")[0] for line in annotations(cases, Path("nowhere"))]
    assert levels == ["errorFAIL", "errorERROR", "warningINCONCLUSIVE"]


def test_a_case_is_placed_at_the_test_of_exactly_its_name(tmp_path: Path) -> None:
    (tmp_path / "test_more.py").write_text("def test_shift_more():\n    pass\n\n\ndef test_shift(case):\n    pass\n")
    assert place_of("test_shift[nano-verified]", tmp_path) == (tmp_path / "test_more.py", 5)
    assert place_of("test_shif[nano-verified]", tmp_path) is None


def test_a_protocol_says_whether_its_model_is_on_the_hub_and_of_which_revision(tmp_path: Path) -> None:
    protocol = tmp_path / "p.toml"
    protocol.write_text('model = ["nano", "owner/name"]\nrevision = "abc123"\n')
    assert outputs(protocol) == {"hub": "true", "revision": "abc123"}
    assert outputs(ROOT / "protocols" / "nano.toml") == {"hub": "false", "revision": "main"}
    protocol.write_text("seed = 1\n")
    assert outputs(protocol)["hub"] == "false"  # the embedded model is the default


def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return found


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(ACTION.read_text())
    return found


def steps_of(name: str) -> list[dict[str, Any]]:
    """The steps by which this repository runs its gates, and those by which another one does."""
    steps: list[dict[str, Any]] = workflow()["jobs"]["gates"]["steps"] if name == "evals.yml" else action()["runs"]["steps"]
    return steps


@pytest.mark.parametrize("name", ["evals.yml", "action.yml"])
def test_a_run_is_told_and_its_report_is_kept_whatever_the_gates_say(name: str) -> None:
    steps = steps_of(name)
    by_name = {step.get("name", ""): step for step in steps}
    gates, told, kept = (by_name[step] for step in ("Gates", "Summary and annotations", "Report"))
    assert re.search(r"pytest \S+ --protocol", gates["run"])
    assert "if" not in gates
    assert told["if"] == kept["if"] == "always()"
    folder = re.search(r"--run-dir (\S+)", gates["run"])
    assert folder
    assert "harness.ci" in told["run"]
    assert told["run"].endswith(f" {folder[1]}")
    assert kept["with"]["path"] == folder[1]
    assert [steps.index(step) for step in (gates, told, kept)] == sorted(steps.index(step) for step in (gates, told, kept))


@pytest.mark.parametrize("name", ["evals.yml", "action.yml"])
def test_models_are_kept_by_protocol_and_revision(name: str) -> None:
    (cache,) = [step for step in steps_of(name) if step.get("name") == "Models by protocol and revision"]
    assert "hashFiles(" in cache["with"]["key"]
    assert "steps.model.outputs.revision" in cache["with"]["key"]
    assert cache["if"] == "steps.model.outputs.hub == 'true'"


def test_the_workflow_of_another_repository_gives_the_action_what_it_takes() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (used,) = [step for step in yaml.safe_load(shown)["jobs"]["gates"]["steps"] if "secsteer" in step["uses"]]
    inputs = action()["inputs"]
    assert used["with"].keys() <= inputs.keys()
    assert {name for name, one in inputs.items() if one.get("required")} <= used["with"].keys()
    assert all(f"`{name}`" in PAGE.read_text() for name in inputs)


def test_what_the_action_installs_is_there() -> None:
    commands = "\n".join(step["run"] for step in steps_of("action.yml") if "run" in step)
    for path in re.findall(r"\$GITHUB_ACTION_PATH/([\w.]+)", commands):
        assert (ROOT / path).is_file()
    assert all(step["shell"] == "bash" for step in steps_of("action.yml") if "run" in step)  # a composite action must say so


def test_what_the_workflow_names_is_there() -> None:
    found = workflow()
    gates, calibration = found["jobs"]["gates"], found["jobs"]["calibration"]
    assert (ROOT / found[True]["workflow_dispatch"]["inputs"]["protocol"]["default"]).is_file()
    assert found[True]["schedule"]
    assert gates["if"] == "github.event_name != 'schedule'"
    assert calibration["if"] == "github.event_name == 'schedule'"
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = [step["run"] for step in calibration["steps"] if "run" in step]
    assert made == ["make calibrate"]
    assert "calibrate" in targets


def test_no_input_of_a_person_is_pasted_into_a_shell() -> None:
    jobs = [job["steps"] for job in workflow()["jobs"].values()]
    assert not any("${{" in step.get("run", "") for steps in (*jobs, steps_of("action.yml")) for step in steps)
