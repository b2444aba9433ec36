"""What the report shows is text: nothing in data or responses becomes markup."""

from html.parser import HTMLParser

from harness.plugin.html import case_section
from harness.plugin.results import CaseResult
from harness.records import Measurement, Verdict
from tests.measured import measurement

SCRIPT = '<script>alert("x")</script><img src=x onerror=alert(1)>'


class Tags(HTMLParser):
    """Names of all tags, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def result(**changes: object) -> CaseResult:
    values: dict[str, object] = {
        "id": "test_shift[nano-verified-cwe79-l4-s10]",
        "gate": "shift",
        "status": "PASS",
        "statistic": 1.5,
        "threshold": 0.05,
        "p_value": 0.025,
        "p_values": {"nuisance": 0.025},
        "interval": {"low": 1.0, "high": 2.0, "level": 0.95, "method": "BCa"},
        "scenarios": 8,
        "smallest_effect": 0.7,
        "reason": SCRIPT,
        "model": "f" * 64,
        "model_name": "nano",
        "dataset": "verified",
        "data_hash": "d" * 64,
        "cwe": "CWE-79",
        "layer": 4,
        "strength": 10.0,
    }
    return CaseResult(**(values | changes))  # type: ignore[arg-type]


def response(text: str, path: str) -> Measurement:
    said = {"text": text, "tokens": 3, "finish": "end-of-text", "verdict": Verdict.VULNERABLE, "evidence": "Yes"}
    return measurement(endpoint="text", path=path, **said)


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    return tags


def test_scripts_in_reasons_responses_and_paths_stay_text() -> None:
    page = parsed(case_section(result(skipped=[SCRIPT]), [response(SCRIPT, f"{SCRIPT}.py")]))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert page.text.count(SCRIPT) == 4


def test_the_picture_has_its_figures_as_text_alternative() -> None:
    details = {
        "dose": [{"strength": strength, "margin": strength / 5} for strength in (-10.0, 0.0, 10.0)],
        "placebos": {"nuisance": [0.1, 0.2, 0.3]},
        "strength": 10.0,
    }
    section = case_section(result(details=details))
    assert "img" in parsed(section).tags
    assert 'alt="Mean margin in logits by strength: -2.00 at -10, 0.00 at 0, 2.00 at 10.' in section


def test_the_transfer_matrix_shows_every_direction_on_the_scenarios_of_every_cwe() -> None:
    matrix = {"CWE-22": {"CWE-22": 1.5, "CWE-89": -0.25}, "CWE-89": {"CWE-22": 0.125, "CWE-89": 2.0}}
    text = parsed(case_section(result(gate="specificity", details={"transfer": matrix}))).text
    assert "testedCWE-22CWE-89CWE-22+1.50-0.25CWE-89+0.12+2.00" in text


def test_discrimination_is_shown_unsteered_and_at_both_ends() -> None:
    outcomes = {"both_right": 3, "both_vulnerable": 2, "both_secure": 1, "reversed": 0}
    ends = [{"strength": s, "auc": 0.75, "d_prime": 1.0, "criterion": -0.5, "outcomes": outcomes} for s in (-10.0, 0.0, 10.0)]
    text = parsed(case_section(result(gate="sensitivity", details={"discrimination": ends}))).text
    assert "-100.750+1.00-0.503210+00.750+1.00-0.503210+100.750+1.00-0.503210" in text


def test_slope_order_and_scenarios_against_the_push_are_shown() -> None:
    details = {
        "slope": 0.08,
        "monotone_scenarios": {"count": 7, "of": 8},
        "anti_steerable": {"count": 1, "of": 8, "upper": 0.4713},
    }
    text = parsed(case_section(result(details=details))).text
    assert "slope0.08 logits per unit of strength" in text
    assert "never fall7 of 8" in text
    assert "against the push1 of 8 (Wilson upper bound 0.47)" in text
