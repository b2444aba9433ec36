import json
import re
import sys
from html import escape

LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
WEB_ADDRESS = re.compile(r"https?://[\w-]+", re.IGNORECASE)
DEEPEST = 3


def write_link(found):
    label, address = found.groups()
    if not WEB_ADDRESS.search(address):
        return label
    return f'<a href="{address}" rel="nofollow">{label}</a>'


def write_comment(comment, depth=1):
    """The lines of a comment and its answers; those too deep in the thread are only counted."""
    text = LINK.sub(write_link, escape(comment["text"]))
    yield f"<li>{escape(comment['author'])}: {text}"
    answers = comment.get("answers", [])
    if answers and depth == DEEPEST:
        yield f"<p>{len(answers)} more</p>"
    elif answers:
        yield "<ul>"
        for answer in answers:
            yield from write_comment(answer, depth + 1)
        yield "</ul>"
    yield "</li>"


if __name__ == "__main__":
    print("<ul>")
    for comment in json.load(sys.stdin):
        print(*write_comment(comment), sep="\n")
    print("</ul>")
