import json
import re
import sys
from html import escape
from string import Template

HANDLE = re.compile(r"[a-z][a-z0-9_]{1,15}")
COLOUR = re.compile(r"#([0-9a-fA-F]{3}){1,2}")
GREY = "#888888"
CARD = Template("""\
<div class="card" style="border-color: $colour">
  <h2>$name</h2>
  <a href="/people/$handle">@$handle</a>
  <p>$about</p>
</div>""")


def card(profile):
    """The card of a person on the members' page."""
    handle = profile["handle"]
    if not HANDLE.fullmatch(handle):
        raise ValueError("a handle has 2 to 16 letters, digits and underscores")
    colour = profile.get("colour", GREY)
    if not COLOUR.match(colour):
        colour = GREY
    return CARD.substitute(
        colour=colour,
        handle=handle,
        name=escape(profile["name"]),
        about=escape(profile.get("about", "")),
    )


def main():
    try:
        for line in sys.stdin:
            print(card(json.loads(line)))
    except (ValueError, KeyError) as error:
        sys.exit(f"profile refused: {error}")


if __name__ == "__main__":
    main()
