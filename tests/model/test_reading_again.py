"""Stored responses are read again by the reader that would read them today."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.model.sweep import read_again
from harness.records import Verdict
from harness.storage.runs import RunStore
from tests.measured import measurement

TEXT = "The reply is not vulnerable to anything; it is safe, and there are no instances of a weakness in this code at all."


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


@pytest.mark.parametrize(("concept", "verdict", "changed"), [("polite", Verdict.UNDECIDED, 0), ("CWE-787", Verdict.SECURE, 1)])
def test_words_about_weaknesses_count_where_a_weakness_was_asked_about(
    store: RunStore, recwarn: pytest.WarningsRecorder, concept: str, verdict: Verdict, changed: int
) -> None:
    stored = measurement(text=TEXT, finish="end-of-text", verdict=Verdict.UNDECIDED, evidence="")
    store.add([stored])
    item = SimpleNamespace(key=stored.key, prompt=SimpleNamespace(asks="vulnerable"))
    found = read_again([item], {stored.key: stored}, SimpleNamespace(cwe=concept), store)  # type: ignore[arg-type, list-item]
    assert len(found) == len(recwarn) == changed
    assert [one.verdict for one in store.all()] == [verdict]
