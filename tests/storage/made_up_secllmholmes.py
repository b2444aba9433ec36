"""A made-up tree of SecLLMHolmes' shape: each layout of a folder once, a file of each kind, and files that nobody reads."""

from dataclasses import dataclass
from pathlib import Path

from harness.storage.manifest import Manifest

MADE_UP_FILES = {
    "hand-crafted/dataset/CWE-787/1.c": "int a[2]; void f(void) { a[2] = 1; }\n",
    "hand-crafted/dataset/CWE-787/p_1.c": "int a[2]; void f(void) { a[1] = 1; /* größte Stelle */ }\n",
    "hand-crafted/ground-truth/CWE-787/1.txt": "a[2] lies behind the end\n",
    "hand-crafted/ground-truth/CWE-787/p_1.txt": "a[1] is the last element\n",
    "augmented/trivial/A7/dataset/CWE-787/1.c": "int a[2];\n\nvoid f(void) { a[2] = 1; }\n",
    "augmented/trivial/A7/dataset/CWE-787/p_1.c": "int a[2];\n\nvoid f(void) { a[1] = 1; }\n",
    "augmented/trivial/A7/ground_truth/CWE-787/1.txt": "behind the end, spaced out",
    "augmented/non-trivial/A2/A2_1/dataset/CWE-89/p_3.py": "run('select ?', (name,))\n",
    "augmented/non-trivial/A2/A2_1/ground-truth/CWE-89/p_3.txt": "a bound parameter",
    "real-world/project/CVE-2000-0001/vuln.c": "int g(int *p) { return *p; }\n",
    "real-world/project/CVE-2000-0001/patch.c": "int g(int *p) { return p ? *p : 0; }\n",
    "real-world/project/CVE-2000-0001/vuln.txt": "p is not checked",
    "real-world/cve_details.json": '{"project": {"CVE-2000-0001": {"cwe": "cwe-476"}}}',
}
UNREAD_FILES = {
    "few-shot/examples/cwe-787.c": "int unread;\n",
    "hand-crafted/embeddings/CWE-787/1": "unread",
    "augmented/augmentations.py": "unread = True\n",
}


@dataclass(frozen=True, kw_only=True)
class MadeUp:
    """A checkout with the shape of SecLLMHolmes, and its manifest. `datasets` may be written to."""

    checkout: Path
    manifest: Manifest

    @property
    def datasets(self) -> Path:
        return self.checkout / "datasets"
