import sqlite3
import sys

import half

connection = sqlite3.connect(":memory:")
connection.execute("CREATE TABLE people (name TEXT, department TEXT, grade TEXT, salary INTEGER)")
connection.executemany(
    "INSERT INTO people VALUES (?, ?, ?, ?)",
    [
        ("Ruth Okafor", "Sales", "manager", 91000),
        ("Jan Novak", "Sales", "clerk", 38000),
        ("Mei Tanaka", "Sales", "clerk", 40000),
        ("Luis Prado", "Sales", "clerk", 42000),
        ("Anna Weiss", "Research & Co-Design", "engineer", 60000),
        ("Idris Bello", "Research & Co-Design", "engineer", 61000),
        ("Sofia Rossi", "Research & Co-Design", "engineer", 64000),
        ("Kofi Mensah", "Research & Co-Design", "engineer", 65000),
    ],
)
for line in half.report(connection, sys.stdin.read()):
    print(line)
