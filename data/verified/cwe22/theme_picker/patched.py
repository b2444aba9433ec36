import json
import os
from http.cookies import SimpleCookie

THEMES = os.path.realpath("themes")
DEFAULT = {"background": "#ffffff", "text": "#222222"}


def load_theme(name):
    """The colours of a theme, or the default ones when there is no such theme."""
    path = os.path.realpath(os.path.join(THEMES, f"{name}.json"))
    if os.path.commonpath([path, THEMES]) != THEMES:
        return DEFAULT
    try:
        with open(path, encoding="utf-8") as file:
            return DEFAULT | json.load(file)
    except FileNotFoundError:
        return DEFAULT


def stylesheet(cookie_header):
    """The style sheet for a reader, who has picked a theme in the settings."""
    cookies = SimpleCookie(cookie_header)
    picked = cookies["theme"].value if "theme" in cookies else "light"
    colours = load_theme(picked)
    lines = [f"  --{key}: {value};" for key, value in sorted(colours.items())]
    return "\n".join([":root {", *lines, "}"])
