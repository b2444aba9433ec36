import json
import sys
from urllib.parse import quote

ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", "'": "&#39;", '"': "&quot;"})
LONGEST_CAPTION = 60


def markup(text):
    """A text of the album as it stands in the page."""
    return " ".join(text.split()).translate(ENTITIES)


def thumbnail(photo):
    caption = photo.get("caption", "")
    if len(caption) > LONGEST_CAPTION:
        caption = caption[: LONGEST_CAPTION - 1] + "…"
    name = quote(photo["file"], "")
    shown = markup(caption)
    return f"<a href='/photo/{name}'><img src='/small/{name}' alt='{shown}'></a>"


def gallery(album):
    yield f"<h1>{markup(album['title'])}</h1>"
    for photo in album["photos"]:
        yield thumbnail(photo)
    yield f"<p>{len(album['photos'])} photos</p>"


if __name__ == "__main__":
    for line in gallery(json.load(sys.stdin)):
        print(line)
