"""JUnit XML holds the figures of each gate, one a property."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.plugin.conftest import TINY_RUN, Evals, Run

FIGURES = ("gate", "status", "claimed", "statistic", "threshold", "p_value", "scenarios", "smallest_effect", "cwe", "layer", "strength")


def properties(path: Path) -> dict[str, dict[str, str]]:
    """Test -> name of a property -> its value."""
    cases = ElementTree.parse(path).getroot().iter("testcase")
    return {
        str(case.get("name")).partition("@")[0]: {str(one.get("name")): str(one.get("value")) for one in case.iter("property")}
        for case in cases
    }


def expected(case: dict[str, Any]) -> dict[str, str]:
    """What summary.json says of a case, as properties."""
    flat = {name: case[name] for name in FIGURES}
    flat |= {f"p.{arm}": p for arm, p in case["p_values"].items()}
    flat |= {f"interval.{name}": value for name, value in (case["interval"] or {}).items()}
    words = {True: "true", False: "false"}
    return {
        f"secsteer.{name}": words[value] if isinstance(value, bool) else str(value) for name, value in flat.items() if value is not None
    }


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_each_figure_of_the_summary_is_a_property(workers: tuple[str, ...], evals: Evals, tmp_path: Path) -> None:
    xml = tmp_path / "junit.xml"
    run: Run = evals(tmp_path / "run", *TINY_RUN, *workers, "-k", "cwe787 and (extraction or shift)", "--junitxml", str(xml))
    found = properties(xml)
    assert set(found) == {case["id"] for case in run.summary}
    for case in run.summary:
        assert expected(case).items() <= found[case["id"]].items()
        assert "secsteer" not in found[case["id"]]  # what a worker packed is unpacked
        assert found[case["id"]]["secsteer.reason"] == case["reason"]
    (shift,) = [case for case in run.summary if case["gate"] == "shift"]
    assert float(found[shift["id"]]["secsteer.interval.low"]) == shift["interval"]["low"]
    assert "secsteer.threshold" not in found[shift["id"]]  # three placebos give none, and none is not zero


def test_a_case_that_broke_says_so_and_has_no_figures(evals: Evals, tmp_path: Path) -> None:
    xml = tmp_path / "junit.xml"
    run = evals(tmp_path / "run", *TINY_RUN, "--max-new-tokens", "2500", "-k", "cwe787 and shift", "--junitxml", str(xml))
    (found,) = properties(xml).values()
    assert {name: found.get(f"secsteer.{name}") for name in ("gate", "status", "statistic")} == {
        "gate": "shift",
        "status": "ERROR",
        "statistic": None,
    }
    assert run.code == 7
