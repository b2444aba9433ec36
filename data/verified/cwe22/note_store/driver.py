"""Arguments: "write" or "rename" and what that takes."""

import sys

import half

store = half.NoteStore("notes")
try:
    getattr(store, sys.argv[1])(*sys.argv[2:])
except (KeyError, ValueError):
    print("refused")
print(*store.titles(), sep="\n")
