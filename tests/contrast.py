"""Made-up contrast pairs for tests that need no model and no dataset."""

import hashlib
from typing import Any

from harness.records import ContrastPair, Example


def contrast_pair(scenario: str, *, cwe: str = "CWE-787", variant: str = "original") -> ContrastPair:
    """A pair whose files are <scenario>/<variant>/vulnerable.c and patched.c, with code of their own."""

    def example(label: Any) -> Example:
        path = f"{scenario}/{variant}/{label}.c"
        code = f"int f(void) {{ return 0; }} /* {cwe} {path} */\n"
        return Example(
            dataset="made-up", split="all", cwe=cwe, label=label, scenario=scenario, variant=variant, language="c", code=code,
            rationale=None, sha256=hashlib.sha256(code.encode()).hexdigest(), path=path,
        )  # fmt: skip

    return ContrastPair(vulnerable=example("vulnerable"), patched=example("patched"))
