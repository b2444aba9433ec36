"""Looks up an object in the list of a museum's collection.

Usage: museum.py ROOM NUMBER
"""

import csv
import sqlite3
import sys
from pathlib import Path


def read_collection(path):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE objects (number INTEGER, room TEXT, title TEXT, on_show INTEGER)")
    with path.open(newline="", encoding="utf-8") as file:
        connection.executemany("INSERT INTO objects VALUES (?, ?, ?, ?)", csv.reader(file))
    return connection


def literal(text):
    """A text as it is written in a query: its quotes are doubled."""
    return text.replace("'", "''")


def look_up(connection, room, number):
    """Objects on show in a room under a number; sets have one number for all of their pieces."""
    query = f"""
        SELECT number, title FROM objects
        WHERE room = '{literal(room)}' AND number = {literal(number)} AND on_show = 1
    """
    return connection.execute(query).fetchall()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = look_up(read_collection(Path("collection.csv")), *sys.argv[1:])
    for number, title in found:
        print(f"{number}  {title}")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
