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
