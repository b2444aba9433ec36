"""The page says what the records say, and nothing of data or responses becomes markup."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.judge.claims import GATES
from harness.plugin.results import CaseResult
from harness.report.cases import command_of
from harness.report.outcomes import EFFECTS
from harness.report.page import write_report
from harness.report.records import RunRecords
from harness.storage.runs import MANIFEST, RunStore
from tests.report.made_up_run import SCRIPT, made_up_run, shift

IGNORED = {"script", "style"}


class Page(HTMLParser):
    """Names and attributes of all tags, and the text that a reader sees, space normalised."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.source = write_report(folder).read_text()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._said: list[str] = []
        self._within: list[str] = []
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._within += [tag] if tag in IGNORED else []

    def handle_endtag(self, tag: str) -> None:
        if tag in IGNORED:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        self._said += [] if self._within else [data]

    @property
    def text(self) -> str:
        return " ".join("".join(self._said).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_scripts_in_reasons_responses_code_paths_and_names_stay_text(tmp_path: Path) -> None:
    changes = {"reason": SCRIPT, "skipped": [SCRIPT], "model_name": SCRIPT}
    page = Page(made_up_run(tmp_path, text=SCRIPT, changes=changes, dataset=SCRIPT))
    assert len(page.all("script")) == 1
    assert not any("onerror" in attributes for _, attributes in page.tags)
    # its own place in every response, twice in the title, and where else it was put
    assert page.text.count(SCRIPT) > 3 * 2 * 2 * 2


def test_the_browser_is_told_to_run_the_page_s_own_script_alone(tmp_path: Path) -> None:
    page = Page(made_up_run(tmp_path))
    (script,) = re.findall(r"<script>(.*?)</script>", page.source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [one["content"] or "" for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


def test_nothing_is_fetched(tmp_path: Path) -> None:
    page = Page(made_up_run(tmp_path))
    sources = [value for _, attributes in page.tags for name in ("src", "srcset") if (value := attributes.get(name))]
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)


def test_the_overview_answers_what_was_run_then_what_came_out_then_where_to_look(tmp_path: Path) -> None:
    failed = shift("CWE-89", "none", status="FAIL", rests_on=None, details={}, reason="p = .4 against nuisance is above .05")
    page = Page(made_up_run(tmp_path, more=[failed]))
    answers = (
        "nano, fingerprint ffffffffffff", "verified, hash dddddddddddd", "python 3.11.0, torch 2.13.0",
        "mean shift +1.50 logits (+1.00 to +2.00)", "FAIL: shift, nano, CWE-89, layer 4, strength 10 p = .4 against nuisance",
        "3 pairs, 2 flipped verdicts",
    )  # fmt: skip
    places = [page.text.find(answer) for answer in answers]
    assert -1 not in places
    assert places == sorted(places)


def test_a_push_the_wrong_way_shows_its_sign_in_effect_and_interval(tmp_path: Path) -> None:
    case = shift("CWE-89", "none", status="FAIL", rests_on=None, details={"signed": -1.5})
    assert "mean shift -1.50 logits (wrong way) (-2.00 to -1.00)" in Page(made_up_run(tmp_path, more=[case])).text


def test_every_case_has_an_anchor_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    page = Page(made_up_run(tmp_path, cwes=("CWE-79", "CWE-89")))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"case-test_shift-nano-verified-cwe79-l4-s10", "case-test_shift-nano-verified-cwe89-l4-s10"} <= set(ids)
    assert {(one["href"] or "").removeprefix("#") for one in page.all("a")} <= set(ids)


def test_a_case_shows_its_verdicts_margins_and_the_measured_steering(tmp_path: Path) -> None:
    page = Page(made_up_run(tmp_path))
    pushed = "strength +10 residual changed by 10 of 10 planned, 25% of its median norm secure → vulnerable"
    assert page.text.count(pushed) == 2
    assert "vulnerable, margin +0.50, ended by itself Yes, it is. The end." in page.text
    assert ("del", {}) in page.tags
    assert ("ins", {}) in page.tags
    assert ("mark", {}) in page.tags


def test_cases_that_rest_on_the_same_responses_share_one_copy(tmp_path: Path) -> None:
    folder = made_up_run(tmp_path)
    sweep = RunRecords(folder).cases[0]["rests_on"]["sweeps"]["own"]
    harm = shift("CWE-79", sweep, id="test_harm[nano-verified-cwe79-l4-s10]", gate="harm", details={})
    page = Page(made_up_run(tmp_path, more=[harm]))
    assert page.source.count("Yes, it is. The end.") + page.source.count("<mark>Yes") <= 2 * 2
    assert [one["data-from"] for one in page.all("div") if "data-from" in one] == ["responses-1"] * 2


def test_how_the_engine_ran_is_told(tmp_path: Path) -> None:
    told = "nano on CWE-79: 36 of 36 rows measured, parallel queries (logits differ by 1e-06 at most), batches halved 2 times"
    assert told in Page(made_up_run(tmp_path)).text


def test_the_engine_is_told_of_every_cwe_that_specificity_compares(tmp_path: Path) -> None:
    folder = made_up_run(tmp_path, cwes=("CWE-79", "CWE-89"))
    own = {case["cwe"]: case["rests_on"]["sweeps"]["own"] for case in RunRecords(folder).cases}
    case = shift("CWE-79", "", id="test_specificity[x]", gate="specificity", rests_on={"sweeps": own}, details={})
    told = Page(made_up_run(tmp_path, cwes=(), more=[case])).text
    assert all(f"nano on {cwe}: 36 of 36 rows measured" in told for cwe in own)


def test_the_command_runs_the_case_alone(tmp_path: Path) -> None:
    (case,) = RunRecords(made_up_run(tmp_path)).cases
    expected = "pytest evals --strength 10 --run-dir 'reports/made up' -k 'test_shift[nano-verified-cwe79-l4-s10]'"
    assert command_of(case, RunRecords(tmp_path).manifest) == expected


def test_the_command_of_specificity_runs_its_family(tmp_path: Path) -> None:
    name = "test_specificity[nano-verified-{}-l4-s10]"
    case = shift(
        "CWE-79", "s", id=name.format("cwe79"), gate="specificity", rests_on={"sweeps": {"CWE-79": "s", "CWE-89": "t"}}, details={}
    )
    folder = made_up_run(tmp_path, more=[case])
    found = next(one for one in RunRecords(folder).cases if one["gate"] == "specificity")
    assert command_of(found, RunRecords(folder).manifest).endswith(f"-k '{name.format('cwe79')} or {name.format('cwe89')}'")


def test_the_transfer_matrix_shows_every_direction_on_the_scenarios_of_every_cwe(tmp_path: Path) -> None:
    matrix = {"CWE-22": {"CWE-22": 1.5, "CWE-89": -0.25}, "CWE-89": {"CWE-22": 0.125, "CWE-89": 2.0}}
    case = shift("CWE-22", "none", id="test_specificity[x]", gate="specificity", rests_on=None, details={"transfer": matrix})
    assert "tested CWE-22 CWE-89 CWE-22 +1.50 -0.25 CWE-89 +0.12 +2.00" in cells(Page(made_up_run(tmp_path, more=[case])))


def test_discrimination_is_shown_unsteered_and_at_both_ends(tmp_path: Path) -> None:
    outcomes = {"both_right": 3, "both_vulnerable": 2, "both_secure": 1, "reversed": 0}
    ends = [{"strength": s, "auc": 0.75, "d_prime": 1.0, "criterion": -0.5, "outcomes": outcomes} for s in (-10.0, 0.0, 10.0)]
    case = shift("CWE-22", "none", id="test_sensitivity[x]", gate="sensitivity", rests_on=None, details={"discrimination": ends})
    row = "0.750 +1.00 -0.50 3 2 1 0"
    assert f"-10 {row} +0 {row} +10 {row}" in cells(Page(made_up_run(tmp_path, more=[case])))


def cells(page: Page) -> str:
    """The text with a space between the cells of a table."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.source.partition("<body>")[2]).split())


def test_slope_order_and_scenarios_against_the_push_are_shown(tmp_path: Path) -> None:
    text = cells(Page(made_up_run(tmp_path)))
    assert "slope 0.08 logits per unit of strength" in text
    assert "never fall 7 of 8" in text
    assert "against the push 1 of 8 (Wilson upper bound 0.47)" in text


def test_published_models_stand_beside_secllmholmes_alone(tmp_path: Path) -> None:
    assert "Published models" not in Page(made_up_run(tmp_path / "a")).text
    assert "o4-mini" in Page(made_up_run(tmp_path / "b", dataset="secllmholmes")).text


def test_equal_records_give_equal_pages(tmp_path: Path) -> None:
    first, second = (write_report(made_up_run(tmp_path / name)) for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_a_case_that_ended_before_its_gate_is_shown(tmp_path: Path) -> None:
    broken = CaseResult.without_gate("test_harm[nano-verified-cwe79-l4-s10]", "ERROR", "ModelError: no such model")
    text = Page(made_up_run(tmp_path, more=[broken])).text
    assert text.count("ModelError: no such model") == 2


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"holds no measurements\.sqlite; give one below reports/"):
        write_report(tmp_path)


def test_a_run_that_was_killed_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (made_up_run(tmp_path) / MANIFEST).unlink()
    with pytest.raises(StoreError, match="killed before its first case; start it again with this --run-dir"):
        write_report(tmp_path)


def test_a_run_that_was_broken_off_says_so_first(tmp_path: Path) -> None:
    folder = made_up_run(tmp_path)
    assert "broken off" not in Page(folder).text
    store = RunStore(folder)
    store.write_json(MANIFEST, store.read_json(MANIFEST) | {"finished": False})
    told = Page(folder).text
    assert "the session was killed or broken off, and the cases below are not all of it" in told
    assert told.index("broken off") < told.index("fingerprint")


def test_every_gate_has_words_for_its_effect() -> None:
    assert set(GATES) == set(EFFECTS)


def test_the_command_of_a_specificity_case_names_the_whole_family_of_any_concept() -> None:
    case = {
        "gate": "specificity", "id": "test_specificity[nano-mine-polite-l1-s5]", "cwe": "polite", "layer": 1, "strength": 5.0,
        "rests_on": {"sweeps": {"polite": "a", "formal": "b"}},
    }  # fmt: skip
    manifest = {"command": ["pytest", "evals"], "settings": {"layers": [], "strengths": []}}
    told = command_of(case, manifest)
    assert "test_specificity[nano-mine-polite-l1-s5] or test_specificity[nano-mine-formal-l1-s5]" in told
