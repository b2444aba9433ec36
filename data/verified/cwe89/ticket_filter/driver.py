import sqlite3
import sys

import half

connection = sqlite3.connect(":memory:")
connection.execute(
    "CREATE TABLE tickets (id INTEGER PRIMARY KEY, team TEXT, title TEXT, status TEXT, priority TEXT, assignee TEXT, product TEXT)"
)
connection.executemany(
    "INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?)",
    [
        (1, "network", "Router restarts at noon", "open", "high", "Noor Haddad", "router"),
        (2, "network", "No link on port 7", "open", "low", "Noor Haddad", "switch"),
        (3, "finance", "Payroll export is empty, ask Ms Lind", "open", "high", "Tove Lind", "payroll"),
        (4, "network", "Second router for the annex", "closed", "low", "Emre Aksoy", "router"),
    ],
)
print(*half.ticket_page(connection, *sys.argv[1:]), sep="\n")
