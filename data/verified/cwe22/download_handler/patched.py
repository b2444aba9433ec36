import os
from urllib.parse import parse_qs

ROOT = os.path.abspath("downloads")


def locate(name):
    """The path of a file that is offered for download; LookupError when it is not."""
    path = os.path.join(ROOT, name)
    if ".." in name.split("/") or os.path.isabs(name):
        raise LookupError(name)
    if not os.path.isfile(path):
        raise LookupError(name)
    return path


def application(environ, start_response):
    """GET /download?file=NAME"""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    try:
        path = locate(query["file"][0])
    except LookupError:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no such file\n"]
    with open(path, "rb") as file:
        content = file.read()
    headers = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", f'attachment; filename="{os.path.basename(path)}"'),
        ("Content-Length", str(len(content))),
    ]
    start_response("200 OK", headers)
    return [content]
