"""Which cases xdist keeps together."""

import pytest

from harness.plugin.scheduling import GroupScheduling

GROUPS = {
    "evals/test_shift.py::test_shift[nano-verified-cwe787-l4-s10]": "nano-verified-cwe787",
    "evals/test_extraction.py::test_extraction[nano-verified-cwe787]": "nano-verified-cwe787",
    "evals/test_shift.py::test_shift[nano-verified-cwe787-chosen]@nano-verified-cwe787": "nano-verified-cwe787",
    "evals/test_comparison.py::test_comparison[nano.vs.other-verified-cwe787-l4-s10]": "nano-verified-cwe787",
    "evals/test_shift.py::test_shift[qwen2.51.5b-secllmholmes-cwe22-l4-s10]": "qwen2.51.5b-secllmholmes-cwe22",
    "evals/test_mine.py::test_mine": "evals/test_mine.py::test_mine",
    "evals/test_mine.py::test_mine[a-b]": "evals/test_mine.py::test_mine[a-b]",
}


@pytest.mark.parametrize("case", GROUPS)
def test_cases_of_one_model_dataset_and_cwe_are_one_group(case: str) -> None:
    scheduling = GroupScheduling.__new__(GroupScheduling)  # grouping looks at the id alone
    assert scheduling._split_scope(case) == GROUPS[case]
