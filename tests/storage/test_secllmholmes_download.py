"""Downloading from a web server of the test's own, into a cache of the test's own. No test leaves this machine."""

import socket
import time
from dataclasses import replace

import pytest

from harness.errors import DataError
from harness.storage import download as downloads
from harness.storage.secllmholmes import load_secllmholmes


@pytest.fixture
def served(made_up, server):
    return replace(made_up.manifest, source=server.address)


def test_a_download_gives_what_a_folder_gives(made_up, served):
    assert load_secllmholmes(manifest=served) == load_secllmholmes(made_up.checkout, manifest=served)


def test_only_the_files_of_the_split_are_downloaded(served, server):
    load_secllmholmes(split="non-trivial", manifest=served)
    assert sorted(server.asked) == [
        "augmented/non-trivial/A2/A2_1/dataset/CWE-89/p_3.py",
        "augmented/non-trivial/A2/A2_1/ground-truth/CWE-89/p_3.txt",
    ]


def test_a_second_call_needs_no_network(served, server):
    first = load_secllmholmes(manifest=served)
    server.close()
    assert load_secllmholmes(manifest=served) == first


def test_each_commit_has_a_cache_of_its_own(served, server, cache):
    load_secllmholmes(manifest=served)
    load_secllmholmes(manifest=replace(served, commit="decade"))
    assert sorted(folder.name for folder in cache.iterdir()) == ["c0ffee", "decade"]
    assert len(server.asked) == 2 * len(served.files)


def test_a_cached_file_with_an_edit_is_downloaded_again(served, server, cache):
    first = load_secllmholmes(manifest=served)
    name = "hand-crafted/dataset/CWE-787/1.c"
    (cache / "c0ffee" / name).write_text("int edited;\n")
    server.asked.clear()
    assert load_secllmholmes(manifest=served) == first
    assert server.asked == [name]


def test_a_stopped_download_goes_on_where_it_was(made_up, served, server, cache, monkeypatch):
    monkeypatch.setattr(downloads, "RETRIES", 0)
    absent = made_up.datasets / "real-world/project/CVE-2000-0001/vuln.c"
    content = absent.read_bytes()
    absent.unlink()
    with pytest.raises(DataError, match="it answered 404"):
        load_secllmholmes(manifest=served)
    held = {name for name in served.files if (cache / "c0ffee" / name).is_file()}
    absent.write_bytes(content)
    server.asked.clear()
    assert len(load_secllmholmes(manifest=served)) == 7
    assert held
    assert set(server.asked) == set(served.files) - held


def test_a_server_that_is_out_of_reach_is_reported_at_once_with_the_remedy(made_up):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = replace(made_up.manifest, source=f"http://127.0.0.1:{unused.getsockname()[1]}/")
        start = time.monotonic()
        with pytest.raises(DataError, match=r"cannot be had from 127\.0\.0\.1:\d+: no connection .* set SECLLMHOLMES_DIR") as refusal:
            load_secllmholmes(manifest=nobody)
        # pooch's first pause before a second try is a second long.
        assert time.monotonic() - start < 1
    assert "\n" not in str(refusal.value)


def test_a_server_that_sends_something_else_is_refused_and_nothing_is_kept(made_up, served, cache):
    first = sorted(path for path in served.files if path.endswith((".c", ".py")))[0]
    (made_up.datasets / first).write_text("int other;\n")
    with pytest.raises(DataError, match="does not match"):
        load_secllmholmes(manifest=served)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_cache_that_cannot_be_written_is_one_error(served, cache):
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be had"):
        load_secllmholmes(manifest=served)


def test_progress_says_how_many_files_there_are(served):
    said: list[str] = []
    load_secllmholmes(manifest=served, announce=said.append)
    assert "downloading 13 files" in said[0]
    assert said[-1] == "secllmholmes: 13 of 13 files"
