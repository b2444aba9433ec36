"""`python -m harness.report` from a shell, where neither torch nor pytest can be imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.report.__main__ import main
from tests.report.made_up_run import made_up_run

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "nnsight", "pytest", "pytest_html", "_pytest"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refusing())
from harness.report.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_page_is_made_without_torch_and_pytest(tmp_path: Path) -> None:
    folder = made_up_run(tmp_path)
    done = subprocess.run([sys.executable, "-c", WITHOUT, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, f"{folder / 'report.html'}\n"), done.stderr
    assert "test_shift[nano-verified-cwe79-l4-s10]" in (folder / "report.html").read_text()


def test_two_runs_are_compared_in_words_and_in_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = made_up_run(tmp_path / "first"), made_up_run(tmp_path / "second", seed=7, changes={"status": "FAIL"})
    assert main([str(first), str(second)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "seed: 0 -> 7",
        "1 of 1 gates changed",
        "  test_shift[nano-verified-cwe79-l4-s10]: PASS -> FAIL",
        "0 of 18 verdicts turned",
        "shift, nano, CWE-79, layer 4, strength 10, second minus first: +0 logits (no interval: all scenarios have the same effect; "
        "resampling them shows no spread) over 3 scenarios, sign-flip p = 1",
        str(first / "comparison.html"),
    ]
    assert "first against second" in (first / "comparison.html").read_text()


def test_a_page_goes_where_it_is_asked_to(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    assert main([str(made_up_run(tmp_path / "run")), "--output", str(target)]) == 0
    assert target.exists()
    assert not (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("output", [[], ["--output", "no/such/folder/page.html"]])
def test_what_cannot_be_done_is_a_line_and_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str], output: list[str]) -> None:
    folder = made_up_run(tmp_path) if output else tmp_path / "nothing"
    assert main([str(folder), *output]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert "python -m harness.report reports/before reports/after" in told
    assert "comparison.html" in told
