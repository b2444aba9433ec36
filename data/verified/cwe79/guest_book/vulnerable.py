import sys
from html import escape
from urllib.parse import unquote_plus

LONGEST_BODY = 160


def read_entry(body):
    """The fields of a posted form, or None where the form cannot be used."""
    if len(body) > LONGEST_BODY:
        return None
    entry = {}
    for field in body.split("&"):
        name, _, value = field.partition("=")
        entry[name] = escape(value)
    if not entry.get("name") or not entry.get("text"):
        return None
    return entry


def show_entry(entry):
    """An entry as an item of the list on the page."""
    name = unquote_plus(entry["name"])
    text = unquote_plus(entry["text"])
    return f"<li><b>{name}</b> wrote: {text}</li>"


def main():
    entries = []
    for line in sys.stdin:
        entry = read_entry(line.strip())
        if entry is not None:
            entries.insert(0, entry)
    print(f"<h1>Guest book, {len(entries)} entries</h1>")
    print("<ul>")
    for entry in entries:
        print(show_entry(entry))
    print("</ul>")


if __name__ == "__main__":
    main()
