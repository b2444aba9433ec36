"""Keeps the newsletters that readers subscribe to. Commands on standard input, one a line:

label READER NUMBER TEXT    puts a label on a subscription
alike READER NUMBER         lists the reader's subscriptions with the label of that one
"""

import json
import sqlite3
import sys
from pathlib import Path

SHOWN = "id, reader, title"


def read_subscriptions(path):
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE subscriptions (id INTEGER PRIMARY KEY, reader TEXT, title TEXT, label TEXT)")
    rows = json.loads(path.read_text(encoding="utf-8"))
    db.executemany("INSERT INTO subscriptions VALUES (:id, :reader, :title, '')", rows)
    return db


def set_label(db, reader, number, label):
    values = {"reader": reader, "number": number, "label": label}
    db.execute("UPDATE subscriptions SET label = :label WHERE id = :number AND reader = :reader", values)


def list_alike(db, reader, number):
    values = {"reader": reader, "number": number}
    row = db.execute("SELECT label FROM subscriptions WHERE id = :number AND reader = :reader", values).fetchone()
    if row is None:
        return []
    values["label"] = row[0]
    query = f"SELECT {SHOWN} FROM subscriptions WHERE reader = :reader AND label = :label ORDER BY id"
    return db.execute(query, values).fetchall()


def main():
    db = read_subscriptions(Path("subscriptions.json"))
    for line in sys.stdin:
        command, reader, number, *rest = line.rstrip("\n").split(" ", 3)
        if command == "label":
            set_label(db, reader, number, "".join(rest))
        elif command == "alike":
            for row in list_alike(db, reader, number):
                print(*row)


if __name__ == "__main__":
    main()
