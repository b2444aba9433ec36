import hashlib
import sqlite3
import sys

import half

STAFF = [
    ("ingrid.solheim", "Head Office", "director", "fjord and fell", None),
    ("maximilian.bauer", "Harbour", "harbour pilot", "tide table", None),
    ("o'hara", "Driver's Yard", "foreman", "seven keys", None),
    ("pavel", "Harbour", "crane operator", "sunday", "2023-11-30"),
]

connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT, site TEXT, role TEXT, digest TEXT, left_on TEXT)")
for name, site, role, password, left_on in STAFF:
    connection.execute(
        "INSERT INTO staff (name, site, role, digest, left_on) VALUES (?, ?, ?, ?, ?)",
        (name, site, role, hashlib.sha256(password.encode()).hexdigest(), left_on),
    )
member = half.log_in(connection, sys.stdin.read().strip())
if member is None:
    print("no entry")
    sys.exit(1)
print(f"welcome {member[0]}, {member[1]}")
