from html import escape
from urllib.parse import parse_qs, urlsplit

RECIPES = {
    "Fish & chips": "fish-and-chips",
    "Fish soup": "fish-soup",
    "Leek and potato soup": "leek-soup",
    "Plum cake": "plum-cake",
}


def matching(query):
    words = query.lower().split()
    return [name for name in RECIPES if words and all(word in name.lower() for word in words)]


def search_page(target):
    """The answer to GET /search?q=..., with the form filled in for the next search."""
    query = parse_qs(urlsplit(target).query).get("q", [""])[0]
    shown = escape(query, quote=False)
    names = matching(query)
    lines = [
        '<form action="/search">',
        f'  <input type="search" name="q" value="{shown}">',
        "</form>",
        f"<p>{len(names)} recipes for <em>{shown}</em></p>",
    ]
    for name in names:
        lines.append(f'<p><a href="/recipe/{RECIPES[name]}">{escape(name)}</a></p>')
    return "\n".join(lines)
