"""Opens a page in a headless Chromium, runs a probe in a copy of it, and gives what the probe found and what the console said."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--enable-logging=stderr"),
    *("--virtual-time-budget=5000", "--dump-dom"),
)
DARK = "--blink-settings=preferredColorScheme=0"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the probe returned, and every line of the console."""

    found: Any
    console: list[str]


def see(page: Path, probe: str, folder: Path, *flags: str, fragment: str = "", policy: bool = True) -> Seen:
    """Args: probe, the body of an async function, whose value comes back; policy, whether the page's own rule on scripts holds."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed; on Debian: apt-get install chromium")
    copy = folder / "probed.html"
    copy.write_text(_with_probe(page.read_text(), probe, policy=policy))
    command = [CHROMIUM, *FLAGS, *flags, f"--user-data-dir={folder / 'profile'}", f"{copy.as_uri()}{fragment}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    told = re.search(r'<output id="probe">(.*?)</output>', done.stdout, re.DOTALL)
    assert told, done.stderr[-2000:]
    return Seen(found=json.loads(html.unescape(told[1])), console=[line for line in done.stderr.splitlines() if "CONSOLE" in line])


def _with_probe(page: str, probe: str, *, policy: bool) -> str:
    # The result is written to the page once, so that a probe that fails shows as a page without one.
    script = (
        f"(async () => {{ {probe} }})().then((found) => {{ const told = document.createElement('output'); told.id = 'probe'; "
        "told.textContent = JSON.stringify(found); document.body.append(told); })"
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = page.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    if not policy:
        allowed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page, count=1)
    return allowed.replace("</body>", f"<script>{script}</script></body>")
