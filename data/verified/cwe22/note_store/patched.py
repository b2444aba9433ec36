import re
from pathlib import Path


def require_plain(title):
    if not re.fullmatch(r"[\w ,-]{1,40}", title):
        raise ValueError(f"a note cannot be called {title!r}")


class NoteStore:
    """Notes of one user, a text file each."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def _path(self, title):
        return self.folder / f"{title}.txt"

    def titles(self):
        return sorted(path.stem for path in self.folder.glob("*.txt"))

    def write(self, title, text):
        require_plain(title)
        self._path(title).write_text(text + "\n", encoding="utf-8")

    def rename(self, title, new_title):
        if title not in self.titles():
            raise KeyError(title)
        require_plain(new_title)
        self._path(title).rename(self._path(new_title))
