"""The page in a real browser: no script from data runs, filters and links work, pictures show, the console is silent."""

from pathlib import Path

import pytest

from harness.report.comparison import write_comparison
from harness.report.page import write_report
from tests.report.browser import DARK, Seen, see
from tests.report.made_up_run import SCRIPT, made_up_run, measurements, shift

CASE = "case-test_shift-nano-verified-cwe79-l4-s10"
SETTLE = "await new Promise((done) => setTimeout(done, 200));"
WORK = (
    SETTLE
    + """
const shown = () => [...document.querySelectorAll("details.case")].filter((one) => one.offsetParent !== null).map((one) => one.id);
const choose = async (name, value) => {
  const one = document.querySelector(`select[name=${name}]`);
  one.value = value;
  one.dispatchEvent(new Event("change", { bubbles: true }));
  const found = { cases: shown(), told: document.getElementById("shown").textContent };
  document.querySelector("button[type=reset]").click();
  await new Promise((done) => setTimeout(done, 100));
  return found;
};
const opened = document.querySelector("details.case[open]");
const pairs = opened.querySelectorAll(".pair");
opened.querySelector(".responses button").click();
const found = {
  title: document.title,
  opened: opened.id,
  pairs: pairs.length,
  readable: [...pairs].filter((one) => one.open && one.innerText.includes("Yes, it is.")).length,
  widths: [...document.images].map((one) => one.naturalWidth),
  words: [...document.images].map((one) => one.alt.length),
  labelled: [...document.querySelectorAll("select")].map((one) => one.labels.length),
  byHand: document.querySelectorAll("[onclick], [tabindex]").length,
  all: shown(),
  cwe: await choose("cwe", "CWE-89"),
  gate: await choose("gate", "harm"),
  outcome: await choose("outcome", "FAIL"),
  flips: await choose("flips", "yes"),
  reset: shown(),
  background: getComputedStyle(document.body).backgroundColor,
  dark: [...document.images].map((one) => one.currentSrc === one.parentElement.querySelector("source").srcset),
};
dispatchEvent(new Event("beforeprint"));
found.closedOnPaper = document.querySelectorAll("details:not([open])").length;
dispatchEvent(new Event("afterprint"));
found.openAfterwards = document.querySelectorAll("details.case[open]").length;
return found;
"""
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose every text holds a script."""
    harm = shift("CWE-416", "none", id="test_harm[x]", gate="harm", status="FAIL", claimed=False, rests_on=None, details={}, reason=SCRIPT)
    folder = tmp_path_factory.mktemp("run")
    return write_report(made_up_run(folder, text=SCRIPT, cwes=("CWE-79", "CWE-89"), more=[harm], changes={"reason": SCRIPT}))


@pytest.fixture(scope="module")
def seen(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return see(page, WORK, tmp_path_factory.mktemp("browser"), fragment=f"#{CASE}")


def test_the_console_is_silent(seen: Seen) -> None:
    assert seen.console == []


def test_no_script_from_data_runs(seen: Seen) -> None:
    assert seen.found["title"] == "secsteer: nano on verified"


def test_no_script_from_data_runs_even_where_the_browser_would_let_it(page: Path, tmp_path: Path) -> None:
    seen = see(page, SETTLE + "return document.title", tmp_path, policy=False)
    assert (seen.found, seen.console) == ("secsteer: nano on verified", [])


def test_a_script_in_the_markup_would_have_shown(page: Path, tmp_path: Path) -> None:
    """What the two tests above look for can happen."""
    broken = tmp_path / "broken.html"
    broken.write_text(page.read_text().replace("<h1>", f"{SCRIPT}<h1>", 1))
    assert see(broken, SETTLE + "return document.title", tmp_path, policy=False).found == "ran"
    refused = see(broken, SETTLE + "return document.title", tmp_path)
    assert refused.found == "secsteer: nano on verified"
    assert refused.console


def test_every_picture_shows_and_has_words(seen: Seen) -> None:
    assert len(seen.found["widths"]) >= 3
    assert min(seen.found["widths"]) > 0
    assert min(seen.found["words"]) > 40


def test_a_link_opens_its_case_with_its_pairs(seen: Seen) -> None:
    assert (seen.found["opened"], seen.found["pairs"]) == (CASE, 3)
    # only the files of scenario a flip to a yes
    assert seen.found["readable"] == 1


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("cwe", ["case-test_shift-nano-verified-cwe89-l4-s10"]),
        ("gate", ["case-test_harm-x"]),
        ("outcome", ["case-test_harm-x"]),
        ("flips", [CASE, "case-test_shift-nano-verified-cwe89-l4-s10"]),
    ],
)
def test_a_filter_leaves_the_cases_it_names(seen: Seen, name: str, cases: list[str]) -> None:
    assert seen.found[name] == {"cases": cases, "told": f"{len(cases)} of 3 cases"}
    assert len(seen.found["all"]) == 3
    assert seen.found["reset"] == seen.found["all"]


def test_every_control_is_native_and_labelled(seen: Seen) -> None:
    assert seen.found["labelled"] == [1, 1, 1, 1]
    assert seen.found["byHand"] == 0


def test_paper_shows_what_is_closed_on_the_screen(seen: Seen) -> None:
    assert (seen.found["closedOnPaper"], seen.found["openAfterwards"]) == (0, 1)


def test_a_dark_page_is_dark_and_shows_dark_pictures(seen: Seen, page: Path, tmp_path: Path) -> None:
    dark = see(page, WORK, tmp_path, DARK, fragment=f"#{CASE}")
    assert set(dark.found["dark"]) == {True}
    assert set(seen.found["dark"]) == {False}
    assert brightness(dark.found["background"]) < 40 < 215 < brightness(seen.found["background"])


def brightness(colour: str) -> float:
    """Mean of red, green and blue out of "rgb(20, 24, 27)"."""
    parts = [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    return sum(parts) / 3


def test_a_link_to_a_filtered_case_shows_it(page: Path, tmp_path: Path) -> None:
    probe = f"""
    const one = document.querySelector("select[name=gate]");
    one.value = "harm";
    one.dispatchEvent(new Event("change", {{ bubbles: true }}));
    location.hash = "{CASE}";
    await new Promise((done) => setTimeout(done, 300));
    const found = document.getElementById("{CASE}");
    return [found.open, found.offsetParent !== null];
    """
    assert see(page, probe, tmp_path).found == [True, True]


def test_the_comparison_runs_no_script_from_data(tmp_path: Path) -> None:
    runs = [made_up_run(tmp_path / name, text=SCRIPT, question=SCRIPT + name) for name in "ab"]
    page, _ = write_comparison(*runs)
    seen = see(page, SETTLE + "return [document.title, document.body.innerText.includes('onerror')]", tmp_path, policy=False)
    assert (seen.found, seen.console) == (["secsteer: a against b", True], [])


def test_the_made_up_responses_hold_the_script() -> None:
    assert all(SCRIPT in row.text for row in measurements("CWE-79", SCRIPT, 1.0) if row.text)
