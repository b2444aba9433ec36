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


def workflows() -> dict[str, Any]:
    """The workflow of this repository, and the one that the page shows for others."""
    (shown,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return {"evals.yml": yaml.safe_load(WORKFLOW.read_text()), "the page": yaml.safe_load(shown)}


@pytest.mark.parametrize("name", ["evals.yml", "the page"])
def test_a_workflow_tells_and_keeps_the_report_whatever_the_gates_say(name: str) -> None:
    found = workflows()[name]
    assert {"name", True, "permissions", "jobs"} <= set(found)  # YAML reads the key "on" as a truth value
    steps = found["jobs"]["gates"]["steps"]
    by_name = {step.get("name", ""): step for step in steps}
    gates, told, kept = (by_name[step] for step in ("Gates", "Summary and annotations", "Report"))
    assert "pytest evals --protocol" in gates["run"]
    assert "if" not in gates
    assert told["if"] == kept["if"] == "always()"
    folder = re.search(r"--run-dir (\S+)", gates["run"])
    assert folder
    assert told["run"].endswith(f"harness.ci {folder[1]}")
    assert kept["with"]["path"] == folder[1].removeprefix("../")
    assert [steps.index(step) for step in (gates, told, kept)] == sorted(steps.index(step) for step in (gates, told, kept))


def test_what_the_workflow_names_is_there() -> None:
    found = workflows()["evals.yml"]
    gates, calibration = found["jobs"]["gates"], found["jobs"]["calibration"]
    assert (ROOT / found[True]["workflow_dispatch"]["inputs"]["protocol"]["default"]).is_file()
    assert found[True]["schedule"]
    assert gates["if"] == "github.event_name != 'schedule'"
    assert calibration["if"] == "github.event_name == 'schedule'"
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = [step["run"] for step in calibration["steps"] if "run" in step]
    assert made == ["make calibrate"]
    assert "calibrate" in targets
    (cache,) = [step for step in gates["steps"] if step.get("uses", "").startswith("actions/cache@")]
    assert "hashFiles(env.PROTOCOL)" in cache["with"]["key"]
    assert "steps.model.outputs.revision" in cache["with"]["key"]


def test_no_input_of_a_person_is_pasted_into_a_shell() -> None:
    for job in workflows()["evals.yml"]["jobs"].values():
        assert not any("${{" in step.get("run", "") for step in job["steps"])
